package control

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/macaroon"
)

// FoundKind is a kind of thing that a search finds.
type FoundKind string

// The kinds, in the order in which a search gives them.
const (
	FoundUser            FoundKind = "user"
	FoundOrganization    FoundKind = "organization"
	FoundProject         FoundKind = "project"
	FoundCoupon          FoundKind = "coupon"
	FoundAPIKey          FoundKind = "apikey"
	FoundOrganizationKey FoundKind = "organization_key"
	FoundGateway         FoundKind = "gateway"
	FoundStatement       FoundKind = "statement"
)

// Named is a thing with what it is called: a user's full name, a coupon's
// description, a statement's month.
type Named struct {
	Kind FoundKind
	ID   reeve.ID
	Name string
}

// Found is what a search has found, and what it belongs to, nil if to nothing.
type Found struct {
	Named
	Of *Named
}

// Findings are what a search has found: exact hits first, then by kind the
// newest, or whatever was found at once.
type Findings struct {
	Results []Found
	More    []FoundKind // of which there is more than was asked for; the lists have all
}

// Find looks for a text among all there is: an id of any kind in any spelling,
// a whole key or token, an address or a name; then a part of a name, an address
// or a description. It gives at most limit things of a kind. A key is found by
// its hash or head, its signature checked, and appears nowhere.
func (c *Control) Find(ctx context.Context, query string, limit int) (out Findings, err error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return out, err
	}
	query = strings.TrimSpace(query)
	if query == "" {
		return out, reeve.Errorf(reeve.Invalid, "q is not set")
	}
	if len(query) > macaroon.MaxGrantLength {
		return out, errLongQuery
	}
	if err := c.checkTexts(ctx); err != nil {
		return out, err
	}
	f := &finder{Control: c, limit: limit, seen: map[reeve.ID]bool{}, count: map[FoundKind]int{}, more: map[FoundKind]bool{}}
	known, err := c.recognize(ctx, query)
	switch {
	case err != nil:
		return out, err
	case known.Kind != CredentialNone:
		f.addCredential(known)
	case len(query) > MaxQuery:
		return out, errLongQuery
	default:
		err = f.text(ctx, query)
	}
	if err != nil {
		return out, err
	}
	return f.findings(ctx)
}

// finder gathers what is found, each thing once.
type finder struct {
	*Control
	limit int
	found []Found
	seen  map[reeve.ID]bool
	count map[FoundKind]int
	more  map[FoundKind]bool
}

// add takes a thing in, with the id of what it belongs to: zero for nothing.
func (f *finder) add(kind FoundKind, id reeve.ID, name string, of Named) {
	if f.seen[id] {
		return
	}
	if f.count[kind] == f.limit {
		f.more[kind] = true
		return
	}
	f.seen[id] = true
	f.count[kind]++
	thing := Found{Named: Named{kind, id, name}}
	if of.ID != reeve.Zero {
		thing.Of = &of
	}
	f.found = append(f.found, thing)
}

func (f *finder) addUser(u reeve.User) { f.add(FoundUser, u.ID, u.FullName, Named{}) }

func (f *finder) addOrganization(o reeve.Organization) {
	f.add(FoundOrganization, o.ID, o.Name, Named{Kind: FoundUser, ID: o.OwnerID})
}

func (f *finder) addProject(p reeve.Project) {
	f.add(FoundProject, p.ID, p.Name, Named{Kind: FoundOrganization, ID: p.OrganizationID})
}

func (f *finder) addCoupon(c reeve.Coupon) {
	f.add(FoundCoupon, c.ID, c.Description, Named{Kind: FoundUser, ID: c.UserID})
}

func (f *finder) addAPIKey(k reeve.APIKey) {
	f.add(FoundAPIKey, k.ID, k.Name, Named{Kind: FoundProject, ID: k.ProjectID})
}

func (f *finder) addOrganizationKey(k reeve.OrganizationKey) {
	f.add(FoundOrganizationKey, k.ID, k.Name, Named{Kind: FoundOrganization, ID: k.OrganizationID})
}

func (f *finder) addGateway(g reeve.Gateway) { f.add(FoundGateway, g.ID, g.Name, Named{}) }

func (f *finder) addStatement(s reeve.Statement) {
	f.add(FoundStatement, s.ID, s.Month.String(), Named{Kind: FoundOrganization, ID: s.OrganizationID})
}

// addCredential takes in what a key or token is of. A session is its user's;
// an operator's token or session is no thing that is found.
func (f *finder) addCredential(k Credential) {
	switch {
	case k.ID == reeve.Zero || k.State == StateForged:
	case k.State == StateRevoked && k.Project == nil: // deleted
	case k.Kind == CredentialAPIKey && k.Project != nil:
		f.add(FoundAPIKey, k.ID, k.Name, *k.Project)
	case k.Kind == CredentialOrganizationKey:
		f.add(FoundOrganizationKey, k.ID, k.Name, *k.Organization)
	case k.Kind == CredentialGateway:
		f.add(FoundGateway, k.ID, k.Name, Named{})
	case k.Kind == CredentialSession:
		f.add(FoundUser, k.User.ID, k.User.Name, Named{})
	}
}

// text finds what is no key.
func (f *finder) text(ctx context.Context, query string) error {
	for _, find := range []func(context.Context, string) error{f.byID, f.byAddress, f.byName} {
		if err := find(ctx, query); err != nil {
			return err
		}
	}
	return f.byPart(ctx, query)
}

// byID finds a thing of any kind.
func (f *finder) byID(ctx context.Context, query string) error {
	reads := []struct {
		prefix reeve.Prefix
		find   func(reeve.ID) error
	}{
		{reeve.PrefixUser, func(id reeve.ID) error {
			found, err := f.store.UsersByID(ctx, []reeve.ID{id})
			for _, u := range found {
				f.addUser(u)
			}
			return err
		}},
		{reeve.PrefixOrganization, found(ctx, f.store.Organization, f.addOrganization)},
		{reeve.PrefixProject, found(ctx, f.store.Project, f.addProject)},
		{reeve.PrefixServiceAccount, found(ctx, f.store.ProjectOfServiceAccount, f.addProject)},
		{reeve.PrefixCoupon, found(ctx, f.store.Coupon, f.addCoupon)},
		{reeve.PrefixAPIKey, found(ctx, f.store.APIKey, f.addAPIKey)},
		{reeve.PrefixOrganizationKey, found(ctx, f.store.OrganizationKeyByID, f.addOrganizationKey)},
		{reeve.PrefixStatement, found(ctx, f.store.Statement, f.addStatement)},
		{reeve.PrefixGateway, func(id reeve.ID) error {
			return f.gateways(ctx, func(g reeve.Gateway) bool { return g.ID == id })
		}},
	}
	for _, read := range reads {
		id, err := reeve.FindID(read.prefix, query)
		if err != nil {
			continue
		}
		if err := read.find(id); err != nil {
			return err
		}
	}
	return nil
}

// found makes a read of one thing, which need not be there, add it.
func found[T any](ctx context.Context, read func(context.Context, reeve.ID) (T, error), add func(T)) func(reeve.ID) error {
	return func(id reeve.ID) error {
		thing, err := read(ctx, id)
		if err == nil {
			add(thing)
		} else if reeve.IsKind(err, reeve.NotFound) {
			err = nil
		}
		return err
	}
}

// gateways adds those that are picked: there are few.
func (f *finder) gateways(ctx context.Context, pick func(reeve.Gateway) bool) error {
	all, err := f.store.Gateways(ctx)
	for _, g := range all {
		if pick(g) {
			f.addGateway(g)
		}
	}
	return err
}

func (f *finder) byAddress(ctx context.Context, query string) error {
	if !strings.Contains(query, "@") || len(query) > reeve.MaxEmail {
		return nil
	}
	u, err := f.store.UserByEmail(ctx, query)
	if err == nil {
		f.addUser(u)
	} else if reeve.IsKind(err, reeve.NotFound) {
		err = nil
	}
	return err
}

// byName finds what is called exactly so; keys by their names as they are
// written, everything else in any case.
func (f *finder) byName(ctx context.Context, query string) error {
	for _, kind := range store.Listed {
		ids, err := f.store.Named(ctx, kind, query, f.limit+1)
		if err != nil {
			return err
		}
		if err := f.addTexts(ctx, kind, ids); err != nil {
			return err
		}
	}
	keys, err := f.store.APIKeysNamed(ctx, query, f.limit+1)
	if err != nil {
		return err
	}
	for _, key := range keys {
		f.addAPIKey(key)
	}
	others, err := f.store.OrganizationKeysNamed(ctx, query, f.limit+1)
	for _, key := range others {
		f.addOrganizationKey(key)
	}
	return err
}

// byPart finds what a part of is as the query, in each kind at the same time.
func (f *finder) byPart(ctx context.Context, query string) error {
	pages := make([][]store.Position, len(store.Listed))
	nexts := make([]*store.Position, len(store.Listed))
	errs := make([]error, len(store.Listed))
	var work sync.WaitGroup
	for i, kind := range store.Listed {
		work.Go(func() {
			defer survive(&errs[i])
			pages[i], nexts[i], errs[i] = f.store.List(ctx, store.Listing{
				Kind: kind, Query: query, Limit: f.limit + 1, Sort: store.Sort{By: store.ByCreated, Descending: true}, Any: true,
			})
		})
	}
	work.Wait()
	for i, kind := range store.Listed {
		if errs[i] != nil {
			return errs[i] // the others' are the same, or no news
		}
		if err := f.addTexts(ctx, kind, idsOf(pages[i])); err != nil {
			return err
		}
		f.more[FoundKind(kind)] = f.more[FoundKind(kind)] || nexts[i] != nil
	}
	folded := store.Fold(query)
	return f.gateways(ctx, func(g reeve.Gateway) bool { return strings.Contains(store.Fold(g.Name), folded) })
}

// addTexts adds things of which the ids were found.
func (f *finder) addTexts(ctx context.Context, kind store.Kind, ids []reeve.ID) error {
	switch kind {
	case store.Users:
		return addEach(ctx, ids, f.store.UsersByID, f.addUser)
	case store.Organizations:
		return addEach(ctx, ids, f.store.OrganizationsByID, f.addOrganization)
	case store.Projects:
		return addEach(ctx, ids, f.store.ProjectsByID, f.addProject)
	case store.Coupons:
		return addEach(ctx, ids, f.store.CouponsByID, f.addCoupon)
	}
	return errors.New("control: a kind of texts without a reader")
}

func addEach[T any](ctx context.Context, ids []reeve.ID, read func(context.Context, []reeve.ID) (map[reeve.ID]T, error), add func(T)) error {
	things, err := read(ctx, ids)
	for _, id := range ids {
		if thing, there := things[id]; there {
			add(thing)
		}
	}
	return err
}

// findings names what the found things belong to.
func (f *finder) findings(ctx context.Context) (out Findings, err error) {
	var of []*Named
	for i := range f.found {
		if thing := &f.found[i].Named; thing.Kind == FoundUser && thing.Name == "" { // found by a session
			of = append(of, thing)
		}
		if f.found[i].Of != nil {
			of = append(of, f.found[i].Of)
		}
	}
	if err := f.nameAll(ctx, of); err != nil {
		return out, err
	}
	out = Findings{Results: f.found, More: []FoundKind{}}
	for _, kind := range []FoundKind{
		FoundUser, FoundOrganization, FoundProject, FoundCoupon, FoundAPIKey, FoundOrganizationKey, FoundGateway, FoundStatement,
	} {
		if f.more[kind] {
			out.More = append(out.More, kind)
		}
	}
	return out, nil
}
