package console

import (
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// memberList is where the members of an organisation or a project are found, and
// how they are listed.
type memberList struct {
	of    string   // what it is called
	owner reeve.ID // who owns it
	page  lister[reeve.Member]
	find  func(text string, limit int) ([]reeve.Member, bool, error)

	path   func(reeve.Member) string // of the page that tells more
	doings func(reeve.Member) []link // what can be done to a member; nil where that page says it
}

// inOrganization are an organisation's members.
func (v *visit) inOrganization(o reeve.Organization) memberList {
	return memberList{
		of: o.Name, owner: o.OwnerID,
		page: func(page control.Page) ([]reeve.Member, control.Count, error) {
			return v.control.OrganizationMembers(v.ctx, o.ID, page)
		},
		find: func(text string, limit int) ([]reeve.Member, bool, error) {
			return v.control.FindOrganizationMembers(v.ctx, o.ID, text, limit)
		},
	}
}

// inProject are a project's own members.
func (v *visit) inProject(p reeve.Project) memberList {
	return memberList{
		of: p.Name, owner: p.OwnerID,
		page: func(page control.Page) ([]reeve.Member, control.Count, error) {
			return v.control.ProjectMembers(v.ctx, p.ID, page)
		},
		find: func(text string, limit int) ([]reeve.Member, bool, error) {
			return v.control.FindProjectMembers(v.ctx, p.ID, text, limit)
		},
	}
}

// called is how a member is spoken of.
func called(m reeve.Member) string { return calledOr(m.FullName, m.Email) }

// badges tell what is not so with every member.
func (l memberList) badges(m reeve.Member) (out []badge) {
	if m.Disabled {
		out = append(out, badge{"Disabled", "warn"})
	}
	if m.UserID == l.owner {
		out = append(out, badge{"Owner", "plain"})
	}
	return out
}

// row is a member in the list.
func (l memberList) row(m reeve.Member) []cell {
	is := cell{Badges: l.badges(m)}
	if len(is.Badges) == 0 {
		is.Text = "active"
	}
	out := []cell{linked(called(m), l.path(m)), text(m.Email), text(string(m.Role)), is, moment(m.CreatedAt)}
	if l.doings != nil {
		out = append(out, doings(l.doings(m)...))
	}
	return out
}

func (l memberList) table() *table {
	out := &table{
		ID: "members", Caption: "Members of " + l.of, Empty: "There are none.",
		Columns: []column{{Name: "Name"}, {Name: "Address"}, {Name: "Role"}, {Name: "State"}, {Name: "Since"}},
	}
	if l.doings != nil {
		out.Columns = append(out.Columns, column{})
	}
	return out
}

// memberSections are a search box and a list of members: those that were looked
// for, or a page of all, which are in the CSV.
func (v *visit) memberSections(list memberList) ([]section, error) {
	query := strings.TrimSpace(v.r.URL.Query().Get("q"))
	search := section{Form: &form{
		Get: true, To: v.r.URL.Path, Submit: "Search", Live: "members",
		Fields: []field{{Name: "q", Label: "Name or address begins with", Kind: "search", Value: query, Max: control.MaxQuery}},
	}}
	t := list.table()
	var err error
	if query != "" {
		var members []reeve.Member
		var more bool
		members, more, err = list.find(query, pageSize)
		t.Rows = rowsOf(members, list.row)
		found := control.Count{N: len(members)}
		t.Empty, t.Pager = "Nobody is found whose name or address begins so.", &pager{Text: howMany(found) + agrees(found, " is found", " are found")}
		if t.Brief = more; more {
			t.Pager.Text = "There are more: write more of the name or the address"
		}
	} else {
		err = fillPage(v, "page", t, list.page, list.row)
		if t.Pager.Prev == "" && t.Pager.Next == "" {
			search.Form = nil
		}
	}
	tellApart(t.Rows)
	out := section{ID: "members", Table: t}
	if search.Form == nil {
		return []section{out}, err
	}
	return []section{search, out}, err
}

// tellApart says the address with names that are more than once in a list.
func tellApart(rows [][]cell) {
	seen := map[string]int{}
	for _, row := range rows {
		seen[row[0].Text]++
	}
	for _, row := range rows {
		if seen[row[0].Text] > 1 {
			row[0].About = row[1].Text
		}
	}
}

// placeDoings are what operators can do to a member, under the path of whom; of
// says who, or where, to tell them from those of others.
func (v *visit) placeDoings(path, of string) []link {
	if !v.may(reeve.ManageTenants) {
		return nil
	}
	return []link{
		{Text: "Change role", About: "of " + of, To: path + "/role"}, {Text: "Remove", About: of, To: path + "/remove", Danger: true},
	}
}

// addMemberLink leads operators from a list of members to where they add one.
func addMemberLink(list string) link { return link{Text: "Add member", To: list + "/new"} }

// membersInBrief tells operators of the members who were there first; all is the
// page of the whole list.
func (v *visit) membersInBrief(list memberList, all string) (section, error) {
	t := list.table()
	total, err := fillFirst(t, shortList, list.page, list.row)
	out := section{ID: "members", Title: "Members", Table: t}
	if v.may(reeve.ManageTenants) {
		out.Actions = append(out.Actions, addMemberLink(all))
	}
	if total.N > shortList {
		t.Pager = &pager{Text: "The oldest " + tally(shortList, "member")}
		out.Actions = append(out.Actions, link{Text: "All " + several(total, "member"), To: all})
	}
	return out, err
}
