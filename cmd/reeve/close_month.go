package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/internal/server"
)

func closeMonthCommand() *cobra.Command {
	cmd := withDatabase(&cobra.Command{
		Use:   "close-month MONTH",
		Short: "Make the statements of a month that is over final",
		Long: `Make the statements of a month that is over final, such as 2026-10.

A month that is closed stays as it is; closing that was interrupted goes on
where it was left. Where a running server holds the database, that server is
asked at --operator-listen, with the configured --operator-token.`,
	}, func(cmd *cobra.Command, cfg server.Config) error {
		return server.CloseMonth(cmd.Context(), cfg, cmd.Flags().Arg(0), cmd.OutOrStdout())
	})
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return errors.New("give one month, as 2006-01")
		}
		return server.CheckMonth(args[0])
	}
	return cmd
}
