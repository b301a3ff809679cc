package console

import (
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// operatorLists serves the lists of what tenants are and have.
func (s *site) operatorLists() {
	s.show("users", (*visit).listUsers)
	s.show("organizations", (*visit).listOrganizations)
	s.show("projects", (*visit).listProjects)
	s.operatorDeletions()
}

// listUsers shows the users.
func (v *visit) listUsers() (*page, error) {
	l := v.listing("Name, address or id", userSorts)
	projects := v.r.URL.Query().Get("projects")
	var err error
	l.HasProjects, err = yesNo("projects", projects)
	l.refuse(err)
	l.with(field{Name: "projects", Label: "In a project", Value: projects, Kind: "select", Options: anyYesNo})
	t, err := tableOf(v, l, func(l control.Listing) ([]reeve.User, string, error) { return v.control.ListUsers(v.ctx, l) }, userRows)
	t.ID, t.Caption, t.Empty = "users", "Users", l.nothing("There are no users yet.")
	t.Columns = []column{{Name: "Name"}, {Name: "Address"}, {Name: "State"}, {Name: "Project limit", Number: true}, {Name: "Created"}, {Name: "ID"}}
	p := &page{Title: "Users", Sections: []section{{Form: l.form()}, {Table: t}}}
	if v.may(reeve.ManageUsers) {
		p.Actions = []link{{Text: "New user", To: to("users", "new"), Main: true}}
	}
	p.Actions = append(p.Actions, link{Text: "Deleted users", To: at(to("deletions"), "kind", string(reeve.DeletedUser))}, link{Text: "Bulk actions", To: to("bulk")})
	return p, err
}

func userRows(users []reeve.User) ([][]cell, error) {
	out := make([][]cell, len(users))
	for i, u := range users {
		id := u.ID.String()
		out[i] = []cell{
			linked(calledOr(u.FullName, u.Email), to("users", id)), text(u.Email), freezeState(u.Freeze),
			number(strconv.Itoa(u.ProjectLimit)), moment(u.CreatedAt), code(id),
		}
	}
	return out, nil
}

// calledOr is a name, or what stands for one that is empty.
func calledOr(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}
