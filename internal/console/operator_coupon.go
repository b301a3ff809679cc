package console

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

func (s *site) operatorCoupons() {
	s.show("coupons", (*visit).listCoupons)
	s.show("coupons/{coupon}", (*visit).couponPage)
	s.does(action{Path: "coupons/new", Ask: onlyFor(reeve.ManageMoney, (*visit).askCoupon), Do: (*visit).createCoupon})
	s.does(action{Path: "coupons/{coupon}/delete", Ask: onlyFor(reeve.ManageMoney, (*visit).askDeleteCoupon), Do: (*visit).deleteCoupon})
}

// couponStates are the states of coupons, as a filter has them.
var couponStates = map[string]reeve.CouponStatus{"active": reeve.CouponActive, "used": reeve.CouponUsed, "expired": reeve.CouponExpired}

// listCoupons shows the coupons of all users, or of one.
func (v *visit) listCoupons() (*page, error) {
	l := v.listing("Part of a description, or an id", thingSorts)
	l.Frozen = nil
	l.Fields = slices.DeleteFunc(l.Fields, func(f field) bool { return f.Name == "frozen" })
	l.Owner = l.asks(v, "user", "User")
	text := v.r.URL.Query().Get("status")
	if status, known := couponStates[text]; known {
		l.Status = &status
	} else if text != "" {
		l.refuse(reeve.Errorf(reeve.Invalid, "the state must be active, used or expired"))
	}
	l.with(field{
		Name: "status", Label: "State", Kind: "select", Value: text,
		Options: []option{{"", "Any"}, {"active", "Active"}, {"used", "Used up"}, {"expired", "Expired"}},
	})
	t, err := tableOf(v, l, func(l control.Listing) ([]reeve.Coupon, string, error) { return v.control.ListCoupons(v.ctx, l) }, v.couponRows)
	t.ID, t.Caption, t.Empty = "coupons", "Coupons", l.nothing("There are no coupons yet.")
	t.Columns = []column{
		{Name: "Description"},
		{Name: "State"},
		{Name: "User"},
		{Name: "Left", Number: true},
		{Name: "Of", Number: true},
		{Name: "Pays until"},
		{Name: "Created"},
	}
	p := &page{Title: "Coupons", Sections: []section{{Form: l.form(), Table: t}}}
	if v.may(reeve.ManageMoney) {
		p.Actions = []link{{Text: "New coupon", To: at(to("coupons", "new"), "user", v.r.URL.Query().Get("user")), Main: true}}
	}
	return p, err
}

func (v *visit) couponRows(coupons []reeve.Coupon) ([][]cell, error) {
	// What users are called is told of changes: of these, as if they were theirs.
	of := make([]reeve.Change, len(coupons))
	for i, c := range coupons {
		of[i] = reeve.Change{Action: "user.update", Target: c.UserID}
	}
	names, err := v.control.NameTargets(v.ctx, of)
	out := make([][]cell, len(coupons))
	now := v.control.Now()
	for i, c := range coupons {
		about := linked(calledOr(shortened(c.Description), "Coupon"), to("coupons", c.ID.String()))
		about.About = "of " + timeText(c.CreatedAt)
		user := c.UserID.String()
		out[i] = []cell{
			about, couponState(c.StatusAt(now)), linked(calledOr(names[c.UserID].Name, user), to("users", user)),
			moneyCell(c.Remaining()), moneyCell(c.Amount), moment(c.Until()), moment(c.CreatedAt),
		}
	}
	return out, err
}

// couponUp is the way to a coupon's page.
func couponUp(c reeve.Coupon) []link {
	return []link{{Text: "Coupons", To: to("coupons")}, {Text: calledOr(shortened(c.Description), "Coupon"), To: to("coupons", c.ID.String())}}
}

// userCell says who a user is.
func (v *visit) userCell(id reeve.ID) (cell, error) {
	u, err := v.control.FindUser(v.ctx, id)
	if reeve.IsKind(err, reeve.NotFound) {
		return text("a deleted user, " + id.String()), nil
	}
	return linked(calledOr(u.FullName, u.Email), to("users", id.String())), err
}

// couponPage tells what is left of a coupon, and what used it.
func (v *visit) couponPage() (*page, error) {
	c, used, err := v.control.CouponBalance(v.ctx, v.id("coupon", reeve.PrefixCoupon))
	if err != nil {
		return nil, err
	}
	user, err := v.userCell(c.UserID)
	if err != nil {
		return nil, err
	}
	changes, err := v.changesSection(control.ChangeFilter{Target: &c.ID}, "Last changes")
	if err != nil {
		return nil, err
	}
	row := func(u reeve.Application) []cell {
		statement := linked(u.Month.String(), to("statements", u.StatementID.String()))
		statement.About = "statement " + u.StatementID.String()
		return []cell{statement, moneyCell(u.Cents)}
	}
	p := &page{
		Title: "Coupon of " + document.Dollars(c.Amount), Up: couponUp(c)[:1], Badges: couponState(c.StatusAt(v.control.Now())).Badges,
		Facts: []fact{
			{"User", user},
			{"Description", text(c.Description)},
			{"Amount", moneyCell(c.Amount)},
			{"Used", moneyCell(c.Applied)},
			{"Left", moneyCell(c.Remaining())},
			{"Duration", text(tally(int(c.Duration), "month") + " after the one of its making")},
			{"Pays until", moment(c.Until())},
			{"Created", moment(c.CreatedAt)},
			{"ID", code(c.ID.String())},
		},
		Sections: []section{{Title: "Used by", Table: inPages(v, &table{
			ID: "used-by", Caption: "Statements that used it", Empty: "No statement has used it yet.",
			Columns: []column{{Name: "Statement of"}, {Name: "Amount", Number: true}},
		}, used, row)}, changes},
	}
	if v.may(reeve.ManageMoney) {
		p.Actions = []link{{Text: "Delete", To: to("coupons", c.ID.String(), "delete"), Danger: true}}
	}
	return p, nil
}

func (v *visit) askCoupon() (*question, error) {
	return &question{
		Title: "New coupon", Up: []link{{Text: "Coupons", To: to("coupons")}}, Submit: "Create the coupon", Back: to("coupons"),
		Effects: []string{"The next statements of all organisations that the user owns draw on it first, before the organisations' credits."},
		Fields: []field{
			{Name: "user", Label: "User", Required: true, Value: v.r.URL.Query().Get("user"), Hint: "Address or id."},
			{Name: "amount", Label: "Amount in US dollars", Required: true, Max: 32},
			{
				Name: "duration", Label: "Months", Kind: "number", Required: true, Value: "1",
				Hint: "It pays for this month and so many after it.",
			},
			{Name: "description", Label: "Description", Required: true, Max: reeve.MaxDescription, Hint: "The tenant reads it on statements."},
		},
	}, nil
}

// newCoupon reads a coupon without its user.
func newCoupon(in values) (out control.NewCoupon, err error) {
	out.Description = in.text("description")
	if out.Amount, err = parseDollars(in.Get("amount")); err != nil {
		return out, err
	}
	if out.Duration, err = strconv.ParseInt(in.text("duration"), 10, 64); err != nil {
		err = reeve.Errorf(reeve.Invalid, "the months must be a whole number")
	}
	return out, err
}

func (v *visit) createCoupon(in values) (*outcome, error) {
	user, err := v.userNamed(in.text("user"))
	if err != nil {
		return nil, err
	}
	of, err := newCoupon(in)
	if err != nil {
		return nil, err
	}
	c, err := v.control.CreateCoupon(v.ctx, reeve.Coupon{UserID: user, Amount: of.Amount, Duration: of.Duration, Description: of.Description})
	if reeve.IsKind(err, reeve.NotFound) {
		err = reeve.Errorf(reeve.Invalid, "there is no user with the id %s", user)
	}
	return &outcome{To: to("coupons", c.ID.String()), Said: fmt.Sprintf("The coupon of %s is created.", document.Dollars(c.Amount))}, err
}

func (v *visit) askDeleteCoupon() (*question, error) {
	c, used, err := v.control.CouponBalance(v.ctx, v.id("coupon", reeve.PrefixCoupon))
	if err != nil {
		return nil, err
	}
	user, err := v.userCell(c.UserID)
	if err != nil {
		return nil, err
	}
	up := couponUp(c)
	q := &question{
		Title: "Delete a coupon", Up: up, Submit: "Delete the coupon", Danger: true, Back: up[1].To, Edited: control.Edited{Coupon: c.ID},
		Facts: []fact{{"Description", text(c.Description)}, {"User", user}},
		Effects: []string{
			document.Dollars(c.Remaining()) + " that are left of it cannot be used any more.",
			"The coupon cannot be restored.",
		},
		Fields: []field{{Name: "applied", Kind: "hidden", Value: strconv.FormatInt(c.Applied, 10), Current: true}},
	}
	if len(used) > 0 {
		q.Effects = append(q.Effects, fmt.Sprintf("What %s used of it, %s, stays used.", tally(len(used), "statement"), document.Dollars(c.Applied)))
	}
	return q, nil
}

func (v *visit) deleteCoupon(values) (*outcome, error) {
	return &outcome{To: to("coupons"), Said: "The coupon is deleted."}, v.control.DeleteCoupon(v.ctx, v.id("coupon", reeve.PrefixCoupon))
}
