package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// statementUp is the way to a statement's page, and statementTitle its title.
func statementUp(s reeve.Statement) []link {
	return []link{{Text: "Statements", To: to("statements")}, {Text: statementTitle(s), To: to("statements", s.ID.String())}}
}

func statementTitle(s reeve.Statement) string { return s.Month.String() + ", " + s.OrganizationName }

// statementFound is how operators are shown the statement that the path names.
func (v *visit) statementFound() (statementView, error) {
	s, err := v.control.GetStatement(v.ctx, v.id("statement", reeve.PrefixStatement))
	return statementView{
		Statement: s, page: to("statements", s.ID.String()),
		project: func(id reeve.ID) string { return to("projects", id.String()) },
		source: func(part reeve.Settlement) string {
			if part.Kind == reeve.SettledByCredit {
				return to("credits", part.SourceID.String())
			}
			return to("coupons", part.SourceID.String())
		},
	}, err
}

// statementPage tells all of a statement.
func (v *visit) statementPage() (*page, error) {
	defer v.patient()()
	shown, err := v.statementFound()
	if err != nil {
		return nil, err
	}
	s := shown.Statement
	owner, err := v.userCell(s.OwnerID)
	if err != nil {
		return nil, err
	}
	p := &page{
		Title: statementTitle(s), Up: statementUp(s)[:1], Badges: statementBadges(s.Status), Lead: statementLeads[s.Status],
		Facts: []fact{
			{"Organisation", linked(s.OrganizationName, to("organizations", s.OrganizationID.String()))},
			{"Owner at the month's close", owner},
			{"ID", code(s.ID.String())},
		},
		Actions: append(v.statementActions(s), link{Text: "To print", To: shown.page + "/print"}),
	}
	if p.Sections, err = shown.sections(v); err != nil || s.Status == reeve.StatementDraft {
		return p, err
	}
	notes, err := v.control.ListCreditNotes(v.ctx, s.ID)
	if err != nil {
		return nil, err
	}
	changes, err := v.changesSection(control.ChangeFilter{Target: &s.ID}, "Last changes")
	p.Sections = append(p.Sections, notesSection(notes), changes)
	return p, err
}

// statementLinePage tells what a line of a statement was made from.
func (v *visit) statementLinePage() (*page, error) {
	defer v.patient()()
	shown, err := v.statementFound()
	if err != nil {
		return nil, err
	}
	p, err := v.explained(shown)
	if err != nil {
		return nil, err
	}
	p.Up = statementUp(shown.Statement)
	return p, nil
}

// statementActions are those that the statement's state allows, to who may.
func (v *visit) statementActions(s reeve.Statement) []link {
	if !v.may(reeve.ManageMoney) {
		return nil
	}
	path := to("statements", s.ID.String()) + "/"
	var out []link
	if s.Status == reeve.StatementFinal {
		out = append(out, link{Text: "Mark as paid", To: path + "pay", Main: true})
	}
	if (s.Status == reeve.StatementFinal || s.Status == reeve.StatementPaid) && s.Due > s.Noted {
		out = append(out, link{Text: "Credit note", To: path + "note"})
	}
	if s.Status == reeve.StatementFinal {
		out = append(out, link{Text: "Void", To: path + "void", Danger: true})
	}
	return out
}

// notesSection tells what was taken back.
func notesSection(notes []reeve.CreditNote) section {
	t := &table{
		ID: "credit-notes", Caption: "Credit notes", Empty: "None.",
		Columns: []column{{Name: "When"}, {Name: "Text"}, {Name: "Amount", Number: true}, {Name: "Credit"}},
	}
	for _, n := range notes {
		became := text("none: less was open then")
		if n.CreditID != reeve.Zero {
			became = cell{Text: n.CreditID.String(), To: to("credits", n.CreditID.String()), Code: true}
		}
		t.Rows = append(t.Rows, []cell{moment(n.CreatedAt), text(n.Reason), moneyCell(-n.Cents), became})
	}
	return section{Title: "Credit notes", Table: t}
}

// printFound shows a statement to print.
func (v *visit) printFound() (*page, error) {
	defer v.patient()()
	shown, err := v.statementFound()
	if err != nil {
		return nil, err
	}
	return nil, v.printStatement(shown.Statement, func(_ reeve.Prefix, id reeve.ID) string { return id.String() })
}
