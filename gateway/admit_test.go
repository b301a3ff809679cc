package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
)

// book is a peer's book of one limit.
type book struct {
	limit, committed int64
	leases           map[uuid.UUID]int64
	calls            int
}

// lend serves leases of one limit beside what p serves.
func (p *peer) lend(limit int64) *book {
	l := &book{limit: limit, leases: map[uuid.UUID]int64{}}
	serve := p.Config.Handler
	mux := http.NewServeMux()
	mux.Handle("/", serve)
	down := func(w http.ResponseWriter) bool {
		if p.status != 0 {
			w.WriteHeader(p.status)
		}
		l.calls++
		return p.status != 0
	}
	mux.HandleFunc("POST /gateway/leases", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			ID                     uuid.UUID
			Rate, Bandwidth, Usage int64
		}
		_ = json.NewDecoder(r.Body).Decode(&in)
		p.mu.Lock()
		defer p.mu.Unlock()
		if down(w) {
			return
		}
		sum, asked := l.committed, in.Rate+in.Bandwidth+in.Usage
		for _, n := range l.leases {
			sum += n
		}
		if sum+asked > l.limit {
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = w.Write([]byte(`{"detail":"the limit is reached"}`))
			return
		}
		l.leases[in.ID] = asked
		_ = json.NewEncoder(w).Encode(map[string]any{"id": in.ID})
	})
	mux.HandleFunc("PUT /gateway/leases/{id}", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Rate, Bandwidth, Usage int64 }
		_ = json.NewDecoder(r.Body).Decode(&in)
		p.mu.Lock()
		defer p.mu.Unlock()
		if down(w) {
			return
		}
		id := uuid.MustParse(r.PathValue("id"))
		leased, known := l.leases[id]
		used := in.Rate + in.Bandwidth + in.Usage
		switch {
		case !known:
			w.WriteHeader(http.StatusNotFound)
		case used > leased:
			w.WriteHeader(http.StatusBadRequest)
		default:
			delete(l.leases, id)
			l.committed += used
		}
	})
	p.Config.Handler = mux
	return l
}

// TestAdmitAtOnce: many at once are admitted up to the limit, to the unit, and what was admitted is settled.
func TestAdmitAtOnce(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	const limit = 5_000
	lent := p.lend(limit)
	c, _ := p.connect(t, nil)
	for i := range c.accounts.paces {
		c.accounts.paces[i].holdOff = time.Millisecond
	}
	var admitted, over atomic.Int64
	var work sync.WaitGroup
	for i := range 8 {
		work.Go(func() {
			n := int64(i%3 + 1)
			for range 2 * limit / 8 {
				err := c.Admit(t.Context(), reeve.ID{1}, reeve.MeterBandwidth, n)
				switch limited, ok := errors.AsType[*LimitError](err); {
				case err == nil:
					admitted.Add(n)
				case !ok || limited.RetryAfter != 3*time.Second || !reeve.IsKind(err, reeve.Exhausted):
					t.Error(err)
					return
				default:
					over.Add(1)
				}
			}
		})
	}
	work.Wait()
	if admitted.Load() > limit || admitted.Load() < limit-3 || over.Load() == 0 {
		t.Errorf("%d of %d admitted, %d refused", admitted.Load(), limit, over.Load())
	}
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if lent.committed != admitted.Load() || len(lent.leases) != 0 {
		t.Errorf("%d committed, %d admitted, %d leases left", lent.committed, admitted.Load(), len(lent.leases))
	}
	if lent.calls > limit/4 {
		t.Errorf("%d calls", lent.calls)
	}
}

// TestAdmitWithoutControlPlane: what is leased is admitted, and what comes after it is refused or counted.
func TestAdmitWithoutControlPlane(t *testing.T) {
	t.Parallel()
	for _, outage := range []Outage{Refuse, Serve} {
		p := newPeer(t)
		lent := p.lend(1 << 40)
		c, _ := p.connect(t, func(c *Config) { c.Admit = outage })
		admit := func(n int64) error { return c.Admit(t.Context(), reeve.ID{1}, reeve.MeterUsage, n) }
		if err := admit(100); err != nil {
			t.Fatal(err)
		}
		a := c.accounts.get(accountID{reeve.ID{1}, ofUsage})
		eventually(t, "fetched ahead", func() bool {
			a.mu.Lock()
			defer a.mu.Unlock()
			return a.flight == nil && a.held.Load() != nil && a.held.Load().used.Load() == 0
		})
		rest := a.held.Load().rest()
		p.fail(t, http.StatusServiceUnavailable)
		if err := admit(rest); err != nil {
			t.Errorf("under the lease: %v", err)
		}
		begun := time.Now()
		for range 10 {
			if err := admit(5); (err == nil) != (outage == Serve) || err != nil && !errors.Is(err, ErrUnavailable) {
				t.Errorf("outage %d: %v", outage, err)
			}
		}
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("took %s", took)
		}
		p.set(func() { p.status = 0 })
		eventually(t, "back", func() bool { return admit(1) == nil && a.refused.errNow(a) == nil })
		if err := c.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.mu.Lock()
		if want := 100 + rest; outage == Refuse && lent.committed < want || outage == Serve && lent.committed < want+50 || len(lent.leases) != 0 {
			t.Errorf("outage %d: %d committed, %d leases left", outage, lent.committed, len(lent.leases))
		}
		p.mu.Unlock()
	}
}

func (r *refusedFetch) errNow(a *account) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return r.err
}

// TestSlicesEnd: a lease that has ended admits nothing of a rate, and is settled.
func TestSlicesEnd(t *testing.T) {
	t.Parallel()
	id := accountID{reeve.ID{1}, ofRate}
	now := time.Now()
	s := newSlice(id, uuid.New(), 10, now, time.Second)
	for _, test := range []struct {
		name string
		at   time.Time
		want bool
	}{
		{"at once", now, true},
		{"just before", now.Add(990 * time.Millisecond), true},
		{"after", now.Add(time.Second), false},
		{"the wall clock says after", now.Round(0).Add(time.Second), false},
	} {
		if got := s.running(test.at); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
	if ok, fetch := s.take(4); !ok || fetch {
		t.Error("4 of 10")
	}
	if ok, fetch := s.take(1); !ok || !fetch {
		t.Error("half is taken: the next is due")
	}
	if ok, _ := s.take(11); ok {
		t.Error("more than there ever was")
	}
	if ok, _ := s.take(5); !ok {
		t.Error("the rest")
	}
	if ok, _ := s.take(1); ok {
		t.Error("one too many")
	}
	if used, first := s.close(); used != 10 || !first {
		t.Error(used, first)
	}
	if _, first := s.close(); first {
		t.Error("closed twice")
	}
	if ok, _ := s.take(1); ok || s.rest() != 0 {
		t.Error("after the end")
	}
}

// TestIdleAccounts: what nobody uses any more is settled and forgotten.
func TestIdleAccounts(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	lent := p.lend(1000)
	c, _ := p.connect(t, nil)
	if err := c.Admit(t.Context(), reeve.ID{1}, reeve.MeterBandwidth, 7); err != nil {
		t.Fatal(err)
	}
	id := accountID{reeve.ID{1}, ofBandwidth}
	eventually(t, "landed", func() bool {
		a := c.accounts.get(id)
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.flight == nil
	})
	c.accounts.sweep(time.Now().Add(time.Hour))
	c.accounts.retry(context.Background())
	p.mu.Lock()
	if lent.committed != 7 || len(lent.leases) != 0 {
		t.Errorf("%d committed, %d leases left", lent.committed, len(lent.leases))
	}
	p.mu.Unlock()
	c.accounts.sweep(time.Now().Add(time.Hour))
	if left := len(c.accounts.shard(id).all()); left != 0 {
		t.Errorf("%d accounts left", left)
	}
}

// TestInvalidAmounts are no reason to ask anybody.
func TestInvalidAmounts(t *testing.T) {
	t.Parallel()
	c := still(t)
	for _, n := range []int64{-1, mostUnits + 1} {
		if err := c.Admit(t.Context(), reeve.ID{1}, reeve.MeterRate, n); !reeve.IsKind(err, reeve.Invalid) {
			t.Errorf("%d: %v", n, err)
		}
	}
	if err := c.Admit(t.Context(), reeve.ID{1}, "light", 1); !reeve.IsKind(err, reeve.Invalid) {
		t.Error(err)
	}
	if err := c.Admit(t.Context(), reeve.ID{1}, reeve.MeterRate, 0); err != nil {
		t.Error(err)
	}
}
