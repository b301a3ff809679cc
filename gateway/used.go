package gateway

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/macaroon"
)

// used remembers for a moment which projects store all that they may, or have used up the month's egress: what others
// use of a limit is known to the control plane alone.
type used struct {
	mu    sync.Mutex
	known map[usedID]*usedState
}

type usedID struct {
	project reeve.ID
	op      macaroon.Op // OpWrite or OpRead
}

type usedState struct {
	code   reeve.VerdictCode
	asked  ticks // when code was true; 0: never
	asking bool
}

const (
	usedFresh = time.Second      // what is known counts so long
	usedStale = 10 * time.Second // and so long while it is asked for again
	usedMost  = 100_000
)

func newUsed() *used { return &used{known: map[usedID]*usedState{}} }

// get gives what is known, and whether the caller shall ask.
func (u *used) get(id usedID, now ticks) (code reeve.VerdictCode, age time.Duration, ask bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	found := u.known[id]
	if found == nil {
		if len(u.known) >= usedMost {
			clear(u.known)
		}
		found = &usedState{}
		u.known[id] = found
	}
	age = now.minus(found.asked)
	ask = !found.asking && age >= usedFresh
	found.asking = found.asking || ask
	if found.asked == 0 {
		age = usedStale
	}
	return found.code, age, ask
}

// told keeps an answer of what was true at some ticks, or with "" that there was none.
func (u *used) told(id usedID, code reeve.VerdictCode, at ticks) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if found := u.known[id]; found != nil {
		found.asking = false
		if code != "" {
			found.code, found.asked = code, at
		}
	}
}

// exceeded gives CodeUsageExceeded for writing to a project that stores all that it may, CodeBandwidthExceeded for
// reading from one whose egress is used up, and CodeValid for all else. It is right to within a second.
func (c *Client) exceeded(ctx context.Context, r Request, limits reeve.Limits) (reeve.VerdictCode, error) {
	limit, id := reeve.Unlimited, usedID{r.Project, r.Op}
	switch r.Op {
	case macaroon.OpWrite:
		limit = limits.Usage
	case macaroon.OpRead:
		limit = limits.Bandwidth
	}
	if _, limited := limit.Number(); !limited {
		return reeve.CodeValid, nil
	}
	code, age, ask := c.used.get(id, c.clock.ticks())
	switch {
	case age < usedStale && ask:
		go func() { _, _ = c.askUsed(c.life, id, r) }()
	case age >= usedStale:
		told, err := c.askUsed(ctx, id, r)
		if err != nil && (c.config.Admit != Serve || !errors.Is(err, ErrUnavailable)) {
			return "", err
		}
		if err == nil {
			code = told
		}
	}
	if code == "" {
		code = reeve.CodeValid
	}
	return code, nil
}

// askUsed asks for a request that takes nothing.
func (c *Client) askUsed(ctx context.Context, id usedID, r Request) (code reeve.VerdictCode, err error) {
	now := c.clock.ticks()
	defer func() { c.used.told(id, code, now) }()
	var out struct {
		Code reeve.VerdictCode `json:"code"`
	}
	_, err = c.remote.do(ctx, call{
		method: http.MethodPost, path: "/gateway/verify", twice: true, out: &out,
		in: struct {
			Key    string `json:"key"`
			Action string `json:"action"`
			Bucket string `json:"bucket,omitempty"`
			Path   []byte `json:"encryptedPath,omitempty"`
			Cost   int    `json:"cost"`
		}{r.Key, r.Op.String(), r.Bucket, []byte(r.Path), 0},
	})
	if err != nil {
		return "", err
	}
	if out.Code == reeve.CodeUsageExceeded || out.Code == reeve.CodeBandwidthExceeded {
		return out.Code, nil
	}
	return reeve.CodeValid, nil
}
