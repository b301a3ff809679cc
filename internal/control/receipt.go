package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

// Receipt says how far a revocation has come. Once it is complete, no request
// whose judging begins is accepted by a revoked key, anywhere.
type Receipt struct {
	Epoch    int64 // the number of the revocation's change
	Complete bool
	Sessions []ReceiptSession
}

// ReceiptSession is what a receipt says of one session.
type ReceiptSession struct {
	reeve.Session
	State reeve.SessionState
}

// CheckEpoch tells whether a number is that of a change: NotFound if it is not
// given yet.
func (c *Control) CheckEpoch(ctx context.Context, epoch int64) error {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return err
	}
	head, _, err := c.store.ChangeEnd(ctx, "head")
	if err == nil && (epoch < 1 || epoch > head) {
		err = reeve.Errorf(reeve.NotFound, "revocation not found")
	}
	return err
}

// receiptPoll is when a receipt that has waited so long looks at the sessions
// again: soon at first, for they acknowledge at once; who has not by then is
// likely gone, and the end of its lease can wait a moment.
func receiptPoll(waited time.Duration) time.Duration {
	return min(max(waited/8, 15*time.Millisecond), time.Second)
}

// Receipt waits until every session has taken in the changes up to an epoch or
// is over, but not longer than it is told; then it is not complete.
func (c *Control) Receipt(ctx context.Context, epoch int64, wait time.Duration) (out Receipt, err error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return out, err
	}
	if wait > 0 && c.store.Enclosed(ctx) {
		return out, errEnclosed
	}
	began := time.Now()
	deadline := began.Add(wait)
	watched := watchedSessions{place: map[reeve.ID]int{}, silent: map[reeve.ID]bool{}}
	out.Epoch = epoch
	for {
		live, err := c.lookAtSessions(ctx)
		switch {
		case reeve.IsKind(err, reeve.Unavailable):
			// What was revoked stays so: the database may be back in time.
			out.Complete = false
		case err != nil:
			return out, err
		default:
			for i := range live {
				id := live[i].ID // others look too, and may find it over first
				watched.silent[id] = watched.silent[id] || c.sessions.silent(&live[i])
			}
			out.note(live, watched)
		}
		if !c.store.Shared() && c.live.applied.Load() < epoch {
			out.Complete = false // this very process: it has no session
		}
		pause := receiptPoll(time.Since(began))
		if out.Complete || !time.Now().Add(pause).Before(deadline) {
			return out, nil
		}
		select {
		case <-ctx.Done():
			return out, nil
		case <-c.feed.done:
			return out, nil // the server is stopping
		case <-time.After(pause):
		}
	}
}

// watchedSessions is what a receipt remembers between two looks.
type watchedSessions struct {
	place  map[reeve.ID]int  // in Receipt.Sessions
	silent map[reeve.ID]bool // at some time
}

// note takes in how the sessions are now.
func (r *Receipt) note(live []reeve.Session, watched watchedSessions) {
	here := map[reeve.ID]bool{}
	for _, session := range live {
		here[session.ID] = true
		at, ok := watched.place[session.ID]
		if !ok {
			at = len(r.Sessions)
			watched.place[session.ID] = at
			r.Sessions = append(r.Sessions, ReceiptSession{})
		}
		state := reeve.SessionPending
		if session.Applied >= r.Epoch {
			state = reeve.SessionAcknowledged
		}
		r.Sessions[at] = ReceiptSession{session, state}
	}
	r.Complete = true
	for i := range r.Sessions {
		one := &r.Sessions[i]
		if one.State == reeve.SessionPending && !here[one.ID] {
			one.State = reeve.SessionEnded
			if watched.silent[one.ID] {
				one.State = reeve.SessionExpired
			}
		}
		r.Complete = r.Complete && one.State != reeve.SessionPending
	}
}
