package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// TestStepsUnderWrites: while newer things come, the steps of a page in search
// of few neither leave a thing out nor look at it twice.
func TestStepsUnderWrites(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, config store.Config) {
		s := storetest.Open(t, config)
		began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		const all, each = 3000, 3 // of so many one is looked for
		add := func(ctx context.Context, first, count int) error {
			return s.Write(ctx, func(tx *store.Tx) error {
				for n := first; n < first+count; n++ {
					u := listedUser(n, began)
					if u.FullName = "come"; n < all && n%each == 0 {
						u.FullName = "stay"
					}
					tx.CreateUser(u)
				}
				tx.Record(reeve.Change{Action: "test"})
				return nil
			})
		}
		if err := add(t.Context(), 0, all); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			for n := all; ; n++ {
				if err := add(ctx, n, 1); err != nil {
					done <- err
					return
				}
			}
		}()
		for range 20 {
			l := store.Listing{Kind: store.Users, Query: "stay", Limit: 500, Sort: store.Sort{By: store.ByCreated, Descending: true}}
			seen := map[reeve.ID]int{}
			for {
				page, next, err := s.List(t.Context(), l)
				if err != nil {
					t.Fatal(err)
				}
				for _, place := range page {
					seen[place.ID]++
				}
				if l.From = next; next == nil {
					break
				}
			}
			for id, times := range seen {
				if times != 1 {
					t.Errorf("%s was seen %d times", id, times)
				}
			}
			if len(seen) != all/each {
				t.Errorf("%d were seen, want %d", len(seen), all/each)
			}
		}
		stop()
		if err := <-done; ctx.Err() == nil {
			t.Error(err)
		}
	})
}

// TestCutTexts: what is too long for an index is searched whole, and so is what
// goes from a name to an address.
func TestCutTexts(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, config store.Config) {
		s := storetest.Open(t, config)
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			for n, name := range []string{strings.Repeat("ä", 300) + " needle", strings.Repeat("x", 505) + "needle", "short"} {
				u := listedUser(n, time.Unix(0, 0))
				u.FullName, u.Email = name, fmt.Sprintf("nadel%d@mail.test", n)
				tx.CreateUser(u)
			}
			tx.Record(reeve.Change{Action: "test"})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for query, want := range map[string]int{"NEEDLE": 2, "nadel": 3, "xneedle": 1, "short\nnad": 1, "needle\nnad": 2, "shortnad": 0} {
			count(t, s, store.Users, query, want)
		}
	})
}
