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

// CreateOrganizationKey creates a key and gives its token, which is not kept.
func (c *Control) CreateOrganizationKey(ctx context.Context, in NewOrganizationKey) (reeve.OrganizationKey, reeve.Token, error) {
	fail := func(err error) (reeve.OrganizationKey, reeve.Token, error) {
		return reeve.OrganizationKey{}, "", err
	}
	by, err := operator(ctx, reeve.ManageKeys)
	if err != nil {
		return fail(err)
	}
	name, err := reeve.CleanName("Name", in.Name)
	if err != nil {
		return fail(err)
	}
	if in.ExpiresAt != nil {
		if !in.ExpiresAt.After(c.store.Now()) {
			return fail(reeve.Errorf(reeve.Invalid, "expiresAt is in the past"))
		}
		stored := in.ExpiresAt.UTC().Truncate(time.Microsecond)
		in.ExpiresAt = &stored
	}
	token, hash := newToken(reeve.TokenOrganization)
	key := reeve.OrganizationKey{
		ID: newID(), OrganizationID: in.OrganizationID, Name: name, Role: in.Role, ExpiresAt: in.ExpiresAt,
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		// An expired key is not listed any more: it must not hold its name.
		old, err := tx.LockOrganizationKey(ctx, in.OrganizationID, name)
		if err == nil && !old.Live(tx.Now()) {
			deleteOrganizationKey(tx, by, old)
		} else if err != nil && !reeve.IsKind(err, reeve.NotFound) {
			return err
		}
		key.CreatedAt = tx.Now()
		tx.CreateOrganizationKey(key, hash)
		record(tx, by, change{action: "organization_key.create", target: key.ID, organization: key.OrganizationID, after: organizationKeyFields(key)})
		return nil
	})
	if err != nil {
		return fail(err)
	}
	return key, token, nil
}

func organizationKeyFields(k reeve.OrganizationKey) fields {
	return fields{"organizationId": k.OrganizationID, "name": k.Name, "role": k.Role, "expiresAt": k.ExpiresAt}
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
		deleteOrganizationKey(tx, by, key)
		return nil
	})
}

func deleteOrganizationKey(tx *store.Tx, by Caller, key reeve.OrganizationKey) {
	tx.DeleteOrganizationKey(key.ID)
	record(tx, by, change{action: "organization_key.delete", target: key.ID, organization: key.OrganizationID, before: organizationKeyFields(key)})
}
