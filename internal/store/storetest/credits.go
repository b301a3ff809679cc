package storetest

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// testCredits: a credit is kept as it was made, outlives its organisation, and
// is voided at the transaction's time.
func testCredits(t *testing.T, w world) {
	ada := w.user("ada@mail.test")
	o, other := w.organization(ada.ID), w.organization(ada.ID)
	credit := func(organization reeve.ID, at int) reeve.Credit {
		end := minute(at + 1000)
		c := reeve.Credit{
			ID: newID(), OrganizationID: organization, Amount: 1 << 62, Applied: 1000, Priority: -1 << 62, Description: "sorry\nfor that",
			EffectiveAt: minute(at - 1000), ExpiresAt: &end, CreatedAt: minute(at),
		}
		w.write(func(tx *store.Tx) { tx.CreateCredit(c) })
		return c
	}
	second, first, third := credit(o.ID, 2), credit(o.ID, 1), credit(o.ID, 3)
	void := time.UnixMicro(-1).UTC()
	fourth := reeve.Credit{ID: newID(), OrganizationID: o.ID, EffectiveAt: minute(0), VoidedAt: &void, CreatedAt: minute(4)}
	w.write(func(tx *store.Tx) { tx.CreateCredit(fourth) })
	credit(other.ID, 1)
	list, err := w.s.CreditsOf(w.ctx(), o.ID)
	same(t, "newest first", []reeve.Credit{fourth, third, second, first}, list, err)
	list, err = w.s.CreditsOf(w.ctx(), newID())
	same(t, "nobody's", []reeve.Credit{}, list, err)

	w.write(func(tx *store.Tx) {
		tx.VoidCredit(first.ID)
		first.VoidedAt = new(tx.Now())
	})
	w.in(func(tx *store.Tx) {
		got, err := tx.LockCredit(w.ctx(), first.ID)
		same(t, "void", first, got, err)
		_, err = tx.LockCredit(w.ctx(), newID())
		refused(t, "unknown, to lock", err, reeve.NotFound, "credit not found")
	})
	w.write(func(tx *store.Tx) { tx.DeleteOrganization(o.ID) })
	got, err := w.s.Credit(w.ctx(), second.ID)
	same(t, "of an organisation that is gone", second, got, err)
	_, err = w.s.Credit(w.ctx(), newID())
	refused(t, "unknown", err, reeve.NotFound, "credit not found")
	used, err := w.s.Applications(w.ctx(), second.ID)
	same(t, "used by nothing", []reeve.Application{}, used, err)
}
