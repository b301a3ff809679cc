package control

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/macaroon"
)

// KeyCheck is what a gateway asks about a key that it was shown.
type KeyCheck struct {
	Key          string // as its holder writes it; anything at all
	Op           macaroon.Op
	Bucket, Path []byte
	Cost         int64    // units of the project's rate that the request takes; 0 takes none
	Project      reeve.ID // the project that the key must be of; zero is any
}

// Verdict is how a key was judged. What it says of key and project is filled
// from CodeProjectFrozen on: whoever shows a key that is not valid learns
// nothing of them.
type Verdict struct {
	Code  reeve.VerdictCode
	Epoch int64 // the number of the newest change that the judgement knew

	Key      macaroon.Key // as it was shown, with its caveats
	Lineage  [][macaroon.Size]byte
	KeyID    reeve.ID
	KeyName  string
	IssuedAt time.Time // when the root key was made

	ProjectID      reeve.ID
	OrganizationID reeve.ID
	OwnerID        reeve.ID
	Limits         reeve.Limits // the platform's defaults filled in
	Rate           *RateState   // nil: the project has no rate limit
}

// RateState is what is left of a project's rate.
type RateState struct {
	Limit     int64         // units a second
	Remaining int64         // units
	Reset     time.Duration // until there are Limit units again
}

var errRevokedKey = errors.New("the key is revoked")

// VerifyKey judges a key for one request. The error is not nil only when the
// judgement could not be made; every key has a verdict.
func (c *Control) VerifyKey(ctx context.Context, in KeyCheck) (out Verdict, err error) {
	by, err := gatewayProgram(ctx)
	if err != nil {
		return out, err
	}
	if out.Key, err = macaroon.Parse(in.Key); err != nil {
		out.Code = reeve.CodeMalformed
		return out, nil
	}
	found, err := c.findKey(ctx, &out)
	switch {
	case errors.Is(err, errRevokedKey):
		out.Code = reeve.CodeRevoked
		return out, nil
	case reeve.IsKind(err, reeve.NotFound):
		out.Code = reeve.CodeNotFound
		return out, nil
	case err != nil:
		return out, err
	}
	now := c.store.Now()
	out.judge(in, &found, found.project.state.Load(), now)
	// A key that is genuine is in use, whatever becomes of the request.
	if out.KeyID != reeve.Zero && !c.used.recent(out.KeyID, now) {
		c.used.mark(out.KeyID, now, by.Actor.ID.String())
	}
	out.Limits = out.Limits.Or(c.settings.DefaultLimits)
	if out.Code != reeve.CodeValid {
		return out, nil
	}
	return out, c.admit(ctx, in, &out)
}

// judge gives the verdict, but for what the project has used.
func (v *Verdict) judge(in KeyCheck, key *liveKey, project *projectState, now time.Time) {
	tails, ok := v.Key.VerifyTails(key.secret, v.Lineage[:0])
	if !ok || in.Project != reeve.Zero && in.Project != project.id {
		v.Code = reeve.CodeNotFound
		return
	}
	if key.issued < project.revokedBefore || key.refuses(tails) {
		v.Code = reeve.CodeRevoked
		return
	}
	v.Lineage = tails
	v.KeyID, v.KeyName, v.IssuedAt = key.id, key.name, time.UnixMicro(key.issued).UTC()
	v.ProjectID, v.OrganizationID, v.OwnerID = project.id, project.organization, project.owner
	v.Limits = project.limits
	if key.frozen {
		v.Code = reeve.CodeProjectFrozen
		return
	}
	v.Code = checkCaveats(v.Key, in, now)
}

// refuses tells whether one of a key's tails is revoked.
func (k *liveKey) refuses(tails [][macaroon.Size]byte) bool {
	if k.revoked == nil {
		return false
	}
	for _, tail := range tails {
		if _, dead := k.revoked[tail]; dead {
			return true
		}
	}
	return false
}

// checkCaveats asks the key's caveats. One that has expired is told apart from
// one that refuses for good.
func checkCaveats(key macaroon.Key, in KeyCheck, now time.Time) reeve.VerdictCode {
	err := key.Check(macaroon.Action{Op: in.Op, Bucket: in.Bucket, EncryptedPath: in.Path, Time: now})
	if err == nil && (in.Op != macaroon.OpRead || len(in.Path) > 0) {
		return reeve.CodeValid
	}
	caveats, formErr := key.Caveats()
	if formErr != nil {
		return reeve.CodeForbidden
	}
	for i := range caveats {
		if !caveats[i].NotAfter.IsZero() && now.After(caveats[i].NotAfter) {
			return reeve.CodeExpired
		}
		if in.Op == macaroon.OpRead && len(in.Path) == 0 && !readsAll(&caveats[i], in.Bucket) {
			err = macaroon.ErrUnauthorized
		}
	}
	if err != nil {
		return reeve.CodeForbidden
	}
	return reeve.CodeValid
}

// readsAll tells whether a caveat allows reading all of a bucket. Storj lets every
// key look at a bucket in which its paths leave anything; a gateway that does not
// name the object may be about to read any.
func readsAll(c *macaroon.Caveat, bucket []byte) bool {
	if c.Disallow.Has(macaroon.OpRead) {
		return false
	}
	for i := range c.AllowedPaths {
		if p := &c.AllowedPaths[i]; bytes.Equal(p.Bucket, bucket) && len(p.EncryptedPathPrefix) == 0 {
			return true
		}
	}
	return len(c.AllowedPaths) == 0
}

// findKey finds a key by its head, in memory or, while that may be out of date,
// in the database: NotFound, or errRevokedKey if it is known to have been
// deleted. It notes in the verdict what is known.
func (c *Control) findKey(ctx context.Context, v *Verdict) (key liveKey, err error) {
	h := v.Key.Head()
	// Both are read before the key: it is at least as new as they say.
	v.Epoch = c.live.applied.Load()
	if !c.live.trusted() {
		return c.readKey(ctx, h, v)
	}
	key, found, gone := c.live.key(&h)
	switch {
	case gone:
		err = errRevokedKey
	case !found && !c.live.complete.Load():
		return c.readKey(ctx, h, v) // all was being forgotten
	case !found:
		err = errNoKey
	}
	return key, err
}

// readKey finds a key in the database.
func (c *Control) readKey(ctx context.Context, h head, v *Verdict) (out liveKey, err error) {
	if v.Epoch, _, err = c.store.ChangeEnd(ctx, "head"); err != nil {
		return out, err
	}
	key, project, err := c.store.APIKeyByHead(ctx, h)
	if reeve.IsKind(err, reeve.NotFound) {
		if revoked, readErr := c.store.HeadRevoked(ctx, h); readErr != nil {
			err = readErr
		} else if revoked {
			err = errRevokedKey
		}
	}
	if err != nil {
		return out, err
	}
	secret, err := c.keys.open(key)
	if err != nil {
		return out, err
	}
	tails, err := c.store.RevokedTails(ctx, key.ID)
	if err != nil {
		return out, err
	}
	out = liveKey{
		id: key.ID, secret: macaroon.Secret(secret), name: key.Name, issued: key.CreatedAt.UnixMicro(), project: &liveProject{},
		frozen: project.Frozen,
	}
	out.project.state.Store(newProjectState(&project))
	if len(tails) > 0 {
		revoked := make(map[[macaroon.Size]byte]struct{}, len(tails))
		for _, tail := range tails {
			revoked[tail] = struct{}{}
		}
		out.revoked = revoked
	}
	return out, nil
}
