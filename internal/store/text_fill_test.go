package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// TestFillTexts: things that were written without their texts are listed and
// found once these are filled, as they are by then; and not before all are.
func TestFillTexts(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, config store.Config) {
		s := storetest.Open(t, config)
		user := reeve.User{ID: newID(), Email: "ada@mail.test", FullName: "Ada Lovelace", PasswordHash: []byte{1}, CreatedAt: s.Now()}
		organization := reeve.Organization{ID: newID(), Name: "Acme", OwnerID: user.ID, CreatedAt: s.Now()}
		project := reeve.Project{
			ID: newID(), OrganizationID: organization.ID, OwnerID: user.ID, ServiceAccountID: newID(), Name: "Alpha", CreatedAt: s.Now(),
		}
		coupon := reeve.Coupon{ID: newID(), UserID: user.ID, Amount: 1, Duration: 1, Description: "Welcome", CreatedAt: s.Now()}
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			tx.CreateUser(user)
			tx.CreateOrganization(organization)
			tx.CreateProject(project)
			tx.CreateCoupon(coupon)
			tx.Record(reeve.Change{Action: "test"})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		createUsers(t, s, "gone@mail.test", "renamed@mail.test")
		s.Close()
		raw := storetest.Raw(t, config)
		for _, statement := range []string{
			"DELETE FROM user_texts WHERE address = 'ada@mail.test'", "DELETE FROM organization_texts", "DELETE FROM project_texts",
			"DELETE FROM coupon_texts", "UPDATE text_fills SET done = FALSE",
			"UPDATE users SET email_key = NULL WHERE email = 'gone@mail.test'",
			"UPDATE users SET full_name = 'New Name' WHERE email = 'renamed@mail.test'",
		} {
			if _, err := raw.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		if err := raw.Close(); err != nil {
			t.Fatal(err)
		}
		s = storetest.Open(t, config)
		for _, kind := range store.Listed {
			if filled, err := s.TextsFilled(t.Context()); err != nil || filled {
				t.Errorf("filled before %s: %t %v", kind, filled, err)
			}
			if err := s.FillTexts(t.Context(), kind); err != nil {
				t.Fatal(err)
			}
		}
		if filled, err := s.TextsFilled(t.Context()); err != nil || !filled {
			t.Errorf("filled: %t %v", filled, err)
		}
		for query, want := range map[string]int{"lovelace": 1, "ada@": 1, "mail.test": 2, "gone": 0, "new name": 1, "": 2} {
			count(t, s, store.Users, query, want)
		}
		count(t, s, store.Organizations, "acme", 1)
		count(t, s, store.Projects, "alpha", 1)
		count(t, s, store.Coupons, "welcome", 1)
		page, _, err := s.List(t.Context(), store.Listing{
			Kind: store.Coupons, Owner: &user.ID, Limit: 2, Sort: store.Sort{By: store.ByCreated},
		})
		want := []store.Position{{Time: coupon.CreatedAt, ID: coupon.ID}}
		if diff := cmp.Diff(want, page); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if err := s.FillTexts(t.Context(), store.Users); err != nil { // again
			t.Fatal(err)
		}
		count(t, s, store.Users, "", 2)
	})
}

func count(t *testing.T, s *store.Store, kind store.Kind, query string, want int) {
	t.Helper()
	page, _, err := s.List(t.Context(), store.Listing{Kind: kind, Query: query, Limit: 500, Sort: store.Sort{By: store.ByCreated}})
	if err != nil || len(page) != want {
		t.Errorf("%d of kind %s with %q (%v), want %d", len(page), kind, query, err, want)
	}
}

// many is more than a listing looks at without a source that holds few.
const many = 12_000

// TestManyTexts: whatever few or many hold what is looked for, and wherever in
// the order they are, all pages together have them all, once, in order.
func TestManyTexts(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, config store.Config) {
		s := storetest.Open(t, config)
		began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for first := 0; first < many; first += 1000 {
			err := s.Write(t.Context(), func(tx *store.Tx) error {
				for n := first; n < first+1000; n++ {
					tx.CreateUser(listedUser(n, began))
				}
				tx.Record(reeve.Change{Action: "test"})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		after, before := began.Add(4*time.Second), began.Add(9*time.Second)
		for name, c := range map[string]struct {
			l    store.Listing
			want int
		}{
			"all":                     {store.Listing{}, many},
			"common":                  {store.Listing{Query: "MAIL.test"}, many},
			"in the older half":       {store.Listing{Query: "older"}, many / 2},
			"rare and old":            {store.Listing{Query: "number 84 o"}, 1},
			"grams but no text":       {store.Listing{Query: "number 84 of numb"}, 0},
			"nowhere":                 {store.Listing{Query: "nowhere"}, 0},
			"prefix of all":           {store.Listing{Query: "u"}, many},
			"prefix of none":          {store.Listing{Query: "x"}, 0},
			"created between":         {store.Listing{After: &after, Before: &before}, 4},
			"common, created between": {store.Listing{Query: "mail.test", After: &after, Before: &before}, 4},
			"without projects":        {store.Listing{HasProjects: new(bool)}, many},
		} {
			for _, sort := range []store.Sort{
				{By: store.ByCreated}, {By: store.ByCreated, Descending: true}, {By: store.ByName}, {By: store.ByAddress, Descending: true},
			} {
				c.l.Kind, c.l.Limit, c.l.Sort, c.l.From = store.Users, 500, sort, nil
				seen := map[reeve.ID]bool{}
				var last *store.Position
				for {
					page, next, err := s.List(t.Context(), c.l)
					if err != nil {
						t.Fatal(err)
					}
					for _, place := range page {
						if seen[place.ID] || last != nil && !sorted(sort, *last, place) {
							t.Fatalf("%s by %v: %v after %v", name, sort, place, last)
						}
						seen[place.ID], last = true, &place
					}
					if next == nil {
						break
					}
					c.l.From = next
				}
				if len(seen) != c.want {
					t.Errorf("%s by %v: %d, want %d", name, sort, len(seen), c.want)
				}
			}
		}
	})
}

// TestAnyTexts: who takes any that hold a text gets a full page of them, each
// once, where the first ones in the order are far away.
func TestAnyTexts(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, config store.Config) {
		s := storetest.Open(t, config)
		began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		const old, all = 10_500, 27_000 // more than few, behind more than enough
		for first := 0; first < all; first += 1500 {
			err := s.Write(t.Context(), func(tx *store.Tx) error {
				for n := first; n < first+1500; n++ {
					u := listedUser(n, began)
					if u.FullName = "new"; n < old {
						u.FullName = "xyz"
					}
					tx.CreateUser(u)
				}
				tx.Record(reeve.Change{Action: "test"})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, query := range []string{"xyz", "x"} {
			page, next, err := s.List(t.Context(), store.Listing{
				Kind: store.Users, Query: query, Limit: 20, Sort: store.Sort{By: store.ByCreated, Descending: true}, Any: true,
			})
			ids := map[reeve.ID]bool{}
			for _, place := range page {
				ids[place.ID] = !place.Time.After(began.Add(old * time.Second))
			}
			if err != nil || next == nil || len(ids) != 20 {
				t.Errorf("%q: %d users, more %t: %v", query, len(ids), next != nil, err)
			}
			for id, fits := range ids {
				if !fits {
					t.Errorf("%q: %s does not hold it", query, id)
				}
			}
		}
	})
}

func sorted(by store.Sort, a, b store.Position) bool {
	order := a.Time.Compare(b.Time)
	if by.By != store.ByCreated {
		order = strings.Compare(a.Text, b.Text)
	}
	if order == 0 {
		order = slices.Compare(a.ID[:], b.ID[:])
	}
	return (order < 0) != by.Descending
}

func listedUser(n int, began time.Time) reeve.User {
	half := "older"
	if n >= many/2 {
		half = "younger"
	}
	return reeve.User{
		ID: newID(), Email: fmt.Sprintf("u%d@mail.test", n), FullName: fmt.Sprintf("%s number %d of all", half, n%1000*12+n/1000),
		PasswordHash: []byte{1}, CreatedAt: began.Add(time.Duration(n) * time.Second),
	}
}
