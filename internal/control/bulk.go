package control

import (
	"context"
	"slices"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// MaxBulk is how many things one action is done to at most.
const MaxBulk = 10_000

// Bulk is an action and what it is done to: the things of one kind that a
// listing picks, or those that are named.
type Bulk struct {
	Kind   FoundKind // users, organizations or projects
	Select Listing   // its sort, cursor and limit are ignored
	IDs    []reeve.ID
	Action BulkAction
}

// BulkPlan is what an action would be done to. Its token stands for exactly
// this action and these things.
type BulkPlan struct {
	Count int
	Items []Named // the first of them
	Token string
}

// plannedItems is how many things a plan shows.
const plannedItems = 100

// BulkResult tells what became of an action.
type BulkResult struct {
	Done   int
	Failed []BulkFailure
}

// BulkFailure is a thing that an action could not be done to.
type BulkFailure struct {
	ID  reeve.ID
	Err *reeve.Error
}

// PlanBulk tells what an action would be done to, and does nothing. Each plan is
// another one, also of the same action and things.
func (c *Control) PlanBulk(ctx context.Context, b Bulk) (out BulkPlan, err error) {
	_, ids, err := c.prepareBulk(ctx, b)
	if err != nil {
		return out, err
	}
	out = BulkPlan{Count: len(ids), Items: make([]Named, min(len(ids), plannedItems))}
	named := make([]*Named, len(out.Items))
	for i := range out.Items {
		out.Items[i] = Named{Kind: b.Kind, ID: ids[i]}
		named[i] = &out.Items[i]
	}
	out.Token = newPlan(c.store.Now()).token(b, ids)
	return out, c.nameAll(ctx, named)
}

var errChangedSelection = reeve.Errorf(reeve.Conflict, "the selection has changed since it was planned")

// RunBulk carries a plan out, if it is of this action and of exactly what is
// selected now: a Conflict otherwise. Each thing is done or not, some in each
// transaction. When it fails on the way, or no answer comes, it may be repeated
// with the same plan: nothing is done twice.
func (c *Control) RunBulk(ctx context.Context, b Bulk, token string) (out BulkResult, err error) {
	action, ids, err := c.prepareBulk(ctx, b)
	if len(b.IDs) > 0 && reeve.IsKind(err, reeve.NotFound) {
		err = errChangedSelection
	}
	if err != nil {
		return out, err
	}
	if c.store.Enclosed(ctx) {
		return out, errEnclosed
	}
	plan, err := parsePlan(token, c.store.Now())
	if err != nil {
		return out, err
	}
	if plan.token(b, ids) != token {
		return out, errChangedSelection
	}
	out.Failed = []BulkFailure{}
	for batch := range slices.Chunk(ids, bulkBatch) {
		if err := c.runBatch(ctx, action, plan, batch, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

// BulkProgress tells to how many things a plan's action has been done so far.
func (c *Control) BulkProgress(ctx context.Context, token string) (int, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return 0, err
	}
	plan, err := parsePlan(token, c.store.Now())
	if err != nil {
		return 0, err
	}
	return c.store.CountBulkDone(ctx, reeve.ID(plan))
}

// bulkBatch is how many things one transaction does.
const bulkBatch = 50

// runBatch does an action to some things: in one transaction, or each in its
// own if that fails.
func (c *Control) runBatch(ctx context.Context, do bulkAction, p plan, batch []reeve.ID, out *BulkResult) error {
	err := c.store.Write(ctx, func(tx *store.Tx) error {
		for _, id := range batch {
			open, err := tx.DoOnce(ctx, reeve.ID(p), id)
			if err == nil && open {
				err = do.each(ctx, tx, id)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err == nil:
		out.Done += len(batch)
		do.after(ctx, batch)
		return nil
	case ctx.Err() != nil || reeve.IsKind(err, reeve.Unavailable) || reeve.IsKind(err, reeve.Internal):
		return err
	case len(batch) == 1:
		out.Failed = append(out.Failed, BulkFailure{batch[0], reeve.AsError(err)})
		return nil
	}
	for i := range batch {
		if err := c.runBatch(ctx, do, p, batch[i:i+1], out); err != nil {
			return err
		}
	}
	return nil
}

// prepareBulk authorises and checks an action, and finds what it is done to, in
// the order of the ids.
func (c *Control) prepareBulk(ctx context.Context, b Bulk) (action bulkAction, ids []reeve.ID, err error) {
	by, err := operator(ctx, reeve.Look)
	if err != nil {
		return action, nil, err
	}
	actions := c.bulkActions(by, b)
	if len(actions) != 1 {
		return action, nil, reeve.Errorf(reeve.Invalid, "give exactly one action")
	}
	action = actions[0]
	if _, err := operator(ctx, action.right); err != nil {
		return action, nil, err
	}
	if action.of != nil && !slices.Contains(action.of, b.Kind) {
		return action, nil, reeve.Errorf(reeve.Invalid, "this action is done to things of kind %s only", action.of[0])
	}
	if err := action.check(); err != nil {
		return action, nil, err
	}
	if len(b.IDs) > 0 {
		ids, err = c.named(ctx, b)
	} else {
		ids, err = c.selected(ctx, b)
	}
	slices.SortFunc(ids, func(a, b reeve.ID) int { return slices.Compare(a[:], b[:]) })
	return action, slices.Compact(ids), err
}

var errTooMany = reeve.Errorf(reeve.Invalid, "more than %d things are selected", MaxBulk)

// named checks that all things are there that are named.
func (c *Control) named(ctx context.Context, b Bulk) ([]reeve.ID, error) {
	if len(b.IDs) > MaxBulk {
		return nil, errTooMany
	}
	there, err := c.existing(ctx, b.Kind, b.IDs)
	for _, id := range b.IDs {
		if err == nil && !there[id] {
			err = reeve.Errorf(reeve.NotFound, "%s not found", b.Kind).WithDetail("%s", id)
		}
	}
	return slices.Clone(b.IDs), err
}

func (c *Control) existing(ctx context.Context, kind FoundKind, ids []reeve.ID) (map[reeve.ID]bool, error) {
	switch kind {
	case FoundUser:
		return keys(c.store.UsersByID(ctx, ids))
	case FoundOrganization:
		return keys(c.store.OrganizationsByID(ctx, ids))
	default:
		return keys(c.store.ProjectsByID(ctx, ids))
	}
}

func keys[T any](things map[reeve.ID]T, err error) (map[reeve.ID]bool, error) {
	out := make(map[reeve.ID]bool, len(things))
	for id := range things {
		out[id] = true
	}
	return out, err
}

// selected reads all pages of a selection.
func (c *Control) selected(ctx context.Context, b Bulk) (ids []reeve.ID, err error) {
	if err := c.checkTexts(ctx); err != nil {
		return nil, err
	}
	b.Select.Sort, b.Select.After, b.Select.Limit = "created", "", 1000
	l, err := c.forStore(ctx, store.Kind(b.Kind), b.Select)
	for err == nil {
		var page []store.Position
		page, l.From, err = c.store.List(ctx, l)
		if ids = append(ids, idsOf(page)...); len(ids) > MaxBulk {
			return nil, errTooMany
		}
		if l.From == nil {
			break
		}
	}
	return ids, err
}
