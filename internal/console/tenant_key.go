package console

import (
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/macaroon"
)

// ownKeys are the API keys of a tenant's projects.
func (s *site) ownKeys() {
	s.show("projects/{project}/keys", (*visit).ownProjectKeys)
	s.show("projects/{project}/keys/{key}", (*visit).keyOfProject)
	s.does(action{Path: "projects/{project}/keys/new", Ask: (*visit).askNewKey, Do: (*visit).makeKey})
	s.does(action{Path: "projects/{project}/keys/narrow", Ask: (*visit).askNarrowKey, Do: (*visit).narrowKey})
	s.does(action{Path: "projects/{project}/keys/{key}/rotate", Ask: (*visit).askRotateKey, Do: (*visit).rotateKey})
	s.does(action{Path: "projects/{project}/keys/{key}/delete", Ask: (*visit).askDeleteKey, Do: (*visit).deleteKey})
}

func keyPath(p ownPlace, id reeve.ID, more ...string) string {
	return p.path(append([]string{"keys", id.TypeID(reeve.PrefixAPIKey)}, more...)...)
}

func keysUp(p ownPlace) []link { return p.up(link{Text: "API keys", To: p.path("keys")}) }

// limits are what a key may; all for one without a restriction.
func limits(k control.APIKeyUse) restricted {
	if k.Restriction == nil {
		return restricted{}
	}
	return restricted{*k.Restriction}
}

// keyState says whether a key works, and for how long still.
func (v *visit) keyState(k control.APIKeyUse) badge {
	switch {
	case k.ReplacedBy != nil:
		return badge{"Replaced", "warn"}
	case limits(k).NotBefore.After(v.control.Now()):
		return badge{"Not yet", "plain"}
	}
	return badge{"Works", "good"}
}

// quietly is a badge in a table: what is as it should be catches no eye.
func quietly(b badge) cell {
	if b.Kind == "good" {
		return text(b.Text)
	}
	return cell{Badges: []badge{b}}
}

// usedBy names the gateway that has seen a key last.
func usedBy(k control.APIKeyUse) string {
	switch {
	case k.LastUsedAt.IsZero():
		return ""
	case k.LastUsedBy.Name == "":
		return "a gateway that is deleted"
	}
	return k.LastUsedBy.Name
}

func (v *visit) ownProjectKeys() (*page, error) {
	place, err := v.projectPlace()
	if err != nil {
		return nil, err
	}
	list := func(p control.Page) ([]control.APIKeyUse, int, error) {
		return v.control.ListAPIKeyUses(v.ctx, place.project.ID, p)
	}
	replaced := false
	row := func(k control.APIKeyUse) []cell {
		replaced = replaced || k.ReplacedBy != nil
		return []cell{
			linked(k.Name, keyPath(place, k.ID)),
			quietly(v.keyState(k)),
			text(limits(k).words()),
			moments(k.ExpiresAt, "Never"), moments(&k.LastUsedAt, "Not known"), text(usedBy(k)),
		}
	}
	t := &table{
		ID: "keys", Caption: "API keys", Empty: "There are no API keys. Make one for each program that is to use the project's storage.",
		Columns: []column{{Name: "Name"}, {Name: "State"}, {Name: "May"}, {Name: "Ends"}, {Name: "Last used"}, {Name: "By"}},
	}
	if err := fillPage(v, "page", t, exactly(list), row); err != nil {
		return nil, err
	}
	p := place.page("API keys")
	p.Sections = []section{{Table: t}}
	if replaced {
		p.Sections[0].Note = "A replaced key works until its end. As long as it is used, somebody has not taken the new one yet."
	}
	if place.may(reeve.ManageAPIKeys) {
		p.Actions = append(p.Actions, link{Text: "Create an API key", To: place.path("keys", "new"), Main: true})
	}
	p.Actions = append(p.Actions, link{Text: "Narrow a key", To: place.path("keys", "narrow")})
	return p, nil
}

// projectKey finds the key that the path names.
func (v *visit) projectKey(place ownPlace) (control.APIKeyUse, error) {
	return v.control.GetAPIKeyUse(v.ctx, place.project.ID, v.id("key", reeve.PrefixAPIKey))
}

func (v *visit) keyOfProject() (*page, error) {
	place, err := v.projectPlace()
	if err != nil {
		return nil, err
	}
	k, err := v.projectKey(place)
	if err != nil {
		return nil, err
	}
	may := limits(k)
	p := &page{
		Title: k.Name, Up: keysUp(place), Badges: []badge{v.keyState(k)},
		Facts: []fact{
			{"May", text(may.operations())},
			{"Where", text(sentenceCase(may.places(0)))},
			{"Created", moment(k.CreatedAt)},
			{"Ends", moments(k.ExpiresAt, "Never")},
			{"Last used", moments(&k.LastUsedAt, "Not known")},
			{"ID", code(k.ID.TypeID(reeve.PrefixAPIKey))},
		},
	}
	if !may.NotBefore.IsZero() {
		p.Facts = append(p.Facts, fact{"Works from", moment(may.NotBefore)})
	}
	if by := usedBy(k); by != "" {
		p.Facts = append(p.Facts, fact{"Last used by", text(by)})
	}
	if n := len(may.AllowedPaths); n > 0 {
		p.Facts[1].Value = text("Only in " + tally(n, "place"))
		p.Sections = append(p.Sections, placesSection(may.AllowedPaths))
	}
	if p.Sections, err = v.withRotation(place, k, p.Sections); err != nil {
		return nil, err
	}
	if place.may(reeve.ManageAPIKeys) {
		if k.ReplacedBy == nil {
			p.Actions = append(p.Actions, link{Text: "Rotate", To: keyPath(place, k.ID, "rotate")})
		}
		p.Actions = append(p.Actions, link{Text: "Delete", To: keyPath(place, k.ID, "delete"), Danger: true})
	}
	return p, nil
}

// placesSection lists where a key may act: a key is short enough for all.
func placesSection(paths []macaroon.Path) section {
	t := &table{ID: "places", Caption: "Where the key may act", Columns: []column{{Name: "Bucket"}, {Name: "Paths that begin with"}}}
	for _, p := range paths {
		prefix := text("any")
		if len(p.EncryptedPathPrefix) > 0 {
			prefix = text(placeName(macaroon.Path{Bucket: p.EncryptedPathPrefix}))
		}
		t.Rows = append(t.Rows, []cell{text(placeName(macaroon.Path{Bucket: p.Bucket})), prefix})
	}
	return section{Title: "Where it may act", Table: t}
}

// withRotation adds what a key replaces, or is replaced by, and who has not
// changed over yet.
func (v *visit) withRotation(place ownPlace, k control.APIKeyUse, before []section) ([]section, error) {
	find := func(id *reeve.ID) (*control.APIKeyUse, error) {
		if id == nil {
			return nil, nil
		}
		found, err := v.control.GetAPIKeyUse(v.ctx, place.project.ID, *id)
		if reeve.IsKind(err, reeve.Denied) {
			return nil, nil // it is gone
		}
		return &found, err
	}
	next, err := find(k.ReplacedBy)
	if err != nil {
		return nil, err
	}
	last, err := find(k.RotatedFrom)
	if err != nil {
		return nil, err
	}
	if k.ReplacedBy != nil {
		s := section{Title: "Replaced", Note: "It works until its end, and is then revoked with all keys that were narrowed from it. The key that replaced it is deleted."}
		if next != nil {
			s.Note = stillUsed(k, next.CreatedAt)
			s.Bad = k.LastUsedAt.After(next.CreatedAt)
			s.Facts = []fact{{"Replaced by", linked(next.Name, keyPath(place, next.ID))}, {"Since", moment(next.CreatedAt)}}
		}
		before = append(before, s)
	}
	if last != nil {
		before = append(before, section{
			Title: "Replaces", Note: stillUsed(*last, k.CreatedAt), Bad: last.LastUsedAt.After(k.CreatedAt),
			Facts: []fact{{"Old key", linked(last.Name, keyPath(place, last.ID))}, {"It works until", moments(last.ExpiresAt, "Its deletion")}},
		})
	}
	return before, nil
}

// stillUsed says whether a key is used that was replaced at a time.
func stillUsed(old control.APIKeyUse, since time.Time) string {
	if old.LastUsedAt.After(since) {
		return "The old key was still used after it was replaced, last at " + timeText(old.LastUsedAt) + " by " + usedBy(old) +
			": somebody has not taken the new one yet."
	}
	return "No use of the old key is known since it was replaced."
}
