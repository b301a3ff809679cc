package server

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/console"
)

// oidcSettings are those of the identity provider that operators sign in
// through.
var oidcSettings = []setting[Config]{
	{
		name:  "oidc-issuer",
		usage: "`URL` of the identity provider that operators sign in to the console through (OpenID Connect); without one, operator tokens alone",
		field: func(c *Config) field { return &issuerField{&c.OIDC.Issuer} },
	},
	{
		name:  "oidc-client-id",
		usage: "`id` of the console at the identity provider",
		field: func(c *Config) field { return &wordField{&c.OIDC.ClientID} },
	},
	{
		name: "oidc-client-secret", secret: true,
		usage: "`secret` of the console at the identity provider; better given as REEVE_OIDC_CLIENT_SECRET_FILE; the same on all replicas",
		field: func(c *Config) field { return &secretField{&c.OIDC.ClientSecret} },
	},
	{
		name: "oidc-scopes", def: "openid,profile,groups",
		usage: "comma-separated `scopes` that the identity provider is asked for",
		field: func(c *Config) field { return &wordsField{&c.OIDC.Scopes} },
	},
	{
		name: "oidc-groups-claim", def: "groups",
		usage: "`claim` of the ID token that has somebody's groups, a list of strings or one",
		field: func(c *Config) field { return &wordField{&c.OIDC.GroupsClaim} },
	},
	{
		name:  "oidc-roles",
		usage: "comma-separated `GROUP=ROLE` that say what a group's members may do as operators: admin, support, finance or viewer; of several the first in this list counts, and who is in none is refused",
		field: func(c *Config) field { return &groupRolesField{&c.OIDC.Roles} },
	},
}

// validateOIDC checks the rules that span the settings of the identity provider.
func (c Config) validateOIDC() error {
	given := map[string]bool{
		"--oidc-client-id": c.OIDC.ClientID != "", "--oidc-client-secret": c.OIDC.ClientSecret != "", "--oidc-roles": len(c.OIDC.Roles) > 0,
	}
	for _, flag := range []string{"--oidc-client-id", "--oidc-client-secret", "--oidc-roles"} {
		switch {
		case c.OIDC.On() && !given[flag]:
			return fmt.Errorf("--oidc-issuer: give %s too", flag)
		case !c.OIDC.On() && given[flag]:
			return fmt.Errorf("%s: give --oidc-issuer too", flag)
		}
	}
	switch {
	case !c.OIDC.On():
		return nil
	case c.OperatorURL == "":
		return errors.New("--oidc-issuer: give --operator-url too, where the identity provider sends operators back to")
	case !console.SafeURL(c.OperatorURL):
		return fmt.Errorf("--operator-url %q: must be an https URL for operators to sign in through an identity provider; http is for loopback alone", c.OperatorURL)
	}
	if err := c.OIDC.Validate(); err != nil {
		return fmt.Errorf("--oidc-issuer: %w", err)
	}
	return nil
}

type issuerField struct{ issuer *string }

func (f *issuerField) Set(text string) error {
	*f.issuer = ""
	if text != "" && !console.SafeURL(text) {
		return errors.New("must be an https URL without credentials and fragment; http is for loopback alone")
	}
	*f.issuer = text
	return nil
}

func (f *issuerField) String() string { return *f.issuer }

type wordField struct{ word *string }

func (f *wordField) Set(text string) error {
	*f.word = ""
	if strings.ContainsFunc(text, unprintable) {
		return errors.New("must be printable, without spaces")
	}
	*f.word = text
	return nil
}

func (f *wordField) String() string { return *f.word }

func unprintable(char rune) bool { return unicode.IsSpace(char) || !unicode.IsPrint(char) }

type wordsField struct{ words *[]string }

func (f *wordsField) Set(text string) error {
	*f.words = nil
	if text == "" {
		return nil
	}
	for word := range strings.SplitSeq(text, ",") {
		word = strings.TrimSpace(word)
		if word == "" || strings.ContainsFunc(word, unprintable) {
			*f.words = nil
			return errors.New("must be words, separated by commas")
		}
		*f.words = append(*f.words, word)
	}
	return nil
}

func (f *wordsField) String() string { return strings.Join(*f.words, ",") }

// secretField is a secret of somebody else's making.
type secretField struct{ secret *reeve.Token }

func (f *secretField) Set(text string) error {
	*f.secret = ""
	if strings.ContainsFunc(text, unicode.IsControl) {
		return errors.New("must be printable")
	}
	*f.secret = reeve.Token(text)
	return nil
}

func (f *secretField) String() string {
	if *f.secret == "" {
		return ""
	}
	return mask
}

type groupRolesField struct{ roles *[]console.GroupRole }

func (f *groupRolesField) Set(text string) error {
	*f.roles = nil
	if text == "" {
		return nil
	}
	var roles []console.GroupRole
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(text, ",") {
		at := strings.LastIndexByte(pair, '=') // a group's name may have some, too
		if at < 0 {
			return errors.New("must be GROUP=ROLE, separated by commas")
		}
		group := strings.TrimSpace(pair[:at])
		role, err := reeve.ParseOperatorRole(strings.TrimSpace(pair[at+1:]))
		switch {
		case err != nil:
			return err
		case group == "":
			return errors.New("must be GROUP=ROLE, separated by commas")
		case seen[group]:
			return fmt.Errorf("has the group %q twice", group)
		}
		seen[group] = true
		roles = append(roles, console.GroupRole{Group: group, Role: role})
	}
	*f.roles = roles
	return nil
}

func (f *groupRolesField) String() string {
	pairs := make([]string, len(*f.roles))
	for i, mapped := range *f.roles {
		pairs[i] = mapped.Group + "=" + string(mapped.Role)
	}
	return strings.Join(pairs, ",")
}
