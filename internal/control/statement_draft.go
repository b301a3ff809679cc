package control

import (
	"bytes"
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"github.com/reeve-cloud/reeve"
)

// statementMonth gives the month whose statements have ids like this one; 0 if
// none has.
func statementMonth(id reeve.ID) reeve.Month {
	at := time.UnixMilli(int64(binary.BigEndian.Uint64(append([]byte{0, 0}, id[:6]...))))
	month := reeve.MonthOf(at).Previous()
	if !month.End().Equal(at) {
		return 0
	}
	return month
}

// mayDraft tells whether statements of a month can be drafts: it is not closed
// and has begun.
func (c *Control) mayDraft(known billingMonths, month reeve.Month) bool {
	return month > 0 && month <= reeve.MonthOf(c.store.Now()) && !known.states[month]
}

// findDraft finds a draft by its id, which tells its month: of whom it is, the
// organisations with usage in the month are tried one after the other. missing
// is the answer if it is nobody's.
func (c *Control) findDraft(ctx context.Context, id reeve.ID, missing error) (reeve.Statement, error) {
	month := statementMonth(id)
	known, err := readMonths(ctx, c.store.Reader)
	if err != nil {
		return reeve.Statement{}, err
	}
	if !c.mayDraft(known, month) {
		return reeve.Statement{}, missing
	}
	payers, err := c.store.Payers(ctx, month)
	if err != nil {
		return reeve.Statement{}, err
	}
	for _, p := range payers {
		if reeve.StatementID(p.OrganizationID, month) == id {
			return c.draft(ctx, p.OrganizationID, month, missing)
		}
	}
	return reeve.Statement{}, missing
}

// draft makes an organisation's statement of a month that is not closed;
// missing is the answer if it would have no line.
func (c *Control) draft(ctx context.Context, organization reeve.ID, month reeve.Month, missing error) (reeve.Statement, error) {
	o, err := c.store.Organization(ctx, organization)
	if err != nil {
		if reeve.IsKind(err, reeve.NotFound) {
			err = missing
		}
		return reeve.Statement{}, err
	}
	drafts, failed, err := c.drafts(ctx, []reeve.ID{o.OwnerID}, month)
	if err == nil {
		err = failed[reeve.StatementID(organization, month)]
	}
	if err != nil {
		return reeve.Statement{}, err
	}
	for _, s := range drafts {
		if s.OrganizationID == organization && s.Month == month {
			return s, nil
		}
	}
	return reeve.Statement{}, missing
}

// draftsOf makes the drafts of an owner's organisations, those of months that
// are over too, newest first and without lines and settlements.
func (c *Control) draftsOf(ctx context.Context, owner reeve.ID) ([]reeve.Statement, error) {
	drafts, _, err := c.drafts(ctx, []reeve.ID{owner}, reeve.MonthOf(c.store.Now()))
	for i := range drafts {
		drafts[i].Lines, drafts[i].Settlements = nil, nil
	}
	newestFirst(drafts)
	return drafts, err
}

func newestFirst(statements []reeve.Statement) {
	slices.SortFunc(statements, func(a, b reeve.Statement) int { return bytes.Compare(b.ID[:], a.ID[:]) })
}

// drafts makes the statements of some owners' organisations as they would be if
// all months up to one were closed now, oldest month first. Months in which an
// owner has a statement are done. What cannot be made is among the failures, by
// the statement's id.
func (c *Control) drafts(ctx context.Context, owners []reeve.ID, month reeve.Month) (out []reeve.Statement, failed map[reeve.ID]error, err error) {
	known, err := readMonths(ctx, c.store.Reader)
	if err != nil || !c.mayDraft(known, month) {
		return nil, nil, err
	}
	b, err := c.readBill(ctx, c.store.Reader, owners)
	if err != nil {
		return nil, nil, err
	}
	failed = map[reeve.ID]error{}
	all := b.organizations
	now := c.store.Now()
	for _, m := range append(known.unclosed(month), month) {
		there, err := c.store.StatementsIn(ctx, organizationIDs(all), m)
		if err != nil {
			return nil, nil, err
		}
		done := map[reeve.ID]bool{}
		for _, s := range there {
			done[s.OwnerID] = true
		}
		b.organizations = slices.Clone(all)
		b.without(done)
		made, without, err := b.statements(ctx, c.store.Reader, m, now)
		if err != nil {
			return nil, nil, err
		}
		for organization, why := range without {
			failed[reeve.StatementID(organization, m)] = why
		}
		out = append(out, made...)
	}
	return out, failed, nil
}

// listOpen lists the statements of a month that is not closed, those that are
// final already too, from a filter's place on: one more than its limit, if
// there are so many.
func (c *Control) listOpen(ctx context.Context, f StatementFilter) (out []reeve.Statement, err error) {
	payers, err := c.store.Payers(ctx, f.Month)
	if err != nil {
		return nil, err
	}
	owners := map[reeve.ID]reeve.ID{} // by statement
	var ids []reeve.ID
	for _, p := range payers {
		id := reeve.StatementID(p.OrganizationID, f.Month)
		if (f.OrganizationID == reeve.Zero || p.OrganizationID == f.OrganizationID) &&
			(f.After == reeve.Zero || bytes.Compare(id[:], f.After[:]) < 0) {
			ids, owners[id] = append(ids, id), p.OwnerID
		}
	}
	slices.SortFunc(ids, func(a, b reeve.ID) int { return bytes.Compare(b[:], a[:]) })
	out = []reeve.Statement{}
	for part := range slices.Chunk(ids, f.Limit+1) {
		found, err := c.openStatements(ctx, f.Month, part, owners)
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			if f.Status == "" || s.Status == f.Status {
				out = append(out, s)
			}
		}
		if len(out) > f.Limit {
			break
		}
	}
	return out, nil
}

// openStatements gives some statements of a month that is not closed, newest
// first and without lines and settlements.
func (c *Control) openStatements(ctx context.Context, month reeve.Month, ids []reeve.ID, owners map[reeve.ID]reeve.ID) ([]reeve.Statement, error) {
	of := make([]reeve.ID, len(ids))
	for i, id := range ids {
		of[i] = owners[id]
	}
	of = sortedIDs(of)
	organizations, err := c.store.OrganizationsOf(ctx, of)
	if err != nil {
		return nil, err
	}
	drafts, _, err := c.drafts(ctx, of, month)
	if err != nil {
		return nil, err
	}
	there, err := c.store.StatementsIn(ctx, organizationIDs(organizations), month)
	final := slices.Collect(maps.Values(there))
	all := append(withoutStored(drafts, final), final...)
	all = slices.DeleteFunc(all, func(s reeve.Statement) bool {
		return s.Month != month || !slices.Contains(ids, s.ID)
	})
	for i := range all {
		all[i].Lines, all[i].Settlements = nil, nil
	}
	newestFirst(all)
	return all, err
}
