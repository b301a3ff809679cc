package storetest

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// testOperatorSessions: a session tells of its operator and its token as they
// are now; those that are over go with their last uses and leave their tokens.
func testOperatorSessions(t *testing.T, w world) {
	o := reeve.NamedOperator{ID: newID(), Name: "a", Role: reeve.OperatorFinance, CreatedAt: minute(1)}
	w.write(func(tx *store.Tx) {
		tx.CreateOperator(o)
		tx.CreateOperatorToken(newID(), o.ID, reeve.TokenHash{1})
		tx.CreateOperatorToken(newID(), reeve.Zero, reeve.TokenHash{2})
	})
	hash := func(s store.OperatorSession) reeve.TokenHash { return reeve.TokenHash(append(s.ID[:], s.ID[:]...)) }
	open := func(at int, s store.OperatorSession) store.OperatorSession {
		s.ID, s.CreatedAt, s.UsedAt = newID(), minute(at), minute(at)
		w.fact(func(tx *store.Tx) error { tx.CreateOperatorSession(s, hash(s)); return nil })
		return s
	}
	is := func(what string, want store.OperatorSession) {
		t.Helper()
		got, err := w.s.OperatorSession(w.ctx(), hash(want))
		same(t, what, want, got, err)
	}
	gone := func(what string, s store.OperatorSession) {
		t.Helper()
		_, err := w.s.OperatorSession(w.ctx(), hash(s))
		refused(t, what, err, reeve.Unauthenticated, "Unauthorized")
	}
	named := store.OperatorSession{OperatorID: o.ID, Name: "a", Role: reeve.OperatorFinance, TokenHash: reeve.TokenHash{1}, TokenKept: true}
	a := open(1, named)
	root := open(1, store.OperatorSession{TokenHash: reeve.TokenHash{2}, TokenKept: true})
	provided := open(2, store.OperatorSession{OperatorID: o.ID, Name: "a", Role: reeve.OperatorFinance, Provided: true, Mapped: reeve.OperatorAdmin})
	is("of a named operator", a)
	is("of the root", root)
	is("of a provider's", provided)

	ends := w.s.Now().Add(time.Hour).Truncate(time.Microsecond)
	w.write(func(tx *store.Tx) {
		tx.EndOperatorTokens(o.ID, ends)
		tx.EndOperatorTokens(reeve.Zero, ends)
	})
	a.TokenEnds, root.TokenEnds = &ends, &ends
	is("its token ends", a)
	is("the root's token ends", root)
	w.write(func(tx *store.Tx) { tx.EndOperatorTokens(o.ID, tx.Now().Add(-time.Hour)) })
	a.TokenEnds, a.TokenKept = nil, false
	is("its token is gone", a)

	w.fact(func(tx *store.Tx) error {
		tx.PutLastUses([]store.LastUse{{ID: a.ID, At: minute(9), By: "192.0.2.7"}})
		return nil
	})
	a.UsedAt = minute(9)
	is("used", a)
	w.fact(func(tx *store.Tx) error { tx.KeepOperatorSessions(o.ID, 1); return nil })
	is("that used last stays", a)
	gone("that used before", provided)
	left, err := w.s.RevokedToken(w.ctx(), hash(provided))
	same(t, "what it leaves", store.RevokedToken{ID: provided.ID, OperatorID: &o.ID}, left, err)
	is("the root's stay", root)
	w.fact(func(tx *store.Tx) error { tx.KeepOperatorSessions(reeve.Zero, 0); return nil })
	gone("the root's", root)
	is("the named operator's stay", a)

	provided = open(3, store.OperatorSession{OperatorID: o.ID, Name: "a", Role: reeve.OperatorFinance, Provided: true, Mapped: reeve.OperatorAdmin})
	w.fact(func(tx *store.Tx) error { tx.DeleteProvidedSessions(o.ID); return nil })
	gone("a provider's", provided)
	is("a token's stays", a)
	dead := func(what string, created, used, want int) {
		t.Helper()
		w.fact(func(tx *store.Tx) error {
			n, err := tx.DeleteDeadOperatorSessions(w.ctx(), minute(created), minute(used), 9)
			same(t, what, want, n, err)
			return nil
		})
	}
	dead("used since", 0, 9, 0)
	dead("idle", 0, 10, 1)
	gone("idle", a)
	uses, err := w.s.LastUses(w.ctx(), []reeve.ID{a.ID})
	same(t, "its last use", map[reeve.ID]store.LastUse{}, uses, err)

	last := open(4, named)
	w.write(func(tx *store.Tx) { tx.DeleteOperator(o.ID) })
	gone("of a deleted operator", last)
	left, err = w.s.RevokedToken(w.ctx(), hash(last))
	same(t, "what a deleted operator's leaves", last.ID, left.ID, err)
}

// testOperatorIdentities: a provider's subject is one operator, and goes with it.
func testOperatorIdentities(t *testing.T, w world) {
	o := reeve.NamedOperator{ID: newID(), Name: "a", Role: reeve.OperatorAdmin, CreatedAt: minute(1)}
	find := func(issuer, subject string) (got reeve.NamedOperator, err error) {
		w.in(func(tx *store.Tx) {
			if err := tx.LockOperatorIdentities(w.ctx()); err != nil {
				t.Error(err)
			}
			got, err = tx.LockOperatorOfIdentity(w.ctx(), issuer, subject)
		})
		return got, err
	}
	has := func(want bool) {
		t.Helper()
		got, err := w.s.HasIdentity(w.ctx(), o.ID)
		same(t, "has an identity", want, got, err)
	}
	w.write(func(tx *store.Tx) { tx.CreateOperator(o) })
	has(false)
	w.write(func(tx *store.Tx) {
		tx.CreateOperatorIdentity("https://id.test", "ada", o.ID)
		tx.Record(reeve.Change{Actor: "system", Action: "operator.create", Target: o.ID})
	})
	has(true)
	got, err := find("https://id.test", "ada")
	same(t, "found", o, got, err)
	for _, other := range [][2]string{{"https://id.test", "Ada"}, {"https://other.test", "ada"}} {
		_, err := find(other[0], other[1])
		refused(t, "another", err, reeve.NotFound, "operator not found")
	}
	w.write(func(tx *store.Tx) { tx.DeleteOperator(o.ID) })
	_, err = find("https://id.test", "ada")
	refused(t, "of a deleted operator", err, reeve.NotFound, "operator not found")
}
