package main

import (
	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/internal/server"
)

func verifyCommand() *cobra.Command {
	return withDatabase(&cobra.Command{
		Use:   "verify",
		Short: "Check that no recorded change was altered, and print the newest one's hash",
	}, func(cmd *cobra.Command, cfg server.Config) error {
		return server.Verify(cmd.Context(), cfg, cmd.OutOrStdout())
	})
}
