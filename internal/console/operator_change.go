package console

import (
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

func (s *site) operatorChanges() {
	s.show("changes", (*visit).listChanges)
}

// changeActions are what changes can be, as they are recorded.
var changeActions = []string{
	"apikey.create", "apikey.delete", "apikey.rekey", "apikey.revoke", "apikey.rotate", "bucket.create", "bucket.delete",
	"budget.delete", "budget.set", "coupon.create", "coupon.delete", "credit.create", "credit.void", "creditnote.create",
	"gateway.create", "gateway.delete", "gateway_token.create", "gateway_token.delete", "invitation.accept", "invitation.create",
	"invitation.delete", "limits.update", "member.create", "member.delete", "member.disable", "member.enable", "member.update",
	"operator.create", "operator.delete", "operator.update", "operator_session.revoke", "operator_token.create",
	"organization.create", "organization.delete", "organization.erase", "organization.freeze", "organization.restore",
	"organization.unfreeze", "organization.update", "organization_key.create", "organization_key.delete", "organization_key.rotate",
	"project.create", "project.delete", "project.erase", "project.freeze", "project.restore", "project.revoke", "project.transfer",
	"project.unfreeze", "project.update", "session.revoke", "statement.finalize", "statement.pay", "statement.void",
	"totp.create", "totp.delete", "totp.disable", "totp.enable", "totp.recover", "totp.rekey",
	"user.create", "user.delete", "user.erase", "user.freeze", "user.rehash", "user.reset", "user.reset_link", "user.restore",
	"user.unfreeze", "user.update", "webhook.delete", "webhook.rekey", "webhook.set",
}

// actionOptions are the actions in words, in the order of these.
func actionOptions() []option {
	out := make([]option, len(changeActions))
	for i, action := range changeActions {
		out[i] = option{action, actionWords(action)}
	}
	slices.SortFunc(out, func(a, b option) int { return strings.Compare(a.Text, b.Text) })
	return append([]option{{"", "Anything"}}, out...)
}

// listChanges shows the record of changes, newest first.
func (v *visit) listChanges() (*page, error) {
	query := v.r.URL.Query()
	get := func(name string) string { return strings.TrimSpace(query.Get(name)) }
	p := &page{
		Title: "Changes", Lead: "Every change of identity, key, limit or money, newest first: who made it, when and why.",
		Sections: []section{{Form: &form{Get: true, Submit: "Show", Fields: []field{
			{Name: "action", Label: "What", Kind: "select", Value: get("action"), Options: actionOptions()},
			{Name: "actor", Label: "Who", Value: get("actor"), Hint: "root, system, an id."},
			{Name: "target", Label: "Of", Value: get("target"), Hint: "The thing's id."},
			{Name: "organization", Label: "Organisation", Value: get("organization"), Hint: "Its id."},
		}}}},
	}
	f, err := changeFilter(get)
	if err != nil {
		return nil, err
	}
	changes, more, err := v.control.ListChanges(v.ctx, f)
	if err != nil {
		return nil, err
	}
	rows, err := v.changeRows(changes)
	if err != nil {
		return nil, err
	}
	next := ""
	if more {
		next = strconv.FormatInt(changes[len(changes)-1].Number, 10)
	}
	p.Sections[0].Table = &table{
		ID: "changes", Caption: "Changes", Empty: "Nothing like that has been changed, or its record is not kept any more.",
		Columns: append(changeColumns(false), column{Name: "Number", Number: true}), Rows: rows,
		Pager: v.onwards("before", next), All: v.eachChange(f),
	}
	return p, nil
}

// changeFilter reads what is asked for.
func changeFilter(get func(string) string) (control.ChangeFilter, error) {
	f := control.ChangeFilter{Actor: get("actor"), Action: get("action"), Limit: pageSize}
	if id, err := reeve.ParseAnyID(f.Actor); err == nil { // in either spelling
		f.Actor = id.String()
	}
	for _, pick := range []struct {
		name string
		id   **reeve.ID
	}{{"target", &f.Target}, {"organization", &f.Organization}} {
		text := get(pick.name)
		if text == "" {
			continue
		}
		id, err := reeve.ParseAnyID(text)
		if err != nil {
			return f, reeve.Errorf(reeve.Invalid, "%q is not an id", text)
		}
		*pick.id = &id
	}
	if text := get("before"); text != "" {
		var err error
		if f.Before, err = strconv.ParseInt(text, 10, 64); err != nil || f.Before < 1 {
			return f, reeve.Errorf(reeve.Invalid, "that is no page of the list")
		}
	}
	return f, nil
}

// changeRows are changes as the record shows them.
func (v *visit) changeRows(changes []reeve.Change) ([][]cell, error) {
	names, err := v.namesIn(changes)
	out := make([][]cell, len(changes))
	for i, c := range changes {
		out[i] = append(names.row(c, false), number(strconv.FormatInt(c.Number, 10)))
	}
	return out, err
}

// eachChange gives the rows of all changes that a filter picks.
func (v *visit) eachChange(f control.ChangeFilter) iter.Seq2[[]cell, error] {
	f.Before, f.Limit = 0, csvPage
	return steps(func() ([][]cell, bool, error) {
		changes, more, err := v.control.ListChanges(v.ctx, f)
		if err != nil {
			return nil, false, err
		}
		if more {
			f.Before = changes[len(changes)-1].Number
		}
		rows, err := v.changeRows(changes)
		return rows, more, err
	})
}
