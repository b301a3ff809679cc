package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// monthCosts gives what a month of each of an owner's organisations has come to
// so far, in cents: what its draft comes to before coupons and credits pay for
// it. Those that are not there have cost nothing.
func (c *Control) monthCosts(ctx context.Context, owner reeve.ID, month reeve.Month) (map[reeve.ID]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	drafts, err := c.drafts(ctx, []reeve.ID{owner}, month)
	out := map[reeve.ID]int64{}
	for _, s := range drafts {
		if s.Month == month {
			out[s.OrganizationID] = s.Gross
		}
	}
	return out, err
}
