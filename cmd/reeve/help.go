package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// helpCommand replaces cobra's, which takes an unknown command for success.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return fmt.Errorf("unknown help topic %q", strings.Join(args, " "))
			}
			return found.Help()
		},
	}
}
