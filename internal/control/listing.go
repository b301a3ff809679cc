package control

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// Listing picks things of one kind, and a page of them; what is nil or empty
// picks all.
type Listing struct {
	Query string // part of a name or an address, or an id in any spelling; of a coupon, part of its description
	Sort  string // see sorts; newest first when empty
	After string // the cursor of the page before
	Limit int    // 1 and more

	Owner         *reeve.ID           // of organisations and projects; whose coupons
	Organization  *reeve.ID           // of projects
	Member        *reeve.ID           // of organisations: disabled or not
	HasProjects   *bool               // of users: own members of some project
	Frozen        *bool               // by itself: of users, organisations and projects
	Status        *reeve.CouponStatus // of coupons
	CreatedAfter  *time.Time
	CreatedBefore *time.Time
}

// MaxQuery is the longest text that is looked for, in bytes.
const MaxQuery = 1000

var errLongQuery = reeve.Errorf(reeve.Invalid, "q is longer than %d bytes", MaxQuery)

// sorts are the orders that a list can have.
var sorts = map[string]store.Sort{
	"": {By: store.ByCreated, Descending: true}, "-created": {By: store.ByCreated, Descending: true}, "created": {By: store.ByCreated},
	"name": {By: store.ByName}, "-name": {By: store.ByName, Descending: true},
	"email": {By: store.ByAddress}, "-email": {By: store.ByAddress, Descending: true},
}

// prefixes are those of the kinds' ids.
var prefixes = map[store.Kind]reeve.Prefix{
	store.Users: reeve.PrefixUser, store.Organizations: reeve.PrefixOrganization,
	store.Projects: reeve.PrefixProject, store.Coupons: reeve.PrefixCoupon,
}

// ListUsers lists users, and gives the cursor of the next page, "" at the end.
// A page may be short of its limit although it is not the last.
func (c *Control) ListUsers(ctx context.Context, l Listing) ([]reeve.User, string, error) {
	return listOf(ctx, c, store.Users, l, c.store.UsersByID)
}

// ListOrganizations is ListUsers for organisations.
func (c *Control) ListOrganizations(ctx context.Context, l Listing) ([]reeve.Organization, string, error) {
	return listOf(ctx, c, store.Organizations, l, c.store.OrganizationsByID)
}

// ListProjects is ListUsers for projects.
func (c *Control) ListProjects(ctx context.Context, l Listing) ([]reeve.Project, string, error) {
	return listOf(ctx, c, store.Projects, l, c.store.ProjectsByID)
}

// ListCoupons is ListUsers for coupons.
func (c *Control) ListCoupons(ctx context.Context, l Listing) ([]reeve.Coupon, string, error) {
	return listOf(ctx, c, store.Coupons, l, c.store.CouponsByID)
}

func listOf[T any](ctx context.Context, c *Control, kind store.Kind, l Listing, read func(context.Context, []reeve.ID) (map[reeve.ID]T, error)) ([]T, string, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return nil, "", err
	}
	asked, err := c.forStore(ctx, kind, l)
	if err != nil {
		return nil, "", err
	}
	if err := c.checkTexts(ctx); err != nil {
		return nil, "", err
	}
	places, next, err := c.store.List(ctx, asked)
	if err != nil {
		return nil, "", err
	}
	things, err := read(ctx, idsOf(places))
	page := make([]T, 0, len(places))
	for _, place := range places {
		if thing, there := things[place.ID]; there { // else it went away just now
			page = append(page, thing)
		}
	}
	cursor := ""
	if next != nil {
		cursor = writeCursor(asked, *next)
	}
	return page, cursor, err
}

func idsOf(places []store.Position) []reeve.ID {
	out := make([]reeve.ID, len(places))
	for i, place := range places {
		out[i] = place.ID
	}
	return out
}

// forStore reads the texts of a listing. A service account stands for its
// project.
func (c *Control) forStore(ctx context.Context, kind store.Kind, l Listing) (store.Listing, error) {
	out, err := l.forStore(kind, c.store.Now())
	if err != nil || kind != store.Projects || out.ID == nil {
		return out, err
	}
	p, err := c.store.ProjectOfServiceAccount(ctx, *out.ID)
	switch {
	case err == nil:
		out.ID = &p.ID
	case reeve.IsKind(err, reeve.NotFound):
		err = nil
	}
	return out, err
}

// forStore reads the texts of a listing.
func (l Listing) forStore(kind store.Kind, now time.Time) (out store.Listing, err error) {
	sort, known := sorts[l.Sort]
	switch {
	case !known || sort.By == store.ByAddress && kind != store.Users:
		return out, errSort(kind)
	case len(l.Query) > MaxQuery:
		return out, errLongQuery
	}
	out = store.Listing{
		Kind: kind, Query: strings.TrimSpace(l.Query), Sort: sort, Limit: l.Limit,
		Owner: l.Owner, Organization: l.Organization, Member: l.Member, HasProjects: l.HasProjects,
		Frozen: l.Frozen, Status: l.Status,
		After: l.CreatedAfter, Before: l.CreatedBefore, Now: now,
	}
	if id, err := reeve.FindID(prefixes[kind], out.Query); err == nil {
		out.ID, out.Query = &id, ""
	} else if id, err := reeve.FindID(reeve.PrefixServiceAccount, out.Query); err == nil && kind == store.Projects {
		out.ID, out.Query = &id, ""
	}
	if l.After != "" {
		from, ok := readCursor(out, l.After)
		if !ok {
			return out, errNoCursor
		}
		out.From = &from
	}
	return out, nil
}

func errSort(kind store.Kind) error {
	names := []string{"created", "-created", "name", "-name"}
	if kind == store.Users {
		names = append(names, "email", "-email")
	}
	last := len(names) - 1
	return reeve.Errorf(reeve.Invalid, "sort must be %s or %s", strings.Join(names[:last], ", "), names[last])
}

var errFilling = reeve.Errorf(reeve.Unavailable, "the index of names is being made").WithRetryAfter(10 * time.Second)

// checkTexts refuses to list and search while what was there before the texts
// is not all in them: nothing must seem not to exist.
func (c *Control) checkTexts(ctx context.Context) error {
	if c.textsFilled.Load() {
		return nil
	}
	filled, err := c.store.TextsFilled(ctx)
	if err != nil {
		return err
	}
	if !filled {
		return errFilling
	}
	c.textsFilled.Store(true)
	return nil
}

// How often the texts are looked through, for what a replica of the version
// before may have written; how long after a start that found them complete; and
// how long to wait after a failure.
const (
	fillEvery = 24 * time.Hour
	fillLater = time.Hour
	fillAgain = 10 * time.Second
)

// fillTexts makes the texts complete, and looks through them now and then, until
// the context ends; failures are handed to report.
func (c *Control) fillTexts(ctx context.Context, report func(error)) {
	if c.checkTexts(ctx) == nil {
		c.jobs.postpone(jobTexts, fillLater)
		if pause(ctx, fillLater, nil) != nil {
			return
		}
	}
	for {
		wait := fillEvery
		c.runner(ctx, jobTexts, wait, report)(func() (err error) {
			for _, kind := range store.Listed {
				err = errors.Join(err, c.store.FillTexts(ctx, kind))
			}
			if err != nil {
				wait = fillAgain
			}
			return err
		})
		c.jobs.postpone(jobTexts, wait)
		if pause(ctx, wait, nil) != nil {
			return
		}
	}
}
