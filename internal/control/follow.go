package control

import (
	"context"
	"errors"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/boottime"
	"github.com/reeve-cloud/reeve/internal/store"
)

// How often a replica looks for changes it was not told of, how long it waits
// after a failure, and how many changes it takes in at once.
const (
	followPoll  = 250 * time.Millisecond
	followPause = time.Second
	followBatch = 500
)

// renewals is how often a lease is renewed while it runs.
const renewals = 6

// follower keeps the live memory true to the database: it loads everything
// once, then takes in the changes by their numbers. A gap in the numbers, or a
// database that was put back, makes it load again.
type follower struct {
	*Control
	report  func(error)
	session reeve.ID         // this replica's; zero: none
	renewed time.Duration    // when it was renewed last, by boottime
	hash    reeve.ChangeHash // of the newest change taken in
	urgent  bool             // what was taken in must be acknowledged at once
}

// Follow fills the memory that keys are verified from and keeps it up to date,
// until the context ends; failures are handed to report, and tried again.
func (c *Control) Follow(ctx context.Context, report func(error)) {
	f := &follower{Control: c, report: report}
	defer f.leave(ctx)
	for ctx.Err() == nil {
		err := f.round(ctx)
		if err == nil || ctx.Err() != nil {
			continue
		}
		if errors.Is(err, errGap) {
			c.live.complete.Store(false)
		}
		report(err)
		select {
		case <-ctx.Done():
		case <-time.After(followPause):
		}
	}
}

// round is one turn: load if need be, wait, take changes in, renew the session.
func (f *follower) round(ctx context.Context) error {
	if !f.live.complete.Load() {
		if err := f.jobs.run(jobFollowing, followPoll, func() error { return f.load(ctx) }); err != nil {
			return err
		}
	}
	wait := time.NewTimer(followPoll)
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-f.store.Changed():
	case <-wait.C:
	}
	return f.jobs.run(jobFollowing, followPoll, func() error {
		pass, cancel := context.WithTimeout(ctx, followTimeout)
		defer cancel()
		if err := f.catchUp(pass); err != nil {
			return err
		}
		return f.renew(pass)
	})
}

// followTimeout bounds one turn, so that a connection that went silent does
// not stop it for good.
const followTimeout = 30 * time.Second

var errGap = errors.New("the change log has a gap: loading all keys again")

// load reads everything. Numbers are read first: what changes meanwhile is
// taken in once more, which does no harm.
func (f *follower) load(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	l := f.live
	l.forget()
	number, hash, err := f.store.ChangeEnd(ctx, "head")
	if err != nil {
		return err
	}
	if err := f.loadAll(ctx); err != nil {
		return err
	}
	f.hash = hash
	l.applied.Store(number)
	f.feed.begin(number)
	if err := f.catchUp(ctx); err != nil {
		return err
	}
	return f.join(ctx)
}

// loadTimeout bounds a load: ten times what millions of keys take.
const loadTimeout = 10 * time.Minute

// catchUp takes in all changes that have numbers. Each must continue the chain
// of the one before: a database that was put back has given the same numbers to
// other changes.
func (f *follower) catchUp(ctx context.Context) error {
	for {
		from := f.live.applied.Load()
		changes, err := f.store.ChangesAfter(ctx, from, followBatch)
		if err != nil || len(changes) == 0 {
			return err
		}
		if changes[0].Number != from+1 || changes[0].Chain(f.hash) != changes[0].Hash {
			return errGap
		}
		if err := f.take(ctx, changes); err != nil {
			return err
		}
		events := feedEvents(changes)
		f.urgent = f.urgent || anyUrgent(events)
		last := &changes[len(changes)-1]
		f.hash = last.Hash
		f.live.applied.Store(last.Number)
		f.feed.advance(events, last.Number)
	}
}

// take reads anew what changes tell of.
func (f *follower) take(ctx context.Context, changes []reeve.Change) error {
	var keys, projects, gateways, frozen []reeve.ID
	gone := map[reeve.ID]bool{}
	for i := range changes {
		id := changes[i].Target
		switch changes[i].Action {
		case "apikey.create", "apikey.revoke", "apikey.rotate":
			keys = append(keys, id)
		case "apikey.delete":
			gone[id] = true
		case "project.create", "project.update", "project.delete", "project.restore", "project.transfer", "project.revoke", "limits.update":
			projects = append(projects, id)
		case "gateway.create", "gateway.delete", "gateway_token.create", "gateway_token.delete":
			gateways = append(gateways, id)
		case "user.freeze", "user.unfreeze", "organization.freeze", "organization.unfreeze", "project.freeze", "project.unfreeze",
			"user.delete", "organization.delete":
			frozen = append(frozen, id)
		}
	}
	if err := f.refreshFreezes(ctx, frozen...); err != nil {
		return err
	}
	if err := f.refreshProjects(ctx, projects...); err != nil {
		return err
	}
	if err := f.refreshGateways(ctx, gateways...); err != nil {
		return err
	}
	if err := f.dropKeys(ctx, gone); err != nil {
		return err
	}
	if len(keys) == 0 {
		return nil
	}
	return f.takeKeys(ctx, keys, f.report)
}

// dropKeys takes deleted keys out, whose heads are left in the database. A head
// that is not, for retention or a replica of an older version took it, is looked
// for among all.
func (f *follower) dropKeys(ctx context.Context, gone map[reeve.ID]bool) error {
	if len(gone) == 0 {
		return nil
	}
	err := f.store.EachRevokedHead(ctx, slices.Collect(maps.Keys(gone)), func(h store.RevokedHead) {
		f.live.drop(h.Head, h.At)
		delete(gone, h.APIKeyID)
	})
	if err == nil && len(gone) > 0 {
		f.live.dropIDs(gone, f.store.Now())
	}
	return err
}

// join opens this replica's session, and then takes in what happened until it
// was there: no receipt has waited for it till then. A process that has its
// database to itself needs none: it sees all changes as it makes them.
func (f *follower) join(ctx context.Context) error {
	if !f.store.Shared() {
		f.live.until.Store(math.MaxInt64)
		f.live.complete.Store(true)
		return nil
	}
	if f.session != reeve.Zero {
		f.end(ctx) // what it answers now it answers from the database
	}
	began := boottime.Now()
	session := reeve.Session{
		ID: newID(), Name: replicaName(), Applied: f.live.applied.Load(), Lease: f.settings.SessionLease,
	}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		session.CreatedAt = tx.Now()
		tx.CreateSession(session)
		return nil
	})
	if err != nil {
		return err
	}
	f.session = session.ID
	f.replica.Store(&session.ID)
	if err := f.catchUp(ctx); err != nil {
		return err
	}
	f.renewed = began
	f.live.until.Store(int64(began + f.settings.SessionLease))
	f.live.complete.Store(true)
	return nil
}

// replicaName tells an operator which process a session is of.
func replicaName() string {
	host, _ := os.Hostname() // a name that is missing misses little
	return host + ":" + strconv.Itoa(os.Getpid())
}

// renew says how far this replica is: at once when it is urgent, else when a
// part of the lease has passed. The lease begins before it asks.
func (f *follower) renew(ctx context.Context) error {
	now := boottime.Now()
	if !f.store.Shared() || !f.urgent && now-f.renewed < f.settings.SessionLease/renewals {
		return nil
	}
	applied := f.live.applied.Load()
	head, _, err := f.store.ChangeEnd(ctx, "head")
	if err != nil {
		return err
	}
	if head < applied {
		return errGap // the database was put back
	}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		return tx.RenewSession(ctx, reeve.Session{ID: f.session, Applied: applied, Lease: f.settings.SessionLease})
	})
	if reeve.IsKind(err, reeve.NotFound) {
		// Whoever ended it told a receipt that this replica answers no more.
		f.live.until.Store(0)
		return f.join(ctx)
	}
	if err != nil {
		return err
	}
	f.renewed, f.urgent = now, false
	f.live.until.Store(int64(now + f.settings.SessionLease))
	return nil
}

// leave ends the session in good order, as far as that goes.
func (f *follower) leave(ctx context.Context) {
	f.live.complete.Store(false)
	if f.session != reeve.Zero {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
		defer cancel()
		f.end(ctx)
	}
}

// end ends the session. If that fails, or somebody else has ended it, its lease
// runs out by itself.
func (f *follower) end(ctx context.Context) {
	_ = f.store.Write(ctx, func(tx *store.Tx) error { return tx.EndSession(ctx, f.session, nil) })
	f.session = reeve.Zero
	f.replica.Store(nil)
}

const leaveTimeout = 2 * time.Second
