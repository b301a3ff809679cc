package console

import (
	"strconv"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

func (s *site) tenantInvitations() {
	s.show("organizations/{organization}/invitations", (*visit).invitations)
	s.does(action{Path: "organizations/{organization}/invitations/new", Ask: (*visit).askInvite, Do: (*visit).invite})
	s.does(action{Path: "projects/{project}/invitations/new", Ask: (*visit).askInvite, Do: (*visit).invite})
	s.does(action{
		Path: "organizations/{organization}/invitations/{invitation}/delete",
		Ask:  (*visit).askDeleteInvitation, Do: (*visit).deleteInvitation,
	})
}

// invitations lists those that are open.
func (v *visit) invitations() (*page, error) {
	place, err := v.organizationPlace()
	if err != nil {
		return nil, err
	}
	list := func(p control.Page) ([]reeve.Invitation, int, error) {
		return v.control.ListInvitations(v.ctx, place.organization.ID, p)
	}
	names := &lookups{}
	row := func(i reeve.Invitation) []cell {
		id := i.ID.TypeID(reeve.PrefixInvitation)
		where := text("The organisation")
		if i.ProjectID != reeve.Zero {
			where = v.project(names, i.ProjectID)
		}
		out := []cell{text(i.Email), where, text(string(i.Role)), moment(i.CreatedAt), moment(i.ExpiresAt), {}}
		if place.may(reeve.ManageMembers) {
			out[5] = doings(link{Text: "Take back", About: "the invitation of " + i.Email, To: place.path("invitations", id, "delete"), Danger: true})
		}
		return out
	}
	t := &table{
		ID: "invitations", Caption: "Open invitations", Empty: "No invitation is open.",
		Columns: []column{{Name: "Address"}, {Name: "To"}, {Name: "Role"}, {Name: "Invited"}, {Name: "Valid until"}, {}},
	}
	if err := fillPage(v, "page", t, exactly(list), row); err != nil {
		return nil, err
	}
	t.All = names.rows(t.All)
	if names.err != nil {
		return nil, names.err
	}
	p := place.page("Invitations")
	p.Sections = []section{{Table: t, Note: "These were sent and not accepted yet; who accepts becomes a member."}}
	if place.may(reeve.ManageMembers) {
		p.Actions = []link{{Text: "Invite somebody", To: place.path("invitations", "new"), Main: true}}
	}
	return p, nil
}

// invitationDays are how long an invitation can be valid, by the form.
var invitationDays = []int{1, 3, int(reeve.InvitationLife / day), 14, int(reeve.MaxInvitationLife / day)}

const day = 24 * time.Hour

// invitedTo is the place that somebody is invited to.
func (v *visit) invitedTo() (ownPlace, error) {
	if v.r.PathValue("project") != "" {
		return v.projectFor(reeve.ManageMembers)
	}
	return v.organizationFor(reeve.ManageMembers)
}

func (v *visit) askInvite() (*question, error) {
	p, err := v.invitedTo()
	if err != nil {
		return nil, err
	}
	q := &question{
		Title: "Invite somebody to " + p.name(), Up: p.up(), Submit: "Invite", Back: p.path("members"),
		Lead: "Who accepts becomes a member with the role that you choose, which counts in " + p.reach() + ".",
		Fields: []field{
			{Name: "email", Label: "Address", Kind: "email", Required: true, Max: 320},
			roleField(reeve.RoleViewer, false),
		},
	}
	if p.isProject() {
		q.Lead += " Who is not in " + isolated(p.organization.Name) + " yet comes in there as a viewer, who may see all of it."
	}
	days := field{Name: "days", Label: "Valid for", Kind: "select", Value: strconv.Itoa(int(reeve.InvitationLife / day)), Required: true}
	for _, n := range invitationDays {
		days.Options = append(days.Options, option{strconv.Itoa(n), tally(n, "day")})
	}
	q.Fields = append(q.Fields, days)
	return q, nil
}

func (v *visit) invite(in values) (*outcome, error) {
	p, err := v.invitedTo()
	if err != nil {
		return nil, err
	}
	role, err := reeve.ParseRole(in.Get("role"))
	if err != nil {
		return nil, err
	}
	days, err := strconv.ParseInt(in.Get("days"), 10, 32)
	if err != nil {
		return nil, reeve.Errorf(reeve.Invalid, "choose for how many days the invitation is valid")
	}
	seconds := days * int64(day/time.Second)
	wanted := control.NewInvitation{Organization: p.organization.ID, Email: in.text("email"), Role: role, Seconds: &seconds}
	if p.isProject() {
		wanted.Organization, wanted.Project = reeve.Zero, p.project.ID
	}
	made, err := v.control.CreateInvitation(v.ctx, wanted)
	if err != nil {
		return nil, err
	}
	out := &outcome{To: p.within("invitations"), Said: "The invitation is sent to " + made.Email + "."}
	if made.Token != "" {
		out.Said = "The invitation of " + made.Email + " is made"
		out.Secrets = []secret{{
			Label: "Link", Value: v.whole(made.Link),
			Hint: "No mail is sent here: hand this link on, by a way that nobody else can read. It is valid until " + timeText(made.ExpiresAt) + ".",
		}}
	}
	return out, nil
}

// whole makes a link whole where the console's own address is not configured: it
// is the one that the browser has come by.
func (v *visit) whole(link string) string {
	if !strings.HasPrefix(link, "/") {
		return link
	}
	scheme := "http://"
	if v.encrypted() {
		scheme = "https://"
	}
	return scheme + v.r.Host + link
}

// askDeleteInvitation asks about one of those that are open.
func (v *visit) askDeleteInvitation() (*question, error) {
	p, err := v.organizationFor(reeve.ManageMembers)
	if err != nil {
		return nil, err
	}
	i, err := v.control.GetInvitation(v.ctx, p.organization.ID, v.id("invitation", reeve.PrefixInvitation))
	if err != nil {
		return nil, err
	}
	back := p.path("invitations")
	return &question{
		Title: "Take back the invitation of " + i.Email, Up: p.up(link{Text: "Invitations", To: back}), Submit: "Take it back", Danger: true, Back: back,
		Effects: []string{"Its link is not valid any more at once. Who has accepted it already stays a member."},
	}, nil
}

func (v *visit) deleteInvitation(values) (*outcome, error) {
	organization := v.id("organization", reeve.PrefixOrganization)
	back := to("organizations", v.r.PathValue("organization"), "invitations")
	return &outcome{To: back, Said: "The invitation is taken back."},
		v.control.DeleteInvitation(v.ctx, organization, v.id("invitation", reeve.PrefixInvitation))
}
