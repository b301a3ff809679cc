// Package cli holds the commands that work through a server's APIs: signing
// in, a noun and a verb for every operation, and the search for leaked
// credentials.
package cli

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/client"
)

// The groups that the commands are listed in.
const (
	GroupAccess = "access"
	GroupNouns  = "nouns"
)

// Groups are those groups.
func Groups() []*cobra.Group {
	return []*cobra.Group{
		{ID: GroupAccess, Title: "Sign in, and look for leaks:"},
		{ID: GroupNouns, Title: "Work on a server, as the profile's operator, tenant or gateway:"},
	}
}

// Nouns are the commands of all operations: each has the verbs as its own
// commands, or is itself what it says. version is the program's.
func Nouns(version string) []*cobra.Command {
	all := verbs()
	var out []*cobra.Command
	for _, noun := range slices.Sorted(maps.Keys(all)) {
		cmd := &cobra.Command{Use: noun, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
		if ops := all[noun][""]; ops != nil {
			cmd = verbCommand(noun, "", ops, version)
		}
		cmd.GroupID = GroupNouns
		for tag, called := range nouns {
			if called == noun {
				cmd.SuggestFor = append(cmd.SuggestFor, tag)
			}
		}
		var said []string
		for _, verb := range slices.Sorted(maps.Keys(all[noun])) {
			if verb != "" {
				cmd.AddCommand(verbCommand(noun, verb, all[noun][verb], version))
				said = append(said, verb)
			}
		}
		if cmd.Short == "" {
			cmd.Short = strings.Join(said, ", ")
		}
		out = append(out, cmd)
	}
	return out
}

// verbCommand makes the command of the operations that share a verb, one a
// face.
func verbCommand(noun, verb string, ops []*client.Operation, version string) *cobra.Command {
	o := &options{version: version}
	run := &runner{options: o}
	words := entry{noun: noun, verb: verb}.words()
	cmd := &cobra.Command{Use: cmp.Or(verb, noun), Short: ops[0].Summary, Long: long(noun, verb, ops), SuggestFor: meant[verb]}
	switch text := arguments(ops[0]); {
	case slices.ContainsFunc(ops, func(op *client.Operation) bool { return arguments(op) != text }):
		cmd.Use += " [ARGUMENT...]" // Long says which
	case text != "":
		cmd.Use += " " + text
	}
	writes, pages, body := false, false, false
	for _, op := range ops {
		writes, pages, body = writes || op.Writes(), pages || listed(op), body || op.Body != nil
	}
	values := register(cmd.Flags(), ops)
	for _, op := range ops {
		offerEnums(cmd, op)
	}
	if body {
		cmd.Flags().StringVar(&run.data, "data", "", "the whole body: JSON, @FILE, or - for standard input; other flags go over it")
	}
	if pages {
		cmd.Flags().BoolVar(&run.all, "all", false, "every page, not only the first")
		cmd.Flags().IntVar(&run.limit, "limit", 0, "so many rows, on as many pages as that takes")
	}
	o.add(cmd.Flags(), writes)
	complete(cmd)
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.check(); err != nil {
			return err
		}
		profile, err := o.find()
		if err != nil {
			return err
		}
		at := slices.IndexFunc(ops, func(op *client.Operation) bool { return op.Face == profile.Face })
		if at < 0 {
			return fmt.Errorf("%s is for %s, and this profile is a %s's", words, facesOf(ops), profile.Face)
		}
		op := discreet(ops[at], args)
		if args, err = o.imply(cmd.Context(), profile, op, args); err != nil {
			return err
		}
		asked, err := build(cmd, op, args, values, run.data, o)
		if err != nil {
			return err
		}
		if run.all && run.limit > 0 || run.limit < 0 {
			return errors.New("--limit must be above 0 and without --all")
		}
		return run.call(cmd, profile, op, asked, verb)
	}
	return cmd
}

// offerEnums has a shell offer the values that a flag may have.
func offerEnums(cmd *cobra.Command, op *client.Operation) {
	for _, f := range flagsOf(op) {
		if len(f.enum) == 0 {
			continue
		}
		_ = cmd.RegisterFlagCompletionFunc(f.flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return f.enum, cobra.ShellCompDirectiveNoFileComp
		}) // fails where another operation's flag has some already
	}
}

// arguments spells an operation's path parameters, and what it is about, for a
// usage line.
func arguments(op *client.Operation) string {
	var out []string
	for _, name := range pathNames(op) {
		text := strings.ToUpper(strings.ReplaceAll(name, "_", "-"))
		if name == implied(op) {
			text = "[" + text + "]"
		}
		out = append(out, text)
	}
	if name := subject(op); name != "" {
		out = append(out, strings.ToUpper(name))
	}
	return strings.Join(out, " ")
}

// pathNames are the names of an operation's path parameters, in its order.
func pathNames(op *client.Operation) []string {
	var out []string
	for _, p := range op.Params {
		if p.In == "path" {
			out = append(out, p.Name)
		}
	}
	return out
}

func facesOf(ops []*client.Operation) string {
	var out []string
	for _, op := range ops {
		out = append(out, op.Face+"s")
	}
	return strings.Join(out, " and ")
}

// long describes a verb, face by face.
func long(noun, verb string, ops []*client.Operation) string {
	var out strings.Builder
	for i, op := range ops {
		if i > 0 {
			out.WriteString("\n")
		}
		fmt.Fprintf(&out, "%ss: %s.\n", strings.ToUpper(op.Face[:1])+op.Face[1:], strings.TrimSuffix(op.Summary, "."))
		if op.Description != "" {
			out.WriteString(wrap(op.Description) + "\n")
		}
		fmt.Fprintf(&out, "  reeve %s\n  operation %s, %s %s\n", strings.TrimSpace(entry{noun: noun, verb: verb}.words()+" "+arguments(op)), op.ID, op.Method, op.Path)
		for _, p := range op.Params {
			if p.In == "path" && p.Description != "" {
				fmt.Fprintf(&out, "  %s: %s\n", strings.ToUpper(p.Name), p.Description)
			}
		}
		switch implied(op) {
		case "user":
			out.WriteString("  USER is oneself when absent.\n")
		case "organization":
			out.WriteString("  ORGANIZATION is the user's only one when absent.\n")
		}
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// wrap breaks text into lines of 80 characters.
func wrap(text string) string {
	var out strings.Builder
	width := 0
	for _, word := range strings.Fields(text) {
		if width > 0 && width+1+len(word) > 80 {
			out.WriteString("\n")
			width = 0
		} else if width > 0 {
			out.WriteString(" ")
			width++
		}
		out.WriteString(word)
		width += len(word)
	}
	return out.String()
}
