package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/internal/server"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := fmt.Fprintln(cmd.OutOrStdout(), server.CurrentVersion()); err != nil {
				return workError{err}
			}
			return nil
		},
	}
}
