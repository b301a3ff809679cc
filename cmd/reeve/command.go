package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/internal/server"
)

// workError marks a failure of a command's work, as against one of its
// command line or configuration.
type workError struct{ error }

func (e workError) Unwrap() error { return e.error }

// withConfig makes a command that takes the settings as flags, no arguments,
// and does its work with the loaded configuration.
func withConfig(cmd *cobra.Command, work func(*cobra.Command, server.Config) error) *cobra.Command {
	server.AddFlags(cmd.Flags())
	cmd.Flags().SortFlags = false
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := server.Load(cmd.Flags(), os.Environ())
		if err != nil {
			return err
		}
		if err := work(cmd, cfg); err != nil {
			return workError{err}
		}
		return nil
	}
	return cmd
}

// withDatabase is withConfig for work that needs the secrets themselves.
func withDatabase(cmd *cobra.Command, work func(*cobra.Command, server.Config) error) *cobra.Command {
	return withConfig(cmd, func(cmd *cobra.Command, cfg server.Config) error {
		if err := cfg.Runnable(); err != nil {
			return server.StartError{Err: err}
		}
		return work(cmd, cfg)
	})
}
