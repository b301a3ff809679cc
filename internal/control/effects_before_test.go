package control_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

// TestMembersOutside: who is not in the organisation that a project moves to.
func TestMembersOutside(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ada, o, p := h.tenant("ada@mail.test")
		bob := h.member(o, "bob@mail.test", reeve.RoleViewer)
		h.check(h.c.PutProjectMember(h.ctx, p.ID, bob.ID, reeve.RoleViewer))
		other := h.organization(ada)
		got, err := h.c.MembersOutside(h.ctx, p.ID, o.ID)
		same(t, "its own organisation", control.Count{}, got, err)
		got, err = h.c.MembersOutside(h.ctx, p.ID, other.ID)
		same(t, "where only one is", control.Count{N: 1}, got, err)
	})
}

// TestKeysBefore: the keys that a revocation would delete, and those in use.
func TestKeysBefore(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		old, _, err := h.c.CreateAPIKey(h.ctx, p.ID, "old", nil)
		h.check(err)
		h.clock.pass(time.Hour)
		cut := h.s.Now()
		_, _, err = h.c.CreateAPIKey(h.ctx, p.ID, "young", nil)
		h.check(err)
		h.check(h.s.Write(t.Context(), func(tx *store.Tx) error {
			tx.PutLastUses([]store.LastUse{{ID: old.ID, At: cut.Add(-time.Minute)}})
			return nil
		}))
		one := control.Count{N: 1}
		two := control.Count{N: 2}
		got, err := h.c.KeysBefore(h.ctx, p.ID, &cut, 24*time.Hour)
		same(t, "before", store.KeysBefore{All: two, Before: one, Used: one}, got, err)
		got, err = h.c.KeysBefore(h.ctx, p.ID, nil, time.Second)
		same(t, "all", store.KeysBefore{All: two, Before: two}, got, err)
	})
}
