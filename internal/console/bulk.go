package console

import (
	"net/url"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// bulkDoing is what can be done to many things of a kind at once.
type bulkDoing struct {
	kind       control.FoundKind
	do         string // freeze, unfreeze, limits or coupon
	title      string // such as "Freeze users"
	one        string // thing
	done       string // to it
	right      reeve.OperatorAction
	consequent string // what comes of it for each
}

func (d bulkDoing) name() string { return d.do + "-" + string(d.kind) + "s" }

var bulkDoings = []bulkDoing{
	{control.FoundUser, "freeze", "Freeze users", "user", "frozen", reeve.FreezeForBilling, "Their sessions end, nobody of them can sign in, and the keys of their projects stop working at once."},
	{control.FoundUser, "unfreeze", "Unfreeze users", "user", "unfrozen", reeve.FreezeForBilling, "They can sign in again, and the keys of their projects work again unless these are frozen themselves."},
	{control.FoundUser, "coupon", "Give users a coupon", "user", "given a coupon", reeve.ManageMoney, "Each gets a coupon of their own, which their organisations' next statements draw on."},
	{control.FoundOrganization, "freeze", "Freeze organisations", "organisation", "frozen", reeve.FreezeForBilling, "The keys of all their projects stop working at once; their members may read but not write."},
	{control.FoundOrganization, "unfreeze", "Unfreeze organisations", "organisation", "unfrozen", reeve.FreezeForBilling, "The keys of their projects work again unless these are frozen themselves."},
	{control.FoundProject, "freeze", "Freeze projects", "project", "frozen", reeve.FreezeForBilling, "Their keys stop working at once; their members may read but not write."},
	{control.FoundProject, "unfreeze", "Unfreeze projects", "project", "unfrozen", reeve.FreezeForBilling, "Their keys work again unless the organisation or the owner is frozen."},
	{control.FoundProject, "limits", "Set projects' limits", "project", "given the limits", reeve.ManageLimits, "The limits that are filled in replace the projects' own; the others stay."},
}

// bulkAsked finds what is asked for.
func (v *visit) bulkAsked() (bulkDoing, bool) {
	name := v.r.URL.Query().Get("do")
	for _, d := range bulkDoings {
		if d.name() == name {
			return d, true
		}
	}
	return bulkDoing{}, false
}

// bulkFields ask what something is to be done to, and what exactly.
func (v *visit) bulkFields(d bulkDoing) []field {
	query := v.r.URL.Query()
	out := []field{
		{Name: "q", Label: "Name or address", Kind: "search", Max: control.MaxQuery, Hint: "A part of it."},
		{Name: "frozen", Label: "Frozen", Kind: "select", Options: anyYesNo},
		{Name: "from", Label: "Created from", Kind: "date"},
		{Name: "to", Label: "Created until", Kind: "date"},
	}
	switch d.kind {
	case control.FoundUser:
		out = append(out, field{Name: "projects", Label: "In a project", Kind: "select", Options: anyYesNo})
	case control.FoundOrganization:
		out = append(
			out, field{Name: "owner", Label: "Owner", Hint: "Address or id."}, field{Name: "member", Label: "Member", Hint: "Address or id."},
		)
	default:
		out = append(
			out, field{Name: "owner", Label: "Owner", Hint: "Address or id."}, field{Name: "organization", Label: "Organisation", Hint: "Its id."},
		)
	}
	out = append(out, field{Name: "ids", Label: "Or these ids alone", Kind: "textarea", Max: 4000, Hint: "One a line, 100 at most; nothing else is filled in above then. The API and reeve bulk take more."})
	switch d.do {
	case "freeze":
		out = append(out, v.freezeFields(nil)...)
	case "coupon":
		out = append(
			out, field{Name: "amount", Label: "Amount in US dollars", Required: true, Max: 32},
			field{Name: "duration", Label: "Months", Kind: "number", Required: true, Value: "1"},
			field{Name: "description", Label: "Description", Required: true, Max: reeve.MaxDescription, Hint: "Tenants read it on statements."},
		)
	case "limits":
		for _, k := range limitKinds {
			hint := "default, unlimited or a number. Empty: it stays."
			if k.size {
				hint = "default, unlimited or a size such as 1.5 TB. Empty: it stays."
			}
			out = append(out, field{Name: k.name, Label: k.label, Hint: hint})
		}
	}
	for i := range out {
		if query.Has(out[i].Name) {
			out[i].Value = query.Get(out[i].Name)
		}
	}
	return append(out, hidden("do", d.name()))
}

// bulkOf reads what is to be done to what; narrowed tells whether less than all
// things of the kind are picked.
func (v *visit) bulkOf(d bulkDoing, in values) (out control.Bulk, narrowed bool, err error) {
	out.Kind = d.kind
	prefix := map[control.FoundKind]reeve.Prefix{
		control.FoundUser: reeve.PrefixUser, control.FoundOrganization: reeve.PrefixOrganization, control.FoundProject: reeve.PrefixProject,
	}[d.kind]
	for _, text := range strings.Fields(in.Get("ids")) {
		id, err := reeve.FindID(prefix, text)
		if err != nil {
			return out, false, reeve.Errorf(reeve.Invalid, "“%s” is not the id of one of the %ss", text, d.one)
		}
		out.IDs = append(out.IDs, id)
	}
	if out.Select, err = v.bulkSelection(d, in); err != nil {
		return out, false, err
	}
	narrowed = out.Select != (control.Listing{})
	if narrowed && len(out.IDs) > 0 {
		return out, true, reeve.Errorf(reeve.Invalid, "fill in either ids or what picks things")
	}
	out.Action, err = bulkAction(d, in)
	return out, narrowed || len(out.IDs) > 0, err
}

// bulkSelection reads what picks things.
func (v *visit) bulkSelection(d bulkDoing, in values) (l control.Listing, err error) {
	l.Query = in.text("q")
	if l.Frozen, err = yesNo("frozen", in.text("frozen")); err != nil {
		return l, err
	}
	if l.CreatedAfter, err = dayOf("from", in.text("from"), -time.Microsecond); err != nil { // the instant itself is one of the day
		return l, err
	}
	if l.CreatedBefore, err = dayOf("to", in.text("to"), 24*time.Hour); err != nil {
		return l, err
	}
	if d.kind == control.FoundUser {
		l.HasProjects, err = yesNo("projects", in.text("projects"))
		return l, err
	}
	if l.Owner, err = v.bulkUser(in, "owner"); err != nil {
		return l, err
	}
	if d.kind == control.FoundOrganization {
		l.Member, err = v.bulkUser(in, "member")
		return l, err
	}
	if text := in.text("organization"); text != "" {
		id, err := reeve.FindID(reeve.PrefixOrganization, text)
		if err != nil {
			return l, reeve.Errorf(reeve.Invalid, "“%s” is not the id of an organisation", text)
		}
		l.Organization = &id
	}
	return l, nil
}

func (v *visit) bulkUser(in values, name string) (*reeve.ID, error) {
	text := in.text(name)
	if text == "" {
		return nil, nil
	}
	id, err := v.userNamed(text)
	return &id, err
}

// bulkAction reads what is to be done to each.
func bulkAction(d bulkDoing, in values) (out control.BulkAction, err error) {
	switch d.do {
	case "unfreeze":
		out.Unfreeze = true
	case "freeze":
		freeze, err := newFreeze(in)
		out.Freeze = &freeze
		return out, err
	case "coupon":
		coupon, err := newCoupon(in)
		out.Coupon = &coupon
		return out, err
	case "limits":
		out.Limits = &reeve.LimitsPatch{}
		for _, k := range limitKinds {
			text := in.text(k.name)
			if text == "" {
				continue
			}
			limit, err := k.parse(text)
			if err != nil {
				return out, err
			}
			*k.to(out.Limits) = &limit
		}
		if *out.Limits == (reeve.LimitsPatch{}) {
			return out, reeve.Errorf(reeve.Invalid, "no limit is filled in")
		}
	}
	return out, nil
}

// bulkPath is a page of bulk actions with what was filled in.
func bulkPath(page string, query url.Values) string {
	if page == "" {
		return to("bulk") + "?" + query.Encode()
	}
	return to("bulk", page) + "?" + query.Encode()
}
