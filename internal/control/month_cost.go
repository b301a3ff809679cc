package control

import (
	"context"
	"math"

	"github.com/reeve-cloud/reeve"
)

// monthCosts gives what a month of some of an owner's organisations has come to
// so far, in cents: what the draft comes to before coupons and credits pay for
// it, and all there is where that is too much for a statement. Those that are not
// there have cost nothing.
func (c *Control) monthCosts(ctx context.Context, owner reeve.ID, organizations []reeve.ID, month reeve.Month) (map[reeve.ID]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	drafts, failed, err := c.drafts(ctx, []reeve.ID{owner}, month)
	out := map[reeve.ID]int64{}
	for _, s := range drafts {
		if s.Month == month {
			out[s.OrganizationID] = s.Gross
		}
	}
	for _, id := range organizations {
		switch why := failed[reeve.StatementID(id, month)]; {
		case reeve.IsKind(why, reeve.Conflict):
			out[id] = math.MaxInt64
		case why != nil:
			return nil, why
		}
	}
	return out, err
}
