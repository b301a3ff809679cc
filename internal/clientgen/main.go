// Command clientgen writes the generated part of package client: a method for
// each operation of the documents under openapi/, the types of their bodies,
// and the table of all operations.
//
// Run it with go generate ./internal/clientgen, or with make golden, which does
// so after the documents are written.
package main

//go:generate go run . ../../openapi ../../client

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// faces are the documents that there is a client for.
var faces = []string{"tenant", "operator", "gateway"}

const suffix = "_gen.go"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "clientgen: "+err.Error())
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: clientgen DOCUMENTS PACKAGE")
	}
	files, err := generate(os.DirFS(args[0]))
	if err != nil {
		return err
	}
	return write(args[1], files)
}

// write makes a directory's generated files those that are given.
func write(dir string, files map[string][]byte) error {
	stale, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		return err
	}
	for _, path := range stale {
		if files[filepath.Base(path)] == nil {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate gives the files by name.
func generate(documents fs.FS) (map[string][]byte, error) {
	bodies := map[string]*strings.Builder{}
	body := func(face, tag string) *strings.Builder {
		name := face + "_" + fileWord(tag) + suffix
		if bodies[name] == nil {
			bodies[name] = &strings.Builder{}
		}
		return bodies[name]
	}
	var table strings.Builder
	table.WriteString("// Operations are all operations of all faces, as their documents have them. They must not be changed.\nvar Operations = []*Operation{\n")
	for _, face := range faces {
		text, err := fs.ReadFile(documents, face+".json")
		if err != nil {
			return nil, err
		}
		doc, err := load(face, text)
		if err != nil {
			return nil, err
		}
		types := newTypes(doc)
		all, err := methods(doc, types)
		if err != nil {
			return nil, err
		}
		for _, m := range all {
			body(face, m.tag).WriteString(m.source())
			fmt.Fprintf(&table, "op%s%s,\n", m.face, m.name)
		}
		for _, made := range types.made {
			tag := made.tags[0]
			if len(made.tags) > 1 {
				tag = "shared"
			}
			body(face, tag).WriteString(made.source())
		}
		for _, m := range all {
			body(face, "ops_"+m.tag).WriteString(m.row(types))
		}
	}
	table.WriteString("}\n")
	bodies["operations"+suffix] = &table
	out := map[string][]byte{}
	for name, text := range bodies {
		source, err := file(text.String())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = source
	}
	return out, nil
}

var notWord = regexp.MustCompile(`[^a-z0-9_]+`)

// fileWord spells a tag as part of a file's name, which must not end as the
// go command's constraints do.
func fileWord(tag string) string {
	word := strings.Trim(notWord.ReplaceAllString(strings.ToLower(tag), "_"), "_")
	if slices.Contains([]string{"", "test"}, word) {
		word += "tag"
	}
	return word
}
