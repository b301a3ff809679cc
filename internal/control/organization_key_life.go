package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// OrganizationKeyUse is an organisation's key with its last use.
type OrganizationKeyUse struct {
	reeve.OrganizationKey
	LastUse store.LastUse // zero: none is known
}

// ListOrganizationKeyUses lists a part of an organisation's keys that have not
// expired, by name, and counts all.
func (c *Control) ListOrganizationKeyUses(ctx context.Context, organization reeve.ID, page Page) ([]OrganizationKeyUse, int, error) {
	if _, _, err := c.authorizeOrganization(ctx, c.store.Reader, organization, reeve.ReadOrganizationKeys); err != nil {
		return nil, 0, err
	}
	keys, total, err := c.store.OrganizationKeysPage(ctx, organization, c.store.Now(), page.Size, page.Number*page.Size)
	if err != nil {
		return nil, 0, err
	}
	ids := make([]reeve.ID, len(keys))
	for i := range keys {
		ids[i] = keys[i].ID
	}
	uses, err := c.usesOf(ctx, ids)
	out := make([]OrganizationKeyUse, len(keys))
	for i, key := range keys {
		out[i] = OrganizationKeyUse{key, uses[key.ID]}
	}
	return out, total, err
}

// GetOrganizationKeyUse finds one of an organisation's keys that has not expired.
func (c *Control) GetOrganizationKeyUse(ctx context.Context, organization, id reeve.ID) (OrganizationKeyUse, error) {
	by, _, err := c.authorizeOrganization(ctx, c.store.Reader, organization, reeve.ReadOrganizationKeys)
	if err != nil {
		return OrganizationKeyUse{}, err
	}
	key, err := c.store.OrganizationKeyByID(ctx, id)
	if err == nil && (key.OrganizationID != organization || !key.Live(c.store.Now())) {
		err = errNoOrganizationKey
	}
	if err != nil {
		return OrganizationKeyUse{}, by.veil(err)
	}
	uses, err := c.usesOf(ctx, []reeve.ID{id})
	return OrganizationKeyUse{key, uses[id]}, err
}

// RotateOrganizationKey replaces a key by a new one with its name, role and end.
// The old one works on for the overlap, under another name, and so do those that
// were derived from it; without one they are deleted at once.
func (c *Control) RotateOrganizationKey(ctx context.Context, organization, id reeve.ID, overlap time.Duration) (reeve.OrganizationKey, reeve.Token, error) {
	return c.rotateOrganizationKey(ctx, organization, overlap, func(tx *store.Tx) (reeve.OrganizationKey, error) {
		return tx.LockOrganizationKeyByID(ctx, organization, id)
	})
}

// RotateOrganizationKeyByName is RotateOrganizationKey for operators, who name
// keys.
func (c *Control) RotateOrganizationKeyByName(ctx context.Context, organization reeve.ID, name string, overlap time.Duration) (reeve.OrganizationKey, reeve.Token, error) {
	if _, err := operator(ctx, reeve.ManageKeys); err != nil {
		return reeve.OrganizationKey{}, "", err
	}
	return c.rotateOrganizationKey(ctx, organization, overlap, func(tx *store.Tx) (reeve.OrganizationKey, error) {
		if _, err := tx.Organization(ctx, organization); err != nil {
			return reeve.OrganizationKey{}, err
		}
		return tx.LockOrganizationKey(ctx, organization, name)
	})
}

func (c *Control) rotateOrganizationKey(
	ctx context.Context, organization reeve.ID, overlap time.Duration, find func(*store.Tx) (reeve.OrganizationKey, error),
) (next reeve.OrganizationKey, token reeve.Token, err error) {
	token, hash := newToken(reeve.TokenOrganization)
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		by, err := c.organizationKeyManager(ctx, tx, organization, "")
		if err == nil {
			err = checkOverlap(overlap)
		}
		if err != nil {
			return err
		}
		old, err := find(tx)
		if err == nil && !old.Live(tx.Now()) {
			err = errNoOrganizationKey
		}
		if err != nil {
			return by.veil(err)
		}
		if old.ReplacedBy != nil {
			return errRotated
		}
		if err := by.asStrongAs(old.Role); err != nil {
			return err
		}
		if err := mayReplace(ctx, tx, by, old.ExpiresAt); err != nil {
			return err
		}
		next = reeve.OrganizationKey{
			ID: newID(), OrganizationID: organization, Name: old.Name, Role: old.Role, CreatedAt: tx.Now(),
			ExpiresAt: old.ExpiresAt, ParentID: old.ParentID, RotatedFrom: &old.ID,
		}
		if overlap == 0 {
			err = deleteWithDerived(ctx, tx, by, old)
		} else {
			err = replaceOrganizationKey(ctx, tx, by, replacement{old, next.ID, tx.Now().Add(overlap)})
		}
		if err == nil {
			createOrganizationKey(tx, by, next, hash)
		}
		return err
	})
	if err != nil {
		return reeve.OrganizationKey{}, "", err
	}
	return next, token, nil
}

// replacement is a key's by another, with an overlap.
type replacement struct {
	old reeve.OrganizationKey
	by  reeve.ID
	end time.Time // of the overlap
}

// replaceOrganizationKey lets a key that was replaced, and those that were
// derived from it, end with the overlap.
func replaceOrganizationKey(ctx context.Context, tx *store.Tx, by Caller, r replacement) error {
	update := func(before, after reeve.OrganizationKey) {
		tx.UpdateOrganizationKey(after)
		record(tx, by, change{
			action: "organization_key.rotate", target: before.ID, organization: before.OrganizationID,
			before: organizationKeyFields(before), after: organizationKeyFields(after),
		})
	}
	old := r.old
	old.Name, old.ReplacedBy, old.ExpiresAt = replacedName(old.Name, old.ID), &r.by, sooner(old.ExpiresAt, r.end)
	update(r.old, old)
	return eachDerived(ctx, tx, old.ID, func(key reeve.OrganizationKey) {
		if key.ExpiresAt == nil || key.ExpiresAt.After(r.end) {
			ended := key
			ended.ExpiresAt = &r.end
			update(key, ended)
		}
	})
}
