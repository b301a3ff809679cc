package control

import (
	"context"
	"errors"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// DeletionFilter picks deletions; empty fields pick all.
type DeletionFilter = store.DeletionFilter

// ListDeletions lists what can be restored, newest first, and tells whether
// there is more.
func (c *Control) ListDeletions(ctx context.Context, f DeletionFilter) (page []reeve.Deletion, more bool, err error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return nil, false, err
	}
	limit := f.Limit
	f.Limit++
	page, err = c.store.Deletions(ctx, f, c.store.Now())
	if len(page) > limit {
		page, more = page[:limit], true
	}
	return page, more, err
}

// deleting is how something is deleted: so that it can be restored, or for good.
type deleting struct {
	by   Caller
	keep bool
}

// deletingBy says how a caller deletes, who wants it to be for good or not.
func (c *Control) deletingBy(by Caller, forGood bool) deleting {
	return deleting{by: by, keep: !forGood && c.settings.RestoreWindow > 0}
}

// eraser lets only those pass who may delete something for good.
func eraser(ctx context.Context, action reeve.OperatorAction) error {
	_, err := operator(ctx, action)
	if err == nil {
		_, err = operator(ctx, reeve.EraseForGood)
	}
	return err
}

// eraseKept forgets what was kept of something that is deleted already; the
// answer to there being nothing is the given error.
func eraseKept(ctx context.Context, tx *store.Tx, by Caller, kept reeve.Deletion, nothing error) error {
	found, err := tx.LockDeletion(ctx, kept.Kind, kept.ID)
	if reeve.IsKind(err, reeve.NotFound) {
		return nothing
	}
	if err == nil {
		tx.DeleteDeletion(found.ID)
		erase(tx, by, found)
	}
	return err
}

// erase forgets what was kept beside the snapshot of something that was deleted,
// and tells that nothing is kept of it any more.
func erase(tx *store.Tx, by Caller, d reeve.Deletion) {
	done := change{action: string(d.Kind) + ".erase", target: d.ID}
	switch d.Kind {
	case reeve.DeletedUser:
		tx.DeleteTOTP(d.ID)
	case reeve.DeletedOrganization:
		done.organization = d.ID
	case reeve.DeletedProject:
		var project projectSnapshot
		if readSnapshot(d, &project) == nil { // of a broken one it is the operators' alone to see
			done.organization = project.OrganizationID.ID
		}
	}
	record(tx, by, done)
}

// eraseDeletions forgets what cannot be restored any more.
func (c *Control) eraseDeletions(ctx context.Context) error {
	return c.removeAll(ctx, func(ctx context.Context, tx *store.Tx) (int, error) {
		ended, err := tx.EraseDeletions(ctx, retentionBatch)
		for _, d := range ended {
			if d.Kind == reeve.DeletedUser {
				err = errors.Join(err, eraseAddress(ctx, tx, system, d.Name, d.DeletedAt))
			}
			erase(tx, system, d)
		}
		return len(ended), err
	})
}
