package main

import (
	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/internal/server"
)

func pricesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prices",
		Short: "Look at the file of prices",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	check := withConfig(&cobra.Command{
		Use:   "check [FILE]",
		Short: "Check a file of prices, by default the configured one, and print what it means",
	}, func(cmd *cobra.Command, cfg server.Config) error {
		return server.CheckPrices(cfg, cmd.Flags().Arg(0), cmd.OutOrStdout())
	})
	check.Args = cobra.MaximumNArgs(1)
	cmd.AddCommand(check)
	return cmd
}
