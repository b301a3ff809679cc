package console

import (
	"fmt"
	"slices"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// causes are the types of freeze in words.
var causes = map[reeve.FreezeType]string{
	reeve.FreezeBilling:   "billing: bills are not paid",
	reeve.FreezeViolation: "violation: terms are broken",
	reeve.FreezeLegal:     "legal: an authority asks for it",
	reeve.FreezeSecurity:  "security: keys have leaked, or an attack",
	reeve.FreezeOperator:  "operator: any other cause",
}

// freezeState says whether something is frozen by itself.
func freezeState(f *reeve.Frozen) cell {
	if f == nil {
		return state("active", "good")
	}
	return state("frozen: "+string(f.Type), "bad")
}

// freezeFacts tell of what is frozen since when and until when.
func freezeFacts(f *reeve.Frozen) []fact {
	if f == nil {
		return nil
	}
	return []fact{{"Frozen for", text(causes[f.Type])}, {"Frozen since", moment(f.Since)}, {"Frozen until", moments(f.Until, "somebody unfreezes it")}}
}

// freezeActions are what can be done about the freeze of a thing whose page is
// at a path.
func (v *visit) freezeActions(f *reeve.Frozen, path string) []link {
	switch {
	case !v.may(reeve.FreezeForBilling):
		return nil
	case f == nil:
		return []link{{Text: "Freeze", To: path + "/freeze", Danger: true}}
	case !v.may(f.Type.Right()):
		return nil
	}
	return []link{{Text: "Unfreeze", To: path + "/unfreeze"}, {Text: "Change the freeze", To: path + "/freeze"}}
}

// freezeFields ask how something is to be frozen, which is so already or not.
func (v *visit) freezeFields(f *reeve.Frozen) []field {
	var types []option
	for _, kind := range reeve.FreezeTypes {
		if v.may(kind.Right()) {
			types = append(types, option{string(kind), causes[kind]})
		}
	}
	kind := field{Name: "type", Label: "Cause", Kind: "select", Options: types, Required: true}
	until := instantField("until", "Until", "In UTC. Left empty, until somebody unfreezes it.")
	if f != nil {
		kind.Value, kind.Current, until.Current = string(f.Type), true, true
		if f.Until != nil {
			until.Value = f.Until.UTC().Format(instantLayout)
		}
	}
	return []field{kind, until}
}

// newFreeze reads what freezeFields ask.
func newFreeze(in values) (out control.NewFreeze, err error) {
	if out.Type, err = reeve.ParseFreezeType(in.text("type")); err != nil {
		return out, err
	}
	out.Until, err = in.instant("until")
	return out, err
}

// refrozen says what it means to freeze what is frozen already.
var refrozen = []string{"It is frozen already: only why and until when change."}

func (v *visit) askFreezeUser() (*question, error) {
	q, found, err := v.userQuestion("Freeze", reeve.FreezeForBilling)
	if err != nil {
		return nil, err
	}
	e, err := v.control.Effects(v.ctx, control.EffectsOf{Kind: control.EffectsOfUser, ID: found.User.ID})
	if err != nil {
		return nil, err
	}
	f := found.User.Freeze
	q.Danger, q.Fields = true, v.freezeFields(f)
	keys, projects, sessions := affected(e, control.AffectedAPIKeys), affected(e, control.AffectedProjects), affected(e, control.AffectedSessions)
	q.Effects = []string{
		fmt.Sprintf("%s %s, and the user cannot sign in.", several(sessions, "session"), agrees(sessions, "ends", "end")),
		fmt.Sprintf("%s of %s that the user owns %s working.", several(keys, "API key"), several(projects, "project"), agrees(keys, "stops", "stop")),
		"Who else is in these projects may read them and change nothing.",
	}
	if f != nil {
		q.Title, q.Submit, q.Effects = "Change the freeze of "+q.Up[1].Text, "Change", slices.Clone(refrozen)
	}
	return q, nil
}

func (v *visit) freezeUser(in values) (*outcome, error) {
	found, err := v.userOf()
	if err != nil {
		return nil, err
	}
	freeze, err := newFreeze(in)
	if err != nil {
		return nil, err
	}
	done, err := v.control.FreezeUser(v.ctx, found.User.Email, freeze)
	if err != nil {
		return nil, err
	}
	path, err := v.receiptPath(done)
	return &outcome{To: path, Said: "The user is frozen."}, err
}

func (v *visit) askUnfreezeUser() (*question, error) {
	q, found, err := v.userQuestion("Unfreeze", reeve.FreezeForBilling)
	if err != nil {
		return nil, err
	}
	q.Facts = append(q.Facts, freezeFacts(found.User.Freeze)...)
	q.Effects = []string{
		"The user can sign in again.",
		"API keys of the projects that the user owns work again, unless the project or its organisation is frozen by itself.",
	}
	return q, nil
}

func (v *visit) unfreezeUser(values) (*outcome, error) {
	found, err := v.userOf()
	if err != nil {
		return nil, err
	}
	if err := v.control.UnfreezeUser(v.ctx, found.User.Email); err != nil {
		return nil, err
	}
	return &outcome{To: userUp(found.User)[1].To, Said: "The user is not frozen any more."}, nil
}
