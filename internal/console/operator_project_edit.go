package console

import (
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// What pages ask for that names a user or an organisation.
const (
	userHint         = "An address, or an id in any spelling."
	organizationHint = "An id in any spelling, or the exact name if only one has it."
)

func (v *visit) askNewProject() (*question, error) {
	query := v.r.URL.Query()
	return &question{
		Title: "New project", Up: []link{{Text: "Projects", To: to("projects")}}, Submit: "Create project", Back: to("projects"),
		Lead: "The owner becomes its first member, an admin. It counts against the owner's limit of projects.",
		Fields: []field{
			{Name: "name", Label: "Name", Required: true, Max: reeve.MaxName},
			{Name: "owner", Label: "Owner", Required: true, Hint: userHint, Value: query.Get("owner")},
			{
				Name: "organization", Label: "Organisation", Value: query.Get("organization"),
				Hint: "The owner must be in it. " + organizationHint + " Empty: the owner's own, which is made if there is none.",
			},
			{Name: "description", Label: "Description", Kind: "textarea", Max: reeve.MaxDescription},
		},
	}, nil
}

func (v *visit) createProject(in values) (*outcome, error) {
	new := control.NewProject{Name: in.Get("name"), Description: plainLines(in.text("description"))}
	var err error
	if new.OwnerID, err = v.userNamed(in.text("owner")); err != nil {
		return nil, err
	}
	if text := in.text("organization"); text != "" {
		if new.OrganizationID, err = v.findOrganization(text); err != nil {
			return nil, err
		}
	}
	p, err := v.control.CreateProject(v.ctx, new)
	if err != nil {
		return nil, err
	}
	return &outcome{To: to("projects", p.ID.String()), Said: "The project " + p.Name + " is created."}, nil
}

// namePages is how many pages of organisations are looked through for one of a
// name: what is in the names of more must be told apart by ids.
const namePages = 4

// findOrganization finds the organisation that a text names.
func (v *visit) findOrganization(text string) (reeve.ID, error) {
	if id, err := reeve.FindID(reeve.PrefixOrganization, text); err == nil {
		return id, nil
	}
	var out []reeve.ID
	l := control.Listing{Query: text, Limit: csvPage}
	for range namePages {
		found, next, err := v.control.ListOrganizations(v.ctx, l)
		if err != nil {
			return reeve.Zero, err
		}
		for _, o := range found {
			if strings.EqualFold(o.Name, text) {
				out = append(out, o.ID)
			}
		}
		if l.After = next; next == "" || len(out) > 1 {
			break
		}
	}
	if l.After != "" && len(out) < 2 {
		return reeve.Zero, reeve.Errorf(reeve.Invalid, "too many organisations have “%s” in their names: give the id of one", text)
	}
	switch len(out) {
	case 0:
		return reeve.Zero, reeve.Errorf(reeve.Invalid, "there is no organisation that is called “%s”: give its id", text)
	case 1:
		return out[0], nil
	}
	return reeve.Zero, reeve.Errorf(reeve.Invalid, "several organisations are called “%s”: give the id of one", text)
}

func (v *visit) askEditProject() (*question, error) {
	p, err := v.onProject()
	if err != nil {
		return nil, err
	}
	return projectQuestion(p.Project, p.up(true), p.path()), nil
}

func (v *visit) editAnyProject(in values) (*outcome, error) {
	return v.editProject(in, func(p reeve.Project) string { return to("projects", p.ID.String()) })
}

// standing says what keeps a project from being deleted.
func (v *visit) standing(p onProject) (out []string, err error) {
	parts, err := v.control.Effects(v.ctx, control.EffectsOf{Kind: control.EffectsOfProject, ID: p.ID})
	if err != nil {
		return nil, err
	}
	for _, part := range parts.Counts {
		switch {
		case part.N == 0:
		case part.What == control.AffectedAPIKeys:
			out = append(out, "It still has "+tally(part.N, "API key")+": revoke them first.")
		case part.What == control.AffectedBuckets:
			out = append(out, "It still has "+tally(part.N, "bucket")+": they are deleted through its gateways.")
		}
	}
	err = v.control.CheckUsage(v.ctx, p.ID)
	if reeve.IsKind(err, reeve.Conflict) {
		out, err = append(out, sentence(reeve.AsError(err).Message)), nil
	}
	return out, err
}

// askEnd asks whether a project is to go.
func (v *visit) askEnd(title, submit string, back []string) (*question, error) {
	p, err := v.onProject()
	if err != nil {
		return nil, err
	}
	standing, err := v.standing(p)
	if err != nil {
		return nil, err
	}
	q := &question{Title: title + " " + p.Name, Up: p.up(true), Submit: submit, Danger: true, Back: p.path()}
	for _, why := range standing {
		q.Effects = append(q.Effects, "Nothing: it will be refused. "+why)
	}
	if len(standing) == 0 {
		q.Effects = append([]string{tally(p.MemberCount, "member") + " of " + p.Name + " lose access."}, back...)
		if p.MemberCount == 1 {
			q.Effects[0] = "1 member of " + p.Name + " loses access."
		}
	}
	return q, nil
}

func (v *visit) askDeleteProject() (*question, error) {
	q, err := v.askEnd("Delete", "Delete project", []string{
		"For some time it can be restored, without its API keys: it is then among the deleted things.",
		"What it used of late is billed to its organisation when the month is closed.",
	})
	if err == nil && v.may(reeve.EraseForGood) {
		q.Facts = []fact{{"For good", linked("Erase it instead, without a way back", to("projects", v.id("project", reeve.PrefixProject).String(), "erase"))}}
	}
	return q, err
}

func (v *visit) deleteProject(values) (*outcome, error) {
	err := v.control.DeleteProject(v.ctx, v.id("project", reeve.PrefixProject))
	return &outcome{To: to("projects"), Said: "The project is deleted."}, err
}

func (v *visit) askEraseProject() (*question, error) {
	return v.askEnd("Erase", "Erase for good", []string{"Nothing is kept to restore it from: there is no way back."})
}

func (v *visit) eraseProject(values) (*outcome, error) {
	err := v.control.EraseProject(v.ctx, v.id("project", reeve.PrefixProject))
	return &outcome{To: to("projects"), Said: "The project is erased."}, err
}
