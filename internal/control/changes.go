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
	if _, err := operator(ctx, reeve.Look); err != nil {
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

// Chain is a change log that was found whole. Who keeps the newest number and
// its hash elsewhere can tell later that all up to it is what it was.
type Chain struct {
	Rows   int64
	Number int64 // of the newest change; 0 if there never was one
	Hash   reeve.ChangeHash
}

// VerifyChanges walks the chain of the change log from the oldest row kept and
// tells what it holds; the error names the first row that was altered, removed
// or put in another place. It writes nothing, and changes that still wait for
// their number are not part of it.
func (c *Control) VerifyChanges(ctx context.Context) (Chain, error) {
	if _, err := operator(ctx, reeve.ManageMaintenance); err != nil {
		return Chain{}, err
	}
	for {
		anchor, _, err := c.store.ChangeEnd(ctx, "anchor")
		if err != nil {
			return Chain{}, err
		}
		chain, broken := c.walkChanges(ctx)
		if broken == nil {
			return chain, nil
		}
		// Retention may have taken rows away that the walk was to read.
		if now, _, err := c.store.ChangeEnd(ctx, "anchor"); err != nil || now == anchor {
			return chain, broken
		}
	}
}

func (c *Control) walkChanges(ctx context.Context) (chain Chain, err error) {
	// The head first: rows that come later are beyond it, none may lack.
	head, headHash, err := c.store.ChangeEnd(ctx, "head")
	if err != nil {
		return chain, err
	}
	chain.Number, chain.Hash, err = c.store.ChangeEnd(ctx, "anchor")
	if err != nil {
		return chain, err
	}
	for {
		if chain.Number == head && chain.Hash != headHash {
			return chain, fmt.Errorf("the change log is broken at number %d", chain.Number)
		}
		batch, err := c.store.ChangesAfter(ctx, chain.Number, verifyBatch)
		if err != nil {
			return chain, err
		}
		for _, row := range batch {
			chain.Number++
			chain.Hash = row.Chain(chain.Hash)
			if row.Number != chain.Number || chain.Hash != row.Hash || chain.Number == head && chain.Hash != headHash {
				return chain, fmt.Errorf("the change log is broken at number %d", chain.Number)
			}
			chain.Rows++
		}
		if len(batch) == 0 {
			break
		}
	}
	if chain.Number < head {
		return chain, fmt.Errorf("the change log ends at number %d, its head says %d", chain.Number, head)
	}
	return chain, nil
}
