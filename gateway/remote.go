package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/reeve-cloud/reeve"
)

// remote is the control plane: the replicas, any of which answers for all.
type remote struct {
	replicas []*replica
	token    reeve.Token
	client   *http.Client
	timeout  time.Duration // of one call to one replica
	clock    *clock
	lost     func() // called when a replica does not answer

	preferred atomic.Uint32 // the replica that answered last
}

// replica is a server's gateway listener.
type replica struct {
	url   string
	down  atomic.Bool  // it did not answer when it was asked last
	probe atomic.Int64 // ticks from which one call may find out whether it still is
}

// probeEvery is how often a call of any kind tries a replica that did not answer. The session does all the time.
const probeEvery = 5 * time.Second

func newRemote(config Config, clock *clock) *remote {
	out := &remote{token: config.Token, client: config.HTTPClient, timeout: config.Timeout, clock: clock}
	for _, url := range config.URLs {
		out.replicas = append(out.replicas, &replica{url: url})
	}
	return out
}

// call is one question to the control plane.
type call struct {
	method, path string
	in           any // encoded as JSON; nil: no body
	out          any // decoded from a 200; nil: nothing
	// twice says that nothing is lost if two replicas get the call, so that another is asked after a failure of any
	// kind. Without it, only where the first cannot have got it.
	twice bool
	// patient is for who has nothing else to do: replicas that did not answer are asked too, last. Other calls fail at
	// once where there are no others, for their callers have somebody waiting.
	patient bool
}

// answer is what came back, whatever the status.
type answer struct {
	sent, received ticks
	retryAfter     time.Duration // 0: none
}

// statusError is an answer that is neither success nor the control plane's own trouble.
type statusError struct {
	status int
	detail string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the control plane answered %d: %s", e.status, e.detail)
}

// isStatus tells whether the control plane answered with a status.
func isStatus(err error, status int) bool {
	answered, ok := errors.AsType[*statusError](err)
	return ok && answered.status == status
}

const longestReply = 4 << 20

// do asks the replicas one after the other until one answers. Errors are ErrUnavailable, ErrToken, a statusError, or
// the context's.
func (r *remote) do(ctx context.Context, c call) (answer, error) {
	var body []byte
	if c.in != nil {
		var err error
		if body, err = json.Marshal(c.in); err != nil {
			return answer{}, fmt.Errorf("encode %s: %w", c.path, err)
		}
	}
	failure := unavailable(errNoReplica)
	for _, at := range r.order(c) {
		got, err := r.ask(ctx, at, c, body)
		if !errors.Is(err, ErrUnavailable) {
			r.preferred.Store(uint32(at))
			return got, err
		}
		if ctx.Err() != nil {
			return got, ctx.Err()
		}
		failure = err
		if !c.twice && !untold(err) {
			break
		}
	}
	return answer{}, failure
}

var errNoReplica = errors.New("no replica has answered lately")

// order gives the replicas to ask: the one that answered last first, those that did not last or not at all.
func (r *remote) order(c call) (order []int) {
	var down []int
	first := int(r.preferred.Load())
	for i := range r.replicas {
		at := (first + i) % len(r.replicas)
		if one := r.replicas[at]; !one.down.Load() {
			order = append(order, at)
		} else if c.patient || one.mayProbe(r.clock.ticks()) {
			down = append(down, at)
		}
	}
	return append(order, down...)
}

// mayProbe lets one caller through at a time.
func (r *replica) mayProbe(now ticks) bool {
	from := r.probe.Load()
	return int64(now) >= from && r.probe.CompareAndSwap(from, int64(now.plus(probeEvery)))
}

// note keeps whether a replica answered.
func (r *remote) note(at int, answered bool) {
	one := r.replicas[at]
	if answered {
		if one.down.Load() {
			one.down.Store(false)
		}
		return
	}
	one.probe.Store(int64(r.clock.ticks().plus(probeEvery)))
	if !one.down.Swap(true) {
		r.lost()
	}
}

// untold tells whether a failed call cannot have reached a replica.
func untold(err error) bool {
	dial, ok := errors.AsType[*net.OpError](err)
	return ok && dial.Op == "dial"
}

// request makes a request to one replica.
func (r *remote) request(ctx context.Context, at int, method, path string, body []byte) (*http.Request, error) {
	var in io.Reader
	if body != nil {
		in = bytes.NewReader(body)
	}
	out, err := http.NewRequestWithContext(ctx, method, r.replicas[at].url+path, in)
	if err != nil {
		return nil, err
	}
	out.Header.Set("Authorization", "Bearer "+string(r.token))
	if body != nil {
		out.Header.Set("Content-Type", "application/json")
	}
	return out, nil
}

// ask makes a call to one replica.
func (r *remote) ask(caller context.Context, at int, c call, body []byte) (out answer, err error) {
	ctx, cancel := context.WithTimeout(caller, r.timeout)
	defer cancel()
	request, err := r.request(ctx, at, c.method, c.path, body)
	if err != nil {
		return out, err
	}
	out.sent = r.clock.ticks()
	response, err := r.client.Do(request)
	if err != nil {
		if caller.Err() == nil { // else it was not given the time
			r.note(at, false)
		}
		return out, unavailable(err)
	}
	r.note(at, true)
	defer func() { _ = response.Body.Close() }()
	out.received = r.clock.ticks()
	text, err := io.ReadAll(io.LimitReader(response.Body, longestReply))
	if err != nil {
		return out, unavailable(err)
	}
	date, _ := http.ParseTime(response.Header.Get("Date"))
	r.clock.guess(date, out.sent, out.received)
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		out.retryAfter = time.Duration(seconds) * time.Second
	}
	if err := judgeStatus(response.StatusCode, text); err != nil || c.out == nil {
		return out, err
	}
	if err := json.Unmarshal(text, c.out); err != nil {
		return out, unavailable(fmt.Errorf("the answer to %s: %w", c.path, err))
	}
	return out, nil
}

// judgeStatus makes an error of a status.
func judgeStatus(status int, body []byte) error {
	switch {
	case status == http.StatusOK:
		return nil
	case status == http.StatusUnauthorized:
		return ErrToken
	}
	var problem struct {
		Detail string `json:"detail"`
	}
	_ = json.Unmarshal(body, &problem) // a proxy's page has none
	err := &statusError{status, problem.Detail}
	if status >= 500 || status < 400 || status == http.StatusTooManyRequests && problem.Detail == "" {
		return unavailable(err)
	}
	return err
}

// unavailable makes any failure to get an answer an ErrUnavailable.
func unavailable(cause error) error { return fmt.Errorf("%w: %w", ErrUnavailable, cause) }

// stream opens the feed at the replica of a number after what has been taken in. The caller closes it.
func (r *remote) stream(ctx context.Context, at int, after int64) (io.ReadCloser, error) {
	request, err := r.request(ctx, at, http.MethodGet, "/gateway/feed?after="+strconv.FormatInt(after, 10), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "text/event-stream")
	response, err := r.client.Do(request)
	if err != nil {
		return nil, unavailable(err)
	}
	r.note(at, true)
	if response.StatusCode != http.StatusOK {
		defer func() { _ = response.Body.Close() }()
		text, _ := io.ReadAll(io.LimitReader(response.Body, longestReply))
		return nil, judgeStatus(response.StatusCode, text)
	}
	return response.Body, nil
}
