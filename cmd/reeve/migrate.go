package main

import (
	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/internal/server"
)

func migrateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database to this build's schema",
	}
	check := cmd.Flags().Bool("check", false, "change nothing, only say whether there is something to do")
	return withDatabase(cmd, func(cmd *cobra.Command, cfg server.Config) error {
		return server.Migrate(cmd.Context(), cfg, *check, cmd.OutOrStdout())
	})
}
