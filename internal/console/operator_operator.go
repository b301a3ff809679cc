package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// operators are the pages of operators.
func (s *site) operators() {
	s.show("me", (*visit).me)
	s.show("operators", (*visit).allOperators)
	s.show("operators/{operator}", (*visit).oneOperator)
	manage := func(ask func(*visit) (*question, error)) func(*visit) (*question, error) {
		return onlyFor(reeve.ManageOperators, ask)
	}
	s.does(action{Path: "operators/new", Ask: manage((*visit).askNewOperator), Do: (*visit).createOperator})
	s.does(action{Path: "operators/{operator}/edit", Ask: manage((*visit).askEditOperator), Do: (*visit).editOperator})
	s.does(action{Path: "operators/{operator}/rotate", Ask: manage((*visit).askRotateOperator), Do: (*visit).rotateOperator})
	s.does(action{Path: "operators/{operator}/delete", Ask: manage((*visit).askDeleteOperator), Do: (*visit).deleteOperator})
	s.does(action{Path: "me/rotate", Ask: (*visit).askRotateMe, Do: (*visit).rotateMe})
}

func operatorsUp() []link { return []link{{Text: "Operators", To: to("operators")}} }

// operatorRoles are the roles in words.
var operatorRoles = []option{
	{string(reeve.OperatorViewer), "viewer: sees everything"},
	{string(reeve.OperatorFinance), "finance: and money"},
	{string(reeve.OperatorSupport), "support: and users, organisations, projects, keys"},
	{string(reeve.OperatorAdmin), "admin: everything"},
}

func (v *visit) allOperators() (*page, error) {
	all, err := v.control.ListOperators(v.ctx)
	if err != nil {
		return nil, err
	}
	t := &table{
		ID: "operators", Caption: "Operators", Columns: []column{{Name: "Name"}, {Name: "Role"}, {Name: "Last used"}, {Name: "Created"}, {Name: "ID"}},
		Empty: "No named operators yet: only the root operator.",
	}
	row := func(o control.OperatorDetails) []cell {
		return []cell{
			linked(o.Name, to("operators", o.ID.String())), text(string(o.Role)), moments(o.LastUsedAt, "never"), moment(o.CreatedAt), code(o.ID.String()),
		}
	}
	out := &page{
		Title: "Operators", Lead: "The platform's staff and their programs, each with a role. The root operator is not among them.",
		Actions: []link{{Text: "My own page", To: to("me")}}, Sections: []section{{Table: inPages(v, t, all, row)}},
	}
	if v.may(reeve.ManageOperators) {
		out.Actions = append(out.Actions, link{Text: "New operator", To: to("operators", "new"), Main: true})
	}
	return out, nil
}

func (v *visit) onOperator() (control.OperatorDetails, error) {
	return v.control.GetOperator(v.ctx, v.id("operator", reeve.PrefixOperator))
}

func operatorUp(o control.OperatorDetails) []link {
	return append(operatorsUp(), link{Text: o.Name, To: to("operators", o.ID.String())})
}

func (v *visit) oneOperator() (*page, error) {
	o, err := v.onOperator()
	if err != nil {
		return nil, err
	}
	path := to("operators", o.ID.String())
	out := &page{
		Title: o.Name, Up: operatorsUp(), Badges: []badge{{string(o.Role), "plain"}},
		Facts: []fact{{"Last used", moments(o.LastUsedAt, "never")}, {"Created", moment(o.CreatedAt)}, {"ID", code(o.ID.String())}},
	}
	if v.may(reeve.ManageOperators) {
		out.Actions = []link{
			{Text: "Edit", To: path + "/edit"}, {Text: "Rotate the token", To: path + "/rotate"}, {Text: "Delete", To: path + "/delete", Danger: true},
		}
	}
	did, err := v.changesSection(control.ChangeFilter{Actor: o.ID.String(), Limit: shortList}, "What the operator has changed")
	if err != nil {
		return nil, err
	}
	changes, err := v.changesSection(control.ChangeFilter{Target: &o.ID, Limit: shortList}, "What was changed of the operator")
	out.Sections = []section{operatorTokens(o), rights(o.Actor()), did, changes}
	return out, err
}

func operatorTokens(o control.OperatorDetails) section {
	t := &table{
		ID: "tokens", Caption: "Tokens", Columns: []column{{Name: "ID"}, {Name: "Last used"}, {Name: "Created"}, {Name: "Ends"}},
		Empty: "None: the operator signs in through the identity provider, or not at all.",
	}
	for _, token := range o.Tokens {
		t.Rows = append(t.Rows, []cell{
			code(token.ID.String()), moments(token.LastUsedAt, "never"), moment(token.CreatedAt), moments(token.ExpiresAt, "never"),
		})
	}
	return section{Title: "Tokens", Table: t}
}

// rights say what an operator may do.
func rights(who reeve.Actor) section {
	t := &table{ID: "rights", Caption: "Rights", Columns: []column{{Name: "To"}, {Name: "Allowed"}}}
	for _, rule := range reeve.OperatorPolicy {
		allowed := state("no", "plain")
		if who.May(rule.Action) {
			allowed = state("yes", "good")
		}
		t.Rows = append(t.Rows, []cell{text(rule.About), allowed})
	}
	return section{ID: "rights", Title: "Rights", Table: t}
}

func (v *visit) me() (*page, error) {
	me, rotatable, err := v.control.Myself(v.ctx)
	if err != nil {
		return nil, err
	}
	out := &page{Title: "You are " + v.who.Name, Up: operatorsUp(), Lead: "Your role is " + string(v.who.Actor.OperatorRole) + "."}
	if v.who.Actor.IsRoot() {
		out.Title, out.Lead = "You are the root operator", "You may do everything. Better use a named operator for daily work: then the record of changes tells who it was."
	} else {
		out.Facts = []fact{{"Since", moment(me.CreatedAt)}, {"ID", linked(me.ID.String(), to("operators", me.ID.String()))}}
		out.Facts[1].Value.Code = true
	}
	if me.Role != v.who.Actor.OperatorRole && !v.who.Actor.IsRoot() {
		out.Lead += " You have signed in with less than your role, which is " + string(me.Role) + "."
	}
	if rotatable {
		out.Actions = []link{{Text: "Rotate your token", To: to("me", "rotate")}}
	} else {
		out.Lead += " You have no token that could be rotated here."
	}
	did, err := v.changesSection(control.ChangeFilter{Actor: v.who.Actor.String(), Limit: shortList}, "What you have changed")
	out.Sections = []section{rights(v.who.Actor), did}
	return out, err
}

func (v *visit) askNewOperator() (*question, error) {
	return &question{
		Title: "New operator", Up: operatorsUp(), Submit: "Create operator", Back: to("operators"),
		Lead: "A person of the platform's staff, or a program of theirs. The token is shown once.",
		Fields: []field{
			{Name: "name", Label: "Name", Required: true, Max: reeve.MaxName, Hint: "It stands in the record of changes for good."},
			{Name: "role", Label: "Role", Kind: "select", Options: operatorRoles, Value: string(reeve.OperatorViewer)},
		},
	}, nil
}

func (v *visit) createOperator(in values) (*outcome, error) {
	o, token, err := v.control.CreateOperator(v.ctx, in.Get("name"), reeve.OperatorRole(in.Get("role")))
	if err != nil {
		return nil, err
	}
	return &outcome{
		To: to("operators", o.ID.String()), Said: "The operator " + o.Name + " is created",
		Secrets: []secret{{Label: "Operator token", Value: string(token), Hint: "For the API, the command and the sign-in here."}},
	}, nil
}

func (v *visit) askEditOperator() (*question, error) {
	o, err := v.onOperator()
	if err != nil {
		return nil, err
	}
	name := kept("name", "Name", o.Name, reeve.MaxName)
	name.Required = true
	q := &question{
		Title: "Edit " + o.Name, Up: operatorUp(o), Submit: "Save", Back: to("operators", o.ID.String()), Edited: control.Edited{Operator: o.ID},
		Effects: []string{"Another role counts everywhere within a second."},
		Fields:  []field{name, {Name: "role", Label: "Role", Kind: "select", Options: operatorRoles, Value: string(o.Role), Current: true}},
	}
	if o.Provided {
		q.Effects = append(q.Effects, "The next sign-in through the identity provider sets the role that the provider says.")
	}
	if o.ID == v.who.Actor.ID {
		q.Effects = append(q.Effects, "This is you: with a weaker role you may lose the right to take it back.")
	}
	return q, nil
}

func (v *visit) editOperator(in values) (*outcome, error) {
	id, name, role := v.id("operator", reeve.PrefixOperator), in.Get("name"), reeve.OperatorRole(in.Get("role"))
	if err := v.control.UpdateOperator(v.ctx, id, reeve.OperatorPatch{Name: &name, Role: &role}); err != nil {
		return nil, err
	}
	return &outcome{To: to("operators", id.String()), Said: "The operator is saved."}, nil
}

func (v *visit) askRotateOperator() (*question, error) {
	o, err := v.onOperator()
	if err != nil {
		return nil, err
	}
	return &question{
		Title: "Rotate the token of " + o.Name, Up: operatorUp(o), Submit: "Rotate token", Back: to("operators", o.ID.String()),
		Effects: []string{rotationEffect(len(o.Tokens)), "Sessions here that were opened with an old one end with it."},
		Fields:  []field{graceField("The old token", "0s")},
	}, nil
}

// rotationEffect says what becomes of an operator's tokens.
func rotationEffect(n int) string {
	switch n {
	case 0:
		return "The operator gets a token, which is shown once."
	case 1:
		return "A new token is shown once. The token of now stops when the time below is over."
	}
	return "A new token is shown once. The " + tally(n, "token") + " of now stop when the time below is over."
}

func (v *visit) rotateOperator(in values) (*outcome, error) {
	id := v.id("operator", reeve.PrefixOperator)
	if id == reeve.Zero { // the root operator's, which is not meant here
		return nil, reeve.Errorf(reeve.NotFound, "operator not found")
	}
	return v.rotateToken(in, id, to("operators", id.String()))
}

func (v *visit) rotateToken(in values, id reeve.ID, next string) (*outcome, error) {
	overlap, err := in.grace()
	if err != nil {
		return nil, err
	}
	token, err := v.control.RotateOperatorToken(v.ctx, id, overlap)
	if err != nil {
		return nil, err
	}
	return &outcome{
		To: next, Said: "There is a new token",
		Secrets: []secret{{Label: "Operator token", Value: string(token), Hint: "The old one " + overlapWords(overlap)}},
	}, nil
}

func (v *visit) askRotateMe() (*question, error) {
	_, rotatable, err := v.control.Myself(v.ctx)
	if err != nil {
		return nil, err
	}
	if !rotatable {
		return nil, reeve.Errorf(reeve.Denied, "you have no token that could be rotated here: it is configured, or you sign in through an identity provider")
	}
	return &question{
		Title: "Rotate your token", Up: append(operatorsUp(), link{Text: "Your page", To: to("me")}), Submit: "Rotate token", Back: to("me"),
		Effects: []string{
			"A new token is shown once. Your tokens of now stop when the time below is over.",
			"If you have signed in with one of them, you must sign in again then. If that is at once, the new token cannot be shown again: have another admin ready.",
		},
		Fields: []field{graceField("The old token", "1h")},
	}, nil
}

func (v *visit) rotateMe(in values) (*outcome, error) {
	return v.rotateToken(in, v.who.Actor.ID, to("me"))
}

func (v *visit) askDeleteOperator() (*question, error) {
	o, err := v.onOperator()
	if err != nil {
		return nil, err
	}
	q := &question{
		Title: "Delete " + o.Name, Up: operatorUp(o), Submit: "Delete operator", Danger: true, Back: to("operators", o.ID.String()),
		Effects: []string{
			o.Name + " can do nothing here any more: " + tally(len(o.Tokens), "token") + " and all sessions end within a second.",
			"What " + o.Name + " has changed stays in the record of changes, under that name.",
		},
	}
	if o.Provided {
		q.Effects[0] = o.Name + " is signed out: " + tally(len(o.Tokens), "token") + " and all sessions end within a second."
		q.Effects = append(q.Effects, "The identity provider can send the same person again, who is a new operator then, with the role that it says: "+
			"take the person out of its groups first.")
	}
	if o.ID == v.who.Actor.ID {
		q.Effects = append(q.Effects, "This is you: you are signed out.")
	}
	return q, nil
}

func (v *visit) deleteOperator(values) (*outcome, error) {
	err := v.control.DeleteOperator(v.ctx, v.id("operator", reeve.PrefixOperator))
	return &outcome{To: to("operators"), Said: "The operator is deleted."}, err
}
