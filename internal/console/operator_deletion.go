package console

import (
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// operatorDeletions serves what was deleted and can be restored.
func (s *site) operatorDeletions() {
	s.show("deletions", (*visit).listDeletions)
	s.does(action{Path: "deletions/{kind}/{id}/restore", Ask: (*visit).askRestore, Do: (*visit).restore})
	s.does(action{Path: "deletions/{kind}/{id}/erase", Before: s.control.AddUpUsage, Ask: (*visit).askForget, Do: (*visit).forgetDeleted})
}

// deletionKinds are what can be deleted, as people call it and where it is.
var deletionKinds = map[reeve.DeletionKind]struct {
	name, path string
	right      reeve.OperatorAction
}{
	reeve.DeletedUser:         {"user", "users", reeve.ManageUsers},
	reeve.DeletedOrganization: {"organisation", "organizations", reeve.ManageTenants},
	reeve.DeletedProject:      {"project", "projects", reeve.ManageTenants},
}

// listDeletions shows what can be restored.
func (v *visit) listDeletions() (*page, error) {
	query := v.r.URL.Query()
	filter := control.DeletionFilter{Limit: pageSize}
	kind := query.Get("kind")
	t := &table{
		ID: "deletions", Caption: "What can be restored", Empty: "Nothing that was deleted can be restored.",
		Columns: []column{{Name: "Name"}, {Name: "Kind"}, {Name: "Deleted"}, {Name: "Gone for good"}, {Name: "ID"}, {}},
	}
	p := &page{
		Title: "Deletions", Lead: "What was deleted can be restored until the time at which nothing is kept of it any more.",
		Sections: []section{{Form: &form{Get: true, Submit: "Show", Fields: []field{{
			Name: "kind", Label: "Kind", Kind: "select", Value: kind, Options: []option{
				{"", "All"}, {string(reeve.DeletedUser), "Users"}, {string(reeve.DeletedOrganization), "Organisations"}, {string(reeve.DeletedProject), "Projects"},
			},
		}}}}, {Table: t}},
	}
	var err error
	if kind != "" {
		if filter.Kind, err = reeve.ParseDeletionKind(kind); err != nil {
			return p, err
		}
	}
	t.All = v.eachDeletion(filter)
	if err := readDeletionCursor(&filter, query.Get("after")); err != nil {
		return p, err
	}
	found, more, err := v.control.ListDeletions(v.ctx, filter)
	next := ""
	if more {
		next = deletionCursor(found[len(found)-1])
	}
	t.Pager, t.Rows = v.onwards("after", next), rowsOf(found, v.deletionRow)
	return p, err
}

func (v *visit) deletionRow(d reeve.Deletion) []cell {
	kind := deletionKinds[d.Kind]
	var actions []link
	if v.may(kind.right) {
		actions = append(actions, link{Text: "Restore", About: d.Name, To: to("deletions", string(d.Kind), d.ID.String(), "restore")})
		if v.may(reeve.EraseForGood) {
			actions = append(actions, link{Text: "Erase", About: d.Name, To: to("deletions", string(d.Kind), d.ID.String(), "erase"), Danger: true})
		}
	}
	return []cell{text(d.Name), text(kind.name), moment(d.DeletedAt), moment(d.EraseAt), code(d.ID.String()), doings(actions...)}
}

func (v *visit) eachDeletion(filter control.DeletionFilter) iter.Seq2[[]cell, error] {
	filter.Limit = csvPage
	return steps(func() ([][]cell, bool, error) {
		page, more, err := v.control.ListDeletions(v.ctx, filter)
		if more {
			last := page[len(page)-1]
			filter.Before, filter.BeforeID = last.DeletedAt, last.ID
		}
		return rowsOf(page, v.deletionRow), more, err
	})
}

// deletionCursor names the last deletion of a page.
func deletionCursor(d reeve.Deletion) string {
	return strconv.FormatInt(d.DeletedAt.UnixMicro(), 10) + "." + d.ID.String()
}

func readDeletionCursor(f *control.DeletionFilter, text string) error {
	if text == "" {
		return nil
	}
	micros, id, _ := strings.Cut(text, ".")
	at, err := strconv.ParseInt(micros, 10, 64)
	if err == nil {
		f.Before = time.UnixMicro(at)
		f.BeforeID, err = reeve.ParseAnyID(id)
	}
	if err != nil {
		return reeve.Errorf(reeve.Invalid, "there is no such page of the list: begin with the first")
	}
	return nil
}

// deletion finds what a path names among what can be restored.
func (v *visit) deletion() (reeve.Deletion, error) {
	filter := control.DeletionFilter{Limit: 1}
	var err error
	if filter.Kind, err = reeve.ParseDeletionKind(v.r.PathValue("kind")); err != nil {
		return reeve.Deletion{}, errNoDeletion
	}
	if filter.ID, err = reeve.ParseAnyID(v.r.PathValue("id")); err != nil || filter.ID == reeve.Zero {
		return reeve.Deletion{}, errNoDeletion
	}
	found, _, err := v.control.ListDeletions(v.ctx, filter)
	if err == nil && len(found) == 0 {
		err = errNoDeletion
	}
	if err != nil {
		return reeve.Deletion{}, err
	}
	return found[0], nil
}

var errNoDeletion = reeve.Errorf(reeve.NotFound, "there is nothing of that kind to restore: it is there, or nothing is kept of it any more")

func (v *visit) askRestore() (*question, error) {
	d, err := v.deletion()
	if err != nil {
		return nil, err
	}
	kept := map[reeve.DeletionKind][]string{
		reeve.DeletedUser: {
			"The user is back with the password, the second factor and the place in each organisation that is still there.",
			"Organisations that were deleted along with the user are back too.",
			"Sessions stay ended: the user signs in again.",
		},
		reeve.DeletedOrganization: {
			"The organisation is back with its budget and those of its members who are not deleted.",
			"Its keys and its webhook stay deleted: new ones have to be made.",
		},
		reeve.DeletedProject: {
			"The project is back with its limits and those of its members who are in its organisation.",
			"Its API keys stay deleted: new ones have to be made.",
		},
	}
	if err := v.needs(deletionKinds[d.Kind].right); err != nil {
		return nil, err
	}
	return &question{
		Title: "Restore " + d.Name, Up: deletionsUp(d), Submit: "Restore", Back: deletionsUp(d)[0].To,
		Facts: deletionFacts(d), Effects: kept[d.Kind],
	}, nil
}

func deletionsUp(d reeve.Deletion) []link {
	return []link{{Text: "Deletions", To: at(to("deletions"), "kind", string(d.Kind))}}
}

func deletionFacts(d reeve.Deletion) []fact {
	return []fact{
		{"Kind", text(deletionKinds[d.Kind].name)},
		{"Deleted", moment(d.DeletedAt)},
		{"Gone for good", moment(d.EraseAt)},
		{"ID", code(d.ID.String())},
	}
}

func (v *visit) restore(values) (*outcome, error) {
	d, err := v.deletion()
	if err != nil {
		return nil, err
	}
	switch d.Kind {
	case reeve.DeletedUser:
		err = v.control.RestoreUser(v.ctx, d.ID.String())
	case reeve.DeletedOrganization:
		err = v.control.RestoreOrganization(v.ctx, d.ID)
	default:
		err = v.control.RestoreProject(v.ctx, d.ID)
	}
	if err != nil {
		return nil, err
	}
	return &outcome{To: to(deletionKinds[d.Kind].path, d.ID.String()), Said: d.Name + " is restored."}, nil
}

func (v *visit) askForget() (*question, error) {
	d, err := v.deletion()
	if err != nil {
		return nil, err
	}
	if err := v.needs(deletionKinds[d.Kind].right, reeve.EraseForGood); err != nil {
		return nil, err
	}
	return &question{
		Title: "Erase " + d.Name, Up: deletionsUp(d), Submit: "Erase for good", Danger: true, Back: deletionsUp(d)[0].To,
		Facts:   deletionFacts(d),
		Effects: []string{"Nothing is kept of it any more: it cannot be restored.", "Statements and the record of changes stay."},
	}, nil
}

func (v *visit) forgetDeleted(values) (*outcome, error) {
	d, err := v.deletion()
	if err != nil {
		return nil, err
	}
	switch d.Kind {
	case reeve.DeletedUser:
		err = v.control.EraseUser(v.ctx, d.ID.String())
	case reeve.DeletedOrganization:
		err = v.control.EraseOrganization(v.ctx, d.ID)
	default:
		err = v.control.EraseProject(v.ctx, d.ID)
	}
	if err != nil {
		return nil, err
	}
	return &outcome{To: deletionsUp(d)[0].To, Said: d.Name + " is erased for good."}, nil
}
