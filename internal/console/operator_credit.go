package console

import (
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

func (s *site) operatorCredits() {
	s.show("organizations/{organization}/credits", (*visit).listCredits)
	s.show("credits/{credit}", (*visit).creditPage)
	s.does(action{Path: "organizations/{organization}/credits/new", Ask: (*visit).askCredit, Do: (*visit).createCredit})
	s.does(action{Path: "credits/{credit}/void", Ask: (*visit).askVoidCredit, Do: (*visit).voidCredit})
}

// operatedUp is the way to an organisation's credits.
func creditsUp(o reeve.Organization) []link {
	id := o.ID.String()
	return []link{
		{Text: "Organisations", To: to("organizations")},
		{Text: o.Name, To: to("organizations", id)},
		{Text: "Credits", To: to("organizations", id, "credits")},
	}
}

// creditState says whether a credit can be used.
func creditState(s reeve.CreditStatus) badge {
	kinds := map[reeve.CreditStatus]string{reeve.CreditActive: "good", reeve.CreditPending: "warn"}
	return badge{string(s), kinds[s]}
}

// listCredits shows an organisation's credits.
func (v *visit) listCredits() (*page, error) {
	o, err := v.control.GetOrganization(v.ctx, v.id("organization", reeve.PrefixOrganization))
	if err != nil {
		return nil, err
	}
	credits, err := v.control.ListCredits(v.ctx, o.ID)
	if err != nil {
		return nil, err
	}
	now := v.control.Now()
	row := func(c reeve.Credit) []cell {
		about := linked(c.Description, to("credits", c.ID.String()))
		about.About = "of " + timeText(c.CreatedAt)
		return []cell{
			about,
			{Badges: []badge{creditState(c.StatusAt(now))}},
			moneyCell(c.Amount), moneyCell(c.Remaining()),
			number(strconv.FormatInt(c.Priority, 10)), moment(c.EffectiveAt), moments(c.ExpiresAt, "never"),
		}
	}
	p := &page{
		Title: "Credits of " + o.Name, Up: creditsUp(o)[:2],
		Lead: "The organisation's statements draw on its credits after the owner's coupons: the lowest priority first.",
		Sections: []section{{Table: inPages(v, &table{
			ID: "credits", Caption: "Credits", Empty: "There are none yet.",
			Columns: []column{
				{Name: "Description"},
				{Name: "State"},
				{Name: "Amount", Number: true},
				{Name: "Left", Number: true},
				{Name: "Priority", Number: true},
				{Name: "In effect from"},
				{Name: "Ends"},
			},
		}, credits, row)}},
	}
	if v.may(reeve.ManageMoney) {
		p.Actions = []link{{Text: "New credit", To: to("organizations", o.ID.String(), "credits", "new"), Main: true}}
	}
	return p, nil
}

// foundCredit finds a credit with its organisation, whose name is empty if it is
// gone.
func (v *visit) foundCredit() (c reeve.Credit, o reeve.Organization, err error) {
	if c, err = v.control.GetCredit(v.ctx, v.id("credit", reeve.PrefixCredit)); err != nil {
		return c, o, err
	}
	o, err = v.control.GetOrganization(v.ctx, c.OrganizationID)
	if reeve.IsKind(err, reeve.NotFound) {
		return c, reeve.Organization{ID: c.OrganizationID, Name: "A deleted organisation"}, nil
	}
	return c, o, err
}

func (v *visit) creditPage() (*page, error) {
	c, o, err := v.foundCredit()
	if err != nil {
		return nil, err
	}
	changes, err := v.changesSection(control.ChangeFilter{Target: &c.ID}, "Last changes")
	if err != nil {
		return nil, err
	}
	status := c.StatusAt(v.control.Now())
	p := &page{
		Title: "Credit of " + document.Dollars(c.Amount), Up: creditsUp(o), Badges: []badge{creditState(status)},
		Facts: []fact{
			{"Organisation", linked(o.Name, to("organizations", o.ID.String()))},
			{"Description", text(c.Description)},
			{"Amount", moneyCell(c.Amount)},
			{"Used by statements", moneyCell(c.Applied)},
			{"Left", moneyCell(c.Remaining())},
			{"Priority", text(strconv.FormatInt(c.Priority, 10) + ", the lowest is used first")},
			{"In effect from", moment(c.EffectiveAt)},
			{"Ends", moments(c.ExpiresAt, "never")},
			{"Voided", moments(c.VoidedAt, "no")},
			{"Created", moment(c.CreatedAt)},
			{"ID", code(c.ID.String())},
		},
		Sections: []section{changes},
	}
	if v.may(reeve.ManageMoney) && c.VoidedAt == nil {
		p.Actions = []link{{Text: "Void", To: to("credits", c.ID.String(), "void"), Danger: true}}
	}
	return p, nil
}

func (v *visit) askCredit() (*question, error) {
	if !v.may(reeve.ManageMoney) {
		return nil, reeve.ErrDenied
	}
	o, err := v.control.GetOrganization(v.ctx, v.id("organization", reeve.PrefixOrganization))
	if err != nil {
		return nil, err
	}
	up := creditsUp(o)
	return &question{
		Title: "New credit of " + o.Name, Up: up, Submit: "Grant the credit", Back: up[2].To,
		Effects: []string{"The organisation's statements draw on it after the coupons, until it is used up or ends."},
		Fields: []field{
			{Name: "amount", Label: "Amount in US dollars", Required: true, Max: 32},
			{Name: "description", Label: "Description", Required: true, Max: reeve.MaxDescription, Hint: "The tenant reads it on statements."},
			{Name: "priority", Label: "Priority", Kind: "number", Value: "0", Hint: "The lowest is used first."},
			{Name: "from", Label: "In effect from", Kind: "date", Hint: "The beginning of a day in UTC. At once, if it is empty."},
			{Name: "until", Label: "Ends", Kind: "date", Hint: "At the beginning of that day in UTC. Never, if it is empty."},
		},
	}, nil
}

func (v *visit) createCredit(in values) (*outcome, error) {
	c := reeve.Credit{OrganizationID: v.id("organization", reeve.PrefixOrganization), Description: in.text("description")}
	var err error
	if c.Amount, err = parseDollars(in.Get("amount")); err != nil {
		return nil, err
	}
	if text := in.text("priority"); text != "" {
		if c.Priority, err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, reeve.Errorf(reeve.Invalid, "the priority must be a whole number")
		}
	}
	from, err := dayOf("the day from which it is in effect", in.text("from"), 0)
	if err != nil {
		return nil, err
	}
	if from != nil {
		c.EffectiveAt = *from
	}
	if c.ExpiresAt, err = dayOf("the end", in.text("until"), 0); err != nil {
		return nil, err
	}
	made, err := v.control.CreateCredit(v.ctx, c)
	return &outcome{To: to("credits", made.ID.String()), Said: "The credit of " + document.Dollars(made.Amount) + " is granted."}, err
}

func (v *visit) askVoidCredit() (*question, error) {
	if !v.may(reeve.ManageMoney) {
		return nil, reeve.ErrDenied
	}
	c, o, err := v.foundCredit()
	if err != nil {
		return nil, err
	}
	return &question{
		Title: "Void a credit of " + o.Name, Up: append(creditsUp(o), link{Text: c.Description, To: to("credits", c.ID.String())}),
		Submit: "Void the credit", Danger: true, Back: to("credits", c.ID.String()),
		Facts: []fact{{"Description", text(c.Description)}, {"Left", moneyCell(c.Remaining())}},
		Effects: []string{
			document.Dollars(c.Remaining()) + " that are left of it cannot be used any more.",
			"What statements have used of it, " + document.Dollars(c.Applied) + ", stays used.",
		},
	}, nil
}

func (v *visit) voidCredit(values) (*outcome, error) {
	id := v.id("credit", reeve.PrefixCredit)
	return &outcome{To: to("credits", id.String()), Said: "The credit is void."}, v.control.VoidCredit(v.ctx, id)
}
