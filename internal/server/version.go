package server

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// Set with -ldflags "-X github.com/reeve-cloud/reeve/internal/server.version=…".
var (
	version string
	commit  string
)

// Version says which build this is.
type Version struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Go       string `json:"go"`
	Platform string `json:"platform"` // as in linux/amd64
}

// CurrentVersion gives the version of this build: what the linker was told,
// else what the go command noted.
func CurrentVersion() Version {
	out := Version{Version: version, Commit: commit, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "(devel)" {
			out.Version = cmp.Or(out.Version, info.Main.Version)
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				out.Commit = cmp.Or(out.Commit, s.Value[:min(len(s.Value), 7)])
			}
		}
	}
	out.Version = cmp.Or(out.Version, "devel")
	out.Commit = cmp.Or(out.Commit, "unknown")
	return out
}

// String gives the version in one line.
func (v Version) String() string {
	return fmt.Sprintf("reeve %s (commit %s, %s, %s)", v.Version, v.Commit, v.Go, v.Platform)
}
