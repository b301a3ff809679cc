package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// projectQuestion asks what a project shall be called and described as.
func projectQuestion(p reeve.Project, up []link, back string) *question {
	name := kept("name", "Name", p.Name, reeve.MaxName)
	name.Required = true
	description := kept("description", "Description", p.Description, reeve.MaxDescription)
	description.Kind = "textarea"
	return &question{
		Title: "Edit " + p.Name, Up: up, Back: back, Submit: "Save",
		Lead:   "Its API keys, its ID and what is stored in it stay as they are.",
		Edited: control.Edited{Project: p.ID}, Fields: []field{name, description},
	}
}

// editProject writes what was answered; path gives the project's page.
func (v *visit) editProject(in values, path func(reeve.Project) string) (*outcome, error) {
	name, description := in.Get("name"), plainLines(in.text("description"))
	p, err := v.control.UpdateProject(v.ctx, v.id("project", reeve.PrefixProject), reeve.ProjectPatch{Name: &name, Description: &description})
	return &outcome{To: path(p), Said: "The project " + p.Name + " is saved."}, err
}
