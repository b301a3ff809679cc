package storetest

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

func testOperators(t *testing.T, w world) {
	none, err := w.s.Operators(w.ctx())
	same(t, "none", []reeve.NamedOperator{}, none, err)
	second := reeve.NamedOperator{ID: newID(), Name: "b", Role: reeve.OperatorFinance, CreatedAt: minute(2)}
	first := reeve.NamedOperator{ID: newID(), Name: "a", Role: reeve.OperatorAdmin, CreatedAt: minute(1)}
	w.write(func(tx *store.Tx) {
		tx.CreateOperator(second)
		tx.CreateOperator(first)
		tx.CreateOperatorToken(newID(), first.ID, reeve.TokenHash{1})
		tx.CreateOperatorToken(newID(), second.ID, reeve.TokenHash{2})
	})
	list, err := w.s.Operators(w.ctx())
	same(t, "oldest first", []reeve.NamedOperator{first, second}, list, err)
	const taken = "an operator with that name already exists"
	err = w.try(func(tx *store.Tx) {
		tx.CreateOperator(reeve.NamedOperator{ID: newID(), Name: "a", CreatedAt: minute(3)})
	})
	refused(t, "name taken", err, reeve.Conflict, taken)
	renamed := second
	renamed.Name = "a"
	refused(t, "renamed to a taken one", w.try(func(tx *store.Tx) { tx.UpdateOperator(renamed) }), reeve.Conflict, taken)
	renamed.Name, renamed.Role = "c", reeve.OperatorViewer
	w.write(func(tx *store.Tx) { tx.UpdateOperator(renamed) })
	got, err := w.s.Operator(w.ctx(), second.ID)
	same(t, "updated", renamed, got, err)
	w.in(func(tx *store.Tx) {
		for name, lock := range map[string]func() (reeve.NamedOperator, error){
			"lock":            func() (reeve.NamedOperator, error) { return tx.LockOperator(w.ctx(), first.ID) },
			"lock for delete": func() (reeve.NamedOperator, error) { return tx.LockOperatorForDelete(w.ctx(), first.ID) },
		} {
			got, err := lock()
			same(t, name, first, got, err)
		}
	})
	w.write(func(tx *store.Tx) { tx.DeleteOperator(first.ID) })
	_, err = w.s.Operator(w.ctx(), first.ID)
	refused(t, "deleted", err, reeve.NotFound, "operator not found")
	tokens, err := w.s.OperatorTokens(w.ctx())
	if err != nil || len(tokens) != 1 || tokens[0].OperatorID != second.ID || tokens[0].Role != reeve.OperatorViewer {
		t.Errorf("tokens: %+v, %v", tokens, err)
	}
}

// testOperatorTokens: tokens end whose they are, no sooner than they must.
func testOperatorTokens(t *testing.T, w world) {
	none, err := w.s.OperatorTokens(w.ctx())
	same(t, "none", []store.OperatorToken{}, none, err)
	o := reeve.NamedOperator{ID: newID(), Name: "a", Role: reeve.OperatorAdmin, CreatedAt: minute(1)}
	w.write(func(tx *store.Tx) { tx.CreateOperator(o) })
	made := byte(0)
	rotate := func(operator reeve.ID, overlap time.Duration) {
		t.Helper()
		made++
		w.write(func(tx *store.Tx) {
			if err := tx.LockOperatorTokens(w.ctx()); err != nil {
				t.Error(err)
			}
			tx.EndOperatorTokens(operator, tx.Now().Add(overlap))
			tx.CreateOperatorToken(newID(), operator, reeve.TokenHash{made})
		})
	}
	count := func(operator reeve.ID, live, ending int) {
		t.Helper()
		tokens, err := w.s.OperatorTokens(w.ctx())
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range tokens {
			if token.OperatorID != operator {
				continue
			}
			if token.ExpiresAt == nil {
				live--
			} else if token.Live(w.s.Now()) {
				ending--
			}
		}
		if live != 0 || ending != 0 {
			t.Errorf("%+v", tokens)
		}
	}
	rotate(reeve.Zero, 0)
	rotate(o.ID, 0)
	rotate(o.ID, time.Hour)
	count(reeve.Zero, 1, 0)
	count(o.ID, 1, 1)
	rotate(o.ID, 2*time.Hour) // the first one does not live longer
	count(o.ID, 1, 2)
	rotate(reeve.Zero, time.Hour)
	count(reeve.Zero, 1, 1)
	rotate(o.ID, 0)
	count(o.ID, 1, 0)
	count(reeve.Zero, 1, 1)
	has, err := w.s.HasRootToken(w.ctx())
	same(t, "the root has one", true, has, err)
}
