package control_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
)

// TestLeaseAskedForAgain: who names a lease and got no answer may ask again, and
// holds one lease.
func TestLeaseAskedForAgain(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		_, ctx := h.leaseholder()
		_, stranger := h.leaseholder()
		h.limit(p.ID, reeve.LimitsPatch{Usage: limit(100), Rate: limit(10)})
		ask := lease(p.ID, reeve.Amounts{Usage: 30}, time.Minute)
		ask.ID = newID()
		first, err := h.c.ReserveLease(ctx, ask)
		h.check(err)
		h.clock.pass(time.Second)
		second, err := h.c.ReserveLease(ctx, ask)
		first.Left = 59 * time.Second
		same(t, "second answer", first, second, err)
		h.full("usage", ctx, p.ID, reeve.MeterUsage, 70)
		_, err = h.c.ReserveLease(stranger, ask)
		refused(t, "another's", err, reeve.Conflict, "another lease has that id")
		ask.Amounts.Usage++
		_, err = h.c.ReserveLease(ctx, ask)
		refused(t, "another amount", err, reeve.Conflict, "another lease has that id")
		h.full("usage", ctx, p.ID, reeve.MeterUsage, 70)
		h.check(h.c.ReleaseLease(ctx, first.ID))
		h.full("usage", ctx, p.ID, reeve.MeterUsage, 100)

		// One that has ended is not given again: its holder would admit on it.
		for _, amounts := range []reeve.Amounts{{Rate: 10}, {Usage: 10}} {
			ended := lease(p.ID, amounts, time.Second)
			ended.ID = newID()
			_, err := h.c.ReserveLease(ctx, ended)
			h.check(err)
			h.clock.pass(time.Second)
			if _, err = h.c.ReserveLease(ctx, ended); !reeve.IsKind(err, reeve.Conflict) {
				t.Errorf("%+v: %v", amounts, err)
			}
		}
	})
}
