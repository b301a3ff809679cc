package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/macaroon"
)

var errNoKey = reeve.Errorf(reeve.NotFound, "api key not found")

// CreateAPIKey creates a project's key and gives its serialised form, which is
// not kept: from the stored secret alone nobody can be handed it again.
func (c *Control) CreateAPIKey(ctx context.Context, project reeve.ID, name string, partner *reeve.ID) (reeve.APIKey, macaroon.Key, error) {
	fail := func(err error) (reeve.APIKey, macaroon.Key, error) { return reeve.APIKey{}, macaroon.Key{}, err }
	by, err := operator(ctx, reeve.ManageKeys)
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
		record(tx, by, change{action: "apikey.create", target: id, project: project, after: apiKeyFields(key)})
		return nil
	})
	if err != nil {
		return fail(err)
	}
	c.store.AfterCommit(ctx, func() { c.takeCreated(key, macaroon.Secret(secret)) })
	return key, minted, nil
}

// takeCreated lets this replica verify a key at once. Where its project is not
// in memory yet, the key comes with the change log.
func (c *Control) takeCreated(k reeve.APIKey, secret macaroon.Secret) {
	if project := c.live.project(k.ProjectID); project != nil {
		c.live.add(k.Head, liveKey{id: k.ID, secret: secret, name: k.Name, issued: k.CreatedAt.UnixMicro(), project: project})
	}
}

func apiKeyFields(k reeve.APIKey) fields {
	return fields{"projectId": k.ProjectID, "name": k.Name, "partnerId": k.PartnerID}
}

// ListAPIKeys lists a project's keys by name, with the project they belong to.
func (c *Control) ListAPIKeys(ctx context.Context, project reeve.ID) (reeve.Project, []reeve.APIKey, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return reeve.Project{}, nil, err
	}
	p, err := c.store.Project(ctx, project)
	if err != nil {
		return p, nil, err
	}
	keys, err := c.store.APIKeys(ctx, project)
	return p, keys, err
}

// verify checks a key's signature against the stored secret, and that of its
// ancestors up to the one that has so many caveats none is revoked; WholeKey is
// the key itself. It gives their tails, the root's first.
func (c *Control) verify(ctx context.Context, r store.Reader, stored reeve.APIKey, key macaroon.Key, caveats int) ([][32]byte, error) {
	secret, err := c.keys.open(stored)
	if err != nil {
		return nil, err
	}
	tails, ok := key.VerifyTails(macaroon.Secret(secret), nil)
	if !ok {
		return nil, errNoKey
	}
	if caveats == WholeKey {
		caveats = len(tails) - 1
	}
	if caveats < 0 || caveats >= len(tails) {
		return nil, reeve.Errorf(reeve.Invalid, "the key has %d caveats", len(tails)-1)
	}
	tails = tails[:caveats+1]
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
