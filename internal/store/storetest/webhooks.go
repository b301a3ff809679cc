package storetest

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// message appends a message of an organisation, to be tried from a minute on.
func (w world) message(organization reeve.ID, payload string, at int) {
	w.t.Helper()
	w.fact(func(tx *store.Tx) error {
		tx.AppendWebhookMessage(reeve.WebhookMessage{
			ID: newID(), OrganizationID: organization, Payload: payload, NextAt: minute(at), CreatedAt: minute(0),
		})
		return nil
	})
}

func testWebhooks(t *testing.T, w world) {
	_, o, _ := w.tenant("ada@mail.test")
	_, other, p := w.tenant("bob@mail.test")
	_, err := w.s.Webhook(w.ctx(), o.ID)
	refused(t, "none", err, reeve.NotFound, "webhook not found")
	first := reeve.Webhook{OrganizationID: o.ID, URL: "https://a.test/x", Secret: []byte{0, 1, 0xff}, SealedBy: [8]byte{1}, CreatedAt: minute(1)}
	second := first
	second.URL, second.Secret, second.SealedBy, second.CreatedAt = "http://b.test", []byte("sealed"), [8]byte{2}, minute(2)
	theirs := first
	theirs.OrganizationID = other.ID
	w.write(func(tx *store.Tx) {
		tx.PutWebhook(first)
		tx.PutWebhook(theirs)
	})
	got, err := w.s.Webhook(w.ctx(), o.ID)
	same(t, "set", first, got, err)
	w.write(func(tx *store.Tx) { tx.PutWebhook(second) })
	w.in(func(tx *store.Tx) {
		got, err := tx.LockWebhook(w.ctx(), o.ID)
		same(t, "replaced", second, got, err)
		page, err := tx.LockWebhooksSealedBy(w.ctx(), [8]byte{2}, reeve.Zero, 5)
		same(t, "of a seal", []reeve.Webhook{second}, page, err)
		page, err = tx.LockWebhooksSealedBy(w.ctx(), [8]byte{2}, o.ID, 5)
		same(t, "the page after", []reeve.Webhook{}, page, err)
	})
	samples, err := w.s.WebhookOfEachSeal(w.ctx())
	same(t, "one of each seal", []reeve.Webhook{theirs, second}, samples, err)

	w.write(func(tx *store.Tx) { tx.DeleteWebhook(o.ID) })
	_, err = w.s.Webhook(w.ctx(), o.ID)
	refused(t, "deleted", err, reeve.NotFound, "webhook not found")
	w.write(func(tx *store.Tx) {
		tx.DeleteProject(p.ID)
		tx.DeleteOrganization(other.ID)
	})
	samples, err = w.s.WebhookOfEachSeal(w.ctx())
	same(t, "gone with the organisation", []reeve.Webhook{}, samples, err)
}

// testWebhookMessages: only the first of each organisation is due, and one
// claim of a state of it succeeds.
func testWebhookMessages(t *testing.T, w world) {
	a, b := newID(), newID()
	due := func(what string, at time.Time, want ...string) []reeve.WebhookMessage {
		t.Helper()
		found, err := w.s.DueWebhookMessages(w.ctx(), at, 10)
		got := []string{}
		for _, m := range found {
			got = append(got, m.Payload)
		}
		same(t, what, append([]string{}, want...), got, err)
		return found
	}
	due("none", minute(9))
	w.message(a, "a1", 3)
	w.message(b, "b1", 1)
	w.message(a, "a2", 1)
	w.message(b, "b2", 1)
	due("before it is time", minute(0))
	due("not what waits behind another", minute(2), "b1")
	first := due("of each its first", minute(3), "b1", "a1")[0]
	same(t, "message", reeve.WebhookMessage{
		Sequence: first.Sequence, ID: first.ID, OrganizationID: b, Payload: "b1", NextAt: minute(1), CreatedAt: minute(0),
	}, first, nil)
	limited, err := w.s.DueWebhookMessages(w.ctx(), minute(3), 1)
	same(t, "limited", []reeve.WebhookMessage{first}, limited, err)

	claim := func(m reeve.WebhookMessage, until time.Time) error {
		return w.s.Write(w.ctx(), func(tx *store.Tx) error { return tx.ClaimWebhookMessage(w.ctx(), m, until) })
	}
	if err := claim(first, minute(5)); err != nil {
		t.Fatal(err)
	}
	refused(t, "claimed twice", claim(first, minute(6)), reeve.NotFound, "message not found")
	due("while it is claimed", minute(4), "a1")
	due("when the claim is over; least tried first", minute(5), "a1", "b1")
	later := first
	later.Attempts, later.NextAt = 1, minute(7)
	w.fact(func(tx *store.Tx) error { tx.PutWebhookMessage(later, 4); return nil })
	due("an attempt that is not the last says nothing", minute(5), "a1", "b1")
	w.fact(func(tx *store.Tx) error { tx.PutWebhookMessage(later, 1); return nil })
	due("put off", minute(6), "a1")
	next, err := w.s.NextWebhookMessage(w.ctx(), b)
	same(t, "the first still", later, next, err)
	w.fact(func(tx *store.Tx) error { tx.RestartWebhookMessages(b, minute(2)); return nil })
	due("restarted", minute(3), "b1", "a1")
	w.fact(func(tx *store.Tx) error { tx.DeleteWebhookMessage(first.Sequence); return nil })
	due("the one behind", minute(3), "b2", "a1")
	n, err := w.s.CountWebhookMessages(w.ctx(), a)
	same(t, "count", 2, n, err)
	n, err = w.s.CountAllWebhookMessages(w.ctx())
	same(t, "count of all", 3, n, err)
	w.fact(func(tx *store.Tx) error { tx.DeleteWebhookMessages(a); return nil })
	due("of one that left", minute(3), "b2")
	_, err = w.s.NextWebhookMessage(w.ctx(), a)
	refused(t, "none", err, reeve.NotFound, "message not found")
}

func testAlerts(t *testing.T, w world) {
	o, other := newID(), newID()
	alert := reeve.Alert{OrganizationID: o, Month: 202611, SubjectID: newID(), Kind: reeve.AlertUsage, Threshold: 50, CreatedAt: minute(1)}
	variant := func(change func(*reeve.Alert)) reeve.Alert {
		out := alert
		out.CreatedAt = minute(2)
		change(&out)
		return out
	}
	variants := []reeve.Alert{
		alert,
		variant(func(a *reeve.Alert) { a.Threshold = 80 }),
		variant(func(a *reeve.Alert) { a.Kind = reeve.AlertBandwidth }),
		variant(func(a *reeve.Alert) { a.SubjectID = newID() }),
		variant(func(a *reeve.Alert) { a.Month = 202612 }),
		variant(func(a *reeve.Alert) { a.OrganizationID = other }),
	}
	for _, want := range []bool{true, false} {
		w.fact(func(tx *store.Tx) error {
			for _, a := range variants {
				raised, err := tx.RaiseAlert(w.ctx(), a)
				same(t, "raised", want, raised, err)
			}
			return nil
		})
	}
	got, err := w.s.Alerts(w.ctx(), o, 202611)
	same(t, "oldest first", []reeve.Alert{variants[0], variants[2], variants[1], variants[3]}, got, err)
	w.fact(func(tx *store.Tx) error { tx.DeleteAlerts(o); return nil })
	got, err = w.s.Alerts(w.ctx(), o, 202612)
	same(t, "deleted", []reeve.Alert{}, got, err)
	w.fact(func(tx *store.Tx) error {
		n, err := tx.DeleteUsageBefore(w.ctx(), 202612, 10)
		same(t, "removed with old usage", 1, n, err)
		return nil
	})
}

func testBudgets(t *testing.T, w world) {
	_, o, p := w.tenant("ada@mail.test")
	_, other, q := w.tenant("bob@mail.test")
	_, err := w.s.Budget(w.ctx(), o.ID)
	refused(t, "none", err, reeve.NotFound, "budget not found")
	cents := int64(1) << 62
	w.write(func(tx *store.Tx) { tx.PutBudget(o.ID, &cents) })
	got, err := w.s.Budget(w.ctx(), o.ID)
	same(t, "set", cents, got, err)
	all, err := w.s.Budgets(w.ctx(), []reeve.ID{other.ID, o.ID, newID()})
	same(t, "of those that have one", map[reeve.ID]store.OwnedBudget{o.ID: {OwnerID: o.OwnerID, Cents: cents}}, all, err)
	page, err := w.s.OrganizationsWithBudget(w.ctx(), reeve.Zero, 10)
	same(t, "page", []reeve.ID{o.ID}, page, err)
	page, err = w.s.OrganizationsWithBudget(w.ctx(), o.ID, 10)
	same(t, "after", []reeve.ID{}, page, err)
	w.in(func(tx *store.Tx) {
		kept, err := tx.KeepOrganization(w.ctx(), o.ID)
		same(t, "kept", o, kept, err)
	})
	w.write(func(tx *store.Tx) { tx.PutBudget(o.ID, nil) })
	_, err = w.s.Budget(w.ctx(), o.ID)
	refused(t, "taken away", err, reeve.NotFound, "budget not found")

	projects, err := w.s.ProjectsAfter(w.ctx(), reeve.Zero, 10)
	same(t, "projects", []reeve.Project{p, q}, projects, err)
	projects, err = w.s.ProjectsAfter(w.ctx(), p.ID, 1)
	same(t, "projects after", []reeve.Project{q}, projects, err)
}
