package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/macaroon"
)

var errNoKey = reeve.Errorf(reeve.NotFound, "api key not found")

// CreateAPIKey creates a project's key and gives its serialised form, which is
// not kept: from the stored secret alone nobody can be handed it again.
func (c *Control) CreateAPIKey(ctx context.Context, project reeve.ID, name string, partner *reeve.ID) (reeve.APIKey, macaroon.Key, error) {
	fail := func(err error) (reeve.APIKey, macaroon.Key, error) { return reeve.APIKey{}, macaroon.Key{}, err }
	by, err := operator(ctx)
	if err != nil {
		return fail(err)
	}
	if name, err = reeve.CleanName("Name", name); err != nil {
		return fail(err)
	}
	secret, id := randomBytes(), newID()
	minted := macaroon.Mint(macaroon.Secret(secret), randomBytes())
	key := reeve.APIKey{
		ID: id, ProjectID: project, PartnerID: partner, Name: name,
		Head: minted.Head(),
	}
	c.keys.seal(&key, secret[:])
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		key.CreatedAt = tx.Now()
		tx.CreateAPIKey(key)
		record(tx, by, change{action: "apikey.create", target: id, after: apiKeyFields(key)})
		return nil
	})
	if err != nil {
		return fail(err)
	}
	return key, minted, nil
}

func apiKeyFields(k reeve.APIKey) fields {
	return fields{"projectId": k.ProjectID, "name": k.Name, "partnerId": k.PartnerID}
}

// ListAPIKeys lists a project's keys by name, with the project they belong to.
func (c *Control) ListAPIKeys(ctx context.Context, project reeve.ID) (reeve.Project, []reeve.APIKey, error) {
	if _, err := operator(ctx); err != nil {
		return reeve.Project{}, nil, err
	}
	p, err := c.store.Project(ctx, project)
	if err != nil {
		return p, nil, err
	}
	keys, err := c.store.APIKeys(ctx, project)
	return p, keys, err
}

// DeleteAPIKeyByName deletes a project's key.
func (c *Control) DeleteAPIKeyByName(ctx context.Context, project reeve.ID, name string) error {
	by, err := operator(ctx)
	if err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Project(ctx, project); err != nil {
			return err
		}
		key, err := tx.LockAPIKeyByName(ctx, project, name)
		if err != nil {
			return err
		}
		deleteAPIKey(tx, by, key)
		return nil
	})
}

func deleteAPIKey(tx *store.Tx, by Caller, key reeve.APIKey) {
	tx.DeleteAPIKey(key.ID)
	tx.RevokeHead(key.Head)
	record(tx, by, change{action: "apikey.delete", target: key.ID, before: apiKeyFields(key)})
}

// RevokeAPIKey takes a whole key, root or derived. A root key is deleted; a
// derived one is revoked with all its descendants, its root stays. A key whose
// signature is wrong, that is unknown or is revoked already, is NotFound.
func (c *Control) RevokeAPIKey(ctx context.Context, key macaroon.Key) error {
	by, err := operator(ctx)
	if err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		stored, err := tx.LockAPIKeyByHead(ctx, key.Head())
		if err != nil {
			return err
		}
		tails, err := c.verify(ctx, tx.Reader, stored, key)
		if err != nil {
			return err
		}
		if len(tails) == 1 {
			deleteAPIKey(tx, by, stored)
			return nil
		}
		tx.RevokeTail(stored.ID, key.Tail())
		after := apiKeyFields(stored)
		after["fingerprint"] = fingerprint(key)
		record(tx, by, change{action: "apikey.revoke", target: stored.ID, after: after})
		return nil
	})
}

// fingerprint tells derived keys apart in the record without giving them away:
// the first 8 bytes of the SHA-256 of the serialised key, in hexadecimal.
func fingerprint(key macaroon.Key) string {
	sum := sha256.Sum256([]byte(key.Serialize()))
	return hex.EncodeToString(sum[:8])
}

// verify checks a key's signature against the stored secret and that neither
// it nor an ancestor is revoked. It gives the tails from the root to the key.
func (c *Control) verify(ctx context.Context, r store.Reader, stored reeve.APIKey, key macaroon.Key) ([][32]byte, error) {
	secret, err := c.keys.open(stored)
	if err != nil {
		return nil, err
	}
	tails, ok := key.VerifyTails(macaroon.Secret(secret), nil)
	if !ok {
		return nil, errNoKey
	}
	revoked, err := r.RevokedTails(ctx, stored.ID)
	if err != nil {
		return nil, err
	}
	dead := make(map[[32]byte]bool, len(revoked))
	for _, tail := range revoked {
		dead[tail] = true
	}
	for _, tail := range tails {
		if dead[tail] {
			return nil, errNoKey
		}
	}
	return tails, nil
}
