package control

import (
	"context"
	"errors"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/macaroon"
)

// end makes one of the two ends that a new key can be given, no later than the
// latest, and checks what it is restricted to.
func (in *NewAPIKey) end(now time.Time, latest *time.Time) error {
	r := &in.Restriction
	if in.ExpiresAt != nil && (r.NotAfter.IsZero() || in.ExpiresAt.Before(r.NotAfter)) {
		r.NotAfter = *in.ExpiresAt
	}
	switch {
	case latest == nil:
	case r.NotAfter.IsZero():
		r.NotAfter = *latest
	case r.NotAfter.After(*latest):
		return errOutlives
	}
	if err := checkRestriction(r); err != nil {
		return err
	}
	if !r.NotAfter.IsZero() && !r.NotAfter.After(now) {
		return reeve.Errorf(reeve.Invalid, "the key's end is in the past")
	}
	return nil
}

// checkRestriction refuses what cannot be meant, and brings times to the form
// that is stored.
func checkRestriction(r *macaroon.Caveat) error {
	for _, at := range []*time.Time{&r.NotBefore, &r.NotAfter} {
		if at.IsZero() {
			continue
		}
		if *at = at.UTC().Truncate(time.Microsecond); at.Year() < 1970 || at.Year() > 9999 {
			return reeve.Errorf(reeve.Invalid, "times must be in the years 1970 to 9999")
		}
	}
	if !r.NotAfter.IsZero() && r.NotBefore.After(r.NotAfter) {
		return reeve.Errorf(reeve.Invalid, "the key would end before it begins")
	}
	for i := range r.AllowedPaths {
		if len(r.AllowedPaths[i].Bucket) == 0 {
			return reeve.Errorf(reeve.Invalid, "each of the paths must name its bucket")
		}
	}
	return nil
}

// narrowed narrows a key.
func narrowed(key macaroon.Key, restriction macaroon.Caveat) (macaroon.Key, error) {
	out, err := key.Attenuate(restriction)
	if errors.Is(err, macaroon.ErrFormat) {
		return out, reeve.Errorf(reeve.Invalid, "the restrictions are too long for a key, which has at most %d characters", macaroon.MaxLength)
	}
	return out, err
}

// NarrowAPIKey makes a key that may less of a key of a project which is shown
// whole. Nothing is stored: narrowing takes rights away, and revoking the key
// that it is made of revokes it too. A key that is no live one of that project
// is denied to tenants, whatever it is.
func (c *Control) NarrowAPIKey(ctx context.Context, project reeve.ID, text string, restriction macaroon.Caveat) (macaroon.Key, error) {
	by, _, err := c.authorize(ctx, c.store.Reader, project, reeve.ReadAPIKeys)
	if err != nil {
		return macaroon.Key{}, err
	}
	key, err := macaroon.Parse(text)
	if err != nil {
		return macaroon.Key{}, by.veil(errNoKey)
	}
	shown := Verdict{Key: key}
	found, err := c.findKey(ctx, &shown)
	if errors.Is(err, errRevokedKey) {
		err = errNoKey
	}
	if err != nil {
		return macaroon.Key{}, by.veil(err)
	}
	shown.judge(KeyCheck{Op: macaroon.OpRead, Project: project}, &found, found.project.state.Load(), c.store.Now())
	if shown.KeyID == reeve.Zero {
		return macaroon.Key{}, by.veil(errNoKey) // it is not genuine, revoked or another project's
	}
	if err := checkRestriction(&restriction); err != nil {
		return macaroon.Key{}, err
	}
	nonce := newID() // so that no two are alike, and each can be revoked alone
	restriction.Nonce = nonce[:]
	return narrowed(key, restriction)
}
