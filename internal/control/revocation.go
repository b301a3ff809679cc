package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/macaroon"
)

// Revoked names the change that refuses something from now on; Epoch tells its
// number.
type Revoked struct {
	target reeve.ID
	action string
	Keys   int // how many root keys are gone
}

// Epoch gives the number of a revocation's change: what sessions acknowledge.
// It may be that of a later revocation of the same thing.
func (c *Control) Epoch(ctx context.Context, r Revoked) (int64, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return 0, err
	}
	for {
		err := c.store.NumberChanges(ctx)
		var epoch int64
		if err == nil {
			epoch, err = c.store.NewestChange(ctx, r.target, r.action)
		}
		if !reeve.IsKind(err, reeve.Unavailable) || ctx.Err() != nil || c.store.Enclosed(ctx) {
			return epoch, err
		}
		// The revocation has happened: its caller should not hear of a failure.
		if err := pause(ctx, epochPause, nil); err != nil {
			return 0, errUnnumbered
		}
	}
}

const epochPause = 100 * time.Millisecond

var errUnnumbered = reeve.Errorf(reeve.Unavailable, "revoked, but without a number yet: see the changes")

// DeleteAPIKeyByName deletes a project's key, with all that derive from it.
func (c *Control) DeleteAPIKeyByName(ctx context.Context, project reeve.ID, name string) (Revoked, error) {
	if _, err := operator(ctx, reeve.ManageKeys); err != nil {
		return Revoked{}, err
	}
	return c.deleteAPIKey(ctx, project, func(tx *store.Tx) (reeve.APIKey, error) {
		if _, err := tx.Project(ctx, project); err != nil {
			return reeve.APIKey{}, err
		}
		return tx.LockAPIKeyByName(ctx, project, name)
	})
}

// DeleteAPIKey deletes a key by its id, with all that derive from it.
func (c *Control) DeleteAPIKey(ctx context.Context, id reeve.ID) (Revoked, error) {
	if _, err := operator(ctx, reeve.ManageKeys); err != nil {
		return Revoked{}, err
	}
	return c.deleteAPIKey(ctx, reeve.Zero, func(tx *store.Tx) (reeve.APIKey, error) { return tx.LockAPIKey(ctx, id) })
}

// DeleteProjectAPIKey deletes one of a project's keys, with all that derive from
// it, for the project's own people too.
func (c *Control) DeleteProjectAPIKey(ctx context.Context, project, id reeve.ID) (Revoked, error) {
	return c.deleteAPIKey(ctx, project, func(tx *store.Tx) (reeve.APIKey, error) {
		key, err := tx.LockAPIKey(ctx, id)
		if err == nil && key.ProjectID != project {
			err = errNoKey
		}
		return key, err
	})
}

func (c *Control) deleteAPIKey(ctx context.Context, project reeve.ID, find func(*store.Tx) (reeve.APIKey, error)) (out Revoked, err error) {
	var key reeve.APIKey
	var at time.Time
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		by, err := c.keyManager(ctx, tx, project)
		if err != nil {
			return err
		}
		if key, err = find(tx); err != nil {
			return by.veil(err)
		}
		at = tx.Now()
		out = deleteAPIKey(tx, by, key)
		return nil
	})
	if err == nil {
		c.store.AfterCommit(ctx, func() { c.live.drop(key.Head, at) })
	}
	return out, err
}

func deleteAPIKey(tx *store.Tx, by Caller, key reeve.APIKey) Revoked {
	tx.DeleteAPIKey(key.ID)
	tx.RevokeHead(key)
	record(tx, by, change{action: "apikey.delete", target: key.ID, project: key.ProjectID, before: apiKeyFields(key)})
	return Revoked{key.ID, "apikey.delete", 1}
}

// WholeKey as the number of caveats means all that a key has.
const WholeKey = -1

// RevokeAPIKey takes a whole key, root or derived, and how many caveats the key
// to revoke has: the key itself, or an ancestor of it. A root key is deleted; a
// derived one is revoked with all its descendants, its root stays. A key whose
// signature is wrong, that is unknown or is revoked already, is NotFound.
func (c *Control) RevokeAPIKey(ctx context.Context, key macaroon.Key, caveats int) (out Revoked, err error) {
	by, err := operator(ctx, reeve.ManageKeys)
	if err != nil {
		return out, err
	}
	var tail *[macaroon.Size]byte // nil: the root itself
	var at time.Time
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		stored, err := tx.LockAPIKeyByHead(ctx, key.Head())
		if err != nil {
			return err
		}
		tails, err := c.verify(ctx, tx.Reader, stored, key, caveats)
		if err != nil {
			return err
		}
		last := len(tails) - 1
		tail, at = &tails[last], tx.Now()
		if last == 0 {
			tail, out = nil, deleteAPIKey(tx, by, stored)
			return nil
		}
		out = revokeTail(tx, by, stored, *tail)
		return nil
	})
	switch {
	case err != nil:
	case tail == nil:
		c.store.AfterCommit(ctx, func() { c.live.drop(key.Head(), at) })
	default:
		c.store.AfterCommit(ctx, func() { c.live.refuse(key.Head(), *tail) })
	}
	return out, err
}

// RevokeTail refuses the key of a tail, which derives from an API key, with all
// its descendants. The tail of the API key itself deletes it. A tail that is
// revoked already is NotFound; one that no key has does no harm.
func (c *Control) RevokeTail(ctx context.Context, id reeve.ID, tail [macaroon.Size]byte) (out Revoked, err error) {
	by, err := operator(ctx, reeve.ManageKeys)
	if err != nil {
		return out, err
	}
	var stored reeve.APIKey
	var at time.Time
	root := false
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		if stored, err = tx.LockAPIKey(ctx, id); err != nil {
			return err
		}
		secret, err := c.keys.open(stored)
		if err != nil {
			return err
		}
		at = tx.Now()
		if root = macaroon.Mint(macaroon.Secret(secret), stored.Head).Tail() == tail; root {
			out = deleteAPIKey(tx, by, stored)
			return nil
		}
		if done, err := tx.TailRevoked(ctx, tail); err != nil || done {
			return errNoKeyUnless(err)
		}
		out = revokeTail(tx, by, stored, tail)
		return nil
	})
	switch {
	case err != nil:
	case root:
		c.store.AfterCommit(ctx, func() { c.live.drop(stored.Head, at) })
	default:
		c.store.AfterCommit(ctx, func() { c.live.refuse(stored.Head, tail) })
	}
	return out, err
}

func errNoKeyUnless(err error) error {
	if err != nil {
		return err
	}
	return errNoKey
}

func revokeTail(tx *store.Tx, by Caller, stored reeve.APIKey, tail [macaroon.Size]byte) Revoked {
	tx.RevokeTail(stored.ID, tail)
	after := apiKeyFields(stored)
	after["lineage"] = TailName(tail)
	record(tx, by, change{action: "apikey.revoke", target: stored.ID, project: stored.ProjectID, after: after})
	return Revoked{stored.ID, "apikey.revoke", 0}
}

// TailName names a derived key without giving its tail away: the first 16 bytes
// of the tail's SHA-256, in hexadecimal.
func TailName(tail [macaroon.Size]byte) string {
	sum := sha256.Sum256(tail[:])
	return hex.EncodeToString(sum[:16])
}

// RevokeProjectKeys refuses every key of a project that was made before a time,
// which is not in the future, and deletes those there are. Refusing is one row,
// whatever there is to delete; a key that is being made meanwhile is refused by
// its date.
func (c *Control) RevokeProjectKeys(ctx context.Context, id reeve.ID, before time.Time) (out Revoked, err error) {
	by, err := operator(ctx, reeve.ManageKeys)
	if err != nil {
		return out, err
	}
	before = before.UTC().Truncate(time.Microsecond)
	out = Revoked{target: id, action: "project.revoke"}
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		if before.After(tx.Now()) {
			return reeve.Errorf(reeve.Invalid, "before is in the future")
		}
		project, err := tx.LockProject(ctx, id)
		if err != nil {
			return err
		}
		if project.RevokedBefore == nil || before.After(*project.RevokedBefore) {
			project.RevokedBefore = &before
			tx.UpdateProject(project)
		}
		record(tx, by, change{action: out.action, target: id, organization: project.OrganizationID, after: fields{"before": before}})
		return nil
	})
	if err != nil {
		return out, err
	}
	c.store.AfterCommit(ctx, func() { c.live.cut(id, before) })
	for deleted := revokeBatch; deleted == revokeBatch; {
		if deleted, err = c.deleteKeysBefore(ctx, by, id, before); err != nil {
			return out, err
		}
		out.Keys += deleted
	}
	return out, nil
}

// revokeBatch is how many keys one transaction deletes.
const revokeBatch = 500

// deleteKeysBefore deletes some of the keys that were made before a time.
func (c *Control) deleteKeysBefore(ctx context.Context, by Caller, project reeve.ID, before time.Time) (int, error) {
	var keys []reeve.APIKey
	var at time.Time
	err := c.store.Write(ctx, func(tx *store.Tx) (err error) {
		at = tx.Now()
		if keys, err = tx.LockAPIKeysBefore(ctx, project, before, revokeBatch); err != nil {
			return err
		}
		for _, key := range keys {
			deleteAPIKey(tx, by, key)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	c.store.AfterCommit(ctx, func() {
		for _, key := range keys {
			c.live.drop(key.Head, at)
		}
	})
	return len(keys), nil
}
