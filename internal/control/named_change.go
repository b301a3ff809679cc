package control

import (
	"context"
	"strings"

	"github.com/reeve-cloud/reeve"
)

// NameActors tells what those are called who made changes, by their ids:
// operators, keys and gateways by their names, users by name and address. Who is
// gone is left out. It is for operators, and costs one read of each kind.
func (c *Control) NameActors(ctx context.Context, changes []reeve.Change) (map[reeve.ID]string, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return nil, err
	}
	ids := idSet{}
	for i := range changes {
		if id, err := reeve.ParseID("", changes[i].Actor); err == nil { // else root, or the system
			ids.add(id)
		}
	}
	out := map[reeve.ID]string{}
	if len(ids.list) == 0 {
		return out, nil
	}
	operators, err := c.store.OperatorsByID(ctx, ids.list)
	if err != nil {
		return nil, err
	}
	users, err := c.store.UsersByID(ctx, ids.list)
	if err != nil {
		return nil, err
	}
	keys, err := c.store.OrganizationKeysByID(ctx, ids.list)
	if err != nil {
		return nil, err
	}
	gateways, err := c.store.GatewaysByID(ctx, ids.list)
	for id, o := range operators {
		out[id] = o.Name
	}
	for id, u := range users {
		out[id] = u.FullName + " <" + u.Email + ">"
	}
	for id, k := range keys {
		out[id] = k.Name
	}
	for id, g := range gateways {
		out[id] = g.Name
	}
	return out, err
}

// FoundOperator is a named operator. Changes are of them; no search finds them.
const FoundOperator FoundKind = "operator"

// targetKinds are the kinds of what changes are of, by the noun of their action.
// What is in none has no page and no name.
var targetKinds = map[string][]FoundKind{
	"user": {FoundUser}, "totp": {FoundUser}, "session": {FoundUser},
	"organization": {FoundOrganization}, "budget": {FoundOrganization}, "webhook": {FoundOrganization},
	"project": {FoundProject}, "limits": {FoundProject}, "bucket": {FoundProject},
	"member": {FoundOrganization, FoundProject},
	"coupon": {FoundCoupon}, "apikey": {FoundAPIKey}, "organization_key": {FoundOrganizationKey},
	"gateway": {FoundGateway}, "gateway_token": {FoundGateway},
	"operator": {FoundOperator}, "operator_token": {FoundOperator},
	"statement": {FoundStatement},
}

// NameTargets tells what changes are of: the things by their ids, with their
// kinds, names and what they belong to, whose name is left out. What is gone is
// left out, too. It is for operators, and costs at most one read of each kind.
func (c *Control) NameTargets(ctx context.Context, changes []reeve.Change) (map[reeve.ID]Found, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return nil, err
	}
	ids := map[FoundKind]*idSet{}
	for i := range changes {
		noun, _, _ := strings.Cut(changes[i].Action, ".")
		for _, kind := range targetKinds[noun] {
			if ids[kind] == nil {
				ids[kind] = &idSet{}
			}
			ids[kind].add(changes[i].Target)
		}
	}
	f := &finder{
		Control: c, limit: len(changes), seen: map[reeve.ID]bool{}, count: map[FoundKind]int{}, more: map[FoundKind]bool{},
	}
	for kind, set := range ids {
		if err := f.addByID(ctx, kind, set.list); err != nil {
			return nil, err
		}
	}
	out := make(map[reeve.ID]Found, len(f.found))
	for _, thing := range f.found {
		out[thing.ID] = thing
	}
	return out, nil
}

// addByID takes things of one kind in.
func (f *finder) addByID(ctx context.Context, kind FoundKind, ids []reeve.ID) error {
	switch kind {
	case FoundUser:
		return addEach(ctx, ids, f.store.UsersByID, f.addUser)
	case FoundOrganization:
		return addEach(ctx, ids, f.store.OrganizationsByID, f.addOrganization)
	case FoundProject:
		return addEach(ctx, ids, f.store.ProjectsByID, f.addProject)
	case FoundCoupon:
		return addEach(ctx, ids, f.store.CouponsByID, f.addCoupon)
	case FoundAPIKey:
		return addEach(ctx, ids, f.store.APIKeysByID, f.addAPIKey)
	case FoundOrganizationKey:
		return addEach(ctx, ids, f.store.OrganizationKeysByID, f.addOrganizationKey)
	case FoundGateway:
		return addEach(ctx, ids, f.store.GatewaysByID, f.addGateway)
	case FoundStatement:
		return addEach(ctx, ids, f.store.StatementsByID, f.addStatement)
	case FoundOperator:
		return addEach(ctx, ids, f.store.OperatorsByID, func(o reeve.NamedOperator) { f.add(FoundOperator, o.ID, o.Name, Named{}) })
	}
	return nil
}

// idSet is a list of ids that has each once.
type idSet struct {
	list []reeve.ID
	has  map[reeve.ID]bool
}

func (s *idSet) add(id reeve.ID) {
	if s.has == nil {
		s.has = map[reeve.ID]bool{}
	}
	if !s.has[id] {
		s.has[id] = true
		s.list = append(s.list, id)
	}
}
