package main

import (
	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/internal/server"
)

func tokenCommand() *cobra.Command {
	return withDatabase(&cobra.Command{
		Use:   "token",
		Short: "Make an operator token and print it, this once",
	}, func(cmd *cobra.Command, cfg server.Config) error {
		return server.Token(cmd.Context(), cfg, cmd.OutOrStdout())
	})
}
