package control

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// StatementFilter picks statements; empty fields pick all.
type StatementFilter struct {
	Month          reeve.Month
	Status         reeve.StatementStatus
	OrganizationID reeve.ID
	After          reeve.ID // only older ones: the last of the page before; zero for all
	Limit          int
}

// ListStatements lists statements without lines and settlements, newest first,
// and tells whether there are more. Drafts are among them where a month that is
// not closed is asked for, or drafts.
func (c *Control) ListStatements(ctx context.Context, f StatementFilter) (page []reeve.Statement, more bool, err error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return nil, false, err
	}
	if f.Status == reeve.StatementDraft && f.Month == 0 {
		f.Month = reeve.MonthOf(c.store.Now())
	}
	known, err := readMonths(ctx, c.store.Reader)
	if err != nil {
		return nil, false, err
	}
	if c.mayDraft(known, f.Month) && (f.Status == "" || f.Status == reeve.StatementDraft) {
		page, err = c.listOpen(ctx, f)
	} else {
		page, err = c.store.Statements(ctx, store.StatementFilter{
			Month: f.Month, Status: f.Status, OrganizationID: f.OrganizationID, Before: f.After, Limit: f.Limit + 1,
		})
	}
	if len(page) > f.Limit {
		page, more = page[:f.Limit], true
	}
	return page, more, err
}

// GetStatement finds a statement; to a tenant only its own organisation's are
// there. A draft is made on reading.
func (c *Control) GetStatement(ctx context.Context, id reeve.ID) (reeve.Statement, error) {
	caller := callerOf(ctx)
	if caller.Session != nil {
		return c.personsStatement(ctx, id)
	}
	if caller.Key == nil {
		if _, err := operator(ctx, reeve.Look); err != nil {
			return reeve.Statement{}, err
		}
		out, err := c.store.Statement(ctx, id)
		if !reeve.IsKind(err, reeve.NotFound) {
			return out, err
		}
		if out, err = c.findDraft(ctx, id, err); reeve.IsKind(err, reeve.NotFound) {
			return c.store.Statement(ctx, id) // it may have become final meanwhile
		}
		return out, err
	}
	found, err := c.store.OrganizationKeyAndStatement(ctx, *caller.Key, id)
	if err != nil {
		return reeve.Statement{}, err
	}
	if err := c.resolve(&caller, found.Key); err != nil {
		return reeve.Statement{}, err
	}
	organization := caller.Actor.OrganizationID
	month := statementMonth(id)
	switch {
	case !caller.Actor.Role.Allows(reeve.ReadStatements):
		return reeve.Statement{}, reeve.ErrDenied
	case found.Statement != nil:
		return c.store.StatementDetails(ctx, *found.Statement)
	case reeve.StatementID(organization, month) != id: // another's, or nobody's
		return reeve.Statement{}, reeve.ErrDenied
	}
	out, err := c.draft(ctx, organization, month, reeve.ErrDenied)
	if !errors.Is(err, reeve.ErrDenied) {
		return out, err
	}
	out, err = c.store.Statement(ctx, id) // it may have become final meanwhile
	if reeve.IsKind(err, reeve.NotFound) {
		err = reeve.ErrDenied
	}
	return out, err
}

// personsStatement finds a statement of an organisation that a user is in.
func (c *Control) personsStatement(ctx context.Context, id reeve.ID) (reeve.Statement, error) {
	if err := c.AuthenticateTenant(ctx); err != nil {
		return reeve.Statement{}, err
	}
	organizations, err := c.store.OrganizationsOfSession(ctx, *callerOf(ctx).Session)
	if err != nil {
		return reeve.Statement{}, err
	}
	month := statementMonth(id)
	for _, organization := range organizations {
		if reeve.StatementID(organization, month) != id {
			continue
		}
		if err := c.AuthorizeOrganization(ctx, organization, reeve.ReadStatements); err != nil {
			return reeve.Statement{}, err
		}
		out, err := c.store.Statement(ctx, id)
		if reeve.IsKind(err, reeve.NotFound) {
			out, err = c.draft(ctx, organization, month, reeve.ErrDenied)
		}
		return out, err
	}
	return reeve.Statement{}, reeve.ErrDenied
}

// Page is a part of a list: its number, from 0 on, and how long it is. Lists that
// give a Count count no further than MostCounted, but for an exact page.
type Page struct {
	Number, Size int
	Exact        bool
}

// counted has things counted as far as the page asks for.
func (p Page) counted(count func(most int) (int, error)) (Count, error) {
	if p.Exact {
		n, err := count(math.MaxInt)
		return Count{N: n}, err
	}
	n, err := count(MostCounted + 1)
	return Count{N: min(n, MostCounted), More: n > MostCounted}, err
}

func (p Page) window() store.Window {
	return store.Window{Offset: p.Number * p.Size, Limit: p.Size}
}

// OrganizationStatements lists an organisation's statements without lines and
// settlements, drafts first, newest first, and gives how many there are. It is
// for operators and the organisation's own keys.
func (c *Control) OrganizationStatements(ctx context.Context, organization reeve.ID, page Page) (out []reeve.Statement, total int, err error) {
	if err := c.AuthorizeOrganization(ctx, organization, reeve.ReadStatements); err != nil {
		return nil, 0, err
	}
	o, err := c.store.Organization(ctx, organization)
	if err != nil {
		return nil, 0, err
	}
	out, err = c.draftsOf(ctx, o.OwnerID)
	if err != nil {
		return nil, 0, err
	}
	drafts := out[:0]
	for _, s := range out {
		if s.OrganizationID == organization {
			drafts = append(drafts, s)
		}
	}
	f := store.StatementFilter{OrganizationID: organization}
	if total, err = c.store.CountStatements(ctx, f); err != nil {
		return nil, 0, err
	}
	total += len(drafts)
	from := min(page.Number*page.Size, total)
	out = append([]reeve.Statement{}, drafts[min(from, len(drafts)):min(from+page.Size, len(drafts))]...)
	f.Offset, f.Limit = max(from-len(drafts), 0), page.Size-len(out)
	if f.Limit > 0 {
		stored, err := c.store.Statements(ctx, f)
		return append(out, stored...), total, err
	}
	return out, total, nil
}

// StatementsOfUser lists the statements of the organisations that a user owns
// and owned, without lines and settlements, drafts first, newest first.
func (c *Control) StatementsOfUser(ctx context.Context, email string) ([]reeve.Statement, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return nil, err
	}
	user, err := c.store.UserByEmail(ctx, email)
	if err != nil {
		return nil, err
	}
	drafts, err := c.draftsOf(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	stored, err := c.store.Statements(ctx, store.StatementFilter{OwnerID: user.ID})
	return append(withoutStored(drafts, stored), stored...), err
}

// withoutStored drops drafts that have become final meanwhile.
func withoutStored(drafts, stored []reeve.Statement) []reeve.Statement {
	final := map[reeve.ID]bool{}
	for _, s := range stored {
		final[s.ID] = true
	}
	return slices.DeleteFunc(drafts, func(s reeve.Statement) bool { return final[s.ID] })
}

// PayStatement notes that a final statement is paid; a Conflict for any other.
func (c *Control) PayStatement(ctx context.Context, id reeve.ID) error {
	return c.changeStatement(ctx, id, "statement.pay", func(_ *store.Tx, _ Caller, s *reeve.Statement) error {
		s.Status = reeve.StatementPaid
		return nil
	})
}

// VoidStatement voids a final statement and gives back what it used of coupons
// and credits; a Conflict for any other. What it billed is not billed again.
func (c *Control) VoidStatement(ctx context.Context, id reeve.ID) error {
	return c.changeStatement(ctx, id, "statement.void", func(tx *store.Tx, by Caller, s *reeve.Statement) error {
		s.Status = reeve.StatementVoid
		if given, ok := s.NewCredit(); ok {
			credit, err := tx.LockCredit(ctx, given.ID)
			switch {
			case err != nil:
				return err
			case credit.Applied > 0:
				return reeve.Errorf(reeve.Conflict, "the credit that the statement gave is used")
			case credit.VoidedAt == nil:
				voidCredit(tx, by, credit)
			}
		}
		applySettlements(tx, *s, -1)
		return nil
	})
}

// changeStatement changes a final statement's status.
func (c *Control) changeStatement(
	ctx context.Context, id reeve.ID, action string, apply func(*store.Tx, Caller, *reeve.Statement) error,
) error {
	by, err := operator(ctx, reeve.ManageMoney)
	if err != nil {
		return err
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		s, err := tx.LockStatement(ctx, id)
		if err != nil {
			return err
		}
		before := s.Status
		if before != reeve.StatementFinal {
			return statementIs(before)
		}
		if err := apply(tx, by, &s); err != nil {
			return err
		}
		tx.UpdateStatement(s)
		record(tx, by, change{
			action: action, target: id, organization: s.OrganizationID, before: fields{"status": before},
			after: fields{"status": s.Status, "organizationId": s.OrganizationID, "month": s.Month, "due": s.Due},
		})
		return nil
	})
	return c.orDraft(ctx, id, err)
}

func statementIs(status reeve.StatementStatus) error {
	return reeve.Errorf(reeve.Conflict, "the statement is %s", map[reeve.StatementStatus]string{
		reeve.StatementDraft: "a draft", reeve.StatementFinal: "final", reeve.StatementPaid: "paid", reeve.StatementVoid: "void",
	}[status])
}

// orDraft answers a Conflict where a statement is not kept because it is still
// a draft.
func (c *Control) orDraft(ctx context.Context, id reeve.ID, err error) error {
	if !reeve.IsKind(err, reeve.NotFound) {
		return err
	}
	if _, other := c.GetStatement(ctx, id); other != nil {
		return other
	}
	return statementIs(reeve.StatementDraft)
}
