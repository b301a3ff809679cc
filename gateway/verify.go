package gateway

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/macaroon"
)

// Verify judges a key for a request. A key that was judged before is answered from memory, without a call, an
// allocation or a lock that is held for long; any other is asked for. It judges the key and takes nothing of any limit
// (Admit does): its codes are those up to CodeForbidden, and CodeValid.
//
// The error is not nil only when no judgement could be made: ErrUnavailable, ErrToken, ErrClosed or the context's. Such
// a request must be refused. It is safe to call from many goroutines.
func (c *Client) Verify(ctx context.Context, r Request) (Verdict, error) {
	// The order matters: the lease that is read first cannot be of a later session than what is found, and the time
	// that is read last is that of an answer, however long this goroutine or machine slept on the way.
	until := c.servable()
	if found := c.cache.get(r.Key); found != nil {
		if now := c.clock.ticks(); now < until {
			if r.Project == reeve.Zero || r.Project == found.ProjectID {
				found.note(now)
			}
			return found.judge(&r, c.clock.at(now)), nil
		}
	}
	return c.lookUp(ctx, r, until)
}

// servable gives until when the cache may be used, as far as is known now.
func (c *Client) servable() ticks {
	until := c.session.leased.Load()
	if c.config.Verify == Refuse {
		until = min(until, c.session.heard.Load())
	}
	return ticks(until)
}

// lookUp judges a key that is not in the cache, or may not be served from it.
func (c *Client) lookUp(ctx context.Context, r Request, until ticks) (Verdict, error) {
	key, err := macaroon.Parse(r.Key)
	if err != nil {
		return Verdict{Code: reeve.CodeMalformed}, nil
	}
	now := c.clock.ticks()
	c.session.lapsed(now)
	what := question{r.Key, r.Project}
	if verdict, known := c.refusals.get(what, now); known {
		return verdict, nil
	}
	found, err := c.lookups.get(ctx, what, func(found *finding) bool {
		// Somebody asked before this request came. The answer counts for it too if it would be served from the cache.
		return c.clock.ticks() < until && c.cache.stands(found.grant.Epoch)
	}, func(ctx context.Context) (*finding, error) { return c.find(ctx, what, key) })
	switch {
	case err != nil:
		return Verdict{}, err
	case found.refused != reeve.CodeValid:
		return Verdict{Code: found.refused, Identity: found.grant.Identity}, nil
	}
	return found.grant.judge(&r, c.clock.at(c.clock.ticks())), nil
}

// finding is what the server says of a key, whatever it is to be used for.
type finding struct {
	refused reeve.VerdictCode // CodeValid: it is not, and the grant decides
	grant   grant
}

// question is what the server is asked: the rest of a request is judged here. The project is part of it because what is
// told of a revoked key does not name it.
type question struct {
	key     string
	project reeve.ID // zero: any
}

// asked is a question as it is sent: reading nothing in particular, which takes nothing of any limit. The caveats are asked here.
type asked struct {
	Key     string `json:"key"`
	Action  string `json:"action"`
	Cost    int    `json:"cost"`
	Lineage bool   `json:"lineage"`
	Project string `json:"project,omitempty"`
}

// verdictReply is the verdict, as far as it is of use. Its restrictions are not: the key has them.
type verdictReply struct {
	Code           reeve.VerdictCode `json:"code"`
	ProjectID      uuid.UUID         `json:"projectId"`
	OrganizationID uuid.UUID         `json:"organizationId"`
	OwnerID        uuid.UUID         `json:"ownerId"`
	KeyID          uuid.UUID         `json:"keyId"`
	KeyName        string            `json:"keyName"`
	Limits         toldLimits        `json:"limits"`
	Epoch          int64             `json:"epoch"`
	Lineage        []KeyName         `json:"lineage"`
	IssuedAt       time.Time         `json:"issuedAt"`
}

// toldLimits are the project's; null is no limit.
type toldLimits struct{ Usage, Bandwidth, Rate, Buckets *int64 }

func limit(n *int64) reeve.Limit {
	if n == nil {
		return reeve.Unlimited
	}
	return reeve.LimitOf(*n)
}

// find asks the server for a key and keeps the answer as long as it may be kept.
func (c *Client) find(ctx context.Context, what question, key macaroon.Key) (*finding, error) {
	in := asked{Key: what.key, Action: macaroon.OpRead.String(), Lineage: true}
	if what.project != reeve.Zero {
		in.Project = what.project.String()
	}
	var verdict verdictReply
	_, err := c.remote.do(ctx, call{
		method: http.MethodPost, path: "/gateway/verify", twice: true, in: in, out: &verdict,
	})
	if _, answered := errors.AsType[*statusError](err); answered {
		return nil, unavailable(err) // a well-formed question is always answered 200
	}
	if err != nil {
		return nil, err
	}
	out := &finding{refused: verdict.Code, grant: newGrant(key, verdict.identity())}
	switch verdict.Code {
	case reeve.CodeValid, reeve.CodeExpired, reeve.CodeForbidden,
		reeve.CodeUsageExceeded, reeve.CodeBandwidthExceeded, reeve.CodeRateLimited:
		out.refused = reeve.CodeValid
		c.cache.add(what.key, out.grant)
	default:
		c.refusals.add(what, Verdict{Code: verdict.Code, Identity: out.grant.Identity}, c.clock.ticks())
	}
	return out, nil
}

func (t *verdictReply) identity() Identity {
	return Identity{
		KeyID: reeve.ID(t.KeyID), KeyName: t.KeyName, IssuedAt: t.IssuedAt,
		ProjectID: reeve.ID(t.ProjectID), OrganizationID: reeve.ID(t.OrganizationID), OwnerID: reeve.ID(t.OwnerID),
		Limits: reeve.Limits{
			Usage: limit(t.Limits.Usage), Bandwidth: limit(t.Limits.Bandwidth),
			Rate: limit(t.Limits.Rate), Buckets: limit(t.Limits.Buckets),
		},
		Lineage: t.Lineage, Epoch: t.Epoch,
	}
}
