package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/client"
)

// signing is reeve login.
type signing struct {
	options
	tenant, key bool
	email, code string
}

// Login makes the command that signs in and stores what opens the server.
func Login(version string) *cobra.Command {
	s := &signing{options: options{version: version}}
	cmd := &cobra.Command{
		Use: "login [URL]", GroupID: GroupAccess, Args: cobra.MaximumNArgs(1),
		Short: "Sign in to a server and remember it as a profile",
		Long: `Sign in to a server and remember it as a profile.

Operators and gateways give their token, tenants an organisation key or their
address and password. Secrets are read from the terminal without being shown,
else from standard input, a line each; never from the command line. They are
checked with the server, then kept in $REEVE_CREDENTIALS, or
reeve/credentials.yaml in the directory for configuration, for the user alone.

REEVE_SERVER and REEVE_TOKEN or REEVE_TOKEN_FILE go before what is stored, and
REEVE_PROFILE names another profile than the current one.`,
		Example: `  reeve login http://127.0.0.1:8081
  reeve login --tenant http://127.0.0.1:8080 --email ada@example.com
  reeve login --tenant http://127.0.0.1:8080 --key --profile ci < key`,
		RunE: func(cmd *cobra.Command, args []string) error { return s.run(cmd, args) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&s.tenant, "tenant", false, "sign in as a tenant")
	flags.BoolVar(&s.key, "key", false, "with an organisation key")
	flags.StringVar(&s.email, "email", "", "with this address and a password")
	flags.StringVar(&s.code, "code", "", "the code of a second factor; asked for if the server wants one")
	flags.StringVar(&s.profile, "profile", "", `remember it under this name instead of "default"`)
	flags.StringVar(&s.tokenFile, "token-file", "", "read the token or key from this file")
	flags.StringVar(&s.caFile, "ca-file", "", caFileUsage+". The profile remembers it")
	flags.StringVar(&s.face, "face", "", "tenant, operator or gateway, where neither --tenant nor the token tells")
	flags.BoolVarP(&s.quiet, "quiet", "q", false, "print no remarks")
	flags.SortFlags = false
	complete(cmd)
	return cmd
}

// defaultURLs are where a server on this machine listens.
var defaultURLs = map[string]string{
	client.FaceTenant: "http://127.0.0.1:8080", client.FaceOperator: "http://127.0.0.1:8081", client.FaceGateway: "http://127.0.0.1:8082",
}

func (s *signing) run(cmd *cobra.Command, args []string) error {
	s.output = "table"
	if err := s.check(); err != nil {
		return err
	}
	if s.tenant {
		if s.face != "" && s.face != client.FaceTenant {
			return errors.New("--tenant and --face: give one of them")
		}
		s.face = client.FaceTenant
	}
	stored, err := loadProfiles()
	if err != nil {
		return err
	}
	chosen := s.profile
	if chosen == "" {
		chosen = stored.choose("")
	}
	at := strings.Join(args, "")
	if at == "" {
		at = stored.Profiles[chosen].URL
	}
	if at == "" && s.face == "" {
		s.face = client.FaceOperator
	}
	if at == "" {
		at = defaultURLs[s.face]
	}
	// The address is checked before a secret is asked for.
	if _, err := client.New(client.FaceTenant, at, client.Credential{}); err != nil {
		return err
	}
	if ca := s.givenCA(); ca != "" {
		if s.caFile, err = filepath.Abs(ca); err != nil {
			return err
		}
	} else if stored.Profiles[chosen].URL == at {
		s.caFile = stored.Profiles[chosen].CAFile
	}
	if _, err := s.connection(""); err != nil {
		return err
	}
	profile, err := s.profileOf(cmd, at)
	if err != nil {
		return err
	}
	profile.CAFile = s.caFile
	stored.Profiles[chosen], stored.Current = profile, chosen
	if err := stored.save(); err != nil {
		return &Failure{ExitFailure, err}
	}
	s.remark(cmd, "signed in to %s as %s; profile %q, in %s", profile.URL, profile.holder(), chosen, stored.path)
	return nil
}

// profileOf asks for the secrets and has the server judge them.
func (s *signing) profileOf(cmd *cobra.Command, at string) (Profile, error) {
	if s.face == client.FaceTenant && !s.key && s.email != "" {
		return s.session(cmd, at)
	}
	if s.face == client.FaceTenant && !s.key && s.tokenFile == "" {
		return Profile{}, errors.New("give --email or --key")
	}
	var secret string
	var err error
	if s.tokenFile != "" {
		secret, err = readSecretFile(s.tokenFile)
	} else {
		secret, err = askSecret(cmd, "Token or key for "+at)
	}
	switch {
	case err != nil:
		return Profile{}, err
	case strings.TrimSpace(secret) == "":
		return Profile{}, errors.New("no token was given")
	}
	profile := newProfile(s.face, at, strings.TrimSpace(secret))
	return profile, s.judge(cmd.Context(), profile)
}

// session signs a person in; where the server wants a code it asks for it.
func (s *signing) session(cmd *cobra.Command, at string) (Profile, error) {
	opts, err := s.connection("")
	if err != nil {
		return Profile{}, err
	}
	password, err := askSecret(cmd, "Password of "+s.email)
	if err != nil {
		return Profile{}, err
	}
	in, err := client.SignIn(cmd.Context(), at, s.email, password, s.code, opts...)
	if refusal := client.AsError(err); refusal != nil && s.code == "" && refusal.Status/100 == 4 && strings.Contains(strings.ToLower(refusal.Message), "code") {
		code, askErr := askSecret(cmd, "Code")
		if askErr != nil {
			return Profile{}, askErr
		}
		if code == "" {
			return Profile{}, failed(err)
		}
		in, err = client.SignIn(cmd.Context(), at, s.email, password, code, opts...)
	}
	if err != nil {
		return Profile{}, failed(err)
	}
	return Profile{Face: client.FaceTenant, URL: at, UserID: in.UserID, Session: in.Token, Email: s.email}, nil
}

// probes are operations that tell, by being answered, that a credential is
// good: the first that there is.
var probes = map[string][]probe{
	client.FaceOperator: {{id: "getMe"}, {id: "listMonths"}},
	// What nobody's key may see is denied to a good one and is not to a bad one.
	client.FaceTenant:  {{id: "getMe"}, {id: "getProject", params: map[string]string{"project": "00000000-0000-4000-8000-000000000000"}, good: http.StatusForbidden}},
	client.FaceGateway: {{id: "verify", body: map[string]string{"key": "none", "action": "read"}}},
}

type probe struct {
	id     string
	params map[string]string
	body   any
	good   int // a refusal that only good credentials get
}

// judge has the server say whether a credential is one.
func (s *signing) judge(ctx context.Context, p Profile) error {
	_, err := s.identity(ctx, p)
	return err
}

// identity asks the server who a profile is; nil if it does not tell.
func (o *options) identity(ctx context.Context, p Profile) (object, error) {
	c, err := o.client(p)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(probes[p.Face], func(try probe) bool { return client.FindOperation(p.Face, try.id) != nil })
	if at < 0 {
		return nil, fmt.Errorf("there is nothing to ask as a %s", p.Face)
	}
	try := probes[p.Face][at]
	if p.Session != "" {
		try = probe{id: "getUser", params: map[string]string{"user": p.UserID}}
	}
	reply, err := c.Do(ctx, try.id, try.params, try.body)
	if refusal := client.AsError(err); refusal != nil && refusal.Status == try.good {
		return nil, nil
	}
	if client.IsNotFound(err) {
		return nil, &Failure{ExitNotFound, fmt.Errorf("%s is not the %ss' API: %w", p.URL, p.Face, err)}
	}
	if err != nil {
		return nil, failed(err)
	}
	value, err := readReply(reply) // somebody else may have answered
	if err != nil || try.id != "getMe" && p.Session == "" {
		return nil, failed(err)
	}
	if users := itemsOf(value, "users"); len(users) == 1 {
		value = users[0]
	}
	out, _ := value.(object)
	return out, nil
}
