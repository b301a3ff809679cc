package console

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// anyKeys are the operators' pages of API keys.
func (s *site) anyKeys() {
	s.show("keys/{key}", (*visit).anyKey)
	s.show("revocations/{epoch}", (*visit).receipt)
	keys := func(ask func(*visit) (*question, error)) func(*visit) (*question, error) {
		return onlyFor(reeve.ManageKeys, ask)
	}
	s.does(action{Path: "projects/{project}/keys/new", Ask: keys((*visit).askCreateKey), Do: (*visit).createKey})
	s.does(action{Path: "projects/{project}/keys/revoke", Ask: keys((*visit).askRevokeKeys), Do: (*visit).revokeKeys})
	s.does(action{Path: "keys/{key}/rotate", Ask: keys((*visit).askReplaceKey), Do: (*visit).replaceKey})
	s.does(action{Path: "keys/{key}/revoke", Ask: keys((*visit).askRevokeKey), Do: (*visit).revokeKey})
}

// onKey reads the key that the path names, and its project.
func (v *visit) onKey() (k control.APIKeyUse, p onProject, err error) {
	if k, err = v.control.FindAPIKey(v.ctx, v.id("key", reeve.PrefixAPIKey)); err != nil {
		return k, p, err
	}
	p, err = v.onProjectOf(k.ProjectID)
	return k, p, err
}

// upToKeys is the way to the list of a project's keys.
func (p onProject) upToKeys() []link {
	return append(p.up(true), link{Text: "API keys", To: p.path("keys")})
}

// anyKey is the page of a key, or of one that is gone, by its id.
func (v *visit) anyKey() (*page, error) {
	k, p, err := v.onKey()
	if reeve.IsKind(err, reeve.NotFound) {
		return v.goneKey(err)
	}
	if err != nil {
		return nil, err
	}
	at, by := keyUse(k)
	out := &page{
		Title: k.Name, Up: p.upToKeys(), Badges: append(keyBadges(k.APIKey), frozenOnly(p.Project)...),
		Lead: "An API key. Only its holder has it: here is all else that is known.",
		Facts: []fact{
			{"Project", linked(p.Name, p.path())},
			{"Organisation", thingCell(&p.organization)},
			{"Owner", thingCell(&p.owner)},
			{"Last used", at},
			{"Last used by", by},
			{"Created", moment(k.CreatedAt)},
			{"Ends", moments(k.ExpiresAt, "never")},
			{"ID", code(k.ID.String())},
		},
	}
	if k.RotatedFrom != nil {
		out.Facts = append(out.Facts, fact{"Made in place of", linked(k.RotatedFrom.String(), to("keys", k.RotatedFrom.String()))})
	}
	if k.ReplacedBy != nil {
		out.Facts = append(out.Facts, fact{"Replaced by", linked(k.ReplacedBy.String(), to("keys", k.ReplacedBy.String()))})
		if k.LastUsedAt.IsZero() {
			out.Lead += " It was replaced by another, and nobody is known to use it still."
		} else {
			out.Lead += " It was replaced by another: see below who has used it last."
		}
	}
	if v.may(reeve.ManageKeys) {
		out.Actions = []link{
			{Text: "Rotate", To: to("keys", k.ID.String(), "rotate")},
			{Text: "Revoke", To: to("keys", k.ID.String(), "revoke"), Danger: true},
		}
	}
	changes, err := v.changesSection(control.ChangeFilter{Target: &k.ID}, "Last changes")
	out.Sections = []section{restrictionSection(k.Restricts()), changes}
	return out, err
}

// frozenOnly tells that a project is frozen, and nothing if it is not.
func frozenOnly(p reeve.Project) []badge {
	if p.Frozen || p.Freeze != nil {
		return []badge{{"project frozen", "bad"}}
	}
	return nil
}

func restrictionSection(words []string) section {
	out := section{Title: "Restrictions"}
	if len(words) == 0 {
		out.Note = "None: it may do everything in its project. Keys that derive from it may be restricted further; how many there are nobody knows."
		return out
	}
	out.Table = &table{ID: "restrictions", Caption: "Restrictions", Columns: []column{{Name: "It"}}}
	for _, line := range words {
		out.Table.Rows = append(out.Table.Rows, []cell{text(line)})
	}
	return out
}

// goneKey tells what the record of changes has of a key that is not there.
func (v *visit) goneKey(missing error) (*page, error) {
	id := v.id("key", reeve.PrefixAPIKey)
	changes, _, err := v.control.ListChanges(v.ctx, control.ChangeFilter{Target: &id, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(changes) == 0 || changes[0].Action != "apikey.delete" {
		return nil, missing
	}
	names, err := v.namesIn(changes)
	if err != nil {
		return nil, err
	}
	told := toldOf(changes[0].Before)
	out := &page{
		Title: told.Name, Badges: []badge{{"revoked", "bad"}}, Up: []link{{Text: "Projects", To: to("projects")}},
		Lead:  "This API key is gone: it opens nothing, nor does any key that derives from it.",
		Facts: append([]fact{{"ID", code(id.String())}}, changeFacts(changes[0], names)...),
	}
	if told.ProjectID != reeve.Zero {
		out.Facts = append([]fact{{"Project", linked(told.ProjectID.String(), to("projects", told.ProjectID.String()))}}, out.Facts...)
	}
	out.Facts = append(out.Facts, fact{"Receipt", linked("Is it refused everywhere?", to("revocations", strconv.FormatInt(changes[0].Number, 10)))})
	return out, nil
}

// told is what a change may tell of the thing that it is about.
type told struct {
	Name      string   `json:"name"`
	ProjectID reeve.ID `json:"projectId"`
	Before    string   `json:"before"`
}

// toldOf reads what a change tells; what it does not tell is empty.
func toldOf(f reeve.Fields) (out told) {
	var read struct {
		Name, ProjectID, Before string
	}
	_ = json.Unmarshal(f, &read) // the record is ours; what cannot be read is not told
	out.Name, out.Before = read.Name, read.Before
	out.ProjectID, _ = reeve.ParseAnyID(read.ProjectID)
	return out
}

// changeFacts say when, by whom and why something was changed.
func changeFacts(c reeve.Change, names namesOf) []fact {
	out := []fact{{"When", moment(c.At)}, {"By", names.actor(c.Actor)}}
	if c.Reason != "" {
		out = append(out, fact{"Why", text(c.Reason)})
	}
	return out
}

func (v *visit) askCreateKey() (*question, error) {
	p, err := v.onProject()
	if err != nil {
		return nil, err
	}
	q := &question{
		Title: "New API key of " + p.Name, Up: p.upToKeys(), Submit: "Create API key", Back: p.path("keys"),
		Lead: "It may do everything in the project. It is shown once: hand it to its holder on a way that nobody else reads.",
		Fields: []field{
			{Name: "name", Label: "Name", Required: true, Max: reeve.MaxName, Hint: "Unique in the project. Say who uses it, and for what."},
			instantField("ends", "Ends", "In UTC; it is deleted then. Empty: never."),
		},
	}
	if p.Frozen || p.Freeze != nil {
		q.Effects = []string{"The project is frozen: the key will work only once it is not."}
	}
	return q, nil
}

func (v *visit) createKey(in values) (*outcome, error) {
	project := v.id("project", reeve.PrefixProject)
	ends, err := in.instant("ends")
	if err != nil {
		return nil, err
	}
	// The key's maker need not know the project: who asks has seen it.
	if _, err := v.control.GetProject(v.ctx, project); err != nil {
		return nil, err
	}
	made, key, err := v.control.CreateRestrictedAPIKey(v.ctx, control.NewAPIKey{ProjectID: project, Name: in.Get("name"), ExpiresAt: ends})
	if err != nil {
		return nil, err
	}
	return &outcome{
		To: to("keys", made.ID.String()), Said: "The API key " + made.Name + " is created",
		Secrets: []secret{{Label: "API key", Value: key.Serialize()}},
	}, nil
}

func (v *visit) askReplaceKey() (*question, error) {
	k, p, err := v.onKey()
	if err != nil {
		return nil, err
	}
	q := &question{
		Title: "Rotate " + k.Name, Up: p.upToKeys(), Submit: "Rotate API key", Back: to("keys", k.ID.String()),
		Effects: []string{
			"A new key takes its name, restrictions and end. It is shown once.",
			"The old one is renamed, and stops with all keys that derive from it when the time below is over.",
			lastUseEffect(k, v.control.Now()),
		},
		Fields: []field{graceField("The old key", "24h")},
	}
	return q, nil
}

// lastUseEffect says whether somebody will miss a key.
func lastUseEffect(k control.APIKeyUse, now time.Time) string {
	if k.LastUsedAt.IsZero() {
		return "No use of the old key is known."
	}
	by := ""
	if k.LastUsedBy.Name != "" {
		by = " by the gateway " + k.LastUsedBy.Name
	}
	return "The old key was last used " + ago(now.Sub(k.LastUsedAt)) + by + "."
}

func (v *visit) replaceKey(in values) (*outcome, error) {
	overlap, err := in.grace()
	if err != nil {
		return nil, err
	}
	old, _, err := v.onKey()
	if err != nil {
		return nil, err
	}
	made, key, err := v.control.RotateAPIKey(v.ctx, old.ProjectID, old.ID, overlap)
	if err != nil {
		return nil, err
	}
	return &outcome{
		To: to("keys", made.ID.String()), Said: "The API key " + made.Name + " is rotated",
		Secrets: []secret{{Label: "API key", Value: key.Serialize(), Hint: "The old one " + overlapWords(overlap)}},
	}, nil
}
