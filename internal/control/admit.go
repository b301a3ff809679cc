package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/macaroon"
)

// admit counts a request against what its project may use, and changes the
// verdict if that is used up. What takes nothing is looked at first, so that a
// request that is refused takes nothing of the rate.
func (c *Control) admit(ctx context.Context, in KeyCheck, v *Verdict) error {
	code, err := c.checkUsed(ctx, in.Op, v)
	if err != nil {
		return err
	}
	v.Code = code
	limit, limited := v.Limits.Rate.Number()
	if !limited {
		return nil
	}
	cost := in.Cost
	if code != reeve.CodeValid {
		cost = 0
	}
	ok, left, err := c.takeRate(ctx, v.ProjectID, cost, limit)
	switch {
	case reeve.IsKind(err, reeve.NotFound): // the project has just gone
		*v = Verdict{Code: reeve.CodeNotFound, Epoch: v.Epoch, Key: v.Key}
		return nil
	case err != nil:
		return err
	case !ok:
		v.Code = reeve.CodeRateLimited
	}
	now := c.store.Now()
	v.Rate = &RateState{
		Limit: limit, Remaining: left,
		Reset: now.Truncate(time.Second).Add(time.Second).Sub(now),
	}
	return nil
}

// checkUsed refuses writing when the project stores all that it may, and
// reading when the month's egress is used up: committed or leased to others.
func (c *Control) checkUsed(ctx context.Context, op macaroon.Op, v *Verdict) (reeve.VerdictCode, error) {
	meter, code := reeve.MeterUsage, reeve.CodeUsageExceeded
	switch op {
	case macaroon.OpWrite:
	case macaroon.OpRead:
		meter, code = reeve.MeterBandwidth, reeve.CodeBandwidthExceeded
	default:
		return reeve.CodeValid, nil
	}
	limit := v.Limits.Of(meter)
	n, limited := limit.Number()
	if !limited {
		return reeve.CodeValid, nil
	}
	if n == 0 {
		return code, nil
	}
	now := c.store.Now()
	states, err := c.meters(ctx, v.ProjectID, now)
	if err != nil {
		return "", err
	}
	if states[meter].At(meter, now).Free(limit) == 0 {
		return code, nil
	}
	return reeve.CodeValid, nil
}
