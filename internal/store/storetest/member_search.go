package storetest

import (
	"fmt"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// testFindMembers: by the beginning of a name or an address, in few members and
// in many, of a text that many users begin with, and of one that few do.
func testFindMembers(t *testing.T, w world) {
	owner := w.user("owner@mail.test")
	large, small := w.organization(owner.ID), w.organization(owner.ID)
	p := w.project(small)
	const many = 2100
	users := make([]reeve.User, many)
	w.write(func(tx *store.Tx) {
		for i := range users {
			users[i] = reeve.User{
				ID: newID(), FullName: fmt.Sprintf("Zoë %04d", i), Email: fmt.Sprintf("Z%04d@mail.test", many-i), PasswordHash: []byte("x"), CreatedAt: epoch,
			}
			tx.CreateUser(users[i])
			tx.CreateMember(store.InOrganization(large.ID), reeve.Member{UserID: users[i].ID, Role: reeve.RoleViewer, CreatedAt: minute(i)})
		}
		for _, i := range []int{7, 5, 2099} {
			tx.CreateMember(store.InOrganization(small.ID), reeve.Member{UserID: users[i].ID, Role: reeve.RoleAdmin, Disabled: i == 5, CreatedAt: minute(i)})
			tx.CreateMember(store.InProject(p.ID), reeve.Member{UserID: users[i].ID, Role: reeve.RoleAdmin, CreatedAt: minute(i)})
		}
	})
	for _, c := range []struct {
		name  string
		of    store.MemberOf
		text  string
		limit int
		want  []int // indexes of users, in order
		more  bool
	}{
		{"many in few", store.InOrganization(small.ID), "zoë", 10, []int{5, 7, 2099}, false},
		{"a page of them", store.InOrganization(small.ID), "ZOE\u0308 ", 2, []int{5, 7}, true},
		{"in a project", store.InProject(p.ID), "zoë", 3, []int{5, 7, 2099}, false},
		{"by address", store.InOrganization(small.ID), "z0", 10, []int{2099}, false},
		{"by either", store.InOrganization(small.ID), "z", 10, []int{5, 7, 2099}, false},
		{"few in many", store.InOrganization(large.ID), "zoë 0005", 10, []int{5}, false},
		{"few in many, by address", store.InOrganization(large.ID), "z2095@", 10, []int{5}, false},
		{"many in many", store.InOrganization(large.ID), "zoë", 2, []int{0, 1}, true},
		{"all of not so many", store.InOrganization(large.ID), "zoë 000", 10, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, false},
		{"not its beginning", store.InOrganization(small.ID), "0005", 10, nil, false},
		{"elsewhere", store.InOrganization(small.ID), "zoë 0006", 10, nil, false},
	} {
		found, more, err := w.s.FindMembers(w.ctx(), c.of, c.text, c.limit)
		var names, want []string
		for _, m := range found {
			names = append(names, m.FullName)
		}
		for _, i := range c.want {
			want = append(want, users[i].FullName)
		}
		same(t, c.name, want, names, err)
		if more != c.more {
			t.Errorf("%s: more is %v", c.name, more)
		}
	}
	found, _, err := w.s.FindMembers(w.ctx(), store.InOrganization(small.ID), "zoë 0005", 1)
	same(t, "whole", []reeve.Member{{
		UserID: users[5].ID, Email: users[5].Email, FullName: users[5].FullName, Role: reeve.RoleAdmin, Disabled: true, CreatedAt: minute(5),
	}}, found, err)
	page, err := w.s.MembersPage(w.ctx(), store.InOrganization(large.ID), store.Window{Offset: many - 2, Limit: 5})
	if err != nil || len(page) != 2 || page[0].UserID != users[many-2].ID || page[1].UserID != users[many-1].ID {
		t.Errorf("the last page: %v %v", page, err)
	}
}
