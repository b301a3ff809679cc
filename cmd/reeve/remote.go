package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/internal/cli"
	"github.com/reeve-cloud/reeve/internal/server"
)

// addRemote adds the commands that work through a server's APIs. A noun that
// is a command already has its verbs added to that.
func addRemote(root *cobra.Command) {
	version := server.CurrentVersion().Version
	root.AddGroup(cli.Groups()...)
	root.AddCommand(cli.Login(version), cli.Logout(version), cli.Whoami(version), cli.Profiles(version), cli.API(version), cli.Scan(version))
	for _, noun := range cli.Nouns(version) {
		at := slices.IndexFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == noun.Name() })
		if at < 0 {
			root.AddCommand(noun)
			continue
		}
		verbs := noun.Commands()
		noun.RemoveCommand(verbs...)
		root.Commands()[at].AddCommand(verbs...)
	}
	root.AddCommand(&cobra.Command{Use: "exit-codes", Short: "What the commands exit with", Long: cli.ExitHelp})
}
