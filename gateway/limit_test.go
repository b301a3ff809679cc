package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/gateway"
	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
	"github.com/reeve-cloud/reeve/macaroon"
)

// projectID gives the id of a bound project.
func projectID(t *testing.T, s *reevetest.Server, name string) reeve.ID {
	t.Helper()
	id, err := reeve.ParseID(reeve.PrefixProject, s.Value(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// exhaust admits by several clients at once, n units at a time, until each was refused so often; it gives what was
// admitted.
func exhaust(t *testing.T, clients []*gateway.Client, project reeve.ID, m reeve.Meter, n int64) int64 {
	t.Helper()
	var admitted atomic.Int64
	var work sync.WaitGroup
	for _, c := range clients {
		for range 3 {
			work.Go(func() {
				for refused := 0; refused < 3; {
					err := c.Admit(t.Context(), project, m, n)
					if limited, ok := errors.AsType[*gateway.LimitError](err); ok && limited.Meter == m {
						refused++
						time.Sleep(10 * time.Millisecond)
					} else if err != nil {
						t.Error(err)
						return
					} else {
						admitted.Add(n)
					}
				}
			})
		}
	}
	work.Wait()
	return admitted.Load()
}

// TestLimitsHold: clients that admit at the same time never admit more than the limit together, and nothing is lost
// when they end.
func TestLimitsHold(t *testing.T) {
	each(t, func(t *testing.T, s *reevetest.Server) {
		project := projectID(t, s, "px")
		s.Do(t, step{Call: "PUT /api/projects/{px}/limit?usage=30000B&bandwidth=20000B&rate=100", Status: 200})
		clients := []*gateway.Client{connect(t, s, "one"), connect(t, s, "two"), connect(t, s, "three")}
		for _, test := range []struct {
			meter    reeve.Meter
			n, limit int64
		}{{reeve.MeterUsage, 7, 30_000}, {reeve.MeterBandwidth, 10, 20_000}, {reeve.MeterRate, 1, 100}} {
			got := exhaust(t, clients, project, test.meter, test.n)
			if got > test.limit || got < test.limit*8/10 {
				t.Errorf("%s: %d of %d were admitted", test.meter, got, test.limit)
			}
			if test.meter == reeve.MeterRate {
				continue // the server's clock stands still: its second never ends
			}
			for _, c := range clients {
				if err := c.Admit(t.Context(), project, test.meter, test.limit+1); err == nil {
					t.Errorf("%s: more than the limit was admitted at once", test.meter)
				}
			}
		}
		if err := clients[0].Admit(t.Context(), reevetest.NewID(), reeve.MeterRate, 1); !reeve.IsKind(err, reeve.NotFound) {
			t.Errorf("an unknown project: %v", err)
		}
		for _, c := range clients {
			if err := c.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		// What they did not use is there again: to the unit, all together.
		again := connect(t, s, "again")
		rest := exhaust(t, []*gateway.Client{again}, project, reeve.MeterBandwidth, 1)
		if rest > 20_000 {
			t.Error(rest)
		}
		if err := again.Close(t.Context()); err != nil {
			t.Error(err)
		}
		states, err := s.Store.Meters(t.Context(), project)
		if err != nil {
			t.Fatal(err)
		}
		for m, state := range states {
			if m != reeve.MeterRate && state.Leased != 0 {
				t.Errorf("%s: %d are still leased", m, state.Leased)
			}
		}
		if used := states[reeve.MeterBandwidth].Committed; used != 20_000 {
			t.Errorf("%d bytes of egress are charged, want 20000", used)
		}
	})
}

// deaf loses the answers to requests for leases while it is deaf.
type deaf struct{ lost atomic.Int64 }

func (d *deaf) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && r.Method == http.MethodPost && r.URL.Path == "/gateway/leases" && d.lost.Add(-1) >= 0 {
		_ = answer.Body.Close()
		return nil, errors.New("the answer is lost")
	}
	return answer, err
}

// TestLostAnswer: a lease whose answer is lost holds nothing for good.
func TestLostAnswer(t *testing.T) {
	each(t, func(t *testing.T, s *reevetest.Server) {
		project := projectID(t, s, "px")
		s.Do(t, reevetest.Step{Call: "PUT /api/projects/{px}/limit?usage=1000B", Status: 200})
		ear := &deaf{}
		c, err := gateway.New(t.Context(), gateway.Config{
			URLs: []string{s.URL("gateway")}, Token: reeve.Token(s.Value(t, "token")), HTTPClient: &http.Client{Transport: ear},
		})
		if err != nil {
			t.Fatal(err)
		}
		ear.lost.Store(3)
		if err := c.Admit(t.Context(), project, reeve.MeterUsage, 400); err == nil {
			t.Fatal("admitted without an answer")
		}
		ear.lost.Store(0)
		deadline := time.Now().Add(20 * time.Second)
		for err = errors.New("not yet"); err != nil && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			err = c.Admit(t.Context(), project, reeve.MeterUsage, 1000)
		}
		if err != nil {
			t.Errorf("what the lost lease holds is not given back: %v", err)
		}
		if err := c.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestRate: by a clock that runs, several clients together admit about the limit each second, and no more.
func TestRate(t *testing.T) {
	t.Parallel()
	storetest.EachConfig(t, func(t *testing.T, config store.Config) {
		s := reevetest.OpenStore(t, storetest.Open(t, config))
		s.Tenants(t)
		s.Gateway(t, "gateway")
		s.Ready(t)
		const limit = 10 // that the slowest machine goes beyond
		s.Do(t, step{Call: "PUT /api/projects/{px}/limit?rate=10", Status: 200})
		key := newKey(t, s, "root")
		clients := []*gateway.Client{connect(t, s, "one"), connect(t, s, "two")}
		begun := time.Now()
		ctx, stop := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer stop()
		var admitted, limited atomic.Int64
		var work sync.WaitGroup
		for i := range 4 {
			c := clients[i%2]
			work.Go(func() {
				for ctx.Err() == nil {
					got, err := c.Authorize(ctx, gateway.Request{Key: key, Op: macaroon.OpList}, 1)
					switch {
					case ctx.Err() != nil:
					case err != nil:
						t.Error(err)
						return
					case got.Rate == nil || got.Rate.Limit != limit || got.Rate.Reset > time.Second:
						t.Errorf("rate %+v", got.Rate)
						return
					case got.Valid():
						admitted.Add(1)
					case got.Code == reeve.CodeRateLimited:
						limited.Add(1)
						time.Sleep(time.Millisecond)
					default:
						t.Errorf("%+v", got)
						return
					}
				}
			})
		}
		work.Wait()
		most := limit * (time.Now().Unix() - begun.Unix() + 1)
		if got := admitted.Load(); got > most || got < limit || limited.Load() == 0 {
			t.Errorf("%d were admitted of %d, %d refused", got, most, limited.Load())
		}
		t.Logf("%d of %d", admitted.Load(), most)
	})
}

// TestExceeded: what others use up of a limit is noticed.
func TestExceeded(t *testing.T) {
	each(t, func(t *testing.T, s *reevetest.Server) {
		project := projectID(t, s, "px")
		s.Do(t, step{Call: "PUT /api/projects/{px}/limit?usage=1000B&bandwidth=0", Status: 200})
		key := newKey(t, s, "root")
		c, other := connect(t, s, "edge"), connect(t, s, "other")
		code := func(op macaroon.Op) reeve.VerdictCode {
			got, err := c.Authorize(t.Context(), gateway.Request{Key: key, Op: op, Bucket: "b", Path: "p"}, 1)
			if err != nil {
				t.Fatal(err)
			}
			return got.Code
		}
		if got := [3]reeve.VerdictCode{code(macaroon.OpWrite), code(macaroon.OpRead), code(macaroon.OpDelete)}; got !=
			[3]reeve.VerdictCode{reeve.CodeValid, reeve.CodeBandwidthExceeded, reeve.CodeValid} {
			t.Error(got)
		}
		if err := other.Admit(t.Context(), project, reeve.MeterUsage, 1000); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(10 * time.Second); code(macaroon.OpWrite) != reeve.CodeUsageExceeded; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("nobody noticed")
			}
		}
	})
}
