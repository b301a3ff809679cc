package main

import (
	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/internal/server"
)

func configCommand() *cobra.Command {
	return withConfig(&cobra.Command{
		Use:   "config",
		Short: "Print the configuration in force as YAML, secrets masked",
	}, func(cmd *cobra.Command, cfg server.Config) error {
		return cfg.Print(cmd.OutOrStdout())
	})
}
