package console

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

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
	t := &table{
		ID: "changes", Caption: "Changes", Empty: "Nothing like that has been changed, or its record is not kept any more.",
		Columns: append(changeColumns(false), column{Name: "Number", Number: true}),
	}
	p := &page{
		Title: "Changes", Lead: "Every change of identity, key, limit or money, newest first: who made it, when and why.",
		Sections: []section{{Table: t, Form: &form{Get: true, Submit: "Show", Fields: []field{
			{Name: "action", Label: "What", Kind: "select", Value: get("action"), Options: actionOptions()},
			{Name: "actor", Label: "Who", Value: get("actor"), Hint: "A user's address, an operator's name, an id, root or system."},
			{Name: "target", Label: "Of", Value: get("target"), Hint: "The thing's id, or a user's address."},
			{Name: "organization", Label: "Organisation", Value: get("organization"), Hint: organizationHint},
			{Name: "from", Label: "From", Value: get("from"), Kind: "date"},
			{Name: "to", Label: "Until", Value: get("to"), Kind: "date"},
		}}}},
	}
	f, err := v.changeFilter(get)
	if err != nil {
		return p, err
	}
	changes, more, err := v.control.ListChanges(v.ctx, f)
	if err != nil {
		return p, err
	}
	next := ""
	if more {
		next = strconv.FormatInt(changes[len(changes)-1].Number, 10)
	}
	t.Pager, t.All = v.onwards("before", next), v.eachChange(f)
	t.Rows, err = v.changeRows(changes)
	return p, err
}

// changeFilter reads what is asked for.
func (v *visit) changeFilter(get func(string) string) (f control.ChangeFilter, err error) {
	f = control.ChangeFilter{Action: get("action"), Limit: pageSize}
	if f.Actor, err = v.actorNamed(get("actor")); err != nil {
		return f, err
	}
	for _, pick := range []struct {
		text string
		id   **reeve.ID
		find func(string) (reeve.ID, error)
	}{{get("target"), &f.Target, v.targetNamed}, {get("organization"), &f.Organization, v.findOrganization}} {
		if pick.text == "" {
			continue
		}
		id, err := pick.find(pick.text)
		if err != nil {
			return f, err
		}
		*pick.id = &id
	}
	if f.Since, err = dayOf("the first day", get("from"), 0); err != nil {
		return f, err
	}
	if f.Until, err = dayOf("the last day", get("to"), 24*time.Hour); err != nil {
		return f, err
	}
	if text := get("before"); text != "" {
		if f.Before, err = strconv.ParseInt(text, 10, 64); err != nil || f.Before < 1 {
			err = reeve.Errorf(reeve.Invalid, "that is no page of the list")
		}
	}
	return f, err
}

// actorNamed finds who can have made changes as these name them: whose id, name
// or address was filled in.
func (v *visit) actorNamed(text string) (string, error) {
	if id, err := reeve.ParseAnyID(text); err == nil {
		return id.String(), nil
	}
	if text == "" || text == "root" || text == "system" {
		return text, nil
	}
	operators, err := v.control.ListOperators(v.ctx)
	if err != nil {
		return "", err
	}
	for _, o := range operators {
		if o.Name == text {
			return o.ID.String(), nil
		}
	}
	id, err := v.userNamed(text)
	if reeve.IsKind(err, reeve.Invalid) {
		err = reeve.Errorf(reeve.Invalid, "there is no user and no operator who is called “%s”", text)
	}
	return id.String(), err
}

// targetNamed finds what can have been changed whose id, or a user's address, was
// filled in.
func (v *visit) targetNamed(text string) (reeve.ID, error) {
	if id, err := reeve.ParseAnyID(text); err == nil {
		return id, nil
	}
	if strings.Contains(text, "@") {
		return v.userNamed(text)
	}
	return reeve.Zero, reeve.Errorf(reeve.Invalid, "“%s” is not an id", text)
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
