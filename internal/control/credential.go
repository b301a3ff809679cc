package control

import (
	"context"
	"crypto/subtle"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/macaroon"
)

// CredentialKind says what a text opens.
type CredentialKind string

// The kinds. None is a text that has no credential's form; unknown is one that
// has, and is nobody's.
const (
	CredentialNone            CredentialKind = "none"
	CredentialUnknown         CredentialKind = "unknown"
	CredentialAPIKey          CredentialKind = "apikey"
	CredentialOrganizationKey CredentialKind = "organization_key"
	CredentialGateway         CredentialKind = "gateway"
	CredentialOperator        CredentialKind = "operator"
	CredentialSession         CredentialKind = "session"
	CredentialOperatorSession CredentialKind = "operator_session"
)

// CredentialState says whether a credential opens anything.
type CredentialState string

// The states. A forged key names a key that there is and was not made from it; a
// refused one has a caveat that nobody understands.
const (
	StateLive    CredentialState = "live"
	StateRevoked CredentialState = "revoked"
	StateExpired CredentialState = "expired"
	StateFrozen  CredentialState = "frozen"
	StatePending CredentialState = "pending" // not to be used yet
	StateForged  CredentialState = "forged"
	StateRefused CredentialState = "refused"
)

// Credential is what is known of a key, a token or a session; never its text.
type Credential struct {
	Kind  CredentialKind
	ID    reeve.ID // zero of the configured operator token
	Name  string
	State CredentialState
	Role  string // of an organisation key or an operator

	Project, Organization, User *Named // whose it is, as far as there is one

	Ancestors []Ancestor // of an API key whose signature is valid: the root first, itself last
	By        *int       // which of them the state comes from; nil: from none

	CreatedAt, ExpiresAt *time.Time
	LastUse              *store.LastUse // nil: none is known
}

// Ancestor is a key that a key derives from, or the key itself: what its last
// caveat adds.
type Ancestor struct {
	Caveats   int
	Lineage   string // see TailName
	Revoked   bool
	Restricts []string // in words
}

// Inspect tells all there is to tell of a key, a token or a session, or of the
// key inside an access grant. It is none of these, or nobody's: that is told by
// its kind.
func (c *Control) Inspect(ctx context.Context, text string) (Credential, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return Credential{}, err
	}
	if text = barely(text); text == "" {
		return Credential{}, reeve.Errorf(reeve.Invalid, "Key is not set")
	}
	out, err := c.recognize(ctx, text)
	if err != nil {
		return Credential{}, err
	}
	return out, c.complete(ctx, &out)
}

// barely takes away what a key is pasted with: white space, and the word that
// stands before it in a header.
func barely(text string) string {
	text = strings.TrimSpace(text)
	if word, key, ok := strings.Cut(text, " "); ok && strings.EqualFold(word, "Bearer") {
		text = strings.TrimSpace(key)
	}
	return text
}

// complete names what a credential belongs to, and tells when it was used.
func (c *Control) complete(ctx context.Context, k *Credential) error {
	var of []*Named
	for _, thing := range []*Named{k.Project, k.Organization, k.User} {
		if thing != nil {
			of = append(of, thing)
		}
	}
	if err := c.nameAll(ctx, of); err != nil || k.ID == reeve.Zero {
		return err
	}
	uses, err := c.usesOf(ctx, []reeve.ID{k.ID})
	if use, used := uses[k.ID]; used {
		k.LastUse = &use
	}
	return err
}

// recognize finds what a text is: by its form and checksum, then by its hash or
// head. Names of what it belongs to are not filled in.
func (c *Control) recognize(ctx context.Context, text string) (Credential, error) {
	hash := reeve.Token(text).Hash()
	if o := c.operators.configured; o != nil && subtle.ConstantTimeCompare(hash[:], o[:]) == 1 {
		return Credential{Kind: CredentialOperator, Name: "root", State: StateLive}, nil
	}
	for _, token := range []struct {
		prefix reeve.TokenPrefix
		find   func(context.Context, reeve.TokenHash) (Credential, error)
	}{
		{reeve.TokenOrganization, c.organizationKeyOf},
		{reeve.TokenGateway, c.gatewayOf},
		{reeve.TokenOperator, c.operatorOf},
		{reeve.TokenSession, c.sessionOf},
		{reeve.TokenConsole, c.operatorSessionOf},
	} {
		if _, ok := reeve.ParseToken(token.prefix, text); ok {
			return orUnknown(token.find(ctx, hash))
		}
	}
	key, err := macaroon.Parse(text)
	if err != nil {
		key, err = macaroon.ParseGrant(text)
	}
	if err != nil {
		return Credential{Kind: CredentialNone}, nil
	}
	return orUnknown(c.apiKeyOf(ctx, key))
}

// orUnknown makes a credential that is not found one of an unknown kind.
func orUnknown(k Credential, err error) (Credential, error) {
	if reeve.IsKind(err, reeve.NotFound) || reeve.IsKind(err, reeve.Unauthenticated) {
		return Credential{Kind: CredentialUnknown}, nil
	}
	return k, err
}

func (c *Control) organizationKeyOf(ctx context.Context, hash reeve.TokenHash) (Credential, error) {
	key, err := c.store.OrganizationKey(ctx, hash)
	if reeve.IsKind(err, reeve.Unauthenticated) {
		return c.revokedToken(ctx, hash)
	}
	out := Credential{
		Kind: CredentialOrganizationKey, ID: key.ID, Name: key.Name, State: StateLive, Role: string(key.Role),
		Organization: &Named{Kind: FoundOrganization, ID: key.OrganizationID},
		CreatedAt:    &key.CreatedAt, ExpiresAt: key.ExpiresAt,
	}
	if !key.Live(c.store.Now()) {
		out.State = StateExpired
	}
	return out, err
}

func (c *Control) gatewayOf(ctx context.Context, hash reeve.TokenHash) (Credential, error) {
	token, err := c.store.GatewayToken(ctx, hash)
	if err != nil {
		return Credential{}, err
	}
	g, err := c.store.Gateway(ctx, token.GatewayID)
	out := Credential{
		Kind: CredentialGateway, ID: g.ID, Name: g.Name, State: StateLive, CreatedAt: &token.CreatedAt, ExpiresAt: token.ExpiresAt,
	}
	if !token.Live(c.store.Now()) {
		out.State = StateExpired
	}
	return out, err
}

func (c *Control) operatorOf(ctx context.Context, hash reeve.TokenHash) (Credential, error) {
	tokens, err := c.store.OperatorTokens(ctx)
	if err != nil {
		return Credential{}, err
	}
	for _, token := range tokens {
		if subtle.ConstantTimeCompare(hash[:], token.Hash[:]) == 0 {
			continue
		}
		out := Credential{Kind: CredentialOperator, ID: token.ID, Name: "root", State: StateLive, Role: string(token.Role), ExpiresAt: token.ExpiresAt}
		if token.OperatorID != reeve.Zero {
			operator, err := c.store.Operator(ctx, token.OperatorID)
			if err != nil {
				return out, err
			}
			out.Name = operator.Name
		}
		if token.ExpiresAt != nil && !c.store.Now().Before(*token.ExpiresAt) {
			out.State = StateExpired
		}
		return out, nil
	}
	return Credential{}, reeve.ErrUnauthenticated
}

func (c *Control) sessionOf(ctx context.Context, hash reeve.TokenHash) (Credential, error) {
	session, err := c.store.UserSession(ctx, hash)
	if reeve.IsKind(err, reeve.Unauthenticated) {
		return c.revokedToken(ctx, hash)
	}
	session.UsedAt = c.used.latest(session.ID, session.UsedAt)
	ends := session.CreatedAt.Add(c.settings.SessionLifetime)
	if idle := session.UsedAt.Add(c.settings.SessionIdle); idle.Before(ends) {
		ends = idle
	}
	out := Credential{
		Kind: CredentialSession, ID: session.ID, State: StateLive, User: &Named{Kind: FoundUser, ID: session.UserID},
		CreatedAt: &session.CreatedAt, ExpiresAt: &ends,
	}
	if !session.Live(c.store.Now(), c.settings.SessionIdle, c.settings.SessionLifetime) {
		out.State = StateExpired
	}
	return out, err
}

// revokedToken tells of a token what its deletion has left.
func (c *Control) revokedToken(ctx context.Context, hash reeve.TokenHash) (Credential, error) {
	gone, err := c.store.RevokedToken(ctx, hash)
	out := Credential{Kind: CredentialSession, ID: gone.ID, State: StateRevoked}
	if gone.OrganizationID != nil {
		out.Kind, out.Organization = CredentialOrganizationKey, &Named{Kind: FoundOrganization, ID: *gone.OrganizationID}
	}
	if gone.UserID != nil {
		out.User = &Named{Kind: FoundUser, ID: *gone.UserID}
	}
	return out, err
}

// apiKeyOf finds an API key by its head, in the database: what it tells is as
// new as can be.
func (c *Control) apiKeyOf(ctx context.Context, key macaroon.Key) (Credential, error) {
	stored, project, err := c.store.APIKeyByHead(ctx, key.Head())
	if reeve.IsKind(err, reeve.NotFound) {
		gone, err := c.store.RevokedHead(ctx, key.Head())
		// Its secret is gone: whether it was signed is not known any more.
		return Credential{Kind: CredentialAPIKey, ID: gone.APIKeyID, State: StateRevoked}, err
	}
	if err != nil {
		return Credential{}, err
	}
	out := Credential{
		Kind: CredentialAPIKey, ID: stored.ID, Name: stored.Name, State: StateForged, CreatedAt: &stored.CreatedAt, ExpiresAt: stored.ExpiresAt,
		Project:      &Named{Kind: FoundProject, ID: project.ID},
		Organization: &Named{Kind: FoundOrganization, ID: project.OrganizationID},
		User:         &Named{Kind: FoundUser, ID: project.OwnerID},
	}
	secret, err := c.keys.open(stored)
	if err != nil {
		return out, err
	}
	tails, signed := key.VerifyTails(macaroon.Secret(secret), nil)
	if !signed {
		return out, nil
	}
	dead, err := c.store.RevokedTails(ctx, stored.ID)
	if err != nil {
		return out, err
	}
	frozen, err := c.store.IsProjectFrozen(ctx, project.ID)
	if err != nil {
		return out, err
	}
	out.judge(key, tails, dead, c.store.Now())
	root := 0
	switch {
	case project.RevokedBefore != nil && stored.CreatedAt.Before(*project.RevokedBefore):
		out.State, out.By, out.Ancestors[0].Revoked = StateRevoked, &root, true
	case out.State == StateLive && stored.Ended(c.store.Now()):
		out.State, out.By = StateExpired, &root
	case out.State == StateLive && frozen:
		out.State = StateFrozen
	}
	return out, nil
}

// judge tells of an API key's ancestors, and which of them ends it.
func (k *Credential) judge(key macaroon.Key, tails, dead [][macaroon.Size]byte, now time.Time) {
	k.State = StateLive
	refused := make(map[[macaroon.Size]byte]bool, len(dead))
	for _, tail := range dead {
		refused[tail] = true
	}
	caveats, err := key.Caveats()
	k.Ancestors = make([]Ancestor, len(tails))
	for i, tail := range tails {
		a := Ancestor{Caveats: i, Lineage: TailName(tail), Revoked: refused[tail], Restricts: []string{}}
		state := StateLive
		if i > 0 && err == nil {
			a.Restricts = restrictions(&caveats[i-1])
			state = stateAt(&caveats[i-1], now)
			if end := caveats[i-1].NotAfter; !end.IsZero() && (k.ExpiresAt == nil || end.Before(*k.ExpiresAt)) {
				k.ExpiresAt = &end
			}
		}
		if a.Revoked {
			state = StateRevoked
		}
		if worse(state, k.State) {
			k.State, k.By = state, &i
		}
		k.Ancestors[i] = a
	}
	if err != nil && k.State == StateLive {
		k.State = StateRefused
	}
}

// worse tells whether a state goes before another: revoked is for good, expired
// too.
func worse(a, b CredentialState) bool {
	rank := map[CredentialState]int{StateLive: 0, StatePending: 1, StateExpired: 2, StateRevoked: 3}
	return rank[a] > rank[b]
}

func stateAt(c *macaroon.Caveat, now time.Time) CredentialState {
	switch {
	case !c.NotAfter.IsZero() && now.After(c.NotAfter):
		return StateExpired
	case !c.NotBefore.IsZero() && now.Before(c.NotBefore):
		return StatePending
	}
	return StateLive
}
