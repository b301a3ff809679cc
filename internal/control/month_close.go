package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// closeProjects is how many projects one transaction of closing bills, about:
// an owner's are never parted.
const closeProjects = 500

// closeTimeout bounds one transaction of closing, which bills so many projects.
func closeTimeout(projects int) time.Duration {
	return jobTimeout + time.Duration(projects)*2*time.Millisecond
}

// errClosed ends closing: another replica has done the rest.
var errClosed = errors.New("the month is closed")

// closeOpen makes the statements of a month that was begun, some owners in
// each transaction, and then the month is closed. An owner whose statements
// cannot be made does not keep the others from theirs, but the month from being
// closed.
func (c *Control) closeOpen(ctx context.Context, by Caller, month reeve.Month) error {
	payers, err := c.store.Payers(ctx, month)
	if err != nil {
		return err
	}
	var failures error
	var owners []reeve.ID
	projects := 0
	for i, p := range payers {
		if len(owners) == 0 || owners[len(owners)-1] != p.OwnerID {
			owners = append(owners, p.OwnerID)
		}
		projects += p.Projects
		last := i == len(payers)-1
		if !last && (projects < c.closeProjects || payers[i+1].OwnerID == p.OwnerID) {
			continue
		}
		failed, err := c.closeSome(ctx, by, month, owners, closeTimeout(projects))
		if errors.Is(err, errClosed) {
			return nil
		} else if err != nil {
			return err
		}
		failures = errors.Join(failures, failed)
		owners, projects = owners[:0], 0
	}
	if failures != nil {
		return failures
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.LockUsage(ctx); err != nil {
			return err
		}
		tx.PutBillingMonth(store.BillingMonth{Month: month, Closed: true})
		tx.ForgetDepartedBefore(month.Add(-reeve.UsageLateness - 1).Start())
		return nil
	})
}

// closeSome is closeOwners within a time.
func (c *Control) closeSome(ctx context.Context, by Caller, month reeve.Month, owners []reeve.ID, limit time.Duration) (failures, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return c.closeOwners(ctx, by, month, owners)
}

// closeOwners makes the statements of some owners in one transaction, and tells
// whose could not be made. No usage is added up meanwhile, so that each record is
// in the statement or late. Who has a statement of the month was here before.
func (c *Control) closeOwners(ctx context.Context, by Caller, month reeve.Month, owners []reeve.ID) (failures, err error) {
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		failures = nil
		if err := tx.LockUsage(ctx); err != nil {
			return err
		}
		months, err := tx.BillingMonths(ctx)
		if err != nil {
			return err
		} else if slices.ContainsFunc(months, func(m store.BillingMonth) bool { return m.Month == month && m.Closed }) {
			return errClosed
		}
		b, err := c.lockBill(ctx, tx, owners)
		if err != nil {
			return err
		}
		there, err := tx.StatementsIn(ctx, organizationIDs(b.organizations), month)
		if err != nil {
			return err
		}
		done := map[reeve.ID]bool{}
		for _, s := range there {
			done[s.OwnerID] = true
		}
		b.without(done)
		made, failed, err := b.statements(ctx, tx.Reader, month, month.End())
		if err != nil {
			return err
		}
		for _, o := range b.organizations {
			if why := failed[o.ID]; why != nil {
				done[o.OwnerID] = true
				failures = errors.Join(failures, fmt.Errorf("statement of organization %s of user %s for %s: %w", o.ID, o.OwnerID, month, why))
			}
		}
		b.without(done)
		made = slices.DeleteFunc(made, func(s reeve.Statement) bool { return done[s.OwnerID] })
		if err := tx.DeleteUsageLate(ctx, b.projectIDs(), month); err != nil {
			return err
		}
		finalize(tx, by, made)
		return nil
	})
	return failures, err
}

// finalize keeps statements for good, and takes what they use from coupons and
// credits.
func finalize(tx *store.Tx, by Caller, statements []reeve.Statement) {
	for i := range statements {
		s := &statements[i]
		s.Status = reeve.StatementFinal
		applySettlements(tx, *s, 1)
		if credit, ok := s.NewCredit(); ok {
			createCredit(tx, by, credit)
		}
	}
	tx.CreateStatements(statements)
	for _, s := range statements {
		record(tx, by, change{action: "statement.finalize", target: s.ID, organization: s.OrganizationID, after: fields{
			"organizationId": s.OrganizationID, "month": s.Month, "gross": s.Gross, "due": s.Due,
		}})
	}
}

// applySettlements uses what a statement uses of coupons and credits, or gives it back:
// sign is 1 or -1.
func applySettlements(tx *store.Tx, s reeve.Statement, sign int64) {
	for _, part := range s.Settlements {
		switch {
		case part.Cents < 0: // a credit that the statement gives
		case part.Kind == reeve.SettledByCoupon:
			tx.ApplyCoupon(part.SourceID, sign*part.Cents)
		case part.Kind == reeve.SettledByCredit:
			tx.ApplyCredit(part.SourceID, sign*part.Cents)
		}
	}
}
