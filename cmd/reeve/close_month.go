package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/internal/server"
)

func closeMonthCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "close-month MONTH",
		Short: "Make the statements of a month that is over final",
		Long: `Make the statements of a month that is over final, such as 2026-10.

A month that is closed stays as it is; closing that was interrupted goes on
where it was left. Where a running server holds the database, that server is
asked at --operator-listen, with the configured --operator-token, and its
prices count. Otherwise those of --prices do: they are kept with the month for
good.`,
	}
	free := cmd.Flags().Bool("without-prices", false, "close a month that has usage although there are no prices: it is free for good")
	withDatabase(cmd, func(cmd *cobra.Command, cfg server.Config) error {
		return server.CloseMonth(cmd.Context(), cfg, cmd.Flags().Arg(0), *free, cmd.OutOrStdout())
	})
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return errors.New("give one month, as 2006-01")
		}
		return server.CheckMonth(args[0])
	}
	return cmd
}
