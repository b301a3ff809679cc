package control_test

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

// TestPagesUnderWrites: whatever the order and the size of the pages, while
// others are made, renamed and deleted, what stays is seen exactly once.
func TestPagesUnderWrites(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		stay := map[reeve.ID]bool{}
		var come []reeve.User
		for i := range 16 {
			u := h.user(fmt.Sprintf("stay%02d@mail.test", i))
			stay[u.ID] = true
			come = append(come, h.user(fmt.Sprintf("come%02d@mail.test", i)))
			h.clock.pass(500 * time.Nanosecond) // half of the store's unit: some share their time
		}
		rapid.Check(t, func(t *rapid.T) {
			l := control.Listing{
				Sort:  rapid.SampledFrom([]string{"", "created", "name", "-name", "email", "-email"}).Draw(t, "sort"),
				Query: rapid.SampledFrom([]string{"", "mail.test", "lovelace", "s", "stay"}).Draw(t, "query"),
				Limit: rapid.IntRange(1, 20).Draw(t, "limit"),
			}
			moves := rapid.SliceOfN(rapid.IntRange(0, len(come)-1), 20, 20).Draw(t, "moves")
			var writer sync.WaitGroup
			writer.Go(func() {
				for n, i := range moves {
					err := h.s.Write(h.ctx, func(tx *store.Tx) error {
						u := come[i]
						switch n % 3 {
						case 0:
							u.FullName, u.Email = fmt.Sprintf("Moved %d", n), newID().String()+"@mail.test"
							tx.UpdateUser(u)
						case 1:
							tx.EraseUser(u.ID)
						default:
							u.ID = newID()
							u.Email = u.ID.String() + "@mail.test"
							tx.CreateUser(u)
							come[i] = u
						}
						tx.Record(reeve.Change{Action: "test"})
						return nil
					})
					if err != nil {
						h.t.Error(err)
					}
				}
			})
			seen := map[reeve.ID]int{}
			for {
				page, next, err := h.c.ListUsers(h.ctx, l)
				if err != nil {
					t.Fatal(err)
				}
				for _, u := range page {
					seen[u.ID]++
				}
				if l.After = next; next == "" {
					break
				}
			}
			writer.Wait()
			for id := range stay {
				if seen[id] != 1 {
					t.Errorf("%+v: a user who stays was seen %d times", l, seen[id])
				}
			}
		})
	})
}

// broken is a context in which lists cannot be read: that panics.
type broken struct{ context.Context }

func (b broken) Value(key any) any {
	if strings.Contains(string(debug.Stack()), "store.Reader.List(") {
		panic("broken")
	}
	return b.Context.Value(key)
}

// TestFindSurvives: a search that panics is an error of that search.
func TestFindSurvives(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.check(errOf(h.c.Find(h.ctx, "ada", 10)))
		_, err := h.c.Find(broken{h.ctx}, "ada", 10)
		if err == nil || !strings.Contains(err.Error(), "panic: broken") || !strings.Contains(err.Error(), "byPart") {
			t.Error(err)
		}
	})
}
