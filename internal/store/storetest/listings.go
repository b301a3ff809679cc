package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// listed gives the ids of all pages of a listing.
func (w world) listed(l store.Listing) (out []reeve.ID) {
	w.t.Helper()
	for pages := 0; ; pages++ {
		page, next, err := w.s.List(w.ctx(), l)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(page) > l.Limit {
			w.t.Fatalf("a page of %d, want %d at most", len(page), l.Limit)
		}
		for _, place := range page {
			out = append(out, place.ID)
		}
		if next == nil {
			return out
		}
		l.From = next
	}
}

var newest = store.Sort{By: store.ByCreated, Descending: true}

// manyNames are users with names in several scripts, by their names, each a
// minute younger than the one before.
func (w world) manyNames() map[string]reeve.User {
	w.t.Helper()
	users := map[string]reeve.User{}
	for i, name := range []string{"Ärzte Ünited", "Bob", "bobby tables", "Straße", "ＦＵＬＬ width", "100% \"quoted\" _x"} {
		u := reeve.User{
			ID: newID(), Email: fmt.Sprintf("Mail%d@Example.TEST", i), FullName: name, PasswordHash: []byte{1},
			ProjectLimit: 1, CreatedAt: minute(i),
		}
		w.write(func(tx *store.Tx) { tx.CreateUser(u) })
		users[name] = u
	}
	return users
}

// listedNames gives the names that users had at first, in the order of a listing.
func (w world) listedNames(users map[string]reeve.User, l store.Listing) string {
	w.t.Helper()
	l.Kind = store.Users
	var out []string
	for _, id := range w.listed(l) {
		for name, u := range users {
			if u.ID == id {
				out = append(out, name)
			}
		}
	}
	return strings.Join(out, ", ")
}

// testFoundUsers: a user is found by parts of names and of the address, however
// they are written.
func testFoundUsers(t *testing.T, w world) {
	users := w.manyNames()
	for query, want := range map[string]string{
		"äRZTE": "Ärzte Ünited", "A\u0308rz": "Ärzte Ünited", "rzte ün": "Ärzte Ünited", "STRASSE": "Straße", "full WIDTH": "ＦＵＬＬ width",
		"BOB": "bobby tables, Bob", "b": "bobby tables, Bob", "bo": "bobby tables, Bob", "ob": "", "mail3@": "Straße", "ma": "100% \"quoted\" _x, ＦＵＬＬ width, Straße, bobby tables, Bob, Ärzte Ünited",
		`% "q`: "100% \"quoted\" _x", "_x": "", "% _": "", "00% ": "100% \"quoted\" _x", "nobody": "", "é": "", "ün": "", "är": "Ärzte Ünited",
		"\U0010ffff": "", "  bobby ": "bobby tables",
	} {
		for _, limit := range []int{1, 50} {
			if got := w.listedNames(users, store.Listing{Query: query, Sort: newest, Limit: limit}); got != want {
				t.Errorf("%q by %d: %s, want %s", query, limit, got, want)
			}
		}
	}

	renamed := users["Bob"]
	renamed.FullName, renamed.Email = "Robert", "r@mail.test"
	w.write(func(tx *store.Tx) { tx.UpdateUser(renamed) })
	w.write(func(tx *store.Tx) { tx.EraseUser(users["bobby tables"].ID) })
	for query, want := range map[string]string{"bob": "", "robert": "Bob", "tables": "", "mail.test": "Bob", "mail1@": ""} {
		if got := w.listedNames(users, store.Listing{Query: query, Sort: newest, Limit: 2}); got != want {
			t.Errorf("%q after changes: %s, want %s", query, got, want)
		}
	}
}

// testListedUsers: users come in the order and from the time that is asked for.
func testListedUsers(t *testing.T, w world) {
	users := w.manyNames()
	for _, c := range []struct {
		l    store.Listing
		want string
	}{
		{store.Listing{Sort: store.Sort{By: store.ByName}}, "100% \"quoted\" _x, Bob, bobby tables, ＦＵＬＬ width, Straße, Ärzte Ünited"},
		{store.Listing{Sort: store.Sort{By: store.ByName, Descending: true}}, "Ärzte Ünited, Straße, ＦＵＬＬ width, bobby tables, Bob, 100% \"quoted\" _x"},
		{store.Listing{Sort: store.Sort{By: store.ByAddress, Descending: true}}, "100% \"quoted\" _x, ＦＵＬＬ width, Straße, bobby tables, Bob, Ärzte Ünited"},
		{store.Listing{Sort: store.Sort{By: store.ByCreated}, After: at(minute(1)), Before: at(minute(4))}, "bobby tables, Straße"},
		{store.Listing{Sort: store.Sort{By: store.ByName}, After: at(minute(1)), Before: at(minute(4).Add(time.Nanosecond))}, "bobby tables, ＦＵＬＬ width, Straße"},
		{store.Listing{Sort: newest, ID: at(users["Bob"].ID)}, "Bob"},
		{store.Listing{Sort: newest, ID: at(newID())}, ""},
		{store.Listing{Sort: newest, ID: at(users["Bob"].ID), After: at(minute(2))}, ""},
	} {
		for _, limit := range []int{1, 2, 50} {
			c.l.Limit = limit
			if got := w.listedNames(users, c.l); got != c.want {
				t.Errorf("%+v: %s, want %s", c.l, got, c.want)
			}
		}
	}
}

func at[T any](v T) *T { return &v }

func testListedTenants(t *testing.T, w world) {
	ada, acme, alpha := w.tenant("ada@mail.test")
	bob, other, beta := w.tenant("bob@mail.test")
	idle := w.user("idle@mail.test")
	w.write(func(tx *store.Tx) {
		tx.CreateMember(store.InProject(alpha.ID), reeve.Member{UserID: ada.ID, Role: reeve.RoleAdmin, CreatedAt: epoch})
		tx.CreateMember(store.InProject(beta.ID), reeve.Member{UserID: bob.ID, Role: reeve.RoleAdmin, CreatedAt: epoch})
		tx.CreateMember(store.InOrganization(acme.ID), reeve.Member{UserID: bob.ID, Role: reeve.RoleViewer, CreatedAt: epoch})
	})
	active := w.coupon(reeve.Coupon{UserID: ada.ID, Description: "welcome", Applied: 9, Duration: 2})
	used := w.coupon(reeve.Coupon{UserID: ada.ID, Description: "welcome too", Applied: 10, Duration: 2})
	expired := w.coupon(reeve.Coupon{UserID: ada.ID, Description: "bye", Duration: 1})
	now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	yes, no := true, false
	for name, c := range map[string]struct {
		l    store.Listing
		want []reeve.ID
	}{
		"of an owner":          {store.Listing{Kind: store.Projects, Owner: &ada.ID}, []reeve.ID{alpha.ID}},
		"of an organization":   {store.Listing{Kind: store.Projects, Organization: &other.ID}, []reeve.ID{beta.ID}},
		"of both":              {store.Listing{Kind: store.Projects, Owner: &bob.ID, Organization: &other.ID}, []reeve.ID{beta.ID}},
		"of neither":           {store.Listing{Kind: store.Projects, Owner: &ada.ID, Organization: &other.ID}, nil},
		"of both by name":      {store.Listing{Kind: store.Projects, Query: "ALPH", Organization: &other.ID}, []reeve.ID{beta.ID}},
		"organizations":        {store.Listing{Kind: store.Organizations, Owner: &bob.ID}, []reeve.ID{other.ID}},
		"of a member":          {store.Listing{Kind: store.Organizations, Member: &bob.ID}, []reeve.ID{acme.ID}},
		"of no member":         {store.Listing{Kind: store.Organizations, Member: &idle.ID}, nil},
		"of a member and name": {store.Listing{Kind: store.Organizations, Member: &bob.ID, Query: "cme"}, []reeve.ID{acme.ID}},
		"with projects":        {store.Listing{Kind: store.Users, HasProjects: &yes}, []reeve.ID{ada.ID, bob.ID}},
		"without":              {store.Listing{Kind: store.Users, HasProjects: &no}, []reeve.ID{idle.ID}},
		"coupons":              {store.Listing{Kind: store.Coupons, Owner: &ada.ID}, []reeve.ID{active, used, expired}},
		"coupons by text":      {store.Listing{Kind: store.Coupons, Query: "elcom"}, []reeve.ID{active, used}},
		"of nobody":            {store.Listing{Kind: store.Coupons, Owner: &bob.ID}, nil},
		"active":               {store.Listing{Kind: store.Coupons, Status: at(reeve.CouponActive), Now: now}, []reeve.ID{active}},
		"used":                 {store.Listing{Kind: store.Coupons, Status: at(reeve.CouponUsed), Now: now}, []reeve.ID{used}},
		"expired":              {store.Listing{Kind: store.Coupons, Status: at(reeve.CouponExpired), Now: now}, []reeve.ID{expired}},
		"none expired yet":     {store.Listing{Kind: store.Coupons, Status: at(reeve.CouponExpired), Now: now.Add(-time.Microsecond)}, nil},
	} {
		w.listsOneByOne(name, c.l, c.want)
	}
	w.write(func(tx *store.Tx) {
		tx.DeleteCoupon(active)
		tx.DeleteProject(beta.ID)
		tx.DeleteOrganization(other.ID)
	})
	for kind, want := range map[store.Kind]int{store.Users: 3, store.Organizations: 1, store.Projects: 1, store.Coupons: 2} {
		if got := w.listed(store.Listing{Kind: kind, Limit: 10, Sort: newest}); len(got) != want {
			t.Errorf("%d of kind %s, want %d", len(got), kind, want)
		}
	}
}

// coupon makes a coupon of ten cents.
func (w world) coupon(c reeve.Coupon) reeve.ID {
	w.t.Helper()
	c.ID, c.Amount, c.CreatedAt = newID(), 10, epoch
	w.write(func(tx *store.Tx) { tx.CreateCoupon(c) })
	return c.ID
}

// listsOneByOne holds a listing, in either order and by pages of one, to the
// things that it is of.
func (w world) listsOneByOne(name string, l store.Listing, want []reeve.ID) {
	w.t.Helper()
	slices.SortFunc(want, func(a, b reeve.ID) int { return slices.Compare(a[:], b[:]) })
	for _, by := range []store.SortKey{store.ByCreated, store.ByName} {
		l.Limit, l.Sort = 1, store.Sort{By: by}
		got := w.listed(l)
		slices.SortFunc(got, func(a, b reeve.ID) int { return slices.Compare(a[:], b[:]) })
		if !slices.Equal(got, want) {
			w.t.Errorf("%s by %s: %v, want %v", name, by, got, want)
		}
	}
}
