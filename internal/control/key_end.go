package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// latestEnd tells when what a caller makes or replaces must end at the latest:
// nothing that an organisation key makes outlives it. Nil is never.
func latestEnd(ctx context.Context, r store.Reader, by Caller) (*time.Time, error) {
	if by.Actor.Kind != reeve.KeyHolder {
		return nil, nil
	}
	key, err := r.OrganizationKeyByID(ctx, by.Actor.ID)
	if reeve.IsKind(err, reeve.NotFound) {
		err = reeve.ErrUnauthenticated // deleted meanwhile
	}
	return key.ExpiresAt, err
}

// within gives the end of what is made: the latest one unless another is asked
// for.
func within(end, latest *time.Time) (*time.Time, error) {
	switch {
	case latest == nil:
		return end, nil
	case end == nil:
		return latest, nil
	case end.After(*latest):
		return nil, errOutlives
	}
	return end, nil
}

var errOutlives = reeve.Errorf(reeve.Invalid, "the end is later than that of the key that asks for it")

// mayReplace tells whether a caller may have a new key with the end of an old
// one.
func mayReplace(ctx context.Context, tx *store.Tx, by Caller, end *time.Time) error {
	latest, err := latestEnd(ctx, tx.Reader, by)
	if err == nil && latest != nil && (end == nil || end.After(*latest)) {
		err = reeve.ErrDenied
	}
	return err
}
