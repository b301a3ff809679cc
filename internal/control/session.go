package control

import (
	"context"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/boottime"
	"github.com/reeve-cloud/reeve/internal/store"
)

// sessions is what this replica has seen of all sessions: when each was last
// renewed, by this replica's own clock. Other machines' clocks are not asked.
type sessions struct {
	mu   sync.Mutex
	seen map[reeve.ID]sighting
}

// sighting is a session as it was first seen since its last renewal.
type sighting struct {
	renewals int64
	at       time.Duration // by boottime
}

func newSessions() *sessions { return &sessions{seen: map[reeve.ID]sighting{}} }

// leaseMargin is added to a lease by who waits for its end: clocks of machines
// drift by less than a thousandth.
const leaseMargin = time.Second

// note takes in how sessions are now, and gives those whose lease has run out:
// the holder's began before the renewal that was seen here.
func (s *sessions) note(all []reeve.Session) (over []reeve.Session) {
	now := boottime.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := make(map[reeve.ID]sighting, len(all))
	for _, one := range all {
		last, known := s.seen[one.ID]
		if !known || last.renewals != one.Renewals {
			last = sighting{one.Renewals, now}
		}
		seen[one.ID] = last
		if now-last.at > one.Lease+one.Lease/1000+leaseMargin {
			over = append(over, one)
		}
	}
	s.seen = seen
	return over
}

// silent tells whether a session has not been renewed for half its lease: one
// that ends in good order was renewed more lately.
func (s *sessions) silent(one *reeve.Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, known := s.seen[one.ID]
	return known && boottime.Now()-last.at > one.Lease/2
}

// heard gives how long ago a session was renewed, as far as this replica has
// seen; false if it has not seen the session yet.
func (s *sessions) heard(id reeve.ID) (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, known := s.seen[id]
	return boottime.Now() - last.at, known
}

// watchEvery is how often a replica looks at the sessions.
const watchEvery = time.Second

// WatchSessions looks at all sessions again and again, and ends those whose
// lease has run out, until the context ends.
func (c *Control) WatchSessions(ctx context.Context, report func(error)) {
	for {
		err := c.jobs.run(jobSessions, watchEvery, func() error {
			pass, cancel := context.WithTimeout(ctx, passTimeout)
			defer cancel()
			_, err := c.lookAtSessions(pass)
			return err
		})
		if err != nil && ctx.Err() == nil && !reeve.IsKind(err, reeve.Unavailable) {
			report(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(watchEvery):
		}
	}
}

const passTimeout = 10 * time.Second

// lookAtSessions gives the sessions whose lease runs.
func (c *Control) lookAtSessions(ctx context.Context) ([]reeve.Session, error) {
	all, err := c.store.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	over := map[reeve.ID]bool{}
	for _, session := range c.sessions.note(all) {
		err := c.store.Write(ctx, func(tx *store.Tx) error { return tx.ExpireSession(ctx, session) })
		switch {
		case err == nil:
			over[session.ID] = true
		case !reeve.IsKind(err, reeve.NotFound): // else it was renewed just now
			return nil, err
		}
	}
	live := all[:0]
	for _, session := range all {
		if !over[session.ID] {
			live = append(live, session)
		}
	}
	return live, nil
}

// maxSessions is how many sessions a gateway may have: a process each.
const maxSessions = 1000

// OpenSession opens a session of the calling gateway: Applied is the number
// from which on it must follow the feed.
func (c *Control) OpenSession(ctx context.Context, name string) (out reeve.Session, err error) {
	by, err := gatewayProgram(ctx)
	if err != nil {
		return out, err
	}
	gateway := by.Actor
	number, err := c.feedNumber(ctx)
	if err != nil {
		return out, err
	}
	out = reeve.Session{
		ID: newID(), GatewayID: &gateway.ID, Name: name, Applied: number, Lease: c.settings.SessionLease,
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		// The gateway's row guards how many there are.
		if _, err := tx.LockGateway(ctx, gateway.ID); err != nil {
			return err
		}
		open, err := tx.CountSessions(ctx, gateway.ID)
		if err != nil {
			return err
		}
		if open >= maxSessions {
			return reeve.Errorf(reeve.Conflict, "the gateway has %d sessions", open)
		}
		out.CreatedAt = tx.Now()
		tx.CreateSession(out)
		return nil
	})
	if err != nil {
		return out, err
	}
	// Read again now that receipts wait for the session: those that have not are
	// of changes up to this number.
	out.Applied, err = c.feedNumber(ctx)
	return out, err
}

// RenewSession begins the lease of a session of the calling gateway anew, and
// notes up to which number it has taken the feed in. NotFound says that the
// session is over: what the gateway holds in memory is worth nothing.
func (c *Control) RenewSession(ctx context.Context, id reeve.ID, number int64) error {
	by, err := gatewayProgram(ctx)
	if err != nil {
		return err
	}
	if number > c.live.applied.Load() {
		// It may have followed another replica; but not further than there is.
		head, _, err := c.store.ChangeEnd(ctx, "head")
		if err != nil {
			return err
		}
		if number > head {
			return reeve.Errorf(reeve.Invalid, "number is above the newest change")
		}
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		return tx.RenewSession(ctx, reeve.Session{
			ID: id, GatewayID: &by.Actor.ID, Applied: number, Lease: c.settings.SessionLease,
		})
	})
}

// EndSession ends a session of the calling gateway; NotFound if it is over.
func (c *Control) EndSession(ctx context.Context, id reeve.ID) error {
	by, err := gatewayProgram(ctx)
	if err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error { return tx.EndSession(ctx, id, &by.Actor.ID) })
}

// SessionLease is how long a session lasts that is not renewed, and
// SessionRenewal how often that shall happen.
func (c *Control) SessionLease() (lease, renewal time.Duration) {
	return c.settings.SessionLease, c.settings.SessionLease / renewals
}

// ListSessions lists the sessions whose lease runs, oldest first.
func (c *Control) ListSessions(ctx context.Context) ([]reeve.Session, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return nil, err
	}
	return c.lookAtSessions(ctx)
}
