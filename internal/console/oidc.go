package console

import (
	"encoding/json"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/reeve-cloud/reeve"
)

// OIDCSettings say how operators sign in through an identity provider (OpenID
// Connect: the code flow with PKCE). The zero value is without one.
type OIDCSettings struct {
	Issuer       string // the provider's URL, spelled as it does in its tokens
	ClientID     string
	ClientSecret reeve.Token
	Scopes       []string // asked for; openid is one of them

	// GroupsClaim names the claim of the ID token that has somebody's groups: a
	// list of strings, or one.
	GroupsClaim string

	// Roles say what the groups are here. Of somebody who is in several the first
	// that stands in the list counts: roles are no ladder.
	Roles []GroupRole
}

// GroupRole is what the members of a provider's group are here.
type GroupRole struct {
	Group string
	Role  reeve.OperatorRole
}

// On tells whether there is a provider.
func (s OIDCSettings) On() bool { return s.Issuer != "" }

// Validate tells what keeps operators from signing in with settings that are on:
// an Invalid error, in which no secret is.
func (s OIDCSettings) Validate() error {
	switch {
	case !SafeURL(s.Issuer):
		return reeve.Errorf(reeve.Invalid, "the issuer must be an https URL; http is for loopback alone")
	case s.ClientID == "" || s.ClientSecret == "":
		return reeve.Errorf(reeve.Invalid, "the client's id and secret are needed")
	case s.GroupsClaim == "":
		return reeve.Errorf(reeve.Invalid, "the claim that has the groups is needed")
	case !slices.Contains(s.Scopes, "openid"):
		return reeve.Errorf(reeve.Invalid, "openid must be one of the scopes")
	case len(s.Roles) == 0:
		return reeve.Errorf(reeve.Invalid, "without a role for some group nobody could sign in")
	}
	for _, mapped := range s.Roles {
		if mapped.Group == "" {
			return reeve.Errorf(reeve.Invalid, "a group has no name")
		}
		if _, err := reeve.ParseOperatorRole(string(mapped.Role)); err != nil {
			return err
		}
	}
	return nil
}

// SafeURL tells whether what is said to a URL is for its host alone: https, or
// this machine.
func SafeURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && onLoopback(u.Hostname())
}

func onLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// Why somebody for whom the provider vouches is not let in.
var (
	errNoGroups    = reeve.Errorf(reeve.Denied, "the identity provider did not say which groups you are in: it must put them into the ID token")
	errOddGroups   = reeve.Errorf(reeve.Denied, "the identity provider told your groups in a form that is not understood: it must be a list of strings")
	errNoneMapped  = reeve.Errorf(reeve.Denied, "none of your groups has a role here")
	errOddIdentity = reeve.Errorf(reeve.Denied, "the identity provider did not say who you are")
)

// roleOf gives the role of who has these claims. Without one it is Denied: there
// is no role by default.
func (s OIDCSettings) roleOf(claims map[string]json.RawMessage) (reeve.OperatorRole, error) {
	raw, there := claims[s.GroupsClaim]
	if !there || string(raw) == "null" {
		return "", errNoGroups
	}
	var groups []string
	if strings.HasPrefix(string(raw), `"`) {
		groups = make([]string, 1)
		if json.Unmarshal(raw, &groups[0]) != nil {
			return "", errOddGroups
		}
	} else if !stringsOnly(raw, &groups) {
		return "", errOddGroups
	}
	for _, mapped := range s.Roles {
		if slices.Contains(groups, mapped.Group) {
			return mapped.Role, nil
		}
	}
	return "", errNoneMapped
}

// stringsOnly reads a list in which nothing but strings is: a null among them
// would else be an empty one.
func stringsOnly(raw json.RawMessage, out *[]string) bool {
	var items []*string
	if json.Unmarshal(raw, &items) != nil || slices.Contains(items, nil) {
		return false
	}
	for _, item := range items {
		*out = append(*out, *item)
	}
	return true
}
