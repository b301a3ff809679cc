package server

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

const (
	variablePrefix = "REEVE_"
	testPrefix     = "REEVE_TEST_" // what the tests read; no setting
	fileSuffix     = "_FILE"
)

// readEnvironment gives the settings among KEY=value pairs by name. An empty
// variable counts as not given. A variable of ours that is no setting is an
// error.
func readEnvironment[C any](settings []setting[C], environ []string) (map[string]string, error) {
	given := map[string]string{}
	for _, pair := range environ {
		key, value, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(key, variablePrefix) && !strings.HasPrefix(key, testPrefix) && !serviceLink(key, value) {
			given[key] = value
		}
	}
	values := map[string]string{}
	for _, s := range settings {
		text, err := takeVariable(given, s)
		if err != nil {
			return nil, err
		}
		if text != "" {
			values[s.name] = text
		}
	}
	var unknown []string
	for key := range given {
		if !anotherCommands(key) {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("unknown configuration key %s in the environment", slices.Min(unknown))
	}
	return values, nil
}

// remoteVariables are those of the commands that work through the APIs (see
// internal/cli).
var remoteVariables = []string{"REEVE_SERVER", "REEVE_TOKEN", "REEVE_TOKEN_FILE", "REEVE_PROFILE", "REEVE_CREDENTIALS", "REEVE_CA_FILE"}

// anotherCommands tells whether a variable is a setting of the server, the
// sidecar or other commands: who runs them from one shell sets all.
func anotherCommands(key string) bool {
	return slices.Contains(remoteVariables, key) ||
		slices.ContainsFunc(settings, func(s setting[Config]) bool { return s.reads(key) }) ||
		slices.ContainsFunc(sidecarSettings, func(s setting[SidecarConfig]) bool { return s.reads(key) })
}

// takeVariable removes a setting's variables from given and gives their value.
func takeVariable[C any](given map[string]string, s setting[C]) (string, error) {
	name, fileName := s.variable(), s.variable()+fileSuffix
	text := given[name]
	delete(given, name)
	if !s.secret {
		return text, nil
	}
	path := given[fileName]
	delete(given, fileName)
	switch {
	case path == "":
		return text, nil
	case text != "":
		return "", fmt.Errorf("%s and %s: give one of them", name, fileName)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", fileName, err)
	}
	text = strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	if text == "" {
		return "", fmt.Errorf("%s: %s is empty", fileName, path)
	}
	return text, nil
}

// serviceLink recognises what Kubernetes puts into every container's
// environment for a Service called reeve or reeve-…: REEVE_SERVICE_HOST,
// REEVE_SERVICE_PORT_HTTP, REEVE_PORT=tcp://…, REEVE_PORT_8080_TCP_ADDR.
func serviceLink(key, value string) bool {
	return strings.HasSuffix(key, "_SERVICE_HOST") ||
		strings.Contains(key, "_SERVICE_PORT") ||
		strings.HasSuffix(key, "_PORT") && strings.Contains(value, "://") ||
		strings.Contains(key, "_PORT_") && (strings.Contains(key, "_TCP") || strings.Contains(key, "_UDP"))
}

// readFile gives the settings in a YAML file by name, each value as it is
// spelled there; a list counts as its items joined by commas. Null counts as
// not given.
func readFile[C any](settings []setting[C], path string) (map[string]string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	values, err := parseFile(settings, content)
	if err != nil {
		return nil, fmt.Errorf("--config %s: %w", path, err)
	}
	return values, nil
}

func parseFile[C any](settings []setting[C], content []byte) (map[string]string, error) {
	var document yaml.Node
	err := yaml.Unmarshal(content, &document)
	switch {
	case err != nil:
		return nil, err
	case len(document.Content) == 0:
		return nil, nil // nothing, or only comments
	case document.Content[0].Kind != yaml.MappingNode:
		return nil, errors.New("must be a list of settings, each NAME: VALUE")
	}
	values := map[string]string{}
	for pair := range slices.Chunk(document.Content[0].Content, 2) {
		key, value := pair[0], pair[1]
		if !slices.ContainsFunc(settings, func(s setting[C]) bool { return s.name == key.Value }) {
			return nil, fmt.Errorf("unknown configuration key %q in line %d", key.Value, key.Line)
		}
		if _, twice := values[key.Value]; twice {
			return nil, fmt.Errorf("%s is given again in line %d", key.Value, key.Line)
		}
		text, err := scalar(value)
		if err != nil {
			return nil, fmt.Errorf("%s in line %d: %w", key.Value, value.Line, err)
		}
		if value.Tag != "!!null" {
			values[key.Value] = text
		}
	}
	return values, nil
}

// scalar gives a value's text. It is the source's spelling, so that a token
// of digits is not read as a number.
func scalar(node *yaml.Node) (string, error) {
	switch node.Kind {
	case yaml.ScalarNode:
		return node.Value, nil
	case yaml.SequenceNode:
		items := make([]string, len(node.Content))
		for i, item := range node.Content {
			if item.Kind != yaml.ScalarNode {
				return "", errors.New("must be a list of plain values")
			}
			items[i] = item.Value
		}
		return strings.Join(items, ","), nil
	}
	return "", errors.New("must be a plain value")
}
