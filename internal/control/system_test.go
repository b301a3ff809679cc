package control_test

import (
	"context"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

// work runs the jobs until the test ends, and waits until the keys are loaded.
func (h house) work() {
	h.t.Helper()
	ctx, stop := context.WithCancel(h.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.c.Run(ctx, control.Retention{}, func(err error) { h.t.Errorf("a job: %v", err) })
	}()
	h.t.Cleanup(func() {
		stop()
		<-done
	})
	for end := time.Now().Add(10 * time.Second); !h.c.Loaded(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatal("the keys are not loaded")
		}
	}
}

// system asks for the state until it is as it should be.
func (h house) system(what string, good func(control.SystemState) bool) control.SystemState {
	h.t.Helper()
	var out control.SystemState
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		var err error
		if out, err = h.c.System(h.ctx); err != nil {
			h.t.Fatal(err)
		}
		if good(out) {
			return out
		}
	}
	h.t.Fatalf("%s: %+v", what, out)
	return out
}

// TestSystem: replicas, gateways with their sessions and leases, the jobs and
// the database are told of as they are.
func TestSystem(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		id, ctx := h.leaseholder()
		h.check(h.s.NumberChanges(t.Context()))
		h.work()
		late, err := h.c.OpenSession(ctx, "a")
		h.check(err)
		_, err = h.c.ReserveLease(ctx, lease(p.ID, reeve.Amounts{Bandwidth: 5, Usage: 7}, time.Minute))
		h.check(err)
		_, err = h.c.RenameOrganization(h.ctx, o.ID, "Other")
		h.check(err)
		h.check(h.s.NumberChanges(t.Context()))
		ahead, err := h.c.OpenSession(ctx, "b")
		h.check(err)
		h.check(h.c.RenewSession(ctx, ahead.ID, late.Applied+1))

		got := h.system("jobs", func(s control.SystemState) bool {
			done := map[string]bool{}
			for _, job := range s.Jobs {
				done[job.Name] = job.LastSuccess != nil && job.LastError == ""
			}
			for _, name := range []string{"alerts", "deletions", "ended-keys", "following", "freezes", "invitations", "leases", "months", "retention", "sessions", "user-sessions", "usage"} {
				if !done[name] {
					return false
				}
			}
			return !h.s.Shared() || done["numbering"]
		})
		if got.At != epoch || got.Server.Started.After(epoch) || got.Server.Started.Before(epoch.Add(-time.Minute)) ||
			!got.Server.Loaded || got.Server.Name == "" || got.Server.Alone == h.s.Shared() || got.Database.Kind != h.s.Dialect() {
			t.Errorf("server %+v, database %+v", got.Server, got.Database)
		}
		if h.s.Shared() {
			if r := got.Replicas; r.Total != 1 || !r.Sessions[0].This || r.Sessions[0].Name != got.Server.Name || r.Sessions[0].Health != control.SessionLive {
				t.Errorf("replicas %+v", r)
			}
		} else if got.Replicas.Total != 0 {
			t.Errorf("replicas %+v", got.Replicas)
		}
		if got.Newest != late.Applied+1 || got.Gateways.Total != 1 || len(got.Gateways.Gateways) != 1 {
			t.Fatalf("newest %d, gateways %+v", got.Newest, got.Gateways)
		}
		g := got.Gateways.Gateways[0]
		same(t, "leases", store.GatewayLeases{Leases: 1, Held: reeve.Amounts{Bandwidth: 5, Usage: 7}}, g.Leases, nil)
		if g.ID != id || g.Sessions.Total != 2 || g.Sessions.Sessions[0].ID != late.ID || g.Sessions.Sessions[1].ID != ahead.ID {
			t.Fatalf("sessions %+v", g.Sessions)
		}
		behind, level := g.Sessions.Sessions[0], g.Sessions.Sessions[1]
		if behind.Behind != 1 || behind.BehindSince == nil || !behind.BehindSince.Equal(epoch) || behind.This ||
			behind.Health != control.SessionLive || behind.LeaseEnds.Sub(behind.Heard) != behind.Lease || behind.Heard.After(epoch) {
			t.Errorf("behind %+v", behind)
		}
		if level.Behind != 0 || level.BehindSince != nil {
			t.Errorf("level %+v", level)
		}
		alone, err := h.c.GetGateway(h.ctx, id)
		h.check(err)
		same(t, "the gateway alone", g.Gateway, alone.Gateway, nil)
		same(t, "its leases", g.Leases, alone.Leases, nil)
		if alone.Sessions.Total != 2 || alone.Sessions.Sessions[0].ID != late.ID || alone.Sessions.Sessions[0].Behind != 1 {
			t.Errorf("the gateway alone has %+v", alone.Sessions)
		}

		h.check(h.c.DeleteGateway(h.ctx, id))
		_, err = h.c.GetGateway(h.ctx, id)
		refused(t, "a gateway that is gone", err, reeve.NotFound, "gateway not found")
		got, err = h.c.System(h.ctx)
		if err != nil || got.Gateways.Total != 0 || got.Departed.Total != 2 {
			t.Errorf("deleted: %+v %v", got, err)
		}
	})
}

// TestSystemLooks: any operator may ask.
func TestSystemLooks(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	for _, role := range reeve.OperatorRoles {
		_, err := h.c.System(as(t, reeve.Actor{Kind: reeve.Operator, ID: newID(), OperatorRole: role}))
		h.check(err)
	}
}

// TestSystemSilence: a session that is not renewed is silent, then over, before
// anybody has ended it.
func TestSystemSilence(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		settings := settings(t, masterKey)
		settings.SessionLease = 200 * time.Millisecond
		h.c = control.New(h.s, settings)
		_, ctx := h.leaseholder()
		_, err := h.c.OpenSession(ctx, "a")
		h.check(err)
		for _, want := range []control.SessionHealth{control.SessionLive, control.SessionSilent, control.SessionOver} {
			h.system(string(want), func(s control.SystemState) bool {
				return s.Gateways.Gateways[0].Sessions.Sessions[0].Health == want
			})
		}
	})
}
