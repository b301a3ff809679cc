package control_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/webhook"
)

// sending makes a Control that delivers.
func (h house) sending() *control.Control {
	with := settings(h.t, masterKey)
	with.Deliver = webhook.NewSender("test").Send
	return control.New(h.s, with)
}

// hooked makes a tenant whose webhook is a receiver, and raises all alerts of its
// bandwidth.
func (h house) hooked(email string) (*receiver, reeve.Organization) {
	h.t.Helper()
	r := newReceiver(h.t)
	_, o, p := h.tenant(email)
	secret, err := h.c.SetWebhook(h.ctx, o.ID, r.url)
	h.check(err)
	r.secret = secret
	h.bound(p.ID, reeve.Limit{}, reeve.LimitOf(10))
	h.use(p.ID, reeve.UsageEgress, "", 10)
	h.check(control.SweepAlerts(h.c, h.ctx))
	return r, o
}

// due delivers what is due, and gives what was reported.
func (h house) due(c *control.Control) (reports []string) {
	h.t.Helper()
	var mu sync.Mutex
	h.check(control.DeliverDue(c, h.t.Context(), func(err error) {
		mu.Lock()
		defer mu.Unlock()
		reports = append(reports, err.Error())
	}))
	return reports
}

func (h house) pending(o reeve.Organization) int {
	h.t.Helper()
	n, err := h.s.CountWebhookMessages(h.t.Context(), o.ID)
	h.check(err)
	return n
}

// TestDeliver: messages arrive signed, in order, once.
func TestDeliver(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		r, o := h.hooked("ada@mail.test")
		c := h.sending()
		for _, want := range [][]string{{"200: 50", "200: 80", "200: 100"}, {}} {
			same(t, "reports", 0, len(h.due(c)), nil)
			same(t, "delivered", want, r.take(t), nil)
		}
		same(t, "pending", 0, h.pending(o), nil)
		same(t, "ids", 3, len(r.ids), nil)
		same(t, "counts", control.WebhookCounts{Delivered: 3}, c.WebhookCounts(), nil)
	})
}

// TestPayload is what receivers are promised.
func TestPayload(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o := h.hooked("ada@mail.test")
		message, err := h.s.NextWebhookMessage(t.Context(), o.ID)
		h.check(err)
		projects, err := h.s.ProjectsAfter(t.Context(), reeve.Zero, 2)
		h.check(err)
		same(t, "limit", `{"type":"limit.threshold","timestamp":"2026-11-22T15:44:53.397371Z","data":{"organizationId":"`+o.ID.String()+
			`","projectId":"`+projects[0].ID.String()+`","kind":"bandwidth","month":"2026-11","threshold":50,"value":10,"limit":10}}`,
			message.Payload, nil)
	})
}

// TestRetries: a message that fails is tried again as the schedule says, under
// the same id, before those behind it; in the end it is given up and the next
// has its turn.
func TestRetries(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		r, o := h.hooked("ada@mail.test")
		c := h.sending()
		r.answer(500)
		for attempt := 1; attempt <= reeve.WebhookAttempts; attempt++ {
			reports := h.due(c)
			delay, again := reeve.WebhookDelay(attempt, 0)
			if !again {
				if len(reports) != 1 || !strings.Contains(reports[0], "is given up after 10 attempts: the endpoint answered 500") {
					t.Errorf("reported %q", reports)
				}
				break
			}
			same(t, "attempt", []string{"500: 50"}, r.take(t), nil)
			same(t, "reports", 0, len(reports), nil)
			h.clock.pass(delay - time.Microsecond)
			h.due(c)
			same(t, "too early", []string{}, r.take(t), nil)
			h.clock.pass(delay/5 + time.Microsecond)
		}
		same(t, "the last, and the next's first", []string{"500: 50", "500: 80"}, r.take(t), nil)
		same(t, "ids", 2, len(r.ids), nil)
		r.answer(204)
		h.clock.pass(6 * time.Second)
		h.due(c)
		same(t, "in order", []string{"204: 80", "204: 100"}, r.take(t), nil)
		same(t, "pending", 0, h.pending(o), nil)
		same(t, "counts", control.WebhookCounts{Delivered: 2, Failed: 11, GivenUp: 1}, c.WebhookCounts(), nil)
	})
}

// TestNewURL: messages that wait go to a new endpoint at once, signed with its
// secret.
func TestNewURL(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		r, o := h.hooked("ada@mail.test")
		c := h.sending()
		r.answer(503)
		h.due(c)
		other := newReceiver(t)
		secret, err := h.c.SetWebhook(h.ctx, o.ID, other.url)
		h.check(err)
		other.secret = secret
		h.due(c)
		same(t, "old", []string{"503: 50"}, r.take(t), nil)
		same(t, "new", []string{"200: 50", "200: 80", "200: 100"}, other.take(t), nil)
	})
}

// TestGone: an endpoint that answers 410 is not asked again; the log says so.
func TestGone(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		r, o := h.hooked("ada@mail.test")
		r.answer(410)
		reports := h.due(h.sending())
		if len(reports) != 1 || !strings.Contains(reports[0], "is gone, and was deleted") {
			t.Errorf("reported %q", reports)
		}
		same(t, "asked", []string{"410: 50"}, r.take(t), nil)
		same(t, "pending", 0, h.pending(o), nil)
		_, err := h.c.GetWebhook(h.ctx, o.ID)
		refused(t, "webhook", err, reeve.NotFound, "webhook not found")
		action := "webhook.delete"
		changes, _, err := h.c.ListChanges(h.ctx, store.ChangeFilter{Target: &o.ID, Action: action, Limit: 5})
		h.check(err)
		if len(changes) != 1 || changes[0].Actor != "system" || changes[0].Reason != "the endpoint answered 410 Gone" {
			t.Errorf("logged %+v", changes)
		}
		same(t, "what was raised stays", 3, len(h.raised(o.ID)), nil)
	})
}

// TestDeletedOrganizationsMessages: nobody is told of what is gone.
func TestDeletedOrganizationsMessages(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		r, o := h.hooked("ada@mail.test")
		h.check(h.s.Write(t.Context(), func(tx *store.Tx) error { // its usage would keep it
			projects, err := tx.ProjectsAfter(t.Context(), reeve.Zero, 10)
			for _, p := range projects {
				tx.DeleteProject(p.ID)
			}
			tx.Record(reeve.Change{Actor: "test", Action: "test.write"})
			return err
		}))
		h.check(h.c.DeleteOrganization(h.ctx, o.ID))
		same(t, "pending", 0, h.pending(o), nil)
		alerts, err := h.s.Alerts(t.Context(), o.ID, 202611)
		same(t, "alerts", 0, len(alerts), err)

		// One that slipped in has nowhere to go.
		h.check(h.s.Write(t.Context(), func(tx *store.Tx) error {
			tx.AppendWebhookMessage(reeve.WebhookMessage{ID: newID(), OrganizationID: o.ID, NextAt: tx.Now(), CreatedAt: tx.Now()})
			return nil
		}))
		h.due(h.sending())
		same(t, "pending", 0, h.pending(o), nil)
		same(t, "delivered", []string{}, r.take(t), nil)
	})
}

// TestCrashes: a message that was inserted is delivered by whoever comes next,
// and one whose sender died under way is sent again, under the same id.
func TestCrashes(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		r, o := h.hooked("ada@mail.test") // h.c never delivers: it died before
		first, err := h.s.NextWebhookMessage(t.Context(), o.ID)
		h.check(err)
		h.check(h.s.Write(t.Context(), func(tx *store.Tx) error { // and another while it sent
			return tx.ClaimWebhookMessage(t.Context(), first, h.s.Now().Add(time.Minute))
		}))
		c := h.sending()
		h.due(c)
		same(t, "while it may be alive", []string{}, r.take(t), nil)
		h.clock.pass(time.Minute)
		h.due(c)
		same(t, "delivered", []string{"200: 50", "200: 80", "200: 100"}, r.take(t), nil)
		if r.ids[first.ID.TypeID(reeve.PrefixMessage)] != 1 {
			t.Errorf("ids %v", r.ids)
		}
		// What was raised is not raised again after a restart.
		h.check(control.SweepAlerts(c, t.Context()))
		same(t, "pending", 0, h.pending(o), nil)
	})
}

// TestReplicasDeliver: of two replicas one sends each message, in order.
func TestReplicasDeliver(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		var receivers []*receiver
		for i := range 5 {
			r, _ := h.hooked(fmt.Sprintf("u%d@mail.test", i))
			receivers = append(receivers, r)
		}
		a, b := h.sending(), h.sending()
		errs := race(func() error { h.due(a); return nil }, func() error { h.due(b); return nil })
		same(t, "deliverers", 2, tally(t, errs), nil)
		h.due(a) // one may have looked when the other had the first of an organisation
		for _, r := range receivers {
			same(t, "delivered", []string{"200: 50", "200: 80", "200: 100"}, r.take(t), nil)
		}
	})
}

// TestSlowEndpoint: an endpoint that hangs holds up nobody else, and a replica
// that stops gives its message back.
func TestSlowEndpoint(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		slow, o := h.hooked("slow@mail.test")
		slow.hang, slow.asked = make(chan struct{}), make(chan struct{})
		quick, _ := h.hooked("quick@mail.test")
		ctx, stop := contextThatEnds(t)
		c := h.sending()
		done := make(chan struct{})
		go func() {
			defer close(done)
			control.DeliverWebhooks(c, ctx, func(err error) { t.Error(err) })
		}()
		var got []string
		for range 200 {
			if got = append(got, quick.take(t)...); len(got) == 3 {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		same(t, "quick", []string{"200: 50", "200: 80", "200: 100"}, got, nil)
		<-slow.asked
		claimed, err := h.s.NextWebhookMessage(t.Context(), o.ID)
		same(t, "attempts", 1, claimed.Attempts, err)
		stop()
		<-done
		slow.mu.Lock()
		close(slow.hang)
		slow.hang = nil
		slow.mu.Unlock()
		back, err := h.s.NextWebhookMessage(t.Context(), o.ID)
		h.check(err)
		if back.Attempts != 0 || back.NextAt.After(h.s.Now()) {
			t.Errorf("given back as %+v", back)
		}
		slow.take(t)
		h.due(h.sending())
		if got := slow.take(t); !slices.Equal(got, []string{"200: 50", "200: 80", "200: 100"}) && !slices.Equal(got, []string{"200: 50", "200: 50", "200: 80", "200: 100"}) {
			t.Errorf("slow: %q", got) // what was broken off may arrive all the same
		}
	})
}

// TestUndeliverable: without a way to deliver nothing is tried.
func TestUndeliverable(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	r, o := h.hooked("ada@mail.test")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	control.DeliverWebhooks(h.c, ctx, func(err error) { t.Error(err) })
	same(t, "pending", 3, h.pending(o), nil)
	same(t, "delivered", []string{}, r.take(t), nil)
}
