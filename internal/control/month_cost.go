package control

import (
	"context"
	"math"

	"github.com/reeve-cloud/reeve"
)

// errNoDraft is the answer for a month that has cost nothing yet.
var errNoDraft = reeve.Errorf(reeve.NotFound, "the month has no line yet")

// monthCost gives what an organisation's month has come to so far, in cents:
// what its draft comes to before coupons and credits pay for it.
func (c *Control) monthCost(ctx context.Context, organization reeve.ID) (int64, error) {
	draft, err := c.draft(ctx, organization, reeve.MonthOf(c.store.Now()), errNoDraft)
	switch {
	case reeve.IsKind(err, reeve.NotFound):
		return 0, nil
	case reeve.IsKind(err, reeve.Conflict): // too much for a statement, and for any budget
		return math.MaxInt64, nil
	}
	return draft.Gross, err
}
