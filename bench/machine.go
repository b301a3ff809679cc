package main

import (
	"os"
	"runtime"
	"strings"
)

// machine is what the figures were measured on.
type machine struct {
	CPU      string `json:"cpu"`
	Cores    int    `json:"cores"`
	Memory   string `json:"memory"`
	OS       string `json:"os"`
	Go       string `json:"go"`
	Postgres string `json:"postgres"`
}

// thisMachine reads the system's own description; what it does not say stays
// empty.
func thisMachine(postgres string) machine {
	read := func(file string) string {
		text, _ := os.ReadFile(file)
		return string(text)
	}
	kernel := strings.TrimSpace(read("/proc/sys/kernel/osrelease"))
	name := strings.Trim(property(read("/etc/os-release"), "PRETTY_NAME", "="), `"`)
	return machine{
		CPU:      property(read("/proc/cpuinfo"), "model name", ":"),
		Cores:    runtime.NumCPU(),
		Memory:   property(read("/proc/meminfo"), "MemTotal", ":"),
		OS:       name + ", Linux " + kernel,
		Go:       runtime.Version(),
		Postgres: postgres,
	}
}

// property finds the first line "key separator value" of a text.
func property(text, key, separator string) string {
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(line, separator)
		if ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
