package console

import (
	"fmt"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// scans are the pages that look through a text for keys.
func (s *site) scans() {
	s.pastes("scan", (*visit).askScan, (*visit).scanned)
	s.doesPasted(action{
		Path: "scan/revoke", Ask: onlyFor(reeve.ManageKeys, (*visit).askRevokeScanned), Do: (*visit).revokeScanned,
		Resumable: true, Timeout: scanTime,
	}, to("scan"))
}

const (
	// scanTime is enough for as many revocations as one scan may make.
	scanTime = 2 * time.Minute

	// maxLeaks is how much of what was found is shown.
	maxLeaks = 100

	// maxScan is how many characters are taken, as browsers count them. A form
	// makes at most nine bytes of one, so that all of them stay below the MiB that
	// a request may have.
	maxScan = 100_000

	// pastedText is what a pasted text is sealed for.
	pastedText = "scan"
)

func (v *visit) askScan() *page {
	return &page{
		Title: "Look through a text for keys", Narrow: true,
		Lead: "Paste a log, a file or a page: API keys, access grants, tokens and sessions in it are found by their checksums, and you are told whose " +
			"they are and whether they open anything. None of them is shown or kept.",
		Sections: []section{{
			Form: &form{To: to("scan"), Submit: "Look through it", Fields: []field{
				{Name: "text", Label: "Text", Kind: "textarea", Required: true, Max: maxScan, Hint: fmt.Sprintf("At most %d characters.", maxScan)},
			}},
			Actions: []link{{Text: "Inspect one key", To: to("inspect")}},
		}},
	}
}

func (v *visit) scanned(in values) (*page, error) {
	text := in.Get("text")
	if in.text("text") == "" {
		return nil, reeve.Errorf(reeve.Invalid, "paste a text first")
	}
	leaks, more, err := v.control.Scan(v.ctx, control.ToScan{Text: text})
	if err != nil {
		return nil, err
	}
	out := &page{Title: "Nothing found", Up: []link{{Text: "Look through a text for keys", To: to("scan")}}}
	if len(leaks) == 0 {
		out.Lead = "No key, grant or token stands in the text, as far as their checksums tell. One that is cut off or broken over lines is not found."
		out.Sections = []section{{Actions: []link{{Text: "Another text", To: to("scan"), Main: true}}}}
		return out, nil
	}
	out.Title = "Found: " + tally(len(leaks), "credential")
	if more {
		out.Lead = fmt.Sprintf("There are more: one scan looks up %d. Revoke these, and look through it again.", control.MaxScanned)
	}
	live := liveLeaks(leaks)
	if len(live) == 0 {
		out.Lead += " None of them opens anything that could be revoked here."
	}
	if len(live) > 0 && v.may(reeve.ManageKeys) {
		out.Sections = append(out.Sections, section{
			Title: "Revoke", Note: tally(len(live), "credential") + " open something and can be revoked. You are asked once more.",
			Form: &form{
				To: to("scan", "revoke"), Submit: "Revoke what opens something…", Danger: true,
				Fields: []field{hidden("sealed", v.seal(pastedText, text))},
			},
		})
		if len(live) == 1 {
			out.Sections[0].Note = "1 credential opens something and can be revoked. You are asked once more."
		}
	}
	out.Sections = append(out.Sections, section{Title: "What was found", Table: leakTable(leaks)})
	if len(leaks) > maxLeaks {
		out.Sections[len(out.Sections)-1].Note = fmt.Sprintf("The first %d of %d, as they stand in the text.", maxLeaks, len(leaks))
	}
	return out, nil
}

// liveLeaks are those that a scan can revoke, each once.
func liveLeaks(leaks []control.Leak) (out []control.Leak) {
	type name struct {
		kind    control.CredentialKind
		id      reeve.ID
		lineage string // tells the keys apart that derive from one
	}
	seen := map[name]bool{}
	for _, l := range leaks {
		switch l.Kind {
		case control.CredentialAPIKey, control.CredentialOrganizationKey, control.CredentialSession, control.CredentialOperatorSession:
		default:
			continue
		}
		switch l.State {
		case control.StateLive, control.StatePending, control.StateFrozen:
		default:
			continue
		}
		this := name{kind: l.Kind, id: l.ID}
		if n := len(l.Ancestors); n > 0 {
			this.lineage = l.Ancestors[n-1].Lineage
		}
		if !seen[this] {
			seen[this] = true
			out = append(out, l)
		}
	}
	return out
}

func leakTable(leaks []control.Leak) *table {
	t := &table{
		ID: "found", Caption: "What was found", Brief: true,
		Columns: []column{{Name: "Line", Number: true}, {Name: "Column", Number: true}, {Name: "What"}, {Name: "Name"}, {Name: "Of"}, {Name: "State"}},
	}
	for _, l := range leaks[:min(len(leaks), maxLeaks)] {
		what := credentialKinds[l.Kind]
		if l.Grant {
			what += " in an access grant"
		}
		name := text(l.Name)
		if l.Kind == control.CredentialAPIKey && l.ID != reeve.Zero {
			name = linked(l.Name, to("keys", l.ID.String()))
			if l.Name == "" {
				name.Text = "the key is gone"
			}
		}
		of := text("")
		for _, owner := range []*control.Named{l.Project, l.Organization, l.User} {
			if owner != nil {
				of = thingCell(owner)
				break
			}
		}
		t.Rows = append(t.Rows, []cell{
			number(fmt.Sprint(l.Line)), number(fmt.Sprint(l.Column)), text(what), name, of, {Badges: stateBadges(l.Credential)},
		})
	}
	return t
}

func (v *visit) askRevokeScanned() (*question, error) {
	in := values{v.r.PostForm}
	text, err := v.unseal(pastedText, in.Get("sealed"))
	if err != nil {
		return nil, err
	}
	leaks, _, err := v.control.Scan(v.ctx, control.ToScan{Text: text})
	if err != nil {
		return nil, err
	}
	q := &question{
		Title: "Revoke what was found", Submit: "Revoke", Danger: true, Back: to("scan"),
		Up:     []link{{Text: "Look through a text for keys", To: to("scan")}},
		Fields: []field{hidden("sealed", in.Get("sealed"))},
	}
	keys, derived, organization, sessions := 0, 0, 0, 0
	for _, l := range liveLeaks(leaks) {
		switch {
		case l.Kind == control.CredentialAPIKey && len(l.Ancestors) > 1:
			derived++
		case l.Kind == control.CredentialAPIKey:
			keys++
		case l.Kind == control.CredentialOrganizationKey:
			organization++
		default:
			sessions++
		}
	}
	effect := func(n int, thing, then string) {
		if n > 0 {
			q.Effects = append(q.Effects, tally(n, thing)+" "+then)
		}
	}
	effect(keys, "API key", "revoked, with all that derive from it, for everybody who uses it.")
	effect(derived, "restricted API key", "revoked, with all that derive from it; the key that it was made of stays.")
	effect(organization, "organisation key", "revoked, with all that were derived from it.")
	effect(sessions, "session", "ended: who is signed in there must sign in again.")
	if len(q.Effects) == 0 {
		q.Effects = []string{"Nothing: none of what was found opens anything any more."}
	}
	q.Effects = append(q.Effects, "Tokens of gateways and operators are left: rotate those on their pages.", everywhere)
	return q, nil
}

func (v *visit) revokeScanned(in values) (*outcome, error) {
	text, err := v.unseal(pastedText, in.Get("sealed"))
	if err != nil {
		return nil, err
	}
	leaks, _, err := v.control.Scan(v.ctx, control.ToScan{Text: text, Revoke: true})
	if err != nil {
		return nil, err
	}
	revoked := 0
	for _, l := range leaks {
		if l.Revoked {
			revoked++
		}
	}
	out := &outcome{To: to("scan"), Said: tally(revoked, "credential") + " revoked."}
	// Whoever has taken in the newest change has taken in all of them.
	changes, _, err := v.control.ListChanges(v.ctx, control.ChangeFilter{Actor: v.who.Actor.String(), Limit: 1})
	if revoked > 0 && len(changes) > 0 {
		out.To = to("revocations", fmt.Sprint(changes[0].Number))
	}
	return out, err
}
