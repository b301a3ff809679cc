package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/reeve-cloud/reeve"
)

// Decision is a Verdict with all its codes, and what is left of the project's rate.
type Decision struct {
	Verdict
	Rate *RateState // nil: the project has no rate limit, or the key is not valid
}

// RateState is what is left of a project's rate.
type RateState struct {
	Limit     int64         // units a second
	Remaining int64         // units that this gateway may admit without asking
	Reset     time.Duration // until the next second begins
}

// Authorize judges a request as POST /gateway/verify does: Verify, then whether the project has used up what it may
// store or send, which is asked for once a second, then cost units of its rate by Admit. Only a request that passes
// takes anything. Errors are those of Verify and Admit; a limit that is reached is none but a code.
func (c *Client) Authorize(ctx context.Context, r Request, cost int64) (Decision, error) {
	verdict, err := c.Verify(ctx, r)
	if err != nil || !verdict.Valid() {
		return Decision{Verdict: verdict}, err
	}
	r.Project = verdict.ProjectID
	out := Decision{Verdict: verdict}
	if out.Code, err = c.exceeded(ctx, r, verdict.Limits); err != nil {
		return Decision{}, err
	}
	limit, limited := verdict.Limits.Rate.Number()
	if !limited {
		return out, nil
	}
	if out.Valid() {
		err = c.Admit(ctx, r.Project, reeve.MeterRate, cost)
		if _, reached := errors.AsType[*LimitError](err); reached {
			out.Code, err = reeve.CodeRateLimited, nil
		}
		if err != nil {
			return Decision{}, err
		}
	}
	now := c.clock.at(c.clock.ticks())
	out.Rate = &RateState{
		Limit: limit, Remaining: c.accounts.left(accountID{r.Project, ofRate}),
		Reset: now.Truncate(time.Second).Add(time.Second).Sub(now),
	}
	return out, nil
}

// left gives how many units are held.
func (as *accounts) left(id accountID) int64 {
	a := as.shard(id).find(id)
	if a == nil {
		return 0
	}
	held := a.held.Load()
	if held == nil || !held.running(time.Now()) {
		return 0
	}
	return held.rest()
}
