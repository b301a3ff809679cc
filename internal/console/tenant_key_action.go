package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/macaroon"
)

// usualOverlap is long enough for programs that are deployed once a day.
const usualOverlap = "24h"

const narrowedWithIt = "So do all keys that were narrowed from it: how many those are nobody knows, for narrowing leaves no trace here."

func (v *visit) askNewKey() (*question, error) {
	place, err := v.projectFor(reeve.ManageAPIKeys)
	if err != nil {
		return nil, err
	}
	return &question{
		Title: "Create an API key", Up: keysUp(place), Submit: "Create", Back: place.path("keys"),
		Lead: "Whoever holds the key can narrow it further, and never widen it.",
		Fields: append([]field{{
			Name: "name", Label: "Name", Required: true, Max: reeve.MaxName, Hint: "What or whom it is for, so that you know it again.",
		}}, restrictionFields("The key is refused and deleted then. Left empty, it has no end.")...),
	}, nil
}

func (v *visit) makeKey(in values) (*outcome, error) {
	restriction, err := in.restriction()
	if err != nil {
		return nil, err
	}
	k, key, err := v.control.CreateRestrictedAPIKey(v.ctx, control.NewAPIKey{
		ProjectID: v.id("project", reeve.PrefixProject), Name: in.Get("name"), Restriction: restriction,
	})
	return v.newKey(k, key, err)
}

// newKey shows a key that is not shown again.
func (v *visit) newKey(k reeve.APIKey, key macaroon.Key, err error) (*outcome, error) {
	if err != nil {
		return nil, err
	}
	project := k.ProjectID.TypeID(reeve.PrefixProject)
	return &outcome{
		To: to("projects", project, "keys", k.ID.TypeID(reeve.PrefixAPIKey)), Said: "The API key " + k.Name + " is made",
		Secrets: []secret{{Label: "API key", Value: key.Serialize(), Hint: "Give it to the program that it is for. It is not kept: nobody can show it again."}},
	}, nil
}

func (v *visit) askNarrowKey() (*question, error) {
	place, err := v.projectFor(reeve.ReadAPIKeys)
	if err != nil {
		return nil, err
	}
	return &question{
		Title: "Narrow a key", Up: keysUp(place), Submit: "Narrow", Back: place.path("keys"),
		Lead: "Make a key that may less out of one that you have, to hand on. Neither of them is kept here; who has a key could as well narrow it " +
			"without reeve. The new key can be revoked alone, and goes with the one that it is made of.",
		Fields: append([]field{{
			Name: "api_key", Label: "Key", Kind: "password", Required: true, Max: macaroon.MaxLength, Hint: "A whole API key of this project.",
		}}, restrictionFields("Left empty, it ends with the key that it is made of.")...),
	}, nil
}

func (v *visit) narrowKey(in values) (*outcome, error) {
	restriction, err := in.restriction()
	if err != nil {
		return nil, err
	}
	project := v.id("project", reeve.PrefixProject)
	key, err := v.control.NarrowAPIKey(v.ctx, project, in.text("api_key"), restriction)
	if err != nil {
		return nil, denied(err, "this is no key of the project that works: paste a whole one")
	}
	return &outcome{
		To: to("projects", project.TypeID(reeve.PrefixProject), "keys"), Said: "The narrowed key is made",
		Secrets: []secret{{
			Label: "Narrowed key", Value: key.Serialize(),
			Hint: "It may " + decapitalised(restricted{restriction}.words()) + ", as far as the key that it is made of may.",
		}},
	}, nil
}

// keyFor begins a question about the key that the path names.
func (v *visit) keyFor(title func(name string) string) (*question, control.APIKeyUse, error) {
	place, err := v.projectFor(reeve.ManageAPIKeys)
	if err != nil {
		return nil, control.APIKeyUse{}, err
	}
	k, err := v.projectKey(place)
	if err != nil {
		return nil, k, err
	}
	back := keyPath(place, k.ID)
	q := &question{Title: title(k.Name), Up: append(keysUp(place), link{Text: k.Name, To: back}), Back: back}
	q.Facts = []fact{{"May", text(limits(k).words())}, {"Last used", moments(&k.LastUsedAt, "Not known")}}
	if by := usedBy(k); by != "" {
		q.Facts = append(q.Facts, fact{"By", text(by)})
	}
	return q, k, nil
}

func (v *visit) askRotateKey() (*question, error) {
	q, k, err := v.keyFor(func(name string) string { return "Rotate " + name })
	if err != nil {
		return nil, err
	}
	q.Submit, q.Fields = "Rotate", []field{graceField("The old key", usualOverlap)}
	q.Effects = []string{
		"A new key of the same name takes its place, which may the same and has the same end. You are shown it once.",
		"The old one, renamed to “" + k.Name + " (replaced …)”, works beside it for as long as you choose, and is revoked then, with all keys " +
			"that were narrowed from it: how many those are nobody knows, for narrowing leaves no trace here.",
	}
	return q, nil
}

func (v *visit) rotateKey(in values) (*outcome, error) {
	overlap, err := in.grace()
	if err != nil {
		return nil, err
	}
	return v.newKey(v.control.RotateAPIKey(v.ctx, v.id("project", reeve.PrefixProject), v.id("key", reeve.PrefixAPIKey), overlap))
}

func (v *visit) askDeleteKey() (*question, error) {
	q, k, err := v.keyFor(func(name string) string { return "Delete " + name })
	if err != nil {
		return nil, err
	}
	q.Submit, q.Danger = "Delete", true
	used := "No use of it is known."
	if !k.LastUsedAt.IsZero() {
		used = "It was last used at " + timeText(k.LastUsedAt) + " by " + usedBy(k) + ": what uses it fails from then on."
	}
	q.Effects = []string{"The API key " + k.Name + " stops working at once, for good.", narrowedWithIt, used}
	return q, nil
}

func (v *visit) deleteKey(values) (*outcome, error) {
	project := v.id("project", reeve.PrefixProject)
	_, err := v.control.DeleteProjectAPIKey(v.ctx, project, v.id("key", reeve.PrefixAPIKey))
	return &outcome{To: to("projects", project.TypeID(reeve.PrefixProject), "keys"), Said: "The API key is deleted, with all that were narrowed from it."}, err
}
