package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// NewOrganizationKey is what an organisation key is created from.
type NewOrganizationKey struct {
	OrganizationID reeve.ID
	Name           string
	Role           reeve.Role
	ExpiresAt      *time.Time // nil: never
}

// CreateOrganizationKey creates a key and gives its token, which is not kept. A
// tenant makes none that is stronger than itself, and a key none that outlives it.
func (c *Control) CreateOrganizationKey(ctx context.Context, in NewOrganizationKey) (reeve.OrganizationKey, reeve.Token, error) {
	return c.createOrganizationKey(ctx, in, reeve.Zero)
}

// DeriveOrganizationKey is CreateOrganizationKey for a key that goes with
// another one of the organisation's, and is not stronger: it ends when that does
// and is deleted with it.
func (c *Control) DeriveOrganizationKey(ctx context.Context, in NewOrganizationKey, parent reeve.ID) (reeve.OrganizationKey, reeve.Token, error) {
	if parent == reeve.Zero {
		parent = newID() // none
	}
	return c.createOrganizationKey(ctx, in, parent)
}

func (c *Control) createOrganizationKey(ctx context.Context, in NewOrganizationKey, parent reeve.ID) (reeve.OrganizationKey, reeve.Token, error) {
	fail := func(err error) (reeve.OrganizationKey, reeve.Token, error) {
		return reeve.OrganizationKey{}, "", err
	}
	if _, err := c.organizationKeyManager(ctx, nil, in.OrganizationID, in.Role); err != nil {
		return fail(err)
	}
	name, err := reeve.CleanName(nameWord(ctx), in.Name)
	if err != nil {
		return fail(err)
	}
	if err := in.end(ctx, c.store.Now()); err != nil {
		return fail(err)
	}
	token, hash := newToken(reeve.TokenOrganization)
	key := reeve.OrganizationKey{
		ID: newID(), OrganizationID: in.OrganizationID, Name: name, Role: in.Role, ExpiresAt: in.ExpiresAt,
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		by, err := c.organizationKeyManager(ctx, tx, in.OrganizationID, in.Role)
		if err != nil {
			return err
		}
		latest, err := latestEnd(ctx, tx.Reader, by)
		if err != nil {
			return err
		}
		if key.ExpiresAt, err = within(in.ExpiresAt, latest); err != nil {
			return err
		}
		if parent != reeve.Zero {
			if err := derive(ctx, tx, &key, parent); err != nil {
				return by.veil(err)
			}
		}
		// An expired key is not listed any more: it must not hold its name.
		old, err := tx.LockOrganizationKey(ctx, in.OrganizationID, name)
		if err == nil && !old.Live(tx.Now()) {
			if err := deleteWithDerived(ctx, tx, by, old); err != nil {
				return err
			}
		} else if err != nil && !reeve.IsKind(err, reeve.NotFound) {
			return err
		}
		key.CreatedAt = tx.Now()
		createOrganizationKey(tx, by, key, hash)
		return nil
	})
	if err != nil {
		return fail(err)
	}
	return key, token, nil
}

// end refuses an end that has come, and brings it to the form that is stored.
func (in *NewOrganizationKey) end(ctx context.Context, now time.Time) error {
	if in.ExpiresAt == nil {
		return nil
	}
	if !in.ExpiresAt.After(now) {
		word := "expiresAt"
		if callerOf(ctx).tenant() {
			word = "expires_time"
		}
		return reeve.Errorf(reeve.Invalid, "%s is in the past", word)
	}
	stored := in.ExpiresAt.UTC().Truncate(time.Microsecond)
	in.ExpiresAt = &stored
	return nil
}

// derive makes a new key one that goes with another.
func derive(ctx context.Context, tx *store.Tx, key *reeve.OrganizationKey, from reeve.ID) error {
	parent, err := tx.LockOrganizationKeyByID(ctx, key.OrganizationID, from)
	if err != nil {
		return err
	}
	switch {
	case !parent.Live(tx.Now()):
		return errNoOrganizationKey
	case parent.Role.Stronger(key.Role) != parent.Role:
		return reeve.Errorf(reeve.Invalid, "the role is stronger than that of the key")
	}
	key.ParentID = &parent.ID
	if parent.ExpiresAt != nil {
		end := *parent.ExpiresAt
		key.ExpiresAt = sooner(key.ExpiresAt, end)
	}
	return nil
}

var errNoOrganizationKey = reeve.Errorf(reeve.NotFound, "organization key not found")

// organizationKeyManager lets those pass who may manage an organisation's keys,
// as strong as one is, and keeps the organisation as it is in a transaction,
// unless that is nil. Of operators only their role is asked, not whether there is
// such an organisation.
func (c *Control) organizationKeyManager(ctx context.Context, tx *store.Tx, organization reeve.ID, role reeve.Role) (by Caller, err error) {
	switch {
	case !callerOf(ctx).tenant():
		return operator(ctx, reeve.ManageKeys)
	case tx == nil:
		by, _, err = c.authorizeOrganization(ctx, c.store.Reader, organization, reeve.ManageOrganizationKeys)
	default:
		by, _, err = c.guardOrganization(ctx, tx, organization, reeve.ManageOrganizationKeys, store.HoldStill)
	}
	if err == nil {
		err = by.asStrongAs(role)
	}
	return by, err
}

// asStrongAs denies a tenant what is stronger than its own role.
func (caller Caller) asStrongAs(role reeve.Role) error {
	if caller.Actor.IsTenant() && caller.Actor.Role.Stronger(role) != caller.Actor.Role {
		return reeve.ErrDenied
	}
	return nil
}

func createOrganizationKey(tx *store.Tx, by Caller, key reeve.OrganizationKey, hash reeve.TokenHash) {
	tx.CreateOrganizationKey(key, hash)
	record(tx, by, change{
		action: "organization_key.create", target: key.ID, organization: key.OrganizationID, after: organizationKeyFields(key),
	})
}

func organizationKeyFields(k reeve.OrganizationKey) fields {
	out := fields{"organizationId": k.OrganizationID, "name": k.Name, "role": k.Role, "expiresAt": k.ExpiresAt}
	if k.ParentID != nil {
		out["parentId"] = k.ParentID
	}
	out.rotation(k.RotatedFrom, k.ReplacedBy)
	return out
}

// ListOrganizationKeys lists an organisation's keys that have not expired, by
// name.
func (c *Control) ListOrganizationKeys(ctx context.Context, organization reeve.ID) ([]reeve.OrganizationKey, error) {
	if _, err := c.organizationOf(ctx, organization); err != nil {
		return nil, err
	}
	keys, err := c.store.OrganizationKeys(ctx, organization)
	live := keys[:0]
	for _, key := range keys {
		if key.Live(c.store.Now()) {
			live = append(live, key)
		}
	}
	return live, err
}

// DeleteOrganizationKey revokes a key by name: it stops working at once.
func (c *Control) DeleteOrganizationKey(ctx context.Context, organization reeve.ID, name string) error {
	by, err := operator(ctx, reeve.ManageKeys)
	if err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Organization(ctx, organization); err != nil {
			return err
		}
		key, err := tx.LockOrganizationKey(ctx, organization, name)
		if err != nil {
			return err
		}
		return deleteWithDerived(ctx, tx, by, key)
	})
}

// DeleteOrganizationKeyByID revokes a key of an organisation, for its own people
// too.
func (c *Control) DeleteOrganizationKeyByID(ctx context.Context, organization, id reeve.ID) error {
	return c.store.Write(ctx, func(tx *store.Tx) error {
		by, err := c.organizationKeyManager(ctx, tx, organization, "")
		if err != nil {
			return err
		}
		key, err := tx.LockOrganizationKeyByID(ctx, organization, id)
		if err == nil && !key.Live(tx.Now()) {
			err = errNoOrganizationKey
		}
		if err != nil {
			return by.veil(err)
		}
		return deleteWithDerived(ctx, tx, by, key)
	})
}

// deleteWithDerived deletes a locked key and all that were derived from it, each
// with its record.
func deleteWithDerived(ctx context.Context, tx *store.Tx, by Caller, key reeve.OrganizationKey) error {
	err := eachDerived(ctx, tx, key.ID, func(derived reeve.OrganizationKey) { deleteOrganizationKey(tx, by, derived) })
	if err == nil {
		deleteOrganizationKey(tx, by, key)
	}
	return err
}

// eachDerived locks all keys that were derived from one, directly or not, and
// hands them over: a key after those that were derived from it.
func eachDerived(ctx context.Context, tx *store.Tx, id reeve.ID, each func(reeve.OrganizationKey)) error {
	derived, err := tx.LockDerivedKeys(ctx, id)
	for i := 0; err == nil && i < len(derived); i++ {
		if err = eachDerived(ctx, tx, derived[i].ID, each); err == nil {
			each(derived[i])
		}
	}
	return err
}

func deleteOrganizationKey(tx *store.Tx, by Caller, key reeve.OrganizationKey) {
	tx.DeleteOrganizationKey(key.ID)
	record(tx, by, change{action: "organization_key.delete", target: key.ID, organization: key.OrganizationID, before: organizationKeyFields(key)})
}
