package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/internal/cli"
)

// helpCommand replaces cobra's, which takes an unknown command for success. The
// flags of the command that is asked about do no harm.
func helpCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:                "help [command]",
		Short:              "Help about any command",
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.Unknown(cmd.Root(), args); err != nil {
				return err
			}
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return fmt.Errorf("unknown help topic %q", strings.Join(args, " "))
			}
			return found.Help()
		},
	}
	return cmd
}
