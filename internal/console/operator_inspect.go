package console

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/macaroon"
)

// inspections are the pages that tell what a pasted key is.
func (s *site) inspections() {
	s.pastes("inspect", (*visit).askInspect, func(v *visit, in values) (*page, error) { return v.inspected(in.text("credential")) })
	s.doesPasted(action{Path: "inspect/revoke", Ask: onlyFor(reeve.ManageKeys, (*visit).askRevokePasted), Do: (*visit).revokePasted}, to("inspect"))
}

// pastedKey is what a pasted key is sealed for.
const pastedKey = "inspect"

func (v *visit) askInspect() *page {
	return &page{
		Title: "Inspect a key", Narrow: true,
		Lead: "Paste an API key, an access grant, a token or a session: you are told what it is, whose, and whether it opens anything. " +
			"It is shown nowhere, kept nowhere, and in no address or log.",
		Sections: []section{{
			Form: &form{To: to("inspect"), Submit: "Inspect", Fields: []field{{
				Name: "credential", Label: "Key, grant or token", Kind: "password", Required: true, Max: macaroon.MaxGrantLength,
			}}},
			Actions: []link{{Text: "Look through a text for keys", To: to("scan")}},
		}},
	}
}

// credentialKinds say what a text opens.
var credentialKinds = map[control.CredentialKind]string{
	control.CredentialAPIKey:          "API key",
	control.CredentialOrganizationKey: "organisation key",
	control.CredentialGateway:         "gateway token",
	control.CredentialOperator:        "operator token",
	control.CredentialSession:         "user session",
	control.CredentialOperatorSession: "operator session",
	control.CredentialUnknown:         "unknown credential",
	control.CredentialNone:            "no credential",
}

// credentialStates say whether it does.
var credentialStates = map[control.CredentialState]struct {
	badge
	about string
}{
	control.StateLive:    {badge{"live", "good"}, "It works."},
	control.StateRevoked: {badge{"revoked", "bad"}, "It is revoked: it opens nothing."},
	control.StateExpired: {badge{"expired", "bad"}, "Its time is over: it opens nothing."},
	control.StateFrozen:  {badge{"frozen", "warn"}, "What it belongs to is frozen: it opens nothing until that ends."},
	control.StatePending: {badge{"not yet valid", "warn"}, "Its time has not come: it will work then."},
	control.StateForged:  {badge{"forged", "bad"}, "It names a key that exists and was not made from it: somebody has tried to make one up, or characters are missing."},
	control.StateRefused: {badge{"refused", "bad"}, "It has a restriction that nobody here understands: it opens nothing."},
}

func stateBadges(k control.Credential) []badge {
	known, ok := credentialStates[k.State]
	if !ok {
		return nil
	}
	return []badge{known.badge}
}

// inspected tells what a text is.
func (v *visit) inspected(text string) (*page, error) {
	k, err := v.control.Inspect(v.ctx, text)
	if err != nil {
		return nil, err
	}
	switch k.Kind {
	case control.CredentialNone:
		return nil, reeve.Errorf(reeve.Invalid, "that has the form of no key, grant or token: it may be cut off, or of another system")
	case control.CredentialUnknown:
		return nil, reeve.Errorf(reeve.Invalid, "that has the form of a key or token, but nobody here has it, and nobody had it of late")
	}
	facts, err := v.credentialFacts(k)
	if err != nil {
		return nil, err
	}
	out := &page{
		Title: "Inspected: " + credentialKinds[k.Kind], Up: []link{{Text: "Inspect a key", To: to("inspect")}},
		Badges: stateBadges(k), Lead: credentialStates[k.State].about, Facts: facts,
	}
	if k.By != nil && *k.By < len(k.Ancestors)-1 {
		out.Lead += " That comes from a key that it derives from: " + ancestorName(*k.By, len(k.Ancestors)) + "."
	}
	if len(k.Ancestors) > 0 {
		out.Sections = append(out.Sections, section{
			Title: "What it derives from", Note: "Each key may do what the one above it may, less its own restrictions.", Table: ancestorTable(k),
		})
	}
	if again := v.revokeInspected(k, text); again != nil {
		out.Sections = append(out.Sections, *again)
	}
	return out, nil
}

// credentialFacts tell whose a credential is, and when it was used.
func (v *visit) credentialFacts(k control.Credential) ([]fact, error) {
	var out []fact
	add := func(name string, value cell) { out = append(out, fact{name, value}) }
	name := text(k.Name)
	if k.ID != reeve.Zero {
		switch k.Kind {
		case control.CredentialAPIKey:
			if k.Name == "" {
				name = text("the key is gone")
			}
			name.To = to("keys", k.ID.String())
		case control.CredentialGateway:
			name.To = to("gateways", k.ID.String())
		}
	}
	if name.Text != "" {
		add("Name", name)
	}
	if k.Role != "" {
		add("Role", text(k.Role))
	}
	for _, of := range []struct {
		name string
		of   *control.Named
	}{{"Project", k.Project}, {"Organisation", k.Organization}, {"User", k.User}} {
		if of.of != nil {
			if of.name == "User" && k.Kind == control.CredentialAPIKey {
				of.name = "Owner of the project"
			}
			add(of.name, thingCell(of.of))
		}
	}
	if k.CreatedAt != nil {
		add("Created", moment(*k.CreatedAt))
	}
	if k.ExpiresAt != nil {
		add("Ends", moment(*k.ExpiresAt))
	}
	switch {
	case k.LastUse != nil:
		add("Last used", moment(k.LastUse.At))
		if k.LastUse.By != "" {
			by, err := v.usedBy(k.LastUse.By)
			if err != nil {
				return nil, err
			}
			add("Last used by", by)
		}
	case k.State == control.StateLive || k.State == control.StateFrozen:
		add("Last used", text("no use is known"))
	}
	if k.ID != reeve.Zero {
		add("ID", code(k.ID.String()))
	}
	return out, nil
}

// usedBy names the gateway that a use was marked by; other uses are marked by an
// address.
func (v *visit) usedBy(by string) (cell, error) {
	id, err := reeve.ParseID(reeve.PrefixGateway, by)
	if err != nil {
		return text(by), nil
	}
	gateways, err := v.control.ListGateways(v.ctx)
	for _, g := range gateways {
		if g.ID == id {
			return linked("the gateway "+g.Name, to("gateways", id.String())), nil
		}
	}
	return text("a gateway that is gone"), err
}

// ancestorName is what the key with so many caveats is called, of so many keys
// in a line.
func ancestorName(caveats, of int) string {
	switch {
	case caveats == 0 && of == 1:
		return "the root key, which this one is"
	case caveats == 0:
		return "the root key"
	case caveats == of-1:
		return "the pasted key itself"
	}
	return "the key with " + tally(caveats, "restriction")
}

func ancestorTable(k control.Credential) *table {
	t := &table{
		ID: "ancestors", Caption: "The keys that it derives from", Brief: true,
		Columns: []column{{Name: "Key"}, {Name: "Its own restriction"}, {Name: "State"}, {Name: "In the record of changes"}},
	}
	for _, a := range k.Ancestors {
		badges := []badge{{"not revoked", "good"}}
		if a.Revoked {
			badges = []badge{{"revoked", "bad"}}
		} else if k.By != nil && *k.By == a.Caveats && k.State != control.StateLive {
			badges = stateBadges(k)
		}
		restricts := strings.Join(a.Restricts, "; ")
		if a.Caveats == 0 {
			restricts = "none: the whole project"
		}
		t.Rows = append(t.Rows, []cell{
			text(strings.TrimSuffix(sentence(ancestorName(a.Caveats, len(k.Ancestors))), ".")), text(restricts), {Badges: badges}, code(a.Lineage),
		})
	}
	return t
}

// revokeInspected offers to revoke what was pasted, if it opens something or
// will; nil if not.
func (v *visit) revokeInspected(k control.Credential, text string) *section {
	dead := k.State != control.StateLive && k.State != control.StatePending && k.State != control.StateFrozen
	if k.Kind == control.CredentialAPIKey {
		dead = len(k.Ancestors) == 0 || k.Ancestors[0].Revoked // an expired one may still have live ancestors
	}
	if dead || !v.may(reeve.ManageKeys) {
		return nil
	}
	switch k.Kind {
	case control.CredentialGateway, control.CredentialOperator:
		return &section{Title: "Revoke", Note: "A gateway's or an operator's token is replaced on its page: rotate it there, without an overlap."}
	case control.CredentialAPIKey:
	default:
		return &section{Title: "Revoke", Form: &form{
			To: to("scan", "revoke"), Submit: "Revoke it…", Danger: true, Fields: []field{hidden("sealed", v.seal(pastedText, text))},
		}}
	}
	which := field{Name: "caveats", Label: "Which key", Kind: "select", Hint: "All that derives from it goes with it. You are asked once more."}
	for i := len(k.Ancestors) - 1; i >= 0; i-- {
		if !k.Ancestors[i].Revoked {
			which.Options = append(which.Options, option{strconv.Itoa(i), ancestorName(i, len(k.Ancestors))})
		}
	}
	return &section{Title: "Revoke", Form: &form{
		To: to("inspect", "revoke"), Submit: "Revoke…", Danger: true, Fields: []field{which, hidden("sealed", v.seal(pastedKey, text))},
	}}
}

// pastedAncestor reads which ancestor of the sealed key is meant.
func (v *visit) pastedAncestor(in values) (key string, caveats int, err error) {
	if key, err = v.unseal(pastedKey, in.Get("sealed")); err != nil {
		return "", 0, err
	}
	if caveats, err = strconv.Atoi(in.Get("caveats")); err != nil || caveats < 0 {
		return "", 0, reeve.Errorf(reeve.Invalid, "choose which key to revoke")
	}
	return key, caveats, nil
}

func (v *visit) askRevokePasted() (*question, error) {
	in := values{v.r.PostForm}
	text, caveats, err := v.pastedAncestor(in)
	if err != nil {
		return nil, err
	}
	k, err := v.control.Inspect(v.ctx, text)
	if err != nil {
		return nil, err
	}
	q := &question{
		Title: "Revoke " + ancestorName(caveats, max(len(k.Ancestors), caveats+1)), Submit: "Revoke", Danger: true, Back: to("inspect"),
		Up:     []link{{Text: "Inspect a key", To: to("inspect")}},
		Fields: []field{hidden("sealed", in.Get("sealed")), hidden("caveats", in.Get("caveats"))},
	}
	if q.Facts, err = v.credentialFacts(k); err != nil {
		return nil, err
	}
	name := k.Name
	if k.Project != nil {
		name += " of " + nameOf(*k.Project)
	}
	what := fmt.Sprintf("1 key that derives from the API key %s stops working at once, with all keys that derive from it. %s stays, and all that derives from it otherwise.", name, k.Name)
	if caveats == 0 {
		q.Title = "Revoke the API key " + k.Name
		what = fmt.Sprintf("The API key %s is deleted and stops working at once, with all keys that derive from it, not only the pasted one; how many those are nobody knows.", name)
	}
	q.Effects = []string{what, everywhere}
	return q, nil
}

func (v *visit) revokePasted(in values) (*outcome, error) {
	text, caveats, err := v.pastedAncestor(in)
	if err != nil {
		return nil, err
	}
	key, err := pastedMacaroon(text)
	if err != nil {
		return nil, err
	}
	done, err := v.control.RevokeAPIKey(v.ctx, key, caveats)
	if err != nil {
		return nil, err
	}
	path, err := v.receiptPath(done)
	return &outcome{To: path, Said: "The key is revoked."}, err
}

// pastedMacaroon reads an API key, or the one inside an access grant.
func pastedMacaroon(text string) (macaroon.Key, error) {
	if word, rest, ok := strings.Cut(text, " "); ok && strings.EqualFold(word, "Bearer") {
		text = strings.TrimSpace(rest)
	}
	key, err := macaroon.Parse(text)
	if err != nil {
		key, err = macaroon.ParseGrant(text)
	}
	if err != nil {
		return key, reeve.Errorf(reeve.Invalid, "that is no API key")
	}
	return key, nil
}
