// Command reeve is the tenancy control plane of a cloud platform in one
// binary: the server, and what its operator needs beside it.
//
// It exits with 0 when it did what was asked, with 1 when that failed, and
// with 2 when it could not begin: a wrong command line or configuration, a
// database that cannot be reached or has a newer schema. What works through a
// server's APIs has more codes: see reeve help exit-codes. A failure is one
// line on standard error.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/internal/cli"
	"github.com/reeve-cloud/reeve/internal/server"
)

const (
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run executes a command line and gives the exit code.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	root := rootCommand()
	if err := cli.Unknown(root, args); err != nil {
		fmt.Fprintln(errOut, "reeve: "+cli.Line(err))
		return exitUsage
	}
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	failure, remote := errors.AsType[*cli.Failure](err)
	if !remote || failure.Err != nil {
		fmt.Fprintln(errOut, "reeve: "+cli.Line(err))
	}
	if remote {
		return failure.Code
	}
	if _, working := errors.AsType[workError](err); !working {
		return exitUsage
	}
	if _, starting := errors.AsType[server.StartError](err); starting {
		return exitUsage
	}
	return exitFailure
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:                "reeve",
		Short:              "The tenancy control plane of a cloud platform",
		Version:            server.CurrentVersion().String(),
		SilenceErrors:      true,
		SilenceUsage:       true,
		DisableSuggestions: true, // cli.Unknown has them, on one line
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetHelpCommand(helpCommand())
	root.AddCommand(serveCommand(), gatewayCommand(), migrateCommand(), configCommand(), tokenCommand(), rekeyCommand(),
		verifyCommand(), closeMonthCommand(), pricesCommand(), versionCommand(), completionCommand())
	addRemote(root)
	root.InitDefaultHelpCmd()
	return root
}
