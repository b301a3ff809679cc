package main

import (
	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/internal/server"
)

func serveCommand() *cobra.Command {
	return withDatabase(&cobra.Command{
		Use:   "serve",
		Short: "Run the server until it is told to stop",
	}, func(cmd *cobra.Command, cfg server.Config) error {
		return server.Serve(cmd.Context(), cfg, cmd.OutOrStdout(), cmd.ErrOrStderr())
	})
}
