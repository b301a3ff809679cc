package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/macaroon"
)

var errNoKey = reeve.Errorf(reeve.NotFound, "api key not found")

// NewAPIKey is what a project's key is created from.
type NewAPIKey struct {
	ProjectID   reeve.ID
	Name        string
	PartnerID   *reeve.ID
	Restriction macaroon.Caveat // its zero value restricts nothing
	ExpiresAt   *time.Time      // the same as the restriction's NotAfter: the earlier one counts
}

// CreateAPIKey creates a project's key and gives its serialised form, which is
// not kept: from the stored secret alone nobody can be handed it again.
func (c *Control) CreateAPIKey(ctx context.Context, project reeve.ID, name string, partner *reeve.ID) (reeve.APIKey, macaroon.Key, error) {
	return c.CreateRestrictedAPIKey(ctx, NewAPIKey{ProjectID: project, Name: name, PartnerID: partner})
}

// CreateRestrictedAPIKey is CreateAPIKey for a key that may less than its
// project's others: it is handed out narrowed, and its root nobody ever sees. One
// that ends is deleted then.
func (c *Control) CreateRestrictedAPIKey(ctx context.Context, in NewAPIKey) (reeve.APIKey, macaroon.Key, error) {
	fail := func(err error) (reeve.APIKey, macaroon.Key, error) { return reeve.APIKey{}, macaroon.Key{}, err }
	by, err := c.keyManager(ctx, nil, in.ProjectID)
	if err != nil {
		return fail(err)
	}
	name, err := reeve.CleanName(nameWord(ctx), in.Name)
	if err != nil {
		return fail(err)
	}
	latest, err := latestEnd(ctx, c.store.Reader, by)
	if err != nil {
		return fail(err)
	}
	if err := in.end(c.store.Now(), latest); err != nil {
		return fail(err)
	}
	minted, err := c.mint(reeve.APIKey{ProjectID: in.ProjectID, Name: name, PartnerID: in.PartnerID}, in.Restriction)
	if err != nil {
		return fail(err)
	}
	_, err = c.insertAPIKey(ctx, &minted, false)
	if reeve.IsKind(err, reeve.Conflict) {
		// A key that has ended is not listed any more: it must not hold its name.
		ended, again := c.insertAPIKey(ctx, &minted, true)
		if again == nil && ended != nil {
			c.store.AfterCommit(ctx, func() { c.live.drop(ended.Head, minted.stored.CreatedAt) })
		}
		if !c.store.Enclosed(ctx) || !reeve.IsKind(again, reeve.Unavailable) { // a transaction of many things was lost before
			err = again
		}
	}
	if err != nil {
		return fail(err)
	}
	c.store.AfterCommit(ctx, func() { c.takeCreated(minted.stored, minted.secret) })
	return minted.stored, minted.key, nil
}

// nameWord is how a name is called in an error: as in the caller's API.
func nameWord(ctx context.Context) string {
	if callerOf(ctx).tenant() {
		return "name"
	}
	return "Name"
}

// keyManager lets those pass who may manage a project's keys, and keeps the
// project as it is in a transaction, unless that is nil. Of operators only their
// role is asked, not whether there is such a project.
func (c *Control) keyManager(ctx context.Context, tx *store.Tx, project reeve.ID) (by Caller, err error) {
	switch {
	case !callerOf(ctx).tenant():
		by, err = operator(ctx, reeve.ManageKeys)
	case tx == nil:
		by, _, err = c.authorize(ctx, c.store.Reader, project, reeve.ManageAPIKeys)
	default:
		by, _, err = c.guardProject(ctx, tx, project, reeve.ManageAPIKeys, guarded{})
	}
	return by, err
}

// mintedKey is a key that is about to be stored.
type mintedKey struct {
	stored reeve.APIKey
	secret macaroon.Secret
	key    macaroon.Key // as it is handed out
}

// mint makes a key that is narrowed by a caveat, unless that restricts nothing.
func (c *Control) mint(key reeve.APIKey, restriction macaroon.Caveat) (out mintedKey, err error) {
	out = mintedKey{stored: key, secret: randomBytes()}
	out.key = macaroon.Mint(out.secret, randomBytes())
	out.stored.ID, out.stored.Head = newID(), out.key.Head()
	if out.stored.Caveat, err = restriction.MarshalBinary(); err != nil {
		return out, err
	}
	if len(out.stored.Caveat) == 0 {
		out.stored.Caveat = nil
	} else if out.key, err = narrowed(out.key, restriction); err != nil {
		return out, err
	}
	if !restriction.NotAfter.IsZero() {
		out.stored.ExpiresAt = &restriction.NotAfter
	}
	c.keys.seal(&out.stored, out.secret[:])
	return out, nil
}

// insertAPIKey stores a key. With instead it first deletes the key of its name,
// which it gives, if that one has ended.
func (c *Control) insertAPIKey(ctx context.Context, minted *mintedKey, instead bool) (ended *reeve.APIKey, err error) {
	key := &minted.stored
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		by, err := c.keyManager(ctx, tx, key.ProjectID)
		if err != nil {
			return err
		}
		ended = nil
		if instead {
			old, err := tx.LockAPIKeyByName(ctx, key.ProjectID, key.Name)
			if err == nil && old.Ended(tx.Now()) {
				deleteAPIKey(tx, by, old)
				ended = &old
			} else if err != nil && !reeve.IsKind(err, reeve.NotFound) {
				return err
			}
		}
		key.CreatedAt = tx.Now()
		createAPIKey(tx, by, *key)
		return nil
	})
	return ended, err
}

func createAPIKey(tx *store.Tx, by Caller, key reeve.APIKey) {
	tx.CreateAPIKey(key)
	record(tx, by, change{action: "apikey.create", target: key.ID, project: key.ProjectID, after: apiKeyFields(key)})
}

// takeCreated lets this replica verify a key at once. Where its project is not
// in memory yet, the key comes with the change log.
func (c *Control) takeCreated(k reeve.APIKey, secret macaroon.Secret) {
	if project := c.live.project(k.ProjectID); project != nil {
		c.live.add(k.Head, liveKey{id: k.ID, secret: secret, name: k.Name, issued: k.CreatedAt.UnixMicro(), project: project})
	}
}

func apiKeyFields(k reeve.APIKey) fields {
	out := fields{"projectId": k.ProjectID, "name": k.Name, "partnerId": k.PartnerID}
	if k.ExpiresAt != nil {
		out["expiresAt"] = k.ExpiresAt
	}
	if k.Caveat != nil {
		out["restricted"] = true
	}
	out.rotation(k.RotatedFrom, k.ReplacedBy)
	return out
}

// rotation tells of a key's rotation, if there is something to tell.
func (f fields) rotation(from, by *reeve.ID) {
	if from != nil {
		f["rotatedFrom"] = from
	}
	if by != nil {
		f["replacedBy"] = by
	}
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
