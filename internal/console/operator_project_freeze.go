package console

import (
	"fmt"
	"slices"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

func (v *visit) askFreezeProject() (*question, error) {
	p, err := v.onProject()
	if err != nil {
		return nil, err
	}
	_, keys, err := v.control.ListAPIKeyUses(v.ctx, p.ID, control.Page{Size: 1})
	if err != nil {
		return nil, err
	}
	q := &question{
		Title: "Freeze " + p.Name, Up: p.up(true), Submit: "Freeze project", Danger: true, Back: p.path(), Edited: control.Edited{Project: p.ID},
		Effects: []string{
			frozenKeys(keys),
			tally(p.MemberCount, "own member") + " and who else is in " + nameOf(p.organization) + " may still look at it, and change nothing.",
			"Nothing is deleted, and what is stored goes on costing.",
		},
		Fields: v.freezeFields(p.Freeze),
	}
	if p.Freeze != nil {
		q.Title, q.Submit, q.Effects = "Change the freeze of "+p.Name, "Change the freeze", slices.Clone(refrozen)
	}
	return q, nil
}

func frozenKeys(n int) string {
	switch n {
	case 0:
		return "It has no API key that would stop working."
	case 1:
		return "1 API key, with all that derive from it, is refused for as long as the freeze lasts."
	}
	return fmt.Sprintf("%d API keys, with all that derive from them, are refused for as long as the freeze lasts.", n)
}

func (v *visit) freezeProject(in values) (*outcome, error) {
	freeze, err := newFreeze(in)
	if err != nil {
		return nil, err
	}
	done, err := v.control.FreezeProject(v.ctx, v.id("project", reeve.PrefixProject), freeze)
	if err != nil {
		return nil, err
	}
	path, err := v.receiptPath(done)
	return &outcome{To: path, Said: "The project is frozen."}, err
}

func (v *visit) askUnfreezeProject() (*question, error) {
	p, err := v.onProject()
	if err != nil {
		return nil, err
	}
	if p.Freeze == nil {
		return nil, reeve.Errorf(reeve.NotFound, "the project has no freeze of its own: look at its organisation and its owner")
	}
	if !v.may(p.Freeze.Type.Right()) {
		return nil, reeve.ErrDenied
	}
	_, keys, err := v.control.ListAPIKeyUses(v.ctx, p.ID, control.Page{Size: 1})
	return &question{
		Title: "Unfreeze " + p.Name, Up: p.up(true), Submit: "Unfreeze project", Back: p.path(),
		Facts:   freezeFacts(p.Freeze),
		Effects: []string{"Its " + tally(keys, "API key") + " may be used again at once, unless its organisation or its owner is frozen too."},
	}, err
}

func (v *visit) unfreezeProject(values) (*outcome, error) {
	id := v.id("project", reeve.PrefixProject)
	err := v.control.UnfreezeProject(v.ctx, id)
	return &outcome{To: to("projects", id.String()), Said: "The project is not frozen any more."}, err
}
