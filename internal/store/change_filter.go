package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

// ChangeFilter picks changes; empty fields pick all.
type ChangeFilter struct {
	Actor, Action string
	Target        *reeve.ID
	Organization  *reeve.ID
	Since, Until  *time.Time // made at Since or later, and before Until
	Before        int64      // only numbers below it; 0 for all
	Limit         int
}

// Changes lists numbered changes, newest first.
func (r Reader) Changes(ctx context.Context, f ChangeFilter) ([]reeve.Change, error) {
	var conditions []string
	var args []any
	where := func(condition string, arg any) {
		args = append(args, arg)
		conditions = append(conditions, fmt.Sprintf("%s $%d", condition, len(args)))
	}
	if f.Actor != "" {
		where("actor =", f.Actor)
	}
	if f.Action != "" {
		where("action =", f.Action)
	}
	if f.Target != nil {
		where("target =", *f.Target)
	}
	if f.Organization != nil {
		where("organization_id =", *f.Organization)
	}
	if f.Before > 0 {
		where("number <", f.Before)
	}
	if f.Since != nil {
		first, err := r.changeNear(ctx, f.Since.Add(-outOfOrder))
		if err != nil {
			return nil, err
		}
		where("number >=", first)
		where("at >=", *f.Since)
	}
	if f.Until != nil {
		last, err := r.changeNear(ctx, f.Until.Add(outOfOrder))
		if err != nil {
			return nil, err
		}
		where("number <", last)
		where("at <", *f.Until)
	}
	text := "SELECT number, hash, " + changeColumns + " FROM changes"
	if conditions != nil {
		text += " WHERE " + strings.Join(conditions, " AND ")
	}
	args = append(args, f.Limit)
	text += fmt.Sprintf(" ORDER BY number DESC LIMIT $%d", len(args))
	return many(ctx, r, read{sql: text, args: args}, scanChange)
}

// outOfOrder is how far the times of changes may differ from the order of their
// numbers: by how long a transaction takes, and by how the replicas' clocks
// differ.
const outOfOrder = time.Hour

// changeNear gives the number of a change that was made at a time or later, and
// whose predecessor was not; the number after the newest if there is none. It
// looks at some 2 log n rows: no index of times has to be kept.
func (r Reader) changeNear(ctx context.Context, at time.Time) (int64, error) {
	low, _, err := r.ChangeEnd(ctx, "anchor")
	if err != nil {
		return 0, err
	}
	high, _, err := r.ChangeEnd(ctx, "head")
	if err != nil {
		return 0, err
	}
	for high++; low+1 < high; { // low was made before, high was not
		middle := low + (high-low)/2
		made, err := one(ctx, r, read{"SELECT at FROM changes WHERE number = $1", []any{middle}, missing("change")}, value[time.Time])
		switch {
		case reeve.IsKind(err, reeve.NotFound): // removed since the anchor was read
			low = middle
		case err != nil:
			return 0, err
		case made.Before(at):
			low = middle
		default:
			high = middle
		}
	}
	return high, nil
}
