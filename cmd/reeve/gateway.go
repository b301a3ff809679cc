package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/internal/server"
)

func gatewayCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gateway",
		Short: "Run a gateway for the programs of this machine until it is told to stop",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := server.LoadSidecar(cmd.Flags(), os.Environ())
			if err != nil {
				return err
			}
			if err := server.Sidecar(cmd.Context(), cfg, cmd.OutOrStdout(), cmd.ErrOrStderr()); err != nil {
				return workError{err}
			}
			return nil
		},
	}
	server.AddSidecarFlags(cmd.Flags())
	cmd.Flags().SortFlags = false
	return cmd
}
