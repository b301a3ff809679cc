package control

import (
	"context"
	"fmt"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// ChangeFilter picks changes; empty fields pick all.
type ChangeFilter = store.ChangeFilter

// ListChanges lists numbered changes, newest first, and tells whether there
// are more. Changes committed before the call are among them.
func (c *Control) ListChanges(ctx context.Context, f ChangeFilter) (page []reeve.Change, more bool, err error) {
	if _, err := operator(ctx); err != nil {
		return nil, false, err
	}
	if err := c.store.NumberChanges(ctx); err != nil {
		return nil, false, err
	}
	limit := f.Limit
	f.Limit++
	page, err = c.store.Changes(ctx, f)
	if len(page) > limit {
		page, more = page[:limit], true
	}
	return page, more, err
}

// verifyBatch is how many rows of the chain are read at once.
const verifyBatch = 1000

// VerifyChanges walks the chain of the change log from the oldest row kept and
// gives how many rows it holds; the error names the first that was altered,
// removed or put in another place.
func (c *Control) VerifyChanges(ctx context.Context) (rows int64, err error) {
	if _, err := operator(ctx); err != nil {
		return 0, err
	}
	for {
		anchor, _, err := c.store.ChangeEnd(ctx, "anchor")
		if err != nil {
			return 0, err
		}
		rows, broken := c.walkChanges(ctx)
		if broken == nil {
			return rows, nil
		}
		// Retention may have taken rows away that the walk was to read.
		if now, _, err := c.store.ChangeEnd(ctx, "anchor"); err != nil || now == anchor {
			return rows, broken
		}
	}
}

func (c *Control) walkChanges(ctx context.Context) (rows int64, err error) {
	// The head first: rows that come later are beyond it, none may lack.
	head, headHash, err := c.store.ChangeEnd(ctx, "head")
	if err != nil {
		return 0, err
	}
	number, hash, err := c.store.ChangeEnd(ctx, "anchor")
	if err != nil {
		return 0, err
	}
	for {
		if number == head && hash != headHash {
			return rows, fmt.Errorf("the change log is broken at number %d", number)
		}
		batch, err := c.store.ChangesAfter(ctx, number, verifyBatch)
		if err != nil {
			return rows, err
		}
		for _, row := range batch {
			number++
			hash = row.Chain(hash)
			if row.Number != number || hash != row.Hash || number == head && hash != headHash {
				return rows, fmt.Errorf("the change log is broken at number %d", number)
			}
			rows++
		}
		if len(batch) == 0 {
			break
		}
	}
	if number < head {
		return rows, fmt.Errorf("the change log ends at number %d, its head says %d", number, head)
	}
	return rows, nil
}
