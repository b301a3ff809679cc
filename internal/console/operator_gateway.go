package console

import (
	"fmt"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

// gateways are the pages of gateways.
func (s *site) gateways() {
	s.show("gateways", (*visit).allGateways)
	s.show("gateways/{gateway}", (*visit).oneGateway)
	manage := func(ask func(*visit) (*question, error)) func(*visit) (*question, error) {
		return onlyFor(reeve.ManageGateways, ask)
	}
	s.does(action{Path: "gateways/new", Ask: manage((*visit).askNewGateway), Do: (*visit).createGateway})
	s.does(action{Path: "gateways/{gateway}/rotate", Ask: manage((*visit).askRotateGateway), Do: (*visit).rotateGateway})
	s.does(action{Path: "gateways/{gateway}/delete", Ask: manage((*visit).askDeleteGateway), Do: (*visit).deleteGateway})
}

func gatewaysUp() []link { return []link{{Text: "Gateways", To: to("gateways")}} }

func (v *visit) allGateways() (*page, error) {
	all, err := v.control.ListGateways(v.ctx)
	if err != nil {
		return nil, err
	}
	sessions, err := v.control.ListSessions(v.ctx)
	if err != nil {
		return nil, err
	}
	of := map[reeve.ID]int{}
	for _, s := range sessions {
		if s.GatewayID != nil {
			of[*s.GatewayID]++
		}
	}
	t := &table{
		ID: "gateways", Caption: "Gateways", Columns: []column{{Name: "Name"}, {Name: "Sessions", Number: true}, {Name: "Created"}, {Name: "ID"}},
		Empty: "No gateways yet: a gateway asks here whether a request may pass.",
	}
	row := func(g reeve.Gateway) []cell {
		return []cell{linked(g.Name, to("gateways", g.ID.String())), number(fmt.Sprint(of[g.ID])), moment(g.CreatedAt), code(g.ID.String())}
	}
	out := &page{Title: "Gateways", Sections: []section{{Table: inPages(v, t, all, row)}}}
	if v.may(reeve.ManageGateways) {
		out.Actions = []link{{Text: "New gateway", To: to("gateways", "new"), Main: true}}
	}
	return out, nil
}

func (v *visit) onGateway() (control.GatewayState, error) {
	return v.control.GetGateway(v.ctx, v.id("gateway", reeve.PrefixGateway))
}

func (v *visit) oneGateway() (*page, error) {
	g, err := v.onGateway()
	if err != nil {
		return nil, err
	}
	tokens, err := v.control.ListGatewayTokens(v.ctx, g.ID)
	if err != nil {
		return nil, err
	}
	out := &page{
		Title: g.Name, Up: gatewaysUp(), Badges: []badge{gatewayBadge(g)},
		Facts: []fact{{"Created", moment(g.CreatedAt)}, {"ID", code(g.ID.String())}, {"As it writes it", code(g.ID.TypeID(reeve.PrefixGateway))}},
	}
	if v.may(reeve.ManageGateways) {
		out.Actions = []link{
			{Text: "Rotate its token", To: to("gateways", g.ID.String(), "rotate")},
			{Text: "Delete", To: to("gateways", g.ID.String(), "delete"), Danger: true},
		}
	}
	changes, err := v.changesSection(control.ChangeFilter{Target: &g.ID}, "Last changes")
	out.Sections = []section{gatewaySessions(g), gatewayLeases(g), gatewayTokens(tokens), changes}
	return out, err
}

func gatewayBadge(g control.GatewayState) badge {
	live := 0
	for _, s := range g.Sessions.Sessions {
		if s.Health == control.SessionLive {
			live++
		}
	}
	switch {
	case g.Sessions.Total == 0:
		return badge{"no session", "plain"}
	case live < len(g.Sessions.Sessions):
		return badge{"silent", "warn"}
	}
	return badge{"connected", "good"}
}

var sessionHealth = map[control.SessionHealth]badge{
	control.SessionLive:   {"live", "good"},
	control.SessionSilent: {"silent", "warn"},
	control.SessionOver:   {"over", "bad"},
}

func gatewaySessions(g control.GatewayState) section {
	t := &table{
		ID: "sessions", Caption: "Sessions of " + g.Name,
		Columns: []column{{Name: "Name"}, {Name: "State"}, {Name: "Heard of"}, {Name: "Lease ends"}, {Name: "Changes behind", Number: true}, {Name: "Since"}},
		Empty:   "It has no session: no program answers from memory on its behalf.",
	}
	for _, s := range g.Sessions.Sessions {
		t.Rows = append(t.Rows, []cell{
			text(s.Name),
			{Badges: []badge{sessionHealth[s.Health]}},
			moment(s.Heard), moment(s.LeaseEnds),
			number(document.Thousands(fmt.Sprint(s.Behind))), moment(s.CreatedAt),
		})
	}
	if g.Sessions.Total > len(t.Rows) {
		t.Brief = true
		t.Pager = &pager{Text: fmt.Sprintf("The furthest behind %d of %d", len(t.Rows), g.Sessions.Total)}
	}
	return section{Title: "Sessions", Note: "Programs that answer from memory. A revocation is complete once each has taken it in, or is over.", Table: t}
}

func gatewayLeases(g control.GatewayState) section {
	held := g.Leases.Held
	n := tally(g.Leases.Leases, "lease")
	if g.Leases.More {
		n += " or more"
	}
	return section{
		Title: "Leases", Note: "What it may admit on its own. It counts against the projects' limits until it is settled.",
		Facts: []fact{
			{"Open", text(n)},
			{"Storage held", text(reeve.FormatSize(held.Usage))},
			{"Bandwidth held", text(reeve.FormatSize(held.Bandwidth))},
			{"Requests held", text(document.Thousands(fmt.Sprint(held.Rate)))},
		},
	}
}

func gatewayTokens(tokens []control.GatewayTokenUse) section {
	t := &table{
		ID: "tokens", Caption: "Tokens", Columns: []column{{Name: "ID"}, {Name: "State"}, {Name: "Last used"}, {Name: "From"}, {Name: "Created"}, {Name: "Ends"}},
	}
	for _, token := range tokens {
		row := []cell{code(token.ID.String()), state("newest", "good"), text("no use is known"), text(token.LastUse.By), moment(token.CreatedAt), moments(token.ExpiresAt, "never")}
		if token.ExpiresAt != nil {
			row[1] = state("replaced", "warn")
		}
		if !token.LastUse.At.IsZero() {
			row[2] = moment(token.LastUse.At)
		}
		t.Rows = append(t.Rows, row)
	}
	return section{Title: "Tokens", Note: "By which it may come. Of each only a hash is kept.", Table: t}
}

func (v *visit) askNewGateway() (*question, error) {
	return &question{
		Title: "New gateway", Up: gatewaysUp(), Submit: "Create gateway", Back: to("gateways"),
		Lead:   "It may judge keys, reserve what they use and report usage, of every project. Its token is shown once.",
		Fields: []field{{Name: "name", Label: "Name", Required: true, Max: reeve.MaxName, Hint: "Say where it runs."}},
	}, nil
}

func (v *visit) createGateway(in values) (*outcome, error) {
	g, token, err := v.control.CreateGateway(v.ctx, in.Get("name"))
	if err != nil {
		return nil, err
	}
	return &outcome{
		To: to("gateways", g.ID.String()), Said: "The gateway " + g.Name + " is created",
		Secrets: []secret{{Label: "Token", Value: string(token), Hint: "What the gateway is configured with."}},
	}, nil
}

func (v *visit) askRotateGateway() (*question, error) {
	g, err := v.onGateway()
	if err != nil {
		return nil, err
	}
	tokens, err := v.control.ListGatewayTokens(v.ctx, g.ID)
	if err != nil {
		return nil, err
	}
	effects := []string{
		"It gets a new token, which is shown once.",
		strings.TrimSpace("Its " + tally(len(tokens), "token") + " of now stop no later than when the time below is over. Without that time, its sessions end at once."),
	}
	if len(tokens) == 1 {
		effects[1] = "Its token of now stops when the time below is over. Without that time, its sessions end at once."
	}
	for _, token := range tokens {
		if token.ExpiresAt != nil && !token.LastUse.At.IsZero() {
			effects = append(effects, "A token that was replaced before was last used "+ago(v.control.Now().Sub(token.LastUse.At))+", from "+token.LastUse.By+".")
		}
	}
	return &question{
		Title: "Rotate the token of " + g.Name, Up: gatewayUp(g), Submit: "Rotate token", Back: to("gateways", g.ID.String()),
		Effects: effects, Fields: []field{graceField("The old token", "24h")},
	}, nil
}

func gatewayUp(g control.GatewayState) []link {
	return append(gatewaysUp(), link{Text: g.Name, To: to("gateways", g.ID.String())})
}

func (v *visit) rotateGateway(in values) (*outcome, error) {
	overlap, err := in.grace()
	if err != nil {
		return nil, err
	}
	id := v.id("gateway", reeve.PrefixGateway)
	token, err := v.control.RotateGatewayToken(v.ctx, id, overlap)
	if err != nil {
		return nil, err
	}
	return &outcome{
		To: to("gateways", id.String()), Said: "The gateway has a new token",
		Secrets: []secret{{Label: "Token", Value: string(token), Hint: "The old one " + overlapWords(overlap)}},
	}, nil
}

func (v *visit) askDeleteGateway() (*question, error) {
	g, err := v.onGateway()
	if err != nil {
		return nil, err
	}
	tokens, err := v.control.ListGatewayTokens(v.ctx, g.ID)
	if err != nil {
		return nil, err
	}
	held := g.Leases.Held
	charged := tally(g.Leases.Leases, "open lease") + " is charged whole: "
	if g.Leases.Leases != 1 {
		charged = tally(g.Leases.Leases, "open lease") + " are charged whole: "
	}
	charged += reeve.FormatSize(held.Bandwidth) + " of bandwidth and " + reeve.FormatSize(held.Usage) + " of storage, to the projects that they are of."
	if g.Leases.Leases == 0 {
		charged = "It has no open lease that would be charged."
	}
	return &question{
		Title: "Delete " + g.Name, Up: gatewayUp(g), Submit: "Delete gateway", Danger: true, Back: to("gateways", g.ID.String()),
		Effects: []string{
			tally(len(tokens), "token") + " and " + tally(g.Sessions.Total, "session") + " end: what asks with them is refused.",
			"What it knows it may answer from memory until its leases run out, at the latest.",
			charged, "It cannot be undone.",
		},
	}, nil
}

func (v *visit) deleteGateway(values) (*outcome, error) {
	err := v.control.DeleteGateway(v.ctx, v.id("gateway", reeve.PrefixGateway))
	return &outcome{To: to("gateways"), Said: "The gateway is deleted."}, err
}
