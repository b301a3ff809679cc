package storetest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

func testAPIKeys(t *testing.T, w world) {
	_, o, p := w.tenant("ada@mail.test")
	other := w.project(o)
	b, foreign := w.apiKey(p.ID, "b"), w.apiKey(other.ID, "b")
	partner := newID()
	a := reeve.APIKey{
		ID: newID(), ProjectID: p.ID, PartnerID: &partner, Name: "a", Head: [32]byte{0, 1, 0xff},
		Secret: []byte{0, 0xff}, SealedBy: [8]byte{0, 1, 0xff}, CreatedAt: minute(1),
	}
	w.write(func(tx *store.Tx) { tx.CreateAPIKey(a) })
	keys, err := w.s.APIKeys(w.ctx(), p.ID)
	same(t, "list", []reeve.APIKey{a, b}, keys, err)
	keys, err = w.s.APIKeys(w.ctx(), o.ID)
	same(t, "empty list", []reeve.APIKey{}, keys, err)
	count, err := w.s.CountAPIKeys(w.ctx(), p.ID)
	same(t, "count", 2, count, err)
	w.in(func(tx *store.Tx) {
		got, err := tx.LockAPIKeyByName(w.ctx(), other.ID, "b")
		same(t, "by name", foreign, got, err)
		got, err = tx.LockAPIKeyByHead(w.ctx(), a.Head)
		same(t, "by head", a, got, err)
		_, err = tx.LockAPIKeyByName(w.ctx(), other.ID, "a")
		refused(t, "another's name", err, reeve.NotFound, "api key not found")
		_, err = tx.LockAPIKeyByHead(w.ctx(), [32]byte{})
		refused(t, "unknown head", err, reeve.NotFound, "api key not found")
	})
	again := a
	again.ID, again.Head = newID(), [32]byte{7}
	err = w.try(func(tx *store.Tx) { tx.CreateAPIKey(again) })
	refused(t, "same name", err, reeve.Conflict, "api-key with given name already exists")
	again.ProjectID = o.ID
	err = w.try(func(tx *store.Tx) { tx.CreateAPIKey(again) })
	refused(t, "no project", err, reeve.NotFound, "project not found")

	a.Secret, a.SealedBy = []byte("resealed"), [8]byte{9}
	w.write(func(tx *store.Tx) {
		tx.ResealAPIKey(a)
		tx.DeleteAPIKey(b.ID)
	})
	keys, err = w.s.APIKeys(w.ctx(), p.ID)
	same(t, "after changes", []reeve.APIKey{a}, keys, err)
	w.apiKey(p.ID, "b") // the name is free again
}

func testAPIKeyPages(t *testing.T, w world) {
	none, err := w.s.APIKeyOfEachSeal(w.ctx())
	same(t, "none", []reeve.APIKey{}, none, err)
	_, _, p := w.tenant("ada@mail.test")
	var keys []reeve.APIKey
	var want, got []reeve.ID
	for i := range 5 {
		key := w.apiKey(p.ID, fmt.Sprint(9-i))
		keys, want = append(keys, key), append(want, key.ID)
	}
	first, last := w.apiKey(p.ID, "first"), w.apiKey(p.ID, "last")
	first.SealedBy, last.SealedBy = [8]byte{}, [8]byte{0xff}
	w.write(func(tx *store.Tx) {
		tx.ResealAPIKey(first)
		tx.ResealAPIKey(last)
	})
	samples, err := w.s.APIKeyOfEachSeal(w.ctx())
	same(t, "of each seal", []reeve.APIKey{first, keys[0], last}, samples, err)
	w.in(func(tx *store.Tx) {
		for after := reeve.Zero; ; {
			page, err := tx.LockAPIKeysSealedBy(w.ctx(), keys[0].SealedBy, after, 2)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				return
			}
			for _, key := range page {
				got = append(got, key.ID)
			}
			after = got[len(got)-1]
		}
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

func testRevokedTails(t *testing.T, w world) {
	_, _, p := w.tenant("ada@mail.test")
	a, b := w.apiKey(p.ID, "a"), w.apiKey(p.ID, "b")
	none, err := w.s.RevokedTails(w.ctx(), a.ID)
	same(t, "none", [][32]byte{}, none, err)
	tail := [32]byte{0, 1, 0xff}
	w.write(func(tx *store.Tx) {
		tx.RevokeTail(a.ID, tail)
		tx.RevokeTail(b.ID, [32]byte{2})
	})
	tails, err := w.s.RevokedTails(w.ctx(), a.ID)
	same(t, "tails", [][32]byte{tail}, tails, err)
	w.write(func(tx *store.Tx) { tx.DeleteAPIKey(a.ID) })
	tails, err = w.s.RevokedTails(w.ctx(), a.ID)
	same(t, "of a deleted key", [][32]byte{}, tails, err)
}

func testCoupons(t *testing.T, w world) {
	ada, bob := w.user("ada@mail.test"), w.user("bob@mail.test")
	coupon := func(user reeve.ID, at int) reeve.Coupon {
		c := reeve.Coupon{
			ID: newID(), UserID: user, Amount: 3000, Duration: 2, Description: "promotional\ncoupon",
			Applied: 1000, CreatedAt: minute(at),
		}
		w.write(func(tx *store.Tx) { tx.CreateCoupon(c) })
		return c
	}
	second, first, third := coupon(ada.ID, 2), coupon(ada.ID, 1), coupon(ada.ID, 3)
	coupon(bob.ID, 1)
	list, err := w.s.CouponsOf(w.ctx(), ada.ID)
	same(t, "newest first", []reeve.Coupon{third, second, first}, list, err)
	list, err = w.s.CouponsOf(w.ctx(), newID())
	same(t, "nobody's", []reeve.Coupon{}, list, err)
	w.in(func(tx *store.Tx) {
		got, err := tx.LockCouponForDelete(w.ctx(), first.ID)
		same(t, "locked", first, got, err)
	})
	w.write(func(tx *store.Tx) { tx.DeleteCoupon(first.ID) })
	want := fmt.Sprintf("coupon with id %q not found", first.ID.String())
	_, err = w.s.Coupon(w.ctx(), first.ID)
	refused(t, "deleted", err, reeve.NotFound, want)
	w.in(func(tx *store.Tx) {
		_, err := tx.LockCouponForDelete(w.ctx(), first.ID)
		refused(t, "deleted", err, reeve.NotFound, want)
	})
	got, err := w.s.Coupon(w.ctx(), second.ID)
	same(t, "another", second, got, err)
	if err := w.try(func(tx *store.Tx) { tx.CreateCoupon(reeve.Coupon{ID: newID(), UserID: newID()}) }); err == nil {
		t.Error("a coupon of nobody")
	}
}

func testGateways(t *testing.T, w world) {
	none, err := w.s.Gateways(w.ctx())
	same(t, "none", []reeve.Gateway{}, none, err)
	second := reeve.Gateway{ID: newID(), Name: "same", CreatedAt: minute(2)}
	first := reeve.Gateway{ID: newID(), Name: "same", CreatedAt: minute(1)}
	w.write(func(tx *store.Tx) {
		tx.CreateGateway(second, reeve.TokenHash{2})
		tx.CreateGateway(first, reeve.TokenHash{1})
	})
	list, err := w.s.Gateways(w.ctx())
	same(t, "oldest first", []reeve.Gateway{first, second}, list, err)
	token := reeve.GatewayToken{ID: second.ID, GatewayID: second.ID, Hash: reeve.TokenHash{2}, CreatedAt: second.CreatedAt}
	got, err := w.s.GatewayToken(w.ctx(), reeve.TokenHash{2})
	same(t, "by token", token, got, err)
	w.in(func(tx *store.Tx) {
		got, err := tx.LockGatewayForDelete(w.ctx(), first.ID)
		same(t, "locked", first, got, err)
	})
	w.write(func(tx *store.Tx) { tx.DeleteGateway(first.ID) })
	_, err = w.s.GatewayToken(w.ctx(), reeve.TokenHash{1})
	refused(t, "deleted", err, reeve.Unauthenticated, "Unauthorized")
	w.in(func(tx *store.Tx) {
		_, err := tx.LockGatewayForDelete(w.ctx(), first.ID)
		refused(t, "deleted", err, reeve.NotFound, "gateway not found")
	})
}

// testTextOrder: text is compared by its bytes, whatever the database's
// collation is.
func testTextOrder(t *testing.T, w world) {
	_, _, p := w.tenant("ada@mail.test")
	want := []string{" ", "!", "1", "10", "2", "A", "B", "_", "a", "a b", "ab", "b", "Ä", "ä", "あ", "😀"}
	for i := range want {
		w.apiKey(p.ID, want[(i*7)%len(want)])
	}
	keys, err := w.s.APIKeys(w.ctx(), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, key := range keys {
		got = append(got, key.Name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}
