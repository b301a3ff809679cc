package cli

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/reeve-cloud/reeve/client"
)

// options are the flags that all commands have which call a server.
type options struct {
	profile, server, tokenFile, face string
	caFile                           string
	output                           string
	dryRun, yes, noColor, quiet      bool
	reason, ifMatch, idempotencyKey  string
	timeout                          time.Duration

	version string // of the program
}

// add registers the flags: those of all calls, and if the call may write, its
// own.
func (o *options) add(flags *pflag.FlagSet, writes bool) {
	flags.StringVar(&o.profile, "profile", "", "use this profile of reeve login")
	flags.StringVar(&o.server, "server", "", "ask this server instead of the profile's, with $"+variableToken)
	flags.StringVar(&o.tokenFile, "token-file", "", "read the token from this file")
	flags.StringVar(&o.face, "face", "", "tenant, operator or gateway: which API --server is, where its token does not tell")
	flags.StringVar(&o.caFile, "ca-file", "", caFileUsage)
	flags.StringVarP(&o.output, "output", "o", "table", "table, json, yaml or csv")
	flags.BoolVar(&o.noColor, "no-color", false, "use no colours; NO_COLOR does the same")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "print no remarks")
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "give up after so long; streams have no end")
	if !writes {
		return
	}
	flags.BoolVar(&o.dryRun, "dry-run", false, "print the request instead of sending it, or have the server say what it would do")
	flags.StringVar(&o.reason, "reason", "", "why; the change log shows it")
	flags.StringVar(&o.ifMatch, "if-match", "", "only if the thing still has this ETag")
	flags.StringVar(&o.idempotencyKey, "idempotency-key", "", "have it done once, however often it is asked under this name")
	flags.BoolVarP(&o.yes, "yes", "y", false, "do not ask whether it is meant")
}

// complete registers what a shell offers for the flags' values.
func complete(cmd *cobra.Command) {
	offer := func(flag string, values func() []string) {
		if cmd.Flags().Lookup(flag) == nil {
			return
		}
		_ = cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return values(), cobra.ShellCompDirectiveNoFileComp
		}) // fails for a flag that there is not
	}
	offer("output", func() []string { return formats })
	offer("face", func() []string { return []string{client.FaceTenant, client.FaceOperator, client.FaceGateway} })
	offer("profile", func() []string {
		stored, err := loadProfiles()
		if err != nil {
			return nil
		}
		return stored.names()
	})
}

// check refuses flags that make no sense before anything is asked.
func (o *options) check() error {
	if !slices.Contains(formats, o.output) {
		return fmt.Errorf("--output must be one of %s", strings.Join(formats, ", "))
	}
	if o.face != "" && !slices.Contains([]string{client.FaceTenant, client.FaceOperator, client.FaceGateway}, o.face) {
		return errors.New("--face must be tenant, operator or gateway")
	}
	return nil
}

const caFileUsage = "trust servers with certificates that those in this PEM file have signed, instead of the system's; also $" + variableCAFile

// client makes the client of a profile.
func (o *options) client(p Profile) (*client.Client, error) {
	opts, err := o.connection(p.CAFile)
	if err != nil {
		return nil, err
	}
	return client.New(p.Face, p.URL, p.credential(), opts...)
}

// connection says how servers are called; caFile is the profile's, behind the
// flag and the environment.
func (o *options) connection(caFile string) ([]client.Option, error) {
	opts := []client.Option{client.WithUserAgent("reeve-cli/" + o.version), client.WithPatience(10 * time.Second)}
	path := cmp.Or(o.givenCA(), caFile)
	if path == "" {
		return opts, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &Failure{ExitUsage, fmt.Errorf("--ca-file: %w", err)}
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, &Failure{ExitUsage, fmt.Errorf("--ca-file: %s holds no certificate in PEM", path)}
	}
	return append(opts, client.WithRootCAs(roots)), nil
}

// givenCA is the file of certificates that the flag names, else the
// environment.
func (o *options) givenCA() string { return cmp.Or(o.caFile, os.Getenv(variableCAFile)) }

// context adds what the flags say of one call.
func (o *options) context(ctx context.Context) context.Context {
	if o.reason != "" {
		ctx = client.WithReason(ctx, o.reason)
	}
	if o.ifMatch != "" {
		ctx = client.WithIfMatch(ctx, o.ifMatch)
	}
	if o.idempotencyKey != "" {
		ctx = client.WithIdempotencyKey(ctx, o.idempotencyKey)
	}
	return ctx
}

// printer makes what a command prints with.
func (o *options) printer(cmd *cobra.Command, columns []string) printer {
	out := cmd.OutOrStdout()
	coloured := colours(out, o.noColor)
	if o.output == "csv" || o.output == "yaml" { // what others have written is as they have written it
		out = harmless(out)
	}
	return printer{out: out, format: o.output, coloured: coloured, columns: columns}
}

// remark says something beside the result.
func (o *options) remark(cmd *cobra.Command, format string, args ...any) {
	if !o.quiet {
		fmt.Fprintln(cmd.ErrOrStderr(), visible(fmt.Sprintf(format, args...)))
	}
}

// readArgument gives a command line's value: @FILE is what a file holds, and -
// what standard input does.
func readArgument(cmd *cobra.Command, value string) ([]byte, error) {
	switch path, isFile := strings.CutPrefix(value, "@"); {
	case value == "-":
		return await(cmd.Context(), func() ([]byte, error) { return readAll(cmd.InOrStdin()) })
	case isFile:
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		return readAll(file)
	}
	return []byte(value), nil
}
