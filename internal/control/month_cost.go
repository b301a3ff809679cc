package control

import (
	"context"
	"math"

	"github.com/reeve-cloud/reeve"
)

// monthCosts gives what a month of each of some organisations, all of one owner,
// has come to so far, in cents: what its draft comes to before coupons and
// credits pay for it. What is too much for a statement is as much as can be.
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
		if failed[reeve.StatementID(id, month)] != nil {
			out[id] = math.MaxInt64
		}
	}
	return out, err
}
