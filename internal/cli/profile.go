package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/client"
)

// Profile is where a server is and what opens it.
type Profile struct {
	Face    string `yaml:"face"` // tenant, operator or gateway
	URL     string `yaml:"url"`
	Token   string `yaml:"token,omitempty"`   // an operator's or gateway's
	Key     string `yaml:"key,omitempty"`     // an organisation's
	UserID  string `yaml:"user,omitempty"`    // of a session
	Session string `yaml:"session,omitempty"` // its token
	Email   string `yaml:"email,omitempty"`   // who signed in
	CAFile  string `yaml:"ca,omitempty"`      // whose certificates it is trusted by; "": the system's
}

// credential gives what the client sends.
func (p Profile) credential() client.Credential {
	switch {
	case p.Key != "":
		return client.OrganizationKey(p.Key)
	case p.Session != "":
		return client.Session(p.UserID, p.Session)
	}
	return client.Token(reeve.Token(p.Token))
}

// holder says who a profile is, without its secret.
func (p Profile) holder() string {
	switch {
	case p.Email != "":
		return p.Email
	case p.Key != "":
		return "organisation key " + name(p.Key)
	}
	return p.Face + " token " + name(p.Token)
}

// profiles is the file of credentials.
type profiles struct {
	Current  string             `yaml:"current"`
	Profiles map[string]Profile `yaml:"profiles"`

	path string
}

const defaultProfile = "default"

// The variables that the commands read. The server leaves them alone.
const (
	variableCredentials = "REEVE_CREDENTIALS"
	variableProfile     = "REEVE_PROFILE"
	variableServer      = "REEVE_SERVER"
	variableToken       = "REEVE_TOKEN"
	variableTokenFile   = "REEVE_TOKEN_FILE"
	variableCAFile      = "REEVE_CA_FILE"
)

// credentialsPath is where the file is.
func credentialsPath() (string, error) {
	if path := os.Getenv(variableCredentials); path != "" {
		return path, nil
	}
	dir, err := os.UserConfigDir() // XDG_CONFIG_HOME
	if err != nil {
		return "", fmt.Errorf("set %s: %w", variableCredentials, err)
	}
	return filepath.Join(dir, "reeve", "credentials.yaml"), nil
}

// loadProfiles reads the file; one that is missing is empty.
func loadProfiles() (*profiles, error) {
	path, err := credentialsPath()
	if err != nil {
		return nil, err
	}
	out := &profiles{path: path, Profiles: map[string]Profile{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	if about, err := os.Stat(path); err == nil && about.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s holds secrets and others may read it: chmod 600 it", path)
	}
	if err := yaml.Unmarshal(text, out); err != nil {
		return nil, fmt.Errorf("%s is damaged", path) // what YAML says of it may be a secret
	}
	if out.Profiles == nil {
		out.Profiles = map[string]Profile{}
	}
	return out, nil
}

// save writes the file whole or not at all.
func (p *profiles) save() error {
	text, err := yaml.Marshal(p)
	if err != nil {
		return err
	}
	dir := filepath.Dir(p.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, ".credentials-*") // of mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), p.path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

// names are the profiles', sorted.
func (p *profiles) names() []string { return slices.Sorted(maps.Keys(p.Profiles)) }

// choose names the profile that is meant.
func (p *profiles) choose(flag string) string {
	for _, choice := range []string{flag, os.Getenv(variableProfile), p.Current} {
		if choice != "" {
			return choice
		}
	}
	return defaultProfile
}

// find gives the profile that a command works with: REEVE_SERVER and
// REEVE_TOKEN, or the flags in their place, before what is stored.
func (o *options) find() (Profile, error) {
	at, token, err := o.given()
	if err != nil {
		return Profile{}, err
	}
	if at != "" && token != "" && o.profile == "" {
		return newProfile(o.face, at, token), nil
	}
	stored, err := loadProfiles()
	if err != nil {
		return Profile{}, err
	}
	chosen := stored.choose(o.profile)
	out, ok := stored.Profiles[chosen]
	switch {
	case !ok && (o.profile != "" || os.Getenv(variableProfile) != ""):
		return Profile{}, fmt.Errorf("there is no profile %q; reeve login --profile %s makes it", chosen, chosen)
	case !ok && at != "":
		return Profile{}, &Failure{ExitDenied, fmt.Errorf("no token: set %s or %s, or sign in with reeve login %s", variableToken, variableTokenFile, at)}
	case !ok:
		return Profile{}, &Failure{ExitDenied, fmt.Errorf("not signed in: use reeve login, or set %s and %s", variableServer, variableToken)}
	case o.face != "" && o.face != out.Face:
		return Profile{}, fmt.Errorf("profile %q is a %s's", chosen, out.Face)
	case at != "" && token == "":
		return Profile{}, fmt.Errorf("a server without a token: set %s or %s; stored credentials go to their own server only", variableToken, variableTokenFile)
	case token != "" && at == "" && o.profile == "":
		with := newProfile(o.face, out.URL, token)
		with.CAFile = out.CAFile
		return with, nil
	}
	return out, nil
}

// given reads the server and the token of the flags, else of the environment.
func (o *options) given() (at, token string, err error) {
	if at = o.server; at == "" {
		at = os.Getenv(variableServer)
	}
	token, path := os.Getenv(variableToken), os.Getenv(variableTokenFile)
	switch {
	case o.tokenFile != "":
		path = o.tokenFile
	case token != "" && path != "":
		return "", "", fmt.Errorf("%s and %s: give one of them", variableToken, variableTokenFile)
	case token != "" || path == "":
		return at, token, nil
	}
	token, err = readSecretFile(path)
	return at, token, err
}

func readSecretFile(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if out := strings.TrimSpace(string(text)); out != "" {
		return out, nil
	}
	return "", fmt.Errorf("%s is empty", path)
}

// newProfile makes a profile of a token, whose prefix tells the face.
func newProfile(face, at, token string) Profile {
	if face == "" {
		face = faceOf(token)
	}
	out := Profile{Face: face, URL: at}
	if face == client.FaceTenant {
		out.Key = token
	} else {
		out.Token = token
	}
	return out
}

// faceOf tells the face that a token opens: an operator's may be any text.
func faceOf(token string) string {
	switch {
	case strings.HasPrefix(token, string(reeve.TokenOrganization)):
		return client.FaceTenant
	case strings.HasPrefix(token, string(reeve.TokenGateway)):
		return client.FaceGateway
	}
	return client.FaceOperator
}
