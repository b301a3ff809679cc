package gateway

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// settlement tells the control plane what was admitted under a lease, and gives the rest back.
type settlement struct {
	slice *slice
	used  int64
	until time.Time // before it, that there is no such lease may mean not yet; zero: it was there
}

// lateAnswer is longer than the server works on a request whose sender has gone.
const lateAnswer = 30 * time.Second

// giveBack sees to it that a lease whose answer was lost holds nothing, if it was given at all.
func (as *accounts) giveBack(s *slice) {
	if _, first := s.close(); first && s.of.meter != ofRate { // which lapses by itself
		as.again(settlement{slice: s, until: time.Now().Add(lateAnswer)})
	}
}

// settle ends a slice.
func (as *accounts) settle(ctx context.Context, s *slice) {
	if used, first := s.close(); first {
		as.commit(ctx, settlement{slice: s, used: used})
	}
}

// settleLater ends a slice and leaves it to run to tell.
func (as *accounts) settleLater(s *slice) {
	if used, first := s.close(); first {
		as.again(settlement{slice: s, used: used})
	}
}

// commit tells the control plane, now or later.
func (as *accounts) commit(ctx context.Context, s settlement) {
	if s.slice.of.meter == ofRate && !s.slice.running(time.Now()) {
		return // it has lapsed
	}
	_, err := as.remote.do(ctx, call{
		method: http.MethodPut, path: "/gateway/leases/" + s.slice.lease.String(), twice: true,
		in: s.slice.of.meter.amount(s.used),
	})
	switch {
	case err == nil:
		return
	case !s.until.IsZero() && time.Now().After(s.until.Add(lateAnswer)):
		return // it may never have been there, and makes no room for what was
	case isStatus(err, http.StatusNotFound): // an answer that was lost may have settled it
		if time.Now().Before(s.until) {
			as.again(s)
		}
		return
	}
	if _, refused := errors.AsType[*statusError](err); !refused || errors.Is(err, ErrUnavailable) {
		as.again(s)
	}
}

// mostLate bounds the settlements that wait. What is dropped stays charged.
const mostLate = 100_000

func (as *accounts) again(s settlement) {
	as.mu.Lock()
	defer as.mu.Unlock()
	if len(as.late) < mostLate {
		as.late = append(as.late, s)
	}
}

// settlers is how many settlements are told at once.
const settlers = 8

// retry tells what is late.
func (as *accounts) retry(ctx context.Context) {
	as.mu.Lock()
	late := as.late
	as.late = nil
	as.mu.Unlock()
	turns := make(chan struct{}, settlers)
	for _, s := range late {
		turns <- struct{}{}
		go func() {
			as.commit(ctx, s)
			<-turns
		}()
	}
	for range settlers {
		turns <- struct{}{}
	}
}

// payDebt charges what an account admitted without a lease. There may not be so much left of the limit: then it stays
// uncharged, which is what serving without the control plane means.
func (as *accounts) payDebt(a *account) {
	a.mu.Lock()
	debt := a.debt
	a.debt = 0
	a.mu.Unlock()
	if debt == 0 || a.id.meter == ofRate { // the seconds of a rate are over
		return
	}
	paid, err := as.descend(a.id, debt, 1)
	switch {
	case err == nil:
		paid.used.Store(paid.amount)
		as.settle(as.life, paid)
	case errors.Is(err, ErrUnavailable):
		a.mu.Lock()
		a.debt += debt
		a.refused = refusedFetch{until: time.Now().Add(outageHoldOff), err: err}
		a.mu.Unlock()
	}
}

// close settles everything; nothing is admitted any more. What cannot be told before the context ends stays charged, or
// lapses.
func (as *accounts) close(ctx context.Context) {
	as.mu.Lock()
	as.closed = true
	as.mu.Unlock()
	landed := make(chan struct{})
	go func() {
		as.flights.Wait()
		close(landed)
	}()
	select {
	case <-landed:
	case <-ctx.Done():
	}
	for i := range as.shards {
		for _, p := range as.shards[i].all() {
			if held := p.account.held.Swap(nil); held != nil {
				as.settleLater(held)
			}
		}
	}
	as.retry(ctx)
}
