package control_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/macaroon"
)

func cancellable(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

func hashOf(token reeve.Token) []byte {
	hash := token.Hash()
	return hash[:]
}

func arrayOf(a [32]byte) []byte { return a[:] }

// spellings are the ways in which bytes may be written.
func spellings(b []byte) []string {
	return []string{string(b), hex.EncodeToString(b), base64.StdEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b), fmt.Sprint(b)}
}

// narrow derives a key that may do less.
func narrow(t *testing.T, key macaroon.Key) macaroon.Key {
	t.Helper()
	id := newID()
	out, err := key.Attenuate(macaroon.Caveat{Nonce: id[:]})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAPIKeys(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		partner := newID()
		b, _, err := h.c.CreateAPIKey(h.ctx, p.ID, " b ", &partner)
		h.check(err)
		a, root, err := h.c.CreateAPIKey(h.ctx, p.ID, "a", nil)
		h.check(err)
		if b.Name != "b" || *b.PartnerID != partner || root.Head() != a.Head {
			t.Errorf("%+v, %+v", a, b)
		}
		project, keys, err := h.c.ListAPIKeys(h.ctx, p.ID)
		same(t, "project", p.ID, project.ID, err)
		same(t, "by name", []reeve.APIKey{a, b}, keys, err)
		for name, message := range map[string]string{"": "Name is not set", "b": "api-key with given name already exists"} {
			kind := map[bool]reeve.Kind{true: reeve.Invalid, false: reeve.Conflict}[name == ""]
			_, _, err := h.c.CreateAPIKey(h.ctx, p.ID, name, nil)
			refused(t, name, err, kind, message)
		}
		_, _, err = h.c.CreateAPIKey(h.ctx, newID(), "x", nil)
		refused(t, "unknown project", err, reeve.NotFound, "project not found")
		h.check(deleteKey(h.ctx, h.c, p.ID, "b"))
		refused(t, "again", deleteKey(h.ctx, h.c, p.ID, "b"), reeve.NotFound, "api key not found")
		fields := fmt.Sprintf(`{"name":"b","partnerId":%q,"projectId":%q}`, partner, p.ID)
		same(t, "log", []string{"apikey.create  " + fields, "apikey.delete " + fields}, h.log(b.ID), nil)

		// Exactly fifty keys are listed like any other number.
		for i := range 49 {
			_, _, err := h.c.CreateAPIKey(h.ctx, p.ID, fmt.Sprintf("k%02d", i), nil)
			h.check(err)
		}
		_, keys, err = h.c.ListAPIKeys(h.ctx, p.ID)
		same(t, "fifty", 50, len(keys), err)
	})
}

// TestRevokeAPIKey: a key revokes itself and its descendants, never its root;
// what was not made from the secret is not found.
func TestRevokeAPIKey(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		stored, root, err := h.c.CreateAPIKey(h.ctx, p.ID, "ci", nil)
		h.check(err)
		_, other, err := h.c.CreateAPIKey(h.ctx, p.ID, "other", nil)
		h.check(err)
		child, sibling := narrow(t, root), narrow(t, root)
		grandchild := narrow(t, child)
		missing := func(what string, key macaroon.Key) {
			t.Helper()
			refused(t, what, revoke(h.ctx, h.c, key), reeve.NotFound, "api key not found", "")
		}
		forged := macaroon.Mint(macaroon.Secret{1}, root.Head())
		missing("forged", forged)
		missing("derived from a forged one", narrow(t, forged))
		missing("unknown", macaroon.Mint(macaroon.Secret{1}, [32]byte{2}))
		missing("zero", macaroon.Key{})

		h.check(revoke(h.ctx, h.c, child))
		missing("child, twice", child)
		missing("grandchild of a revoked child", grandchild)
		missing("a later grandchild", narrow(t, child))
		_, keys, err := h.c.ListAPIKeys(h.ctx, p.ID)
		same(t, "roots", 2, len(keys), err)
		h.check(revoke(h.ctx, h.c, sibling)) // not touched by the child's end
		h.check(revoke(h.ctx, h.c, root))
		missing("root, twice", root)
		missing("child of a deleted root", narrow(t, root))
		h.check(revoke(h.ctx, h.c, narrow(t, other)))
		_, keys, err = h.c.ListAPIKeys(h.ctx, p.ID)
		same(t, "roots", 1, len(keys), err)
		fields := fmt.Sprintf(`{"name":"ci","partnerId":null,"projectId":%q}`, p.ID)
		revoked := func(key macaroon.Key) string {
			return fmt.Sprintf(`apikey.revoke  {"lineage":%q,%s`, control.TailName(key.Tail()), fields[1:])
		}
		same(t, "log", []string{
			"apikey.create  " + fields, revoked(child), revoked(sibling), "apikey.delete " + fields,
		}, h.log(stored.ID), nil)
	})
}

// TestRekey: secrets move to a new master key while the old one is still there,
// and keys go on working.
func TestRekey(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		h.check(h.c.CheckMasterKey(t.Context())) // nothing is sealed yet
		var roots []macaroon.Key
		for _, name := range []string{"a", "b", "c"} {
			_, root, err := h.c.CreateAPIKey(h.ctx, p.ID, name, nil)
			h.check(err)
			roots = append(roots, root)
		}
		h.check(h.c.CheckMasterKey(t.Context()))
		next := [32]byte{2}
		wrong := newControl(t, h.s, next)
		err := wrong.CheckMasterKey(t.Context())
		if !reeve.IsKind(err, reeve.Invalid) {
			t.Errorf("wrong master key: %v", err)
		}
		if err := revoke(h.ctx, wrong, roots[0]); !reeve.IsKind(err, reeve.Internal) {
			t.Errorf("revoked without the master key: %v", err)
		}
		if _, err := wrong.Rekey(h.ctx); !reeve.IsKind(err, reeve.Internal) {
			t.Errorf("resealed without the old key: %v", err)
		}
		h.check(h.c.CheckMasterKey(t.Context()))

		both := newControl(t, h.s, next, masterKey)
		h.check(both.CheckMasterKey(t.Context()))
		h.check(revoke(h.ctx, both, roots[2]))
		for want := 2; want >= 0; want -= 2 {
			changed, err := both.Rekey(h.ctx)
			same(t, "resealed", want, changed, err)
		}
		h.check(wrong.CheckMasterKey(t.Context()))
		h.check(revoke(h.ctx, wrong, narrow(t, roots[0])))
		h.check(revoke(h.ctx, both, roots[1]))
		if err := h.c.CheckMasterKey(t.Context()); !reeve.IsKind(err, reeve.Invalid) {
			t.Errorf("the old key alone: %v", err)
		}
	})
}

// TestPartialRekey: a master key is needed as long as it sealed any secret,
// whichever that is.
func TestPartialRekey(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		next := [32]byte{2}
		both := newControl(t, h.s, next, masterKey)
		for i, c := range []*control.Control{both, h.c, both} {
			_, _, err := c.CreateAPIKey(h.ctx, p.ID, fmt.Sprint(i), nil)
			h.check(err)
		}
		h.check(both.CheckMasterKey(t.Context()))
		for what, key := range map[string][32]byte{"new": next, "old": masterKey} {
			err := newControl(t, h.s, key).CheckMasterKey(t.Context())
			if !reeve.IsKind(err, reeve.Invalid) {
				t.Errorf("the %s key alone: %v", what, err)
			}
		}
		changed, err := both.Rekey(h.ctx)
		same(t, "resealed", 1, changed, err)
		h.check(newControl(t, h.s, next).CheckMasterKey(t.Context()))
	})
}

// TestRekeyTwiceAtOnce: each secret is resealed, counted and recorded once, and
// a key that is deleted meanwhile not at all.
func TestRekeyTwiceAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		const keys = 20
		for i := range keys {
			_, _, err := h.c.CreateAPIKey(h.ctx, p.ID, fmt.Sprint(i), nil)
			h.check(err)
		}
		both := newControl(t, h.s, [32]byte{2}, masterKey)
		changed, errs := [2]int{}, [2]error{}
		h.check(h.s.Write(h.ctx, func(tx *store.Tx) error {
			key, err := tx.LockAPIKeyByName(h.ctx, p.ID, "7")
			h.check(err)
			tx.DeleteAPIKey(key.ID)
			tx.Record(reeve.Change{Action: "test", Target: key.ID})
			return nil
		}))
		race(
			func() error { changed[0], errs[0] = both.Rekey(h.ctx); return nil },
			func() error { changed[1], errs[1] = both.Rekey(h.ctx); return nil },
		)
		h.check(errs[0])
		h.check(errs[1])
		same(t, "resealed", keys-1, changed[0]+changed[1], nil)
		recorded := 0
		for _, c := range h.all() {
			if c.Action == "apikey.rekey" {
				recorded++
			}
		}
		same(t, "recorded", keys-1, recorded, nil)
	})
}

// TestRekeyWhileDeleted: a key whose deletion the rekeying waits for is neither
// counted nor recorded.
func TestRekeyWhileDeleted(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		var ids []reeve.ID
		for i := range 2 {
			key, _, err := h.c.CreateAPIKey(h.ctx, p.ID, fmt.Sprint(i), nil)
			h.check(err)
			ids = append(ids, key.ID)
		}
		both := newControl(t, h.s, [32]byte{2}, masterKey)
		changed, done := 0, make(chan error, 1)
		h.check(h.s.Write(h.ctx, func(tx *store.Tx) error {
			if _, err := tx.LockAPIKeyByName(h.ctx, p.ID, "1"); err != nil {
				return err
			}
			tx.DeleteAPIKey(ids[1])
			tx.Record(reeve.Change{Action: "test", Target: ids[1]})
			go func() {
				var err error
				changed, err = both.Rekey(h.ctx)
				done <- err
			}()
			h.waitForLock()
			return nil
		}))
		h.check(<-done)
		same(t, "resealed", 1, changed, nil)
		same(t, "recorded", []string{"test"}, h.log(ids[1])[1:], nil)
	})
}
