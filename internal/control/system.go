package control

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/boottime"
	"github.com/reeve-cloud/reeve/internal/store"
)

// Count is how many things there are.
type Count = store.Count

// MostCounted is up to where things are counted one by one.
const MostCounted = store.MostCounted

// SystemState is how this server is, and what works with it.
type SystemState struct {
	At       time.Time
	Server   ServerState
	Database store.Database
	Backlog  store.Backlog
	Newest   int64 // the number of the newest change
	Jobs     []Job // of this replica, by name

	Replicas SessionList // without Server.Alone's
	Gateways GatewayList
	Departed SessionList // of gateways that were deleted, and may answer until their leases end
}

// ServerState is how the replica is that was asked.
type ServerState struct {
	Name    string // as its session's
	Version string
	Started time.Time
	Loaded  bool  // its memory of keys may be trusted
	Applied int64 // the number of the newest change in that memory
	Alone   bool  // it has its database to itself, and needs no session
}

// SessionList is a part of the sessions: those that are the furthest behind,
// first.
type SessionList struct {
	Sessions []SessionState
	Total    int
}

// SessionState is a session as this replica sees it.
type SessionState struct {
	reeve.Session
	Health    SessionHealth
	Heard     time.Time // when it was renewed last, or first seen here
	LeaseEnds time.Time // if it is not renewed
	This      bool      // it is that of the replica that was asked

	// Behind is how many changes it has not said to have taken in, and BehindSince
	// when the oldest of them was made, nil if there is none or it is not known. It
	// says so when it renews its lease, and at once only when that is urgent.
	Behind      int64
	BehindSince *time.Time
}

// SessionHealth says whether a session is renewed as it should be.
type SessionHealth string

// What a session's renewals tell of it.
const (
	SessionLive   SessionHealth = "live"
	SessionSilent SessionHealth = "silent" // not renewed for half its lease
	SessionOver   SessionHealth = "over"   // its lease has run out
)

// GatewayList is a part of the gateways: the oldest, first.
type GatewayList struct {
	Gateways []GatewayState
	Total    int
}

// GatewayState is a gateway with what it has.
type GatewayState struct {
	reeve.Gateway
	Sessions SessionList
	Leases   store.GatewayLeases
}

// How much of each list System tells.
const (
	mostReplicas        = 50
	mostGateways        = 50
	mostGatewaySessions = 20
)

// System tells how this server is: for operators. It is cheap, whatever the
// database holds; what is a part says so.
func (c *Control) System(ctx context.Context) (out SystemState, err error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return out, err
	}
	out.At = c.store.Now()
	out.Server = ServerState{
		Name: replicaName(), Version: c.settings.Version, Started: out.At.Add(c.began - boottime.Now()).Truncate(time.Microsecond),
		Loaded: c.live.trusted(), Applied: c.live.applied.Load(), Alone: !c.store.Shared(),
	}
	out.Jobs = c.jobs.all()
	if out.Database, err = c.store.Database(ctx); err != nil {
		return out, err
	}
	if out.Backlog, err = c.store.Backlog(ctx); err != nil {
		return out, err
	}
	// The sessions first: none is ahead of the newest change then.
	sessions, err := c.store.Sessions(ctx)
	if err != nil {
		return out, err
	}
	if out.Newest, _, err = c.store.ChangeEnd(ctx, "head"); err != nil {
		return out, err
	}
	return out, c.systemSessions(ctx, &out, sessions)
}

// systemSessions tells of sessions by whose they are.
func (c *Control) systemSessions(ctx context.Context, out *SystemState, all []reeve.Session) error {
	over := map[reeve.ID]bool{}
	for _, session := range c.sessions.note(all) {
		over[session.ID] = true
	}
	states := make([]SessionState, len(all))
	for i := range all {
		states[i] = c.sessionState(out, all[i], over[all[i].ID])
	}
	slices.SortStableFunc(states, func(a, b SessionState) int { return cmp.Compare(a.Applied, b.Applied) })
	if err := c.behindSince(ctx, states); err != nil {
		return err
	}
	gateways, err := c.store.Gateways(ctx)
	if err != nil {
		return err
	}
	of := make(map[reeve.ID][]SessionState, len(gateways))
	for _, g := range gateways {
		of[g.ID] = nil
	}
	var replicas, departed []SessionState
	for _, state := range states {
		if state.GatewayID == nil {
			replicas = append(replicas, state)
		} else if _, there := of[*state.GatewayID]; there {
			of[*state.GatewayID] = append(of[*state.GatewayID], state)
		} else {
			departed = append(departed, state)
		}
	}
	out.Replicas, out.Departed = listSessions(replicas, mostReplicas), listSessions(departed, mostGatewaySessions)
	out.Gateways.Total = len(gateways)
	gateways = gateways[:min(len(gateways), mostGateways)]
	ids := make([]reeve.ID, len(gateways))
	for i, g := range gateways {
		ids[i] = g.ID
	}
	leases, err := c.store.LeasesOf(ctx, ids, out.At)
	for _, g := range gateways {
		out.Gateways.Gateways = append(out.Gateways.Gateways, GatewayState{
			Gateway: g, Sessions: listSessions(of[g.ID], mostGatewaySessions), Leases: leases[g.ID],
		})
	}
	return err
}

// sessionState is a session as it was noted. A replica that does not look yet
// hears of all of them now.
func (c *Control) sessionState(s *SystemState, session reeve.Session, over bool) SessionState {
	ago, _ := c.sessions.heard(session.ID)
	this := c.replica.Load()
	own := this != nil && *this == session.ID
	if own { // which is known, not only said
		session.Applied = max(session.Applied, s.Server.Applied)
	}
	out := SessionState{
		Session: session, Health: SessionLive, Heard: s.At.Add(-ago).Truncate(time.Microsecond), LeaseEnds: s.At.Add(session.Lease - ago).Truncate(time.Microsecond),
		Behind: max(s.Newest-session.Applied, 0), This: own,
	}
	switch {
	case over:
		out.Health = SessionOver
	case ago > session.Lease/2:
		out.Health = SessionSilent
	}
	return out
}

// behindSince tells since when sessions are behind, as far as it is known: when
// the oldest change was made that they have not said to have taken in. They are
// in the order of their numbers, and so the furthest behind are told of.
func (c *Control) behindSince(ctx context.Context, states []SessionState) error {
	var numbers []int64
	for _, state := range states {
		if number := state.Applied + 1; state.Behind > 0 && len(numbers) < store.MostChangeTimes && !slices.Contains(numbers, number) {
			numbers = append(numbers, number)
		}
	}
	times, err := c.store.ChangeTimes(ctx, numbers)
	for i := range states {
		if at, known := times[states[i].Applied+1]; known && states[i].Behind > 0 {
			states[i].BehindSince = &at
		}
	}
	return err
}

func listSessions(all []SessionState, most int) SessionList {
	return SessionList{Sessions: all[:min(len(all), most)], Total: len(all)}
}
