package storetest

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// big integers are compared by value.
func sameMoney(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// statement is an organisation's, with quantities beyond 64 bits.
func statement(o reeve.Organization, project reeve.ID, month reeve.Month, lines int) reeve.Statement {
	out := reeve.Statement{
		ID: reeve.StatementID(o.ID, month), OrganizationID: o.ID, OrganizationName: o.Name, OwnerID: o.OwnerID,
		Month: month, Status: reeve.StatementFinal, Gross: int64(lines), Coupons: 1, Credits: -1, Due: int64(lines),
		Settlements: []reeve.Settlement{
			{Kind: reeve.SettledByCoupon, SourceID: newID(), Description: "a", Cents: 1},
			{Kind: reeve.SettledByCredit, SourceID: newID(), Description: "b", Cents: -1},
		},
	}
	huge := new(big.Int).Lsh(big.NewInt(-3), 100)
	for i := range lines {
		out.Lines = append(out.Lines, reeve.StatementLine{
			ProjectID: project, ProjectName: fmt.Sprint("p", i), Meter: reeve.UsageMeters[i%4],
			Month: month.Add(-i / 4), Quantity: huge, Microcents: big.NewInt(int64(i)), Cents: 1,
		})
	}
	return out
}

func testStatements(t *testing.T, w world) {
	ada, acme, p := w.tenant("ada@mail.test")
	bob, other, q := w.tenant("bob@mail.test")
	november, december := reeve.Month(202611), reeve.Month(202612)
	all := []reeve.Statement{
		statement(acme, p.ID, november, 7), statement(acme, p.ID, december, 650), statement(other, q.ID, november, 1),
	}
	w.write(func(tx *store.Tx) { tx.CreateStatements(all) })
	for _, want := range all {
		got, err := w.s.Statement(w.ctx(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		sameMoney(t, "read", want, got)
	}
	_, err := w.s.Statement(w.ctx(), newID())
	refused(t, "unknown", err, reeve.NotFound, "statement not found")

	ids := w.statementIDs
	sorted := []reeve.ID{all[0].ID, all[1].ID, all[2].ID}
	slices.SortFunc(sorted, func(a, b reeve.ID) int { return bytes.Compare(b[:], a[:]) })
	same(t, "all", sorted, ids(store.StatementFilter{}), nil)
	same(t, "page", sorted[1:2], ids(store.StatementFilter{Before: sorted[0], Limit: 1}), nil)
	same(t, "offset", sorted[2:], ids(store.StatementFilter{Limit: 5, Offset: 2}), nil)
	same(t, "organization", []reeve.ID{all[1].ID, all[0].ID}, ids(store.StatementFilter{OrganizationID: acme.ID}), nil)
	same(t, "owner and month", []reeve.ID{all[2].ID}, ids(store.StatementFilter{OwnerID: bob.ID, Month: november}), nil)
	same(t, "status", nil, ids(store.StatementFilter{Status: reeve.StatementPaid}), nil)
	in, err := w.s.StatementsIn(w.ctx(), []reeve.ID{acme.ID, other.ID, newID()}, december)
	same(t, "in December", []int{1, 650}, []int{len(in), int(in[acme.ID].Due)}, err)

	billed, err := w.s.BilledUsage(w.ctx(), []reeve.ID{p.ID, newID()}, november)
	if err != nil || len(billed) != 1 {
		t.Fatal(billed, err)
	}
	huge := new(big.Int).Lsh(big.NewInt(-3), 100) // one line in November's, one in December's
	sameMoney(t, "billed", reeve.Billed{Quantity: huge.Add(huge, huge), Microcents: big.NewInt(0 + 4), Cents: big.NewInt(2)}, billed[p.ID][reeve.UsageStorage])
	w.settle(all[2].ID)
	same(t, "open", []bool{true, true, false, false}, []bool{
		w.isOpen(store.StatementFilter{OwnerID: ada.ID}), w.isOpen(store.StatementFilter{OrganizationID: acme.ID}),
		w.isOpen(store.StatementFilter{OwnerID: bob.ID}), w.isOpen(store.StatementFilter{OrganizationID: newID()}),
	}, nil)
}

// statementIDs gives the ids of the statements that a filter picks, and holds
// their count to them.
func (w world) statementIDs(f store.StatementFilter) (out []reeve.ID) {
	w.t.Helper()
	list, err := w.s.Statements(w.ctx(), f)
	count, countErr := w.s.CountStatements(w.ctx(), f)
	if err != nil || countErr != nil || f.Limit == 0 && count != len(list) {
		w.t.Fatalf("%v: %d of %d, %v %v", f, len(list), count, err, countErr)
	}
	for _, s := range list {
		out = append(out, s.ID)
	}
	return out
}

// settle leaves nothing due of a statement with two settlements.
func (w world) settle(id reeve.ID) {
	w.t.Helper()
	w.write(func(tx *store.Tx) {
		s, err := tx.LockStatement(w.ctx(), id)
		if err != nil || len(s.Settlements) != 2 {
			w.t.Error(s, err)
		}
		s.Noted = s.Due
		tx.UpdateStatement(s)
	})
}

// isOpen tells whether a filter picks a statement of which something is due.
func (w world) isOpen(f store.StatementFilter) bool {
	w.t.Helper()
	out, err := w.s.HasOpenStatement(w.ctx(), f)
	same(w.t, "open", nil, err, nil)
	return out
}

// testPayers: who pays for what was used, of late or by a project that is gone
// too.
func testPayers(t *testing.T, w world) {
	_, acme, p := w.tenant("ada@mail.test")
	_, other, q := w.tenant("bob@mail.test")
	_, _, idle := w.tenant("eve@mail.test")
	second := w.project(acme)
	november := reeve.Month(202611)
	gauge := map[store.GaugeKey]reeve.GaugeMonth{{ProjectID: second.ID, Meter: reeve.UsageStorage}: {First: epoch, Last: reeve.Sample{At: epoch, Value: 1}}}
	w.fact(func(tx *store.Tx) error {
		tx.PutUsageCounters([]reeve.UsageTotal{used(p.ID, november, 1), used(newID(), november, 1), used(idle.ID, 202609, 1)})
		tx.PutUsageGauges(202610, gauge)
		tx.PutUsageLate(map[reeve.ID][]reeve.Month{q.ID: {202610, 202612}})
		return nil
	})
	w.write(func(tx *store.Tx) {
		tx.DepartProject(q)
		tx.DeleteProject(q.ID)
	})
	want := []store.Payer{{OrganizationID: acme.ID, OwnerID: acme.OwnerID, Projects: 2}, {OrganizationID: other.ID, OwnerID: other.OwnerID, Projects: 1}}
	got, err := w.s.Payers(w.ctx(), november)
	slices.SortFunc(got, func(a, b store.Payer) int { return b.Projects - a.Projects })
	same(t, "payers", want, got, err)
	months, err := w.s.UsageMonths(w.ctx())
	same(t, "months", []reeve.Month{202609, 202610, 202611}, months, err)
	projects, err := w.s.PayerProjects(w.ctx(), []reeve.ID{other.ID})
	same(t, "projects", []store.PayerProject{{ID: q.ID, OrganizationID: other.ID, Name: q.Name, Departed: true}}, projects, err)
	gone, err := w.s.DepartedOf(w.ctx(), other.ID)
	same(t, "departed", []reeve.ID{q.ID}, gone, err)
	late, err := w.s.UsageLate(w.ctx(), []reeve.ID{p.ID, q.ID}, november)
	same(t, "late", map[reeve.ID][]reeve.Month{q.ID: {202610}}, late, err)

	w.fact(func(tx *store.Tx) error {
		tx.ForgetDepartedBefore(tx.Now())
		tx.StartBilling(november)
		tx.StartBilling(202701)
		return tx.DeleteUsageLate(w.ctx(), []reeve.ID{q.ID}, november)
	})
	late, err = w.s.UsageLate(w.ctx(), []reeve.ID{p.ID, q.ID}, 203000)
	same(t, "late, later", map[reeve.ID][]reeve.Month{q.ID: {202612}}, late, err)
	start, err := w.s.BillingStart(w.ctx())
	same(t, "start", november, start, err)
}
