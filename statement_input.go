package reeve

import (
	"bytes"
	"cmp"
	"math/big"
	"slices"
	"time"
)

// StatementInput is all that a statement is made from, in any order.
type StatementInput struct {
	OrganizationID   ID
	OrganizationName string
	OwnerID          ID
	Month            Month
	Status           StatementStatus
	Usage            []ProjectUsage
	Prices           func(Month) PriceList // a closed month's are those that it was closed with
	Coupons          []Coupon              // the owner's; others' and those for other months are not used
	Credits          []Credit              // the organisation's; as coupons
}

// ProjectUsage is what a project used in the statement's month, or in one
// closed before for which usage came late.
type ProjectUsage struct {
	ProjectID   ID
	ProjectName string
	Month       Month
	Total       UsageTotal            // as it is known now
	Billed      map[UsageMeter]Billed // what earlier statements' lines of that month come to
}

// Billed is what was billed of a meter: the sums of its lines.
type Billed struct {
	Quantity   *big.Int
	Microcents *big.Int
	Cents      *big.Int
	Void       bool // some of it by a statement that is void
}

// NewStatement makes a statement: a line for each project, month and meter of
// which something was used or is not as it was billed; then coupons and
// credits pay for it. The same input, in any order, makes the same statement.
// What does not fit is a Conflict, and what contradicts itself is Internal.
func NewStatement(in StatementInput) (Statement, error) {
	out := Statement{
		ID: StatementID(in.OrganizationID, in.Month), OrganizationID: in.OrganizationID, OrganizationName: in.OrganizationName,
		OwnerID: in.OwnerID, Month: in.Month, Status: in.Status,
	}
	usage, err := in.sortedUsage()
	if err != nil {
		return Statement{}, err
	}
	prices := map[Month]PriceList{}
	gross := new(big.Int)
	for _, u := range usage {
		if _, known := prices[u.Month]; !known {
			prices[u.Month] = in.Prices(u.Month)
		}
		for _, meter := range UsageMeters {
			line, cents := u.line(meter, prices[u.Month])
			if line.Quantity.Sign() == 0 && line.Microcents.Sign() == 0 && cents.Sign() == 0 {
				continue
			}
			if gross.Add(gross, cents); !cents.IsInt64() {
				return Statement{}, Errorf(Conflict, "the amount is too large").
					WithDetail("%s of project %s in %s comes to %s cents", meter, u.ProjectID, u.Month, cents)
			}
			line.Cents = cents.Int64()
			out.Lines = append(out.Lines, line)
		}
	}
	if !gross.IsInt64() || gross.Int64() == -gross.Int64() && gross.Sign() != 0 {
		return Statement{}, Errorf(Conflict, "the amount is too large").
			WithDetail("the statement of organization %s for %s comes to %s cents", in.OrganizationID, in.Month, gross)
	}
	out.Gross = gross.Int64()
	return out, in.settle(&out)
}

// sortedUsage gives the usage in the order of lines: by project, then this
// month first and older ones from the oldest on.
func (in StatementInput) sortedUsage() ([]ProjectUsage, error) {
	usage := slices.Clone(in.Usage)
	age := func(m Month) Month {
		if m == in.Month {
			return 0
		}
		return m
	}
	order := func(a, b ProjectUsage) int {
		return cmp.Or(bytes.Compare(a.ProjectID[:], b.ProjectID[:]), cmp.Compare(age(a.Month), age(b.Month)))
	}
	slices.SortFunc(usage, order)
	for i, u := range usage {
		if u.Month > in.Month || i > 0 && order(usage[i-1], u) == 0 {
			return nil, Errorf(Internal, "usage of project %s in %s does not belong into the statement of %s", u.ProjectID, u.Month, in.Month)
		}
	}
	return usage, nil
}

// line gives what is to be billed of a meter, less what was billed before:
// nothing where that is less and void, for nobody has paid it. The cents are not
// in the line: they may not fit.
func (u ProjectUsage) line(m UsageMeter, prices PriceList) (out StatementLine, cents *big.Int) {
	out = StatementLine{
		ProjectID: u.ProjectID, ProjectName: u.ProjectName, Meter: m, Month: u.Month,
		Quantity: u.Total.Of(m).Big(), Microcents: new(big.Int),
	}
	if price, ok := prices.Of(m, u.Month); ok {
		out.Microcents = price.Cost(out.Quantity, u.Month).Microcents
	}
	cents = Cents(out.Microcents)
	if before, ok := u.Billed[m]; ok {
		out.Quantity = new(big.Int).Sub(out.Quantity, before.Quantity)
		out.Microcents = new(big.Int).Sub(out.Microcents, before.Microcents)
		cents = new(big.Int).Sub(cents, before.Cents)
		if before.Void && out.Quantity.Sign() < 0 {
			out.Quantity, out.Microcents, cents = new(big.Int), new(big.Int), new(big.Int)
		}
	}
	return out, cents
}

// settle pays the statement from coupons, then credits. If it came to less than
// nothing, that becomes a credit.
func (in StatementInput) settle(s *Statement) error {
	if s.Gross < 0 {
		id := settledID(s.Month, []byte("credit"), s.ID[:])
		s.Settlements = []Settlement{{SettledByCredit, id, "correction of earlier months in " + s.Month.String(), s.Gross}}
		s.Credits = s.Gross
		return nil
	}
	s.Due = s.Gross
	pay := func(kind SettlementKind, id ID, description string, remaining int64) int64 {
		part := min(remaining, s.Due)
		if part > 0 {
			s.Settlements = append(s.Settlements, Settlement{kind, id, description, part})
			s.Due -= part
		}
		return part
	}
	coupons, credits := in.usableCoupons(), in.usableCredits()
	for i, c := range coupons {
		if i > 0 && coupons[i-1].ID == c.ID {
			return Errorf(Internal, "coupon %s is given twice", c.ID)
		}
		s.Coupons += pay(SettledByCoupon, c.ID, c.Description, c.Remaining())
	}
	for i, c := range credits {
		if i > 0 && credits[i-1].ID == c.ID {
			return Errorf(Internal, "credit %s is given twice", c.ID)
		}
		s.Credits += pay(SettledByCredit, c.ID, c.Description, c.Remaining())
	}
	return nil
}

// usableCoupons gives the owner's coupons that pay for the month, oldest
// first.
func (in StatementInput) usableCoupons() []Coupon {
	out := slices.DeleteFunc(slices.Clone(in.Coupons), func(c Coupon) bool {
		return c.UserID != in.OwnerID || !c.UsableIn(in.Month)
	})
	slices.SortFunc(out, func(a, b Coupon) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return out
}

// usableCredits gives the organisation's credits that pay for the month: the
// lowest priority first, then what expires first, then what came into effect
// first.
func (in StatementInput) usableCredits() []Credit {
	out := slices.DeleteFunc(slices.Clone(in.Credits), func(c Credit) bool {
		return c.OrganizationID != in.OrganizationID || !c.UsableIn(in.Month)
	})
	slices.SortFunc(out, func(a, b Credit) int {
		return cmp.Or(
			cmp.Compare(a.Priority, b.Priority), compareExpiry(a.ExpiresAt, b.ExpiresAt),
			a.EffectiveAt.Compare(b.EffectiveAt), bytes.Compare(a.ID[:], b.ID[:]),
		)
	})
	return out
}

// compareExpiry puts what expires earlier first, and what never does last.
func compareExpiry(a, b *time.Time) int {
	switch {
	case a != nil && b != nil:
		return a.Compare(*b)
	case a != nil:
		return -1
	case b != nil:
		return 1
	}
	return 0
}
