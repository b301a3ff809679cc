package cli

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/client"
)

// Logout makes the command that forgets a profile.
func Logout(version string) *cobra.Command {
	o := &options{version: version}
	cmd := &cobra.Command{
		Use: "logout", GroupID: GroupAccess, Args: cobra.NoArgs,
		Short: "Forget a profile, and end its session",
		RunE: func(cmd *cobra.Command, _ []string) error {
			stored, err := loadProfiles()
			if err != nil {
				return err
			}
			chosen := stored.choose(o.profile)
			profile, ok := stored.Profiles[chosen]
			if !ok {
				return &Failure{ExitDenied, fmt.Errorf("there is no profile %q", chosen)}
			}
			ended := o.end(cmd, profile)
			delete(stored.Profiles, chosen)
			if stored.Current == chosen {
				stored.Current = ""
				if left := stored.names(); len(left) > 0 {
					stored.Current = left[0]
				}
			}
			if err := stored.save(); err != nil {
				return &Failure{ExitFailure, err}
			}
			o.remark(cmd, "forgot profile %q", chosen)
			if ended != nil {
				o.remark(cmd, "its session may go on: %s", ended)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&o.profile, "profile", "", "this one instead of the current one")
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "print no remarks")
	complete(cmd)
	return cmd
}

// end tells the server that a session is over. A token is left alone: others
// may use it.
func (o *options) end(cmd *cobra.Command, p Profile) error {
	if p.Session == "" {
		return nil
	}
	at := slices.IndexFunc(client.Operations, func(op *client.Operation) bool {
		return op.Face == p.Face && op.Method == http.MethodPost && op.Path == "/user/logout"
	})
	if at < 0 {
		return nil
	}
	c, err := o.client(p)
	if err != nil {
		return err
	}
	_, err = c.Do(cmd.Context(), client.Operations[at].ID, nil, nil)
	if client.IsUnauthenticated(err) { // it is over
		return nil
	}
	return err
}

// Whoami makes the command that tells whose credential the others use.
func Whoami(version string) *cobra.Command {
	o := &options{version: version}
	cmd := &cobra.Command{
		Use: "whoami", GroupID: GroupAccess, Args: cobra.NoArgs,
		Short: "Tell which server is asked, and as whom",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			profile, err := o.find()
			if err != nil {
				return err
			}
			about, err := o.identity(cmd.Context(), profile)
			if err != nil {
				return failed(err)
			}
			out := object{{"face", profile.Face}, {"url", profile.URL}, {"credential", profile.holder()}}
			for _, m := range about {
				out = out.set(m.key, m.value)
			}
			return failed(o.printer(cmd, nil).print(out, ""))
		},
	}
	o.add(cmd.Flags(), false)
	complete(cmd)
	return cmd
}

// Profiles makes the command that lists profiles, and chooses one.
func Profiles(version string) *cobra.Command {
	o := &options{version: version}
	cmd := &cobra.Command{
		Use: "profiles", GroupID: GroupAccess, Args: cobra.NoArgs,
		Short: "List the profiles, without their secrets",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			stored, err := loadProfiles()
			if err != nil {
				return err
			}
			rows := []any{}
			for _, name := range stored.names() {
				p := stored.Profiles[name]
				rows = append(rows, object{
					{"name", name}, {"current", name == stored.choose("")}, {"face", p.Face}, {"url", p.URL}, {"credential", p.holder()},
				})
			}
			return failed(o.printer(cmd, nil).print(rows, ""))
		},
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", "table", "table, json, yaml or csv")
	cmd.Flags().BoolVar(&o.noColor, "no-color", false, "use no colours; NO_COLOR does the same")
	complete(cmd)
	use := &cobra.Command{
		Use: "use PROFILE", Args: cobra.ExactArgs(1),
		Short: "Make a profile the current one",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			stored, err := loadProfiles()
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			return stored.names(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			stored, err := loadProfiles()
			if err != nil {
				return err
			}
			if _, ok := stored.Profiles[args[0]]; !ok {
				return fmt.Errorf("there is no profile %q", args[0])
			}
			stored.Current = args[0]
			if err := stored.save(); err != nil {
				return &Failure{ExitFailure, err}
			}
			return nil
		},
	}
	cmd.AddCommand(use)
	return cmd
}
