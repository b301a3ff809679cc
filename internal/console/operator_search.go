package console

import (
	"net/http"
	"slices"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

// operatorSearch serves the search. It is asked by POST, which sends the browser
// on to an address that can be kept, with the text in it: but not if that is a
// credential, or may be a part of one, for an address is written down in many
// places. Then the answer stands in the POST's own reply.
func (s *site) operatorSearch() {
	s.pages.Handle(root+"search", map[string]web.Page{
		http.MethodGet:  s.visited(func(v *visit) error { return v.answer((*visit).showSearch) }),
		http.MethodPost: s.visited((*visit).search),
	})
}

// hits is how many things of a kind a search shows.
const hits = 20

// results is the part of the page that is fetched while somebody types.
const results = "results"

func (v *visit) search() error {
	in, err := v.read()
	if err != nil {
		return err
	}
	q := strings.TrimSpace(in.Get("q"))
	isCredential, err := v.isCredential(q)
	if err != nil {
		return err
	}
	switch {
	case isCredential:
		v.w.Header().Set("HX-Replace-Url", to("search"))
		p, err := v.searchPage("")
		if err == nil {
			p.Private = true
			p.Sections[1], err = v.inspectedInBrief(q)
		}
		return v.sendUnless(p, err)
	case confidential(q):
		v.w.Header().Set("HX-Replace-Url", to("search"))
		p, err := v.searchPage(q)
		if err == nil {
			p.Sections[0].Form.Fields[0].Value, p.Sections[1].Actions = "", nil // those lead to addresses with the text
			if t := p.Sections[1].Table; t != nil {
				t.Brief = true
			}
		}
		return v.sendUnless(p, err)
	}
	path := at(to("search"), "q", q)
	if !v.polled() {
		return v.redirect(path)
	}
	v.w.Header().Set("HX-Replace-Url", path)
	p, err := v.searchPage(q)
	if err == nil && p.Sections[1].Table != nil {
		p.Sections[1].Table.Brief = true // the page's own address is not the one that gives it
	}
	return v.sendUnless(p, err)
}

// sendUnless shows a page unless it could not be made.
func (v *visit) sendUnless(p *page, err error) error {
	if err != nil {
		return err
	}
	return v.send(p)
}

// inspectedInBrief tells what a credential is, as the page of inspections does,
// in one section.
func (v *visit) inspectedInBrief(q string) (section, error) {
	out := section{ID: results, Title: "A credential"}
	p, err := v.inspected(q)
	if reeve.IsKind(err, reeve.Invalid) { // nobody's
		out.Note = sentence(reeve.AsError(err).Message)
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Title, out.Note = p.Title, p.Lead
	out.Facts = append([]fact{{"State", cell{Badges: p.Badges}}}, p.Facts...)
	for _, s := range p.Sections {
		if s.Table != nil {
			out.Table = s.Table
		}
		if s.Form != nil {
			out.Form = s.Form
		}
	}
	return out, nil
}

// showSearch is for addresses that were kept.
func (v *visit) showSearch() (*page, error) {
	q := strings.TrimSpace(v.r.URL.Query().Get("q"))
	isCredential, err := v.isCredential(q)
	if err != nil {
		return nil, err
	}
	if !isCredential {
		return v.searchPage(q)
	}
	p, err := v.searchPage("")
	if err == nil {
		p.Sections[1] = section{
			ID: results, Bad: true, Note: "This address holds a credential, which browsers and proxies have written down: replace it. " +
				"Paste credentials into the search box.",
		}
	}
	return p, err
}

// isCredential tells whether a text is one, of ours or of nobody.
func (v *visit) isCredential(q string) (bool, error) {
	if q == "" {
		return false, nil
	}
	known, err := v.control.Inspect(v.ctx, q)
	return known.Kind != control.CredentialNone, err
}

// confidential tells whether a text may hold a part of a credential, or one that
// was damaged: our tokens' prefixes, and words that are longer than any id and
// look like no name or address.
func confidential(q string) bool {
	const longestID = 45 // a URN
	if strings.Contains(q, "reeve_") || strings.Contains(q, "whsec_") {
		return true
	}
	for word := range strings.FieldsSeq(q) {
		if len(word) > longestID && strings.Trim(word, secretLetters) == "" {
			return true
		}
	}
	return false
}

// secretLetters are those of base 58, 62 and 64.
const secretLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/=-_."

// searchPage shows what a text finds.
func (v *visit) searchPage(q string) (*page, error) {
	p := &page{Title: "Search", Lead: searchLead, Sections: []section{{Form: &form{
		To: to("search"), Submit: "Search", Live: results, Asks: true,
		Fields: []field{{
			Name: "q", Label: "Name, address, id, key or token", Kind: "search", Value: q,
		}},
	}}}}
	if q == "" {
		p.Sections = append(p.Sections, section{ID: results, Note: searchable})
		return p, nil
	}
	found, err := v.control.Find(v.ctx, q, hits)
	if reeve.IsKind(err, reeve.Invalid) {
		p.Sections = append(p.Sections, section{ID: results, Bad: true, Note: sentence(reeve.AsError(err).Message)})
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	t := &table{
		ID: "found", Caption: "What was found", Columns: []column{{Name: "Kind"}, {Name: "Name"}, {Name: "Belongs to"}, {Name: "ID"}},
		Empty: "Nothing was found. " + searchable,
	}
	for _, thing := range byKind(found.Results) {
		row := []cell{text(foundKinds[thing.Kind].one), foundCell(thing), text(""), code(thing.ID.String())}
		if thing.Of != nil {
			row[2] = linked(calledOr(thing.Of.Name, thing.Of.ID.String()), foundPath(*thing.Of, nil))
		}
		t.Rows = append(t.Rows, row)
	}
	out := section{ID: results, Title: "Found", Table: t}
	for _, kind := range found.More {
		if list := foundKinds[kind].list; list != "" {
			out.Actions = append(out.Actions, link{Text: "More " + foundKinds[kind].many, To: at(to(list), "q", q)})
		}
	}
	p.Sections = append(p.Sections, out)
	return p, nil
}

const searchLead = "Ids may be in any spelling, names, addresses and descriptions a part. What looks like a key or token is put into no address and no log."

const searchable = "Search for users, organisations, projects, coupons, API keys, organisation keys, gateways and statements: " +
	"by id, by name or address or a part of one, or by a whole key or token, pasted."

// foundKinds are the kinds of things in people's words, and where they are
// listed and shown.
var foundKinds = map[control.FoundKind]struct{ one, many, list, path string }{
	control.FoundUser:            {"User", "users", "users", "users"},
	control.FoundOrganization:    {"Organisation", "organisations", "organizations", "organizations"},
	control.FoundProject:         {"Project", "projects", "projects", "projects"},
	control.FoundCoupon:          {"Coupon", "coupons", "coupons", "coupons"},
	control.FoundAPIKey:          {"API key", "API keys", "", "keys"},
	control.FoundOrganizationKey: {"Organisation key", "organisation keys", "", ""},
	control.FoundGateway:         {"Gateway", "gateways", "gateways", "gateways"},
	control.FoundStatement:       {"Statement", "statements", "", "statements"},
	control.FoundOperator:        {"Operator", "operators", "", "operators"},
}

// byKind groups things by kind, those first of which there is the best hit; in
// each they stay as they were found.
func byKind(found []control.Found) []control.Found {
	var order []control.FoundKind
	for _, thing := range found {
		if !slices.Contains(order, thing.Kind) {
			order = append(order, thing.Kind)
		}
	}
	out := slices.Clone(found)
	slices.SortStableFunc(out, func(a, b control.Found) int { return slices.Index(order, a.Kind) - slices.Index(order, b.Kind) })
	return out
}

// foundPath is the page of a thing, which may belong to another; "" if it has none.
func foundPath(thing control.Named, of *control.Named) string {
	if thing.Kind == control.FoundOrganizationKey && of != nil {
		return to("organizations", of.ID.String(), "apikeys")
	}
	if path := foundKinds[thing.Kind].path; path != "" {
		return to(path, thing.ID.String())
	}
	return ""
}

func foundCell(thing control.Found) cell {
	return linked(calledOr(shortened(thing.Name), thing.ID.String()), foundPath(thing.Named, thing.Of))
}
