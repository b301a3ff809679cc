package console

import (
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

// settling finds a statement that money is to be settled of, for who may.
func (v *visit) settling() (s reeve.Statement, err error) {
	if !v.may(reeve.ManageMoney) {
		return s, reeve.ErrDenied
	}
	s, err = v.control.GetStatement(v.ctx, v.id("statement", reeve.PrefixStatement))
	if err == nil && s.Status == reeve.StatementDraft {
		err = reeve.Errorf(reeve.Conflict, "the statement is a draft: it is settled when its month is closed")
	}
	return s, err
}

// statementQuestion begins a question about a statement: what is open of it must
// be what whoever answers has seen.
func statementQuestion(s reeve.Statement, title string) *question {
	up := statementUp(s)
	return &question{
		Title: title, Up: up, Back: up[1].To, Edited: control.Edited{Statement: s.ID},
		Facts: []fact{
			{"Organisation", linked(s.OrganizationName, to("organizations", s.OrganizationID.String()))},
			{"State", cell{Badges: statementBadges(s.Status)}},
			{"Due", moneyCell(s.Due)},
			{"Open", moneyCell(document.Open(s))},
		},
		Fields: []field{{Name: "left", Kind: "hidden", Value: strconv.FormatInt(s.Due-s.Noted, 10), Current: true}},
	}
}

func (v *visit) askPay() (*question, error) {
	s, err := v.settling()
	if err != nil {
		return nil, err
	}
	q := statementQuestion(s, "Mark as paid: "+statementTitle(s))
	q.Submit = "Mark as paid"
	q.Effects = []string{
		document.Dollars(document.Open(s)) + " is noted as paid: nothing is open any more.",
		"The statement cannot be voided after that.",
		"What a credit note takes back later becomes a credit of the organisation.",
	}
	return q, nil
}

func (v *visit) pay(values) (*outcome, error) {
	id := v.id("statement", reeve.PrefixStatement)
	return &outcome{To: to("statements", id.String()), Said: "The statement is marked as paid."}, v.control.PayStatement(v.ctx, id)
}

func (v *visit) askVoidStatement() (*question, error) {
	s, err := v.settling()
	if err != nil {
		return nil, err
	}
	q := statementQuestion(s, "Void "+statementTitle(s))
	q.Submit, q.Danger = "Void the statement", true
	q.Effects = []string{
		document.Dollars(document.Open(s)) + " is not to be paid any more.",
		"What it billed is not billed again. A void statement stays void.",
	}
	if s.Coupons != 0 {
		q.Effects = append(q.Effects, document.Dollars(s.Coupons)+" goes back to the coupons that it was taken from.")
	}
	switch {
	case s.Credits > 0:
		q.Effects = append(q.Effects, document.Dollars(s.Credits)+" goes back to the credits that it was taken from.")
	case s.Credits < 0:
		q.Effects = append(q.Effects, "The credit that it gave, "+document.Dollars(-s.Credits)+", is taken back.")
	}
	return q, nil
}

func (v *visit) voidStatement(values) (*outcome, error) {
	id := v.id("statement", reeve.PrefixStatement)
	return &outcome{To: to("statements", id.String()), Said: "The statement is void."}, v.control.VoidStatement(v.ctx, id)
}

func (v *visit) askCreditNote() (*question, error) {
	s, err := v.settling()
	if err != nil {
		return nil, err
	}
	q := statementQuestion(s, "Credit note to "+statementTitle(s))
	q.Submit = "Make the credit note"
	q.Effects = []string{"What is open of the statement becomes less by the amount. The statement itself stays as it is."}
	if s.Status == reeve.StatementPaid {
		q.Effects = []string{"The statement is paid: the amount becomes a credit of the organisation, for its next statements."}
	}
	q.Effects = append(q.Effects, "A credit note cannot be taken back.")
	q.Fields = append(
		q.Fields, field{
			Name: "amount", Label: "Amount in US dollars", Required: true, Max: 32,
			Hint: "At most " + document.Dollars(s.Due-s.Noted) + ", which is left of what was due.",
		},
		field{Name: "text", Label: "Text of the note", Required: true, Max: reeve.MaxReason, Hint: "The tenant reads it, and it describes the credit if there is one."},
	)
	return q, nil
}

func (v *visit) createCreditNote(in values) (*outcome, error) {
	amount, err := parseDollars(in.Get("amount"))
	if err != nil {
		return nil, err
	}
	id := v.id("statement", reeve.PrefixStatement)
	_, err = v.control.CreateCreditNote(v.ctx, id, amount, in.text("text"))
	return &outcome{To: to("statements", id.String()), Said: "The credit note over " + document.Dollars(amount) + " is made."}, err
}
