package control

import (
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

// foundKey is what is known of a key by its head.
type foundKey struct {
	id      reeve.ID
	name    string
	secret  macaroon.Secret
	issued  time.Time
	revoked map[[macaroon.Size]byte]struct{} // tails of its refused descendants
	project reeve.Project
}

var errRevokedKey = errors.New("the key is revoked")

// VerifyKey judges a key for one request. The error is not nil only when the
// judgement could not be made; every key has a verdict.
func (c *Control) VerifyKey(ctx context.Context, in KeyCheck) (out Verdict, err error) {
	if callerOf(ctx).Actor.Kind != reeve.GatewayProgram {
		return out, reeve.ErrDenied
	}
	if out.Key, err = macaroon.Parse(in.Key); err != nil {
		out.Code = reeve.CodeMalformed
		return out, nil
	}
	found, err := c.findKey(ctx, out.Key.Head())
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
	out.judge(in, found, c.store.Now())
	out.Limits = out.Limits.Or(c.settings.DefaultLimits)
	if out.Code != reeve.CodeValid {
		return out, nil
	}
	return out, c.admit(ctx, in, &out)
}

// judge gives the verdict, but for what the project has used.
func (v *Verdict) judge(in KeyCheck, found foundKey, now time.Time) {
	tails, ok := v.Key.VerifyTails(found.secret, v.Lineage[:0])
	if !ok || in.Project != reeve.Zero && in.Project != found.project.ID {
		v.Code = reeve.CodeNotFound
		return
	}
	if found.project.RevokedBefore != nil && found.issued.Before(*found.project.RevokedBefore) {
		v.Code = reeve.CodeRevoked
		return
	}
	for _, tail := range tails {
		if _, dead := found.revoked[tail]; dead {
			v.Code = reeve.CodeRevoked
			return
		}
	}
	v.Lineage = tails
	v.KeyID, v.KeyName, v.IssuedAt = found.id, found.name, found.issued
	v.ProjectID, v.OrganizationID, v.OwnerID = found.project.ID, found.project.OrganizationID, found.project.OwnerID
	v.Limits = found.project.Limits
	if found.project.Frozen {
		v.Code = reeve.CodeProjectFrozen
		return
	}
	v.Code = checkCaveats(v.Key, in, now)
}

// checkCaveats asks the key's caveats. One that has expired is told apart from
// one that refuses for good.
func checkCaveats(key macaroon.Key, in KeyCheck, now time.Time) reeve.VerdictCode {
	err := key.Check(macaroon.Action{Op: in.Op, Bucket: in.Bucket, EncryptedPath: in.Path, Time: now})
	if err == nil {
		return reeve.CodeValid
	}
	caveats, err := key.Caveats()
	if err != nil {
		return reeve.CodeForbidden
	}
	for i := range caveats {
		if !caveats[i].NotAfter.IsZero() && now.After(caveats[i].NotAfter) {
			return reeve.CodeExpired
		}
	}
	return reeve.CodeForbidden
}

// findKey finds a key by its head: NotFound, or errRevokedKey if it is known
// to have been deleted.
func (c *Control) findKey(ctx context.Context, head [macaroon.Size]byte) (foundKey, error) {
	key, project, err := c.store.APIKeyByHead(ctx, head)
	if reeve.IsKind(err, reeve.NotFound) {
		revoked, readErr := c.store.HeadRevoked(ctx, head)
		if readErr != nil {
			return foundKey{}, readErr
		}
		if revoked {
			return foundKey{}, errRevokedKey
		}
	}
	if err != nil {
		return foundKey{}, err
	}
	secret, err := c.keys.open(key)
	if err != nil {
		return foundKey{}, err
	}
	tails, err := c.store.RevokedTails(ctx, key.ID)
	if err != nil {
		return foundKey{}, err
	}
	out := foundKey{id: key.ID, name: key.Name, secret: macaroon.Secret(secret), issued: key.CreatedAt, project: project}
	if len(tails) > 0 {
		out.revoked = make(map[[macaroon.Size]byte]struct{}, len(tails))
		for _, tail := range tails {
			out.revoked[tail] = struct{}{}
		}
	}
	return out, nil
}
