package console

import (
	"cmp"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

// ownPlace is the organisation, or the project in it, that a tenant's page is of.
type ownPlace struct {
	organization reeve.Organization
	project      reeve.Project // zero: the organisation itself
	role         reeve.Role    // of who asks, there
	inside       reeve.Role    // of who asks, in the organisation
	frozen       bool
}

// organizationPlace is the organisation that the path names.
func (v *visit) organizationPlace() (p ownPlace, err error) {
	id := v.id("organization", reeve.PrefixOrganization)
	if p.organization, err = v.control.GetOrganization(v.ctx, id); err != nil {
		return p, err
	}
	p.role, p.inside = v.role, v.role
	p.frozen, err = v.control.OrganizationIsFrozen(v.ctx, id)
	return p, err
}

// projectPlace is the project that the path names.
func (v *visit) projectPlace() (p ownPlace, err error) {
	id := v.id("project", reeve.PrefixProject)
	if p.project, err = v.control.GetProject(v.ctx, id); err != nil {
		return p, err
	}
	p.role = v.role
	if p.frozen, err = v.control.ProjectIsFrozen(v.ctx, id); err != nil {
		return p, err
	}
	p.organization, err = v.control.GetOrganization(v.ctx, p.project.OrganizationID)
	p.inside = v.role
	return p, err
}

// organizationFor is organizationPlace for who may do something there.
func (v *visit) organizationFor(action reeve.Action) (ownPlace, error) {
	refused := v.control.AuthorizeOrganization(v.ctx, v.id("organization", reeve.PrefixOrganization), action)
	p, err := v.organizationPlace()
	return p.unlessFrozen(action, cmp.Or(err, refused))
}

// projectFor is projectPlace for who may do something there.
func (v *visit) projectFor(action reeve.Action) (ownPlace, error) {
	refused := v.control.Authorize(v.ctx, v.id("project", reeve.PrefixProject), action)
	p, err := v.projectPlace()
	return p.unlessFrozen(action, cmp.Or(err, refused))
}

// unlessFrozen tells who is refused only because the place is frozen that it is.
func (p ownPlace) unlessFrozen(action reeve.Action, refused error) (ownPlace, error) {
	if refused != nil && p.frozen && p.role.Allows(action) {
		refused = reeve.Errorf(reeve.Denied, "this %s is frozen: nothing of it can be changed before the operator of this platform ends that", p.noun())
	}
	return p, refused
}

// isProject tells whether the place is a project.
func (p ownPlace) isProject() bool { return p.project.ID != reeve.Zero }

func (p ownPlace) name() string {
	if p.isProject() {
		return p.project.Name
	}
	return p.organization.Name
}

// owner is who the place belongs to.
func (p ownPlace) owner() reeve.ID {
	if p.isProject() {
		return p.project.OwnerID
	}
	return p.organization.OwnerID
}

// noun says what the place is.
func (p ownPlace) noun() string {
	if p.isProject() {
		return "project"
	}
	return "organisation"
}

// may tells whether it is worth offering something: nobody changes what is
// frozen.
func (p ownPlace) may(action reeve.Action) bool {
	return p.role.Allows(action) && !(p.frozen && action.Writes())
}

// within is the path of a page of the organisation.
func (p ownPlace) within(segments ...string) string {
	return to(append([]string{"organizations", p.organization.ID.TypeID(reeve.PrefixOrganization)}, segments...)...)
}

// path is that of a page of the place.
func (p ownPlace) path(segments ...string) string {
	if !p.isProject() {
		return p.within(segments...)
	}
	return to(append([]string{"projects", p.project.ID.TypeID(reeve.PrefixProject)}, segments...)...)
}

// up is the way to the pages below the place's own.
func (p ownPlace) up(more ...link) []link {
	out := []link{{Text: "Organisations", To: root}, {Text: p.organization.Name, To: p.within()}}
	if p.isProject() {
		out = append(out, link{Text: p.project.Name, To: p.path()})
	}
	return append(out, more...)
}

// tabs lead to the place's pages, as far as they are for who asks.
func (p ownPlace) tabs() []link {
	out := []link{{Text: "Overview", To: p.path()}}
	add := func(action reeve.Action, text, segment string) {
		if p.role.Allows(action) {
			out = append(out, link{Text: text, To: p.path(segment)})
		}
	}
	add(reeve.ReadMembers, "Members", "members")
	if p.isProject() {
		add(reeve.ReadAPIKeys, "API keys", "keys")
		add(reeve.ReadUsage, "Usage", "usage")
		if p.inside.Allows(reeve.ReadChanges) {
			out = append(out, link{Text: "Changes", To: at(p.within("changes"), "target", p.project.ID.TypeID(reeve.PrefixProject))})
		}
		return out
	}
	add(reeve.ManageMembers, "Invitations", "invitations")
	add(reeve.ReadOrganizationKeys, "Organisation keys", "keys")
	add(reeve.ReadUsage, "Usage", "usage")
	add(reeve.ReadStatements, "Statements", "statements")
	add(reeve.ReadChanges, "Changes", "changes")
	return out
}

// page begins one of the place's pages. The one without a title is its own.
func (p ownPlace) page(title string) *page {
	out := &page{Title: title, Up: p.up(), Tabs: p.tabs()}
	if title == "" {
		out.Title = p.name()
		out.Up = out.Up[:len(out.Up)-1]
	}
	if p.frozen {
		out.Badges = []badge{{"Frozen", "bad"}}
		out.Lead = "This " + p.noun() + " is frozen: none of its API keys is accepted, and nothing of it can be changed. " +
			"You can still see everything. Ask the operator of this platform why, and what would end it."
	}
	return out
}

// sumTime is how long adding up an organisation's usage may take.
const sumTime = time.Minute

// patient gives a visit the time that sums of usage may take. A whole table has
// more, and is read after the page is made.
func (v *visit) patient() (done func()) {
	if v.r.URL.Query().Has("csv") {
		return func() {}
	}
	v.ctx, done = web.Extend(v.ctx, sumTime)
	return done
}
