package storetest

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// testGatewayTokens: a gateway's new token, the ones before it with their ends,
// and their going with it.
func testGatewayTokens(t *testing.T, w world) {
	gateway := reeve.Gateway{ID: newID(), Name: "edge", CreatedAt: minute(1)}
	w.write(func(tx *store.Tx) { tx.CreateGateway(gateway, reeve.TokenHash{1}) })
	first := reeve.GatewayToken{ID: gateway.ID, GatewayID: gateway.ID, Hash: reeve.TokenHash{1}, CreatedAt: minute(1)}
	second := reeve.GatewayToken{ID: newID(), GatewayID: gateway.ID, Hash: reeve.TokenHash{2}, CreatedAt: minute(2)}
	third := reeve.GatewayToken{ID: newID(), GatewayID: gateway.ID, Hash: reeve.TokenHash{3}, CreatedAt: minute(3)}
	all := func(ids []reeve.ID) map[reeve.ID]reeve.GatewayToken {
		out := map[reeve.ID]reeve.GatewayToken{}
		if err := w.s.EachGatewayToken(w.ctx(), ids, func(t reeve.GatewayToken) { out[t.ID] = t }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	kept := reeve.GatewayToken{ID: newID(), GatewayID: gateway.ID, Hash: first.Hash, CreatedAt: first.CreatedAt}
	w.write(func(tx *store.Tx) { tx.ReplaceGatewayToken(second, &kept, minute(60)) })
	end := minute(60)
	kept.ExpiresAt = &end
	same(t, "both", map[reeve.ID]reeve.GatewayToken{second.ID: second, kept.ID: kept}, all([]reeve.ID{gateway.ID}), nil)
	got, err := w.s.GatewayToken(w.ctx(), first.Hash)
	same(t, "the one before", kept, got, err)
	w.write(func(tx *store.Tx) { tx.ReplaceGatewayToken(third, nil, minute(30)) })
	end = minute(30)
	same(t, "ends sooner", map[reeve.ID]reeve.GatewayToken{third.ID: third, kept.ID: kept}, all(nil), nil)
	ended, err := w.s.EndedGatewayTokens(w.ctx(), minute(29), 9)
	same(t, "not ended", []reeve.GatewayToken{}, ended, err)
	ended, err = w.s.EndedGatewayTokens(w.ctx(), minute(30), 9)
	same(t, "ended", []reeve.GatewayToken{kept}, ended, err)
	for _, want := range []bool{true, false} {
		w.write(func(tx *store.Tx) {
			there, err := tx.DeleteGatewayToken(w.ctx(), kept.ID)
			same(t, "there", want, there, err)
		})
	}
	w.write(func(tx *store.Tx) { tx.ReplaceGatewayToken(second, &kept, minute(60)) })
	w.write(func(tx *store.Tx) { tx.DeleteGateway(gateway.ID) })
	same(t, "gone with it", map[reeve.ID]reeve.GatewayToken{}, all(nil), nil)
}

// testAPIKeyLife: what a restriction, an end and a rotation leave in a key's row,
// and lists of those that have not ended.
func testAPIKeyLife(t *testing.T, w world) {
	_, _, p := w.tenant("ada@mail.test")
	end, by, from := minute(10), newID(), newID()
	key := w.apiKey(p.ID, "a")
	other := reeve.APIKey{
		ID: newID(), ProjectID: p.ID, Name: "b", Head: [32]byte{9}, Secret: []byte{1}, CreatedAt: minute(1),
		ExpiresAt: &end, Caveat: []byte{0, 0xff}, RotatedFrom: &from,
	}
	w.write(func(tx *store.Tx) { tx.CreateAPIKey(other) })
	got, err := w.s.APIKey(w.ctx(), other.ID)
	same(t, "narrowed", other, got, err)
	_, err = w.s.APIKey(w.ctx(), from)
	refused(t, "unknown", err, reeve.NotFound, "api key not found")
	page := func(at time.Time, limit, offset, total int, want ...reeve.APIKey) {
		t.Helper()
		got, n, err := w.s.APIKeysPage(w.ctx(), p.ID, at, limit, offset)
		same(t, "page", append([]reeve.APIKey{}, want...), got, err)
		same(t, "total", total, n, nil)
	}
	page(end, 1, 0, 2, key)
	page(end, 9, 1, 2, other)
	page(end.Add(time.Microsecond), 9, 0, 1, key)
	ended, err := w.s.EndedAPIKeys(w.ctx(), end, 9)
	same(t, "not ended", []reeve.ID{}, ended, err)
	ended, err = w.s.EndedAPIKeys(w.ctx(), end.Add(time.Microsecond), 9)
	same(t, "ended", []reeve.ID{other.ID}, ended, err)
	key.Name, key.ExpiresAt, key.ReplacedBy = "z", &end, &by
	w.write(func(tx *store.Tx) { tx.ReplaceAPIKey(key) })
	page(end, 9, 0, 2, other, key)
	key.Name = "b"
	err = w.try(func(tx *store.Tx) { tx.ReplaceAPIKey(key) })
	refused(t, "same name", err, reeve.Conflict, "api-key with given name already exists")
	known, err := w.s.KnownAPIKeys(w.ctx(), []reeve.ID{key.ID, by, other.ID})
	same(t, "known", map[reeve.ID]bool{key.ID: true, other.ID: true}, known, err)
	known, err = w.s.KnownAPIKeys(w.ctx(), nil)
	same(t, "none", map[reeve.ID]bool{}, known, err)
}

// testOrganizationKeyLife: rotation and derivation in a key's row.
func testOrganizationKeyLife(t *testing.T, w world) {
	_, o, _ := w.tenant("ada@mail.test")
	_, foreign, _ := w.tenant("bob@mail.test")
	key := func(name string, parent *reeve.ID) reeve.OrganizationKey {
		out := reeve.OrganizationKey{ID: newID(), OrganizationID: o.ID, Name: name, Role: reeve.RoleAdmin, CreatedAt: minute(1), ParentID: parent}
		w.write(func(tx *store.Tx) {
			tx.CreateOrganizationKey(out, reeve.TokenHash(append([]byte(out.ID[:]), out.ID[:]...)))
		})
		return out
	}
	root := key("a", nil)
	child := key("b", &root.ID)
	grandchild := key("c", &child.ID)
	end, by := minute(10), newID()
	child.ExpiresAt, child.ReplacedBy, child.Name = &end, &by, "bb"
	w.write(func(tx *store.Tx) { tx.UpdateOrganizationKey(child) })
	w.in(func(tx *store.Tx) {
		got, err := tx.LockOrganizationKeyByID(w.ctx(), o.ID, child.ID)
		same(t, "by id", child, got, err)
		_, err = tx.LockOrganizationKeyByID(w.ctx(), foreign.ID, child.ID)
		refused(t, "another's", err, reeve.NotFound, "organization key not found")
		derived, err := tx.LockDerivedKeys(w.ctx(), root.ID)
		same(t, "derived", []reeve.OrganizationKey{child}, derived, err)
	})
	page := func(at time.Time, limit, offset, total int, want ...reeve.OrganizationKey) {
		t.Helper()
		got, n, err := w.s.OrganizationKeysPage(w.ctx(), o.ID, at, limit, offset)
		same(t, "page", append([]reeve.OrganizationKey{}, want...), got, err)
		same(t, "total", total, n, nil)
	}
	page(minute(9), 2, 0, 3, root, child)
	page(end, 2, 1, 2, grandchild)
	child.Name = "a"
	err := w.try(func(tx *store.Tx) { tx.UpdateOrganizationKey(child) })
	refused(t, "same name", err, reeve.Conflict, "organization key with given name already exists")
	w.write(func(tx *store.Tx) { tx.DeleteOrganizationKey(root.ID) })
	page(minute(9), 9, 0, 0)
}

// testLastUses: the later use stays, and old ones go.
func testLastUses(t *testing.T, w world) {
	a, b := newID(), newID()
	put := func(uses ...store.LastUse) { w.write(func(tx *store.Tx) { tx.PutLastUses(uses) }) }
	put(store.LastUse{ID: a, At: minute(2), By: "x"}, store.LastUse{ID: b, At: minute(1), By: "y"})
	put(store.LastUse{ID: a, At: minute(1), By: "late"}, store.LastUse{ID: b, At: minute(3), By: "z"})
	got, err := w.s.LastUses(w.ctx(), []reeve.ID{a, b, newID()})
	same(t, "uses", map[reeve.ID]store.LastUse{a: {ID: a, At: minute(2), By: "x"}, b: {ID: b, At: minute(3), By: "z"}}, got, err)
	w.write(func(tx *store.Tx) {
		n, err := tx.DeleteLastUsesBefore(w.ctx(), minute(3), 9)
		same(t, "gone", 1, n, err)
	})
	got, err = w.s.LastUses(w.ctx(), []reeve.ID{a, b})
	same(t, "left", map[reeve.ID]store.LastUse{b: {ID: b, At: minute(3), By: "z"}}, got, err)
}
