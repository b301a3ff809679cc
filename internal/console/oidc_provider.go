package console

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// provider is an identity provider, which is asked for its endpoints when it is
// first needed. Its methods may be called at once.
type provider struct {
	settings OIDCSettings
	client   *http.Client
	sealer   sealer
	now      func() time.Time

	mu      sync.Mutex
	current *discovery // nil: none has begun, or the last one failed
}

// newProvider makes a provider of valid settings. It asks nobody.
func newProvider(settings OIDCSettings, now func() time.Time) (*provider, error) {
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	sealer, err := newSealer(settings.ClientSecret)
	if err != nil {
		return nil, err
	}
	return &provider{settings: settings, client: newProviderClient(), sealer: sealer, now: now}, nil
}

// Why a sign-in fails that nobody is refused by name.
var (
	errProviderDown = reeve.Errorf(reeve.Unavailable, "the identity provider cannot be used now")
	errNotBegun     = reeve.Errorf(reeve.Unauthenticated, "this sign-in was not begun in this browser, or too long ago: sign in again")
	errOddProvider  = reeve.Errorf(reeve.Unauthenticated, "the identity provider's answer is not valid: sign in again")
)

// discovery is what a provider has told of itself, as soon as done is closed.
type discovery struct {
	done  chan struct{}
	oauth oauth2.Config
	keys  oidc.KeySet
	algs  []string
	err   error
}

// discover gives what the provider tells of itself. Those who ask at once share
// an attempt; what failed is tried again the next time. Unavailable if the
// provider does not answer, or not for the configured issuer.
func (p *provider) discover(ctx context.Context) (*discovery, error) {
	p.mu.Lock()
	d := p.current
	if d == nil {
		d = &discovery{done: make(chan struct{})}
		p.current = d
		go p.attempt(d)
	}
	p.mu.Unlock()
	select {
	case <-d.done:
		return d, d.err
	case <-ctx.Done():
		return nil, errProviderDown.Wrap(ctx.Err())
	}
}

// attempt asks the provider for its endpoints, on nobody's behalf.
func (p *provider) attempt(d *discovery) {
	ctx, cancel := context.WithTimeout(context.Background(), providerTimeout)
	defer cancel()
	if err := p.ask(ctx, d); err != nil {
		d.err = errProviderDown.Wrap(bounded(err))
		p.mu.Lock()
		p.current = nil
		p.mu.Unlock()
	}
	close(d.done)
}

func (p *provider) ask(ctx context.Context, d *discovery) error {
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.settings.Issuer)
	if err != nil {
		return err
	}
	var told struct {
		Keys       string   `json:"jwks_uri"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}
	if err := found.Claims(&told); err != nil {
		return err
	}
	endpoint := found.Endpoint()
	for what, text := range map[string]string{
		"authorization": endpoint.AuthURL, "token": endpoint.TokenURL, "key": told.Keys,
	} {
		if !SafeURL(text) {
			return fmt.Errorf("its %s endpoint is no https URL", what)
		}
	}
	d.oauth = oauth2.Config{
		ClientID: p.settings.ClientID, ClientSecret: string(p.settings.ClientSecret),
		Endpoint: endpoint, Scopes: p.settings.Scopes,
	}
	// Keys are fetched later on, whenever there are new ones.
	d.keys = oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), p.client), told.Keys)
	for _, algorithm := range told.Algorithms {
		if slices.Contains(signatures, algorithm) {
			d.algs = append(d.algs, algorithm)
		}
	}
	return nil
}

// signatures are those that need the provider's own key: none that the client's
// secret makes, and not none.
var signatures = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
}

// begin sends a browser to the provider, from where it comes back to redirectURL
// within ten minutes; next is what finish gives then. It is for a GET: a form may
// not lead to another site.
func (p *provider) begin(w http.ResponseWriter, r *http.Request, redirectURL, next string) error {
	d, err := p.discover(r.Context())
	if err != nil {
		return err
	}
	f := newFlow(p.now(), next)
	sealed, err := p.sealer.seal(f, redirectURL)
	if err != nil {
		return err
	}
	to := d.at(redirectURL).AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier))
	setFlow(w, sealed, redirectURL)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// at is the client as it asks to be answered at a URL.
func (d *discovery) at(redirectURL string) *oauth2.Config {
	out := d.oauth
	out.RedirectURL = redirectURL
	return &out
}

// longestCode is how many bytes of the provider's code are passed on at most.
const longestCode = 4096

// finish finds out who has come back from the provider to redirectURL, once for
// each begin, and where they wanted. Unauthenticated if that browser did not
// begin, or the provider's word is not good; Denied for who has no role here: the
// identity is given too then, without a role; Unavailable if the provider does
// not answer.
func (p *provider) finish(w http.ResponseWriter, r *http.Request, redirectURL string) (who control.Identity, next string, err error) {
	cookie, err := r.Cookie(flowCookie(redirectURL))
	if err != nil {
		return who, "", errNotBegun
	}
	setFlow(w, "", redirectURL) // whatever comes of it
	query := r.URL.Query()
	f, ok := p.sealer.open(cookie.Value, redirectURL, p.now())
	if !ok || subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(f.State)) != 1 {
		return who, "", errNotBegun
	}
	code, err := p.code(query)
	if err != nil {
		return who, "", err
	}
	d, err := p.discover(r.Context())
	if err != nil {
		return who, "", err
	}
	raw, err := p.exchange(r.Context(), d.at(redirectURL), code, f)
	if err != nil {
		return who, "", err
	}
	token, err := p.verify(r.Context(), d, raw)
	if err != nil {
		return who, "", err
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(f.Nonce)) != 1 {
		return who, "", errOddProvider.Wrap(errors.New("the ID token is of another sign-in"))
	}
	who, err = p.identity(token)
	return who, f.Next, err
}

// code reads what the provider sends a browser back with.
func (p *provider) code(query url.Values) (string, error) {
	// Whose answer it is, if it says so (RFC 9207).
	if query.Has("iss") && query.Get("iss") != p.settings.Issuer {
		return "", errOddProvider.Wrap(errors.New("it is another provider's answer"))
	}
	if code := query.Get("error"); code != "" {
		return "", providerRefusal(code, query)
	}
	code := query.Get("code")
	if code == "" || len(code) > longestCode {
		return "", errOddProvider.Wrap(errors.New("it has no code"))
	}
	return code, nil
}

// refusals are what a provider may say instead of who somebody is (RFC 6749,
// 4.1.2.1, and OpenID Connect Core, 3.1.2.6). Nothing else of its is repeated.
var refusals = []string{
	"access_denied", "invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope",
	"interaction_required", "login_required", "account_selection_required", "consent_required",
}

// providerRefusal is what becomes of an error that the provider sends the browser back
// with.
func providerRefusal(code string, query url.Values) error {
	cause := bounded(errors.New(code + ": " + query.Get("error_description")))
	switch {
	case code == "server_error" || code == "temporarily_unavailable":
		return errProviderDown.Wrap(cause)
	case slices.Contains(refusals, code):
		return reeve.Errorf(reeve.Denied, "the identity provider has refused the sign-in: %s", code).Wrap(cause)
	}
	return reeve.Errorf(reeve.Denied, "the identity provider has refused the sign-in").Wrap(cause)
}

// exchange gives the ID token for a code.
func (p *provider) exchange(ctx context.Context, client *oauth2.Config, code string, f flow) (string, error) {
	reply, err := client.Exchange(oidc.ClientContext(ctx, p.client), code, oauth2.VerifierOption(f.Verifier))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.ErrorCode == "invalid_grant":
		return "", errOddProvider.Wrap(errors.New("the provider does not take its code back"))
	case errors.As(err, &refused):
		// Of the reply only the code, which is one of a few: the rest has no bound.
		return "", errProviderDown.Wrap(bounded(fmt.Errorf("the provider gives no token: %s %s", refused.Response.Status, refused.ErrorCode)))
	case err != nil:
		return "", errProviderDown.Wrap(bounded(err))
	}
	raw, _ := reply.Extra("id_token").(string)
	if raw == "" {
		return "", errOddProvider.Wrap(errors.New("there is no ID token"))
	}
	return raw, nil
}

// verify checks an ID token's signature, issuer, audience and end.
func (p *provider) verify(ctx context.Context, d *discovery, raw string) (*oidc.IDToken, error) {
	keys := &watchedKeys{KeySet: d.keys}
	token, err := oidc.NewVerifier(p.settings.Issuer, keys, &oidc.Config{
		ClientID: p.settings.ClientID, SupportedSigningAlgs: d.algs, Now: p.now,
	}).Verify(ctx, raw)
	switch {
	case err == nil:
		return token, nil
	case errors.Is(keys.failed, errDown):
		return nil, errProviderDown.Wrap(bounded(err))
	default:
		return nil, errOddProvider.Wrap(bounded(err))
	}
}

// identity tells who an ID token is of, and with which role.
func (p *provider) identity(token *oidc.IDToken) (control.Identity, error) {
	var claims map[string]json.RawMessage
	if err := token.Claims(&claims); err != nil || token.Subject == "" {
		return control.Identity{}, errOddIdentity
	}
	who := control.Identity{Issuer: p.settings.Issuer, Subject: token.Subject}
	for _, claim := range []string{"preferred_username", "name"} {
		if json.Unmarshal(claims[claim], &who.Name) == nil && who.Name != "" {
			break
		}
	}
	// Another's token, given to this client among others.
	if party := claims["azp"]; party != nil && len(token.Audience) > 1 {
		var client string
		if json.Unmarshal(party, &client) != nil || client != p.settings.ClientID {
			return control.Identity{}, errOddProvider.Wrap(errors.New("the ID token was made for another client"))
		}
	}
	var err error
	who.Role, err = p.settings.roleOf(claims)
	return who, err
}
