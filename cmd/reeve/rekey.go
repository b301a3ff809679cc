package main

import (
	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/internal/server"
)

func rekeyCommand() *cobra.Command {
	return withDatabase(&cobra.Command{
		Use:   "rekey",
		Short: "Encrypt the secrets of API keys anew with the first master key",
	}, func(cmd *cobra.Command, cfg server.Config) error {
		return server.Rekey(cmd.Context(), cfg, cmd.OutOrStdout())
	})
}
