package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// bill makes statements of some owners' organisations, for one month after the
// other: what pays for one is not there for the next. An owner's organisations
// are billed in the order of their ids, because the owner's coupons pay for all
// of them.
type bill struct {
	organizations []reeve.Organization // by id
	projects      map[reeve.ID][]store.PayerProject
	late          map[reeve.ID][]reeve.Month // by project; what is billed is taken out
	coupons       map[reeve.ID][]reeve.Coupon
	credits       map[reeve.ID][]reeve.Credit
	prices        *pricing
}

// lastMonth is later than any.
const lastMonth = reeve.Month(999_912)

// readBill reads what statements of some owners are made from.
func (c *Control) readBill(ctx context.Context, r store.Reader, owners []reeve.ID) (*bill, error) {
	organizations, err := r.OrganizationsOf(ctx, owners)
	if err != nil {
		return nil, err
	}
	out, err := c.newBill(ctx, r, organizations)
	if err != nil {
		return nil, err
	}
	coupons, err := r.CouponsOfUsers(ctx, owners)
	if err != nil {
		return nil, err
	}
	credits, err := r.CreditsOfOrganizations(ctx, organizationIDs(organizations))
	out.hold(coupons, credits)
	return out, err
}

// lockBill is readBill for statements that are to be kept: nobody takes away
// what they are made from until the transaction ends.
func (c *Control) lockBill(ctx context.Context, tx *store.Tx, owners []reeve.ID) (*bill, error) {
	organizations, err := tx.KeepOrganizationsOf(ctx, owners)
	if err != nil {
		return nil, err
	}
	out, err := c.newBill(ctx, tx.Reader, organizations)
	if err != nil {
		return nil, err
	}
	coupons, err := tx.LockCouponsOfUsers(ctx, owners)
	if err != nil {
		return nil, err
	}
	credits, err := tx.LockCreditsOfOrganizations(ctx, organizationIDs(organizations))
	out.hold(coupons, credits)
	return out, err
}

func (c *Control) newBill(ctx context.Context, r store.Reader, organizations []reeve.Organization) (*bill, error) {
	slices.SortFunc(organizations, func(a, b reeve.Organization) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	out := &bill{
		organizations: organizations, projects: map[reeve.ID][]store.PayerProject{},
		coupons: map[reeve.ID][]reeve.Coupon{}, credits: map[reeve.ID][]reeve.Credit{},
	}
	projects, err := r.PayerProjects(ctx, organizationIDs(organizations))
	if err != nil {
		return nil, err
	}
	ids := make([]reeve.ID, len(projects))
	for i, p := range projects {
		ids[i] = p.ID
		out.projects[p.OrganizationID] = append(out.projects[p.OrganizationID], p)
	}
	if out.late, err = r.UsageLate(ctx, ids, lastMonth); err != nil {
		return nil, err
	}
	out.prices, err = c.readPrices(ctx, r)
	return out, err
}

func (b *bill) hold(coupons []reeve.Coupon, credits []reeve.Credit) {
	for _, coupon := range coupons {
		b.coupons[coupon.UserID] = append(b.coupons[coupon.UserID], coupon)
	}
	for _, credit := range credits {
		b.credits[credit.OrganizationID] = append(b.credits[credit.OrganizationID], credit)
	}
}

func organizationIDs(organizations []reeve.Organization) []reeve.ID {
	out := make([]reeve.ID, len(organizations))
	for i, o := range organizations {
		out[i] = o.ID
	}
	return out
}

// without leaves the organisations of some owners out.
func (b *bill) without(owners map[reeve.ID]bool) {
	b.organizations = slices.DeleteFunc(b.organizations, func(o reeve.Organization) bool { return owners[o.OwnerID] })
}

// projectIDs gives the projects of the organisations that are billed.
func (b *bill) projectIDs() (out []reeve.ID) {
	for _, o := range b.organizations {
		for _, p := range b.projects[o.ID] {
			out = append(out, p.ID)
		}
	}
	return out
}

// statements makes the statements of a month that have a line, as far as usage
// is known at a time. An organisation whose statement cannot be made is among the
// failures.
func (b *bill) statements(ctx context.Context, r store.Reader, month reeve.Month, at time.Time) (out []reeve.Statement, failed map[reeve.ID]error, err error) {
	usage, err := b.usage(ctx, r, month, at)
	if err != nil {
		return nil, nil, err
	}
	failed = map[reeve.ID]error{}
	for _, o := range b.organizations {
		in := reeve.StatementInput{
			OrganizationID: o.ID, OrganizationName: o.Name, OwnerID: o.OwnerID, Month: month, Status: reeve.StatementDraft,
			Prices: b.prices.of, Coupons: b.coupons[o.OwnerID], Credits: b.credits[o.ID],
		}
		for _, p := range b.projects[o.ID] {
			in.Usage = append(in.Usage, usage[p.ID]...)
		}
		made, err := reeve.NewStatement(in)
		if err != nil {
			failed[o.ID] = err
			continue
		}
		if len(made.Lines) > 0 {
			out = append(out, made)
			b.apply(made)
		}
	}
	return out, failed, b.prices.err
}

// usage gives what each project is billed for in a month: the month itself,
// and those before for which usage came late. These are then billed.
func (b *bill) usage(ctx context.Context, r store.Reader, month reeve.Month, at time.Time) (map[reeve.ID][]reeve.ProjectUsage, error) {
	projects := b.projectIDs()
	months := map[reeve.Month][]reeve.ID{month: projects}
	for _, id := range projects {
		for _, late := range b.late[id] {
			if late < month {
				months[late] = append(months[late], id)
			}
		}
		b.late[id] = slices.DeleteFunc(b.late[id], func(m reeve.Month) bool { return m <= month })
	}
	names := map[reeve.ID]string{}
	for _, o := range b.organizations {
		for _, p := range b.projects[o.ID] {
			names[p.ID] = p.Name
		}
	}
	out := map[reeve.ID][]reeve.ProjectUsage{}
	for m, ids := range months {
		totals, err := r.UsageTotals(ctx, ids, m, at)
		if err != nil {
			return nil, err
		}
		billed, err := r.BilledUsage(ctx, ids, m) // of this month too: nothing is billed twice
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			out[id] = append(out[id], reeve.ProjectUsage{
				ProjectID: id, ProjectName: names[id], Month: m, Total: totals[id], Billed: billed[id],
			})
		}
	}
	return out, nil
}

// apply takes what a statement uses from the coupons and credits, and adds the
// credit that it gives.
func (b *bill) apply(s reeve.Statement) {
	for _, part := range s.Settlements {
		coupons, credits := b.coupons[s.OwnerID], b.credits[s.OrganizationID]
		for i := range coupons {
			if part.Kind == reeve.SettledByCoupon && coupons[i].ID == part.SourceID {
				coupons[i].Applied += part.Cents
			}
		}
		for i := range credits {
			if part.Kind == reeve.SettledByCredit && credits[i].ID == part.SourceID {
				credits[i].Applied += part.Cents
			}
		}
	}
	if credit, ok := s.NewCredit(); ok {
		b.credits[s.OrganizationID] = append(b.credits[s.OrganizationID], credit)
	}
}

// pricing knows the prices of each month: those that a closed one was closed
// with, and the configured ones of all others.
type pricing struct {
	open   reeve.PriceList
	frozen map[reeve.Month]string
	read   map[reeve.Month]reeve.PriceList
	err    error // of the first prices that could not be read
}

func (c *Control) readPrices(ctx context.Context, r store.Reader) (*pricing, error) {
	out := &pricing{open: c.settings.Prices, frozen: map[reeve.Month]string{}, read: map[reeve.Month]reeve.PriceList{}}
	months, err := r.BillingMonths(ctx)
	for _, m := range months {
		out.frozen[m.Month] = m.Prices
	}
	return out, err
}

func (p *pricing) of(month reeve.Month) reeve.PriceList {
	text, closed := p.frozen[month]
	if !closed {
		return p.open
	}
	list, known := p.read[month]
	if !known {
		if err := json.Unmarshal([]byte(text), &list); err != nil && p.err == nil {
			p.err = fmt.Errorf("read the prices of %s: %w", month, err)
		}
		p.read[month] = list
	}
	return list
}
