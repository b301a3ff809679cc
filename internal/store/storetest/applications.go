package storetest

import (
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// testApplications: statements say what they have used of a coupon or a credit,
// for as long as they are not void; what one gives is no use.
func testApplications(t *testing.T, w world) {
	coupon, credit, organization := newID(), newID(), newID()
	statement := func(month reeve.Month, parts ...reeve.Settlement) reeve.Statement {
		return reeve.Statement{
			ID: reeve.StatementID(organization, month), OrganizationID: organization, OwnerID: newID(), Month: month,
			Status: reeve.StatementFinal, Settlements: parts,
		}
	}
	by := func(kind reeve.SettlementKind, source reeve.ID, cents int64) reeve.Settlement {
		return reeve.Settlement{Kind: kind, SourceID: source, Cents: cents}
	}
	second := statement(202611, by(reeve.SettledByCoupon, coupon, 2), by(reeve.SettledByCredit, credit, 3))
	first := statement(202610, by(reeve.SettledByCoupon, coupon, 4))
	given := statement(202609, by(reeve.SettledByCredit, credit, -5))
	w.write(func(tx *store.Tx) { tx.CreateStatements([]reeve.Statement{second, first, given}) })
	check := func(what string, source reeve.ID, want ...reeve.Application) {
		t.Helper()
		got, err := w.s.Applications(w.ctx(), source)
		same(t, what, append([]reeve.Application{}, want...), got, err)
	}
	check("coupon, oldest month first", coupon, reeve.Application{StatementID: first.ID, Month: 202610, Cents: 4},
		reeve.Application{StatementID: second.ID, Month: 202611, Cents: 2})
	check("credit", credit, reeve.Application{StatementID: second.ID, Month: 202611, Cents: 3})
	check("another", newID())
	second.Status = reeve.StatementVoid
	w.write(func(tx *store.Tx) { tx.UpdateStatement(second) })
	check("not of a void one", coupon, reeve.Application{StatementID: first.ID, Month: 202610, Cents: 4})
	check("nothing is left", credit)
}
