package control

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/macaroon"
)

// errRotated says that a key has been replaced: its successor is the one to
// rotate, and if that is gone a new key the one to make.
var errRotated = reeve.Errorf(reeve.Conflict, "the key was rotated already")

// RotateAPIKey replaces one of a project's keys by a new one with its name,
// restrictions and end. The old one works on for the overlap, under another
// name; without one it is revoked at once.
func (c *Control) RotateAPIKey(ctx context.Context, project, id reeve.ID, overlap time.Duration) (reeve.APIKey, macaroon.Key, error) {
	return c.rotateAPIKey(ctx, project, overlap, func(tx *store.Tx) (reeve.APIKey, error) {
		key, err := tx.LockAPIKey(ctx, id)
		if err == nil && key.ProjectID != project {
			err = errNoKey
		}
		return key, err
	})
}

// RotateAPIKeyByName is RotateAPIKey for a key that is named.
func (c *Control) RotateAPIKeyByName(ctx context.Context, project reeve.ID, name string, overlap time.Duration) (reeve.APIKey, macaroon.Key, error) {
	return c.rotateAPIKey(ctx, project, overlap, func(tx *store.Tx) (reeve.APIKey, error) {
		if _, err := tx.Project(ctx, project); err != nil {
			return reeve.APIKey{}, err
		}
		return tx.LockAPIKeyByName(ctx, project, name)
	})
}

func (c *Control) rotateAPIKey(
	ctx context.Context, project reeve.ID, overlap time.Duration, find func(*store.Tx) (reeve.APIKey, error),
) (reeve.APIKey, macaroon.Key, error) {
	var old reeve.APIKey
	var next mintedKey
	err := c.store.Write(ctx, func(tx *store.Tx) error {
		by, err := c.keyManager(ctx, tx, project)
		if err == nil {
			err = checkOverlap(overlap)
		}
		if err != nil {
			return err
		}
		if old, err = find(tx); err != nil {
			return by.veil(err)
		}
		now := tx.Now()
		switch {
		case old.Ended(now):
			return by.veil(errNoKey)
		case old.ReplacedBy != nil:
			return errRotated
		}
		if err := mayReplace(ctx, tx, by, old.ExpiresAt); err != nil {
			return err
		}
		if next, err = c.mintInPlaceOf(old, now); err != nil {
			return err
		}
		if overlap == 0 {
			deleteAPIKey(tx, by, old)
		} else {
			before := apiKeyFields(old)
			old.Name, old.ReplacedBy = replacedName(old.Name, old.ID), &next.stored.ID
			old.ExpiresAt = sooner(old.ExpiresAt, now.Add(overlap))
			tx.ReplaceAPIKey(old)
			record(tx, by, change{
				action: "apikey.rotate", target: old.ID, project: project, before: before, after: apiKeyFields(old),
			})
		}
		createAPIKey(tx, by, next.stored)
		return nil
	})
	if err != nil {
		return reeve.APIKey{}, macaroon.Key{}, err
	}
	c.store.AfterCommit(ctx, func() {
		if overlap == 0 {
			c.live.drop(old.Head, next.stored.CreatedAt)
		} else {
			c.live.rename(old.Head, old.Name)
		}
		c.takeCreated(next.stored, next.secret)
	})
	return next.stored, next.key, nil
}

// mintInPlaceOf mints a key that may what another may.
func (c *Control) mintInPlaceOf(old reeve.APIKey, now time.Time) (mintedKey, error) {
	restriction, err := macaroon.ParseCaveat(old.Caveat)
	if err != nil {
		return mintedKey{}, err
	}
	return c.mint(reeve.APIKey{
		ProjectID: old.ProjectID, Name: old.Name, PartnerID: old.PartnerID, CreatedAt: now, RotatedFrom: &old.ID,
	}, restriction)
}

// sooner gives the earlier of two ends, of which nil is none.
func sooner(end *time.Time, other time.Time) *time.Time {
	if end != nil && end.Before(other) {
		return end
	}
	return &other
}

// replacedName is the name of a key that was replaced, whose own the new one
// has. It ends in digits of the key's id, so that no two are alike.
func replacedName(name string, id reeve.ID) string {
	suffix := " (replaced " + hex.EncodeToString(id[10:]) + ")"
	runes := []rune(name)
	return string(runes[:min(len(runes), reeve.MaxName-len(suffix))]) + suffix
}
