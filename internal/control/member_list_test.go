package control_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

// TestMembersByPart: pages and searches are for operators and for who may read
// members, and nobody else's.
func TestMembersByPart(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ada, o, p := h.tenant("ada@mail.test")
		_, theirs, foreign := h.tenant("adam@mail.test")
		bob := h.member(o, "bob@mail.test", reeve.RoleViewer)
		h.check(h.c.PutProjectMember(h.ctx, p.ID, bob.ID, reeve.RoleViewer))
		viewer := h.session(h.password(bob, secret))
		page := control.Page{Number: 1, Size: 1}
		for _, ctx := range []struct {
			name   string
			tenant bool
		}{{"operator", false}, {"viewer", true}} {
			by := h.ctx
			if ctx.tenant {
				by = viewer
			}
			organizations, total, err := h.c.OrganizationMembers(by, o.ID, page)
			if err != nil || total.N != 2 || len(organizations) != 1 || organizations[0].UserID != bob.ID {
				t.Errorf("%s: %v of %v, %v", ctx.name, organizations, total, err)
			}
			projects, total, err := h.c.ProjectMembers(by, p.ID, page)
			if err != nil || total.N != 2 || len(projects) != 1 || projects[0].UserID != bob.ID {
				t.Errorf("%s: %v of %v, %v", ctx.name, projects, total, err)
			}
			found, more, err := h.c.FindOrganizationMembers(by, o.ID, " Ada@ ", 1)
			if err != nil || more || len(found) != 1 || found[0].UserID != ada.ID {
				t.Errorf("%s: %v %v %v", ctx.name, found, more, err)
			}
			found, more, err = h.c.FindProjectMembers(by, p.ID, "ada love", 1)
			if err != nil || !more || len(found) != 1 {
				t.Errorf("%s: %v %v %v", ctx.name, found, more, err)
			}
			found, more, err = h.c.FindProjectMembers(by, p.ID, " ", 1)
			if err != nil || more || len(found) != 0 {
				t.Errorf("%s, nothing: %v %v %v", ctx.name, found, more, err)
			}
			_, _, err = h.c.FindProjectMembers(by, p.ID, strings.Repeat("a", control.MaxQuery+1), 1)
			refused(t, "a long text", err, reeve.Invalid, "q is longer than 1000 bytes")
		}
		for name, ids := range map[string][2]reeve.ID{"foreign": {theirs.ID, foreign.ID}, "unknown": {newID(), newID()}} {
			_, _, err := h.c.ProjectMembers(viewer, ids[1], page)
			denied(t, name, err)
			_, _, err = h.c.FindProjectMembers(viewer, ids[1], "a", 1)
			denied(t, name, err)
			_, _, err = h.c.FindOrganizationMembers(viewer, ids[0], "a", 1)
			denied(t, name, err)
		}
	})
}

// TestOperatorsReadPages: what the pages of organisations and projects show is
// for operators, too.
func TestOperatorsReadPages(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ada, o, p := h.tenant("ada@mail.test")
		look := as(t, reeve.Actor{Kind: reeve.Operator, ID: newID(), OperatorRole: reeve.OperatorViewer})
		_, _, err := h.c.CreateAPIKey(h.ctx, p.ID, "app", nil)
		h.check(err)
		h.keyholder(o, reeve.RoleViewer)
		page := control.Page{Size: 10}
		keys, total, err := h.c.ListAPIKeyUses(look, p.ID, page)
		if err != nil || total != 1 || len(keys) != 1 {
			t.Errorf("API keys: %v of %d, %v", keys, total, err)
		}
		organizationKeys, total, err := h.c.ListOrganizationKeyUses(look, o.ID, page)
		if err != nil || total != 1 || len(organizationKeys) != 1 {
			t.Errorf("organisation keys: %v of %d, %v", organizationKeys, total, err)
		}
		places, next, err := h.c.ListOrganizations(look, control.Listing{Member: &ada.ID, Limit: 10})
		if err != nil || next != "" || len(places) != 1 || places[0].ID != o.ID {
			t.Errorf("organisations: %v %v", places, err)
		}
	})
}

// TestManyMembers: they are counted up to a number, or all if that is asked for.
func TestManyMembers(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	_, o, _ := h.tenant("ada@mail.test")
	h.check(h.s.Write(h.ctx, func(tx *store.Tx) error {
		for i := range control.MostCounted {
			u := reeve.User{ID: newID(), Email: fmt.Sprintf("%d@mail.test", i), FullName: "Many", PasswordHash: []byte("x"), CreatedAt: tx.Now()}
			tx.CreateUser(u)
			tx.CreateMember(store.InOrganization(o.ID), reeve.Member{UserID: u.ID, Role: reeve.RoleViewer, CreatedAt: tx.Now()})
		}
		tx.Record(reeve.Change{Action: "test", Target: o.ID})
		return nil
	}))
	_, some, err := h.c.OrganizationMembers(h.ctx, o.ID, control.Page{Size: 1})
	same(t, "counted so far", control.Count{N: control.MostCounted, More: true}, some, err)
	_, all, err := h.c.OrganizationMembers(h.ctx, o.ID, control.Page{Size: 1, Exact: true})
	same(t, "counted all", control.Count{N: control.MostCounted + 1}, all, err)
}
