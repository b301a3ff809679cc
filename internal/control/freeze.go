package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// NewFreeze says how something is to be frozen.
type NewFreeze struct {
	Type  reeve.FreezeType
	Until *time.Time // nil: until somebody ends it
}

// FreezeUser freezes a user, who cannot sign in any more and whose sessions end,
// and with the user all projects that the user owns.
func (c *Control) FreezeUser(ctx context.Context, email string, in NewFreeze) (Revoked, error) {
	return c.freeze(ctx, userToFreeze(email), in)
}

// FreezeOrganization freezes an organisation with all its projects.
func (c *Control) FreezeOrganization(ctx context.Context, id reeve.ID, in NewFreeze) (Revoked, error) {
	return c.freeze(ctx, organizationToFreeze(id), in)
}

// FreezeProject freezes a project: none of its keys is valid any more, and its
// tenants may read but not write.
func (c *Control) FreezeProject(ctx context.Context, id reeve.ID, in NewFreeze) (Revoked, error) {
	return c.freeze(ctx, projectToFreeze(id), in)
}

// UnfreezeUser ends a user's freeze, which changes nothing if there is none.
func (c *Control) UnfreezeUser(ctx context.Context, email string) error {
	return c.unfreeze(ctx, userToFreeze(email))
}

// UnfreezeOrganization ends an organisation's freeze, which changes nothing if
// there is none.
func (c *Control) UnfreezeOrganization(ctx context.Context, id reeve.ID) error {
	return c.unfreeze(ctx, organizationToFreeze(id))
}

// UnfreezeProject ends a project's own freeze, which changes nothing if there is
// none.
func (c *Control) UnfreezeProject(ctx context.Context, id reeve.ID) error {
	return c.unfreeze(ctx, projectToFreeze(id))
}

// frozenThing is what is to be frozen, its row locked so that no write of a
// tenant that has looked whether it is frozen is still under way.
type frozenThing struct {
	id           reeve.ID
	kind         store.Freezable
	organization reeve.ID // whose change it is to see; zero of a user
}

type findFrozen func(context.Context, *store.Tx) (frozenThing, error)

func userToFreeze(email string) findFrozen {
	return func(ctx context.Context, tx *store.Tx) (frozenThing, error) {
		user, err := tx.LockUserForDelete(ctx, email)
		return frozenThing{user.ID, store.FrozenUser, reeve.Zero}, err
	}
}

func userIDToFreeze(id reeve.ID) findFrozen {
	return func(ctx context.Context, tx *store.Tx) (frozenThing, error) {
		user, err := tx.LockUserByIDForDelete(ctx, id)
		return frozenThing{user.ID, store.FrozenUser, reeve.Zero}, err
	}
}

func organizationToFreeze(id reeve.ID) findFrozen {
	return func(ctx context.Context, tx *store.Tx) (frozenThing, error) {
		o, err := tx.LockOrganizationForDelete(ctx, id)
		return frozenThing{o.ID, store.FrozenOrganization, o.ID}, err
	}
}

func projectToFreeze(id reeve.ID) findFrozen {
	return func(ctx context.Context, tx *store.Tx) (frozenThing, error) {
		p, err := tx.LockProjectForDelete(ctx, id)
		return frozenThing{p.ID, store.FrozenProject, p.OrganizationID}, err
	}
}

// freeze freezes a thing, or replaces the type and the end of its freeze.
// Whoever does so must be allowed both the type that was and the one that is to
// be. With the commit no tenant's write is accepted any more; the keys are
// refused everywhere when the change's receipt is complete.
func (c *Control) freeze(ctx context.Context, find findFrozen, in NewFreeze) (out Revoked, err error) {
	// Who may freeze for any cause may freeze for unpaid bills.
	by, err := operator(ctx, reeve.FreezeForBilling)
	if err != nil {
		return out, err
	}
	if err := in.check(c.store.Now()); err != nil {
		return out, err
	}
	if _, err := operator(ctx, in.Type.Right()); err != nil {
		return out, err
	}
	var thing frozenThing
	err = c.store.Write(ctx, func(tx *store.Tx) (err error) {
		thing, err = freezeOne(ctx, tx, by, find, in)
		return err
	})
	if err == nil {
		c.freezesChanged(ctx, thing.id)
	}
	return Revoked{target: thing.id, action: string(thing.kind) + ".freeze"}, err
}

func (n NewFreeze) check(now time.Time) error {
	_, err := reeve.ParseFreezeType(string(n.Type))
	if err == nil && n.Until != nil && !n.Until.After(now) {
		err = reeve.Errorf(reeve.Invalid, "until is not in the future")
	}
	return err
}

// freezesChanged lets this replica know at once of what it has frozen or
// unfrozen. If that fails the change log will tell.
func (c *Control) freezesChanged(ctx context.Context, ids ...reeve.ID) {
	c.store.AfterCommit(ctx, func() { _ = c.refreshFreezes(ctx, ids...) })
}

func freezeOne(ctx context.Context, tx *store.Tx, by Caller, find findFrozen, in NewFreeze) (frozenThing, error) {
	thing, err := find(ctx, tx)
	if err != nil {
		return thing, err
	}
	next := reeve.Frozen{Type: in.Type, Since: tx.Now()}
	if in.Until != nil {
		until := in.Until.UTC().Truncate(time.Microsecond)
		next.Until = &until
	}
	old, err := tx.Frozen(ctx, thing.id)
	if err != nil {
		return thing, err
	}
	if old != nil {
		if !by.Actor.May(old.Type.Right()) {
			return thing, reeve.ErrDenied
		}
		next.Since = old.Since
		if old.Type == next.Type && sameTime(old.Until, next.Until) {
			return thing, nil
		}
	}
	putFreeze(tx, by, thing, old, next)
	return thing, nil
}

func putFreeze(tx *store.Tx, by Caller, thing frozenThing, old *reeve.Frozen, next reeve.Frozen) {
	tx.PutFreeze(store.Freeze{ID: thing.id, Kind: thing.kind, Frozen: next})
	if thing.kind == store.FrozenUser {
		tx.DeleteUserSessions(thing.id, reeve.Zero)
	}
	record(tx, by, change{
		action: string(thing.kind) + ".freeze", target: thing.id, organization: thing.organization,
		before: freezeFields(old), after: freezeFields(&next),
	})
}

func sameTime(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

func freezeFields(f *reeve.Frozen) fields {
	if f == nil {
		return nil
	}
	out := fields{"type": f.Type}
	if f.Until != nil {
		out["until"] = *f.Until
	}
	return out
}

// unfreeze ends a thing's freeze, for those who may freeze for its cause.
func (c *Control) unfreeze(ctx context.Context, find findFrozen) error {
	by, err := operator(ctx, reeve.FreezeForBilling)
	if err != nil {
		return err
	}
	var id reeve.ID
	err = c.store.Write(ctx, func(tx *store.Tx) (err error) {
		id, err = unfreezeOne(ctx, tx, by, find)
		return err
	})
	if err == nil {
		c.freezesChanged(ctx, id)
	}
	return err
}

func unfreezeOne(ctx context.Context, tx *store.Tx, by Caller, find findFrozen) (reeve.ID, error) {
	thing, err := find(ctx, tx)
	if err != nil {
		return thing.id, err
	}
	old, err := tx.Frozen(ctx, thing.id)
	if err != nil || old == nil {
		return thing.id, err
	}
	if !by.Actor.May(old.Type.Right()) {
		return thing.id, reeve.ErrDenied
	}
	tx.DeleteFreeze(thing.id)
	record(tx, by, change{
		action: string(thing.kind) + ".unfreeze", target: thing.id, organization: thing.organization, before: freezeFields(old),
	})
	return thing.id, nil
}

// How often freezes are looked at whose end may have come, and how many end in
// one transaction.
const (
	thawEvery = time.Second
	thawBatch = 100
)

// endFreezes ends the freezes whose end has come until the context does;
// failures are handed to report.
func (c *Control) endFreezes(ctx context.Context, report func(error)) {
	for {
		c.runner(ctx, jobFreezes, thawEvery, report)(func() error { return c.EndFreezes(ctx) })
		select {
		case <-ctx.Done():
			return
		case <-time.After(thawEvery):
		}
	}
}

// EndFreezes ends all freezes whose end has come.
func (c *Control) EndFreezes(ctx context.Context) error {
	for ended := thawBatch; ended == thawBatch; {
		pass, cancel := context.WithTimeout(ctx, jobTimeout)
		err := c.store.Write(pass, func(tx *store.Tx) error {
			freezes, err := tx.EndFreezes(pass, tx.Now(), thawBatch)
			ended = len(freezes)
			for _, f := range freezes {
				one := change{action: string(f.Kind) + ".unfreeze", target: f.ID, before: freezeFields(&f.Frozen)}
				switch f.Kind {
				case store.FrozenOrganization:
					one.organization = f.ID
				case store.FrozenProject:
					one.project = f.ID
				}
				record(tx, system, one)
			}
			return err
		})
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}

// unfrozen answers Denied for what a tenant would change in a frozen project, or
// in a frozen organisation if no project is given.
func unfrozen(ctx context.Context, r store.Reader, caller Caller, action reeve.Action, project, organization reeve.ID) error {
	if !caller.Actor.IsTenant() || !action.Writes() {
		return nil
	}
	var frozen bool
	var err error
	if project != reeve.Zero {
		frozen, err = r.IsProjectFrozen(ctx, project)
	} else {
		frozen, err = r.IsOrganizationFrozen(ctx, organization)
	}
	if err == nil && frozen {
		err = reeve.ErrDenied
	}
	return err
}
