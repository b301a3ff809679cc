package console

import (
	"cmp"
	"encoding/json"
	"iter"
	"strconv"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

func (s *site) tenantChanges() {
	s.show("organizations/{organization}/changes", (*visit).organizationChanges)
}

// changesPage is how many changes a page shows.
const changesPage = 40

// organizationChanges lists what was changed of an organisation and of what
// belongs to it, newest first.
func (v *visit) organizationChanges() (*page, error) {
	place, err := v.organizationFor(reeve.ReadChanges)
	if err != nil {
		return nil, err
	}
	asked := v.r.URL.Query()
	filter := control.ChangeFilter{Limit: changesPage}
	if n, err := strconv.ParseInt(asked.Get("before"), 10, 64); err == nil && n > 0 {
		filter.Before = n
	}
	s := section{Note: "What the operator of this platform has changed is among these; who that was is not told."}
	if of := asked.Get("target"); of != "" {
		id, _ := reeve.ParseAnyID(of) // else nothing's
		filter.Target = &id
		s.Actions = append(s.Actions, link{Text: "Changes of everything", To: place.path("changes")})
	}
	names := &changeNames{visit: v, place: place}
	changes, by, more, err := v.control.OrganizationChanges(v.ctx, place.organization.ID, filter)
	if err != nil {
		return nil, err
	}
	s.Table = &table{
		ID: "changes", Caption: "Changes", Empty: "Nothing was changed.",
		Columns: []column{{Name: "When"}, {Name: "What"}, {Name: "Of"}, {Name: "Before and after"}, {Name: "Who"}, {Name: "Number", Number: true}},
		All:     names.rows(names.all(filter)),
	}
	for i, c := range changes {
		s.Table.Rows = append(s.Table.Rows, names.row(c, by[i]))
	}
	if names.err != nil {
		return nil, names.err
	}
	next := ""
	if more {
		next = strconv.FormatInt(changes[len(changes)-1].Number, 10)
	}
	s.Table.Pager = v.onwards("before", next)
	p := place.page("Changes")
	p.Sections = []section{s}
	return p, nil
}

// changeNames tells of an organisation's changes in its people's words: ids are
// names where the thing is still there.
type changeNames struct {
	*visit
	lookups
	place ownPlace
}

// all lists the changes that a filter picks from its place on.
func (n *changeNames) all(filter control.ChangeFilter) iter.Seq2[[]cell, error] {
	filter.Limit = csvPage
	return steps(func() ([][]cell, bool, error) {
		changes, by, more, err := n.control.OrganizationChanges(n.ctx, n.place.organization.ID, filter)
		rows := make([][]cell, len(changes))
		for i, c := range changes {
			rows[i], filter.Before = n.row(c, by[i]), c.Number
		}
		return rows, more, err
	})
}

func (n *changeNames) row(c reeve.Change, by control.ChangedBy) []cell {
	told := c
	told.Before, told.After = n.named(c, c.Before), n.named(c, c.After)
	return []cell{
		moment(c.At), text(actionWords(c.Action)), n.of(c), text(changeFields(told)), n.who(by), number(strconv.FormatInt(c.Number, 10)),
	}
}

// of is the thing that was changed, with its page if it has one.
func (n *changeNames) of(c reeve.Change) cell {
	noun, _, _ := strings.Cut(c.Action, ".")
	switch {
	case noun == "member":
		out := n.project(&n.lookups, c.Target)
		if c.Target == n.place.organization.ID {
			out = linked(n.place.organization.Name, n.place.path())
		}
		out.Text, out.Code = n.memberOf(c)+" in "+out.Text, false
		return out
	case c.Target == n.place.organization.ID:
		return linked(n.place.organization.Name, n.place.path())
	case noun == "project" || noun == "limits" || noun == "bucket":
		return n.project(&n.lookups, c.Target)
	case noun == "statement":
		id := c.Target.TypeID(reeve.PrefixStatement)
		return cell{Text: id, Code: true, To: n.place.path("statements", id)}
	case noun == "organization_key":
		id := c.Target.TypeID(reeve.PrefixOrganizationKey)
		if name := n.key(c.Target); name != "" {
			return linked(name, n.place.path("keys"))
		}
		return code(id)
	}
	prefix, ok := changeTargets[noun]
	if !ok {
		return code(c.Target.String())
	}
	return code(c.Target.TypeID(prefix))
}

// changeTargets tells how the ids of what has no page are written.
var changeTargets = map[string]reeve.Prefix{
	"apikey": reeve.PrefixAPIKey, "coupon": reeve.PrefixCoupon, "credit": reeve.PrefixCredit, "invitation": reeve.PrefixInvitation,
	"user": reeve.PrefixUser, "session": reeve.PrefixUser,
}

// who made a change.
func (n *changeNames) who(by control.ChangedBy) cell {
	switch by.Kind {
	case reeve.Person:
		return text(n.person(by.ID))
	case reeve.KeyHolder:
		if name := n.key(by.ID); name != "" {
			return text("The organisation key " + name)
		}
		return text("An organisation key that is gone, " + by.ID.TypeID(reeve.PrefixOrganizationKey))
	case reeve.GatewayProgram:
		return text("A gateway")
	case reeve.System:
		return text("The platform, by itself")
	default:
		return text("The platform's operator")
	}
}

// person is a member's name; of who is none any more it is the id.
func (n *changeNames) person(id reeve.ID) string {
	name := n.name(id, func() (string, error) {
		m, err := n.control.FindOrganizationMember(n.ctx, n.place.organization.ID, id)
		return called(m), err
	})
	return cmp.Or(name, id.TypeID(reeve.PrefixUser))
}

// key is the name of one of the organisation's keys, "" of one that is gone.
func (n *changeNames) key(id reeve.ID) string {
	return n.name(id, func() (string, error) {
		key, err := n.control.GetOrganizationKeyUse(n.ctx, n.place.organization.ID, id)
		return key.Name, err
	})
}

// changeIDs tells what the fields hold that are ids and have no names.
var changeIDs = map[string]reeve.Prefix{
	"statementId": reeve.PrefixStatement, "creditId": reeve.PrefixCredit, "sessionId": reeve.PrefixUserSession,
}

// named gives a change's fields with names for ids. What is told anyway is left
// out: the organisation, unless it is another, and the member; and what is empty
// of something new or gone.
func (n *changeNames) named(c reeve.Change, f reeve.Fields) reeve.Fields {
	all := readFields(f)
	if all == nil {
		return f
	}
	whole, member := c.Before == nil || c.After == nil, strings.HasPrefix(c.Action, "member.")
	for field, value := range all {
		if whole && (value == "" || value == false) {
			delete(all, field)
		}
		spelt, _ := value.(string)
		id, err := reeve.ParseAnyID(spelt)
		if err != nil {
			continue
		}
		switch prefix, known := changeIDs[field]; {
		case field == "organizationId" && id == n.place.organization.ID, field == "userId" && member:
			delete(all, field)
		case field == "userId" || field == "ownerId":
			all[field] = n.person(id)
		case field == "projectId":
			all[field] = n.project(&n.lookups, id).Text
		case known:
			all[field] = id.TypeID(prefix)
		}
	}
	out, err := json.Marshal(all)
	if err != nil {
		return f
	}
	return out
}

// memberOf is whose membership has changed.
func (n *changeNames) memberOf(c reeve.Change) string {
	for _, f := range []reeve.Fields{c.After, c.Before} {
		spelt, _ := readFields(f)["userId"].(string)
		if id, err := reeve.ParseAnyID(spelt); err == nil {
			return n.person(id)
		}
	}
	return "A member"
}
