package control_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

func TestCredits(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, _ := h.tenant("ada@mail.test")
		end := epoch.Add(time.Hour + time.Nanosecond).In(time.FixedZone("east", 3600))
		in := reeve.Credit{
			OrganizationID: o.ID, Amount: 500, Applied: 7, Priority: -1, Description: "sorry",
			EffectiveAt: epoch.Add(-time.Hour), ExpiresAt: &end, VoidedAt: &end,
		}
		first, err := h.c.CreateCredit(h.ctx, in)
		h.check(err)
		want := in
		stored := epoch.Add(time.Hour)
		want.ID, want.Applied, want.ExpiresAt, want.VoidedAt, want.CreatedAt = first.ID, 0, &stored, nil, epoch
		got, err := h.c.GetCredit(h.ctx, first.ID)
		same(t, "made", want, got, err)
		h.clock.pass(time.Minute)
		second, err := h.c.CreateCredit(h.ctx, reeve.Credit{OrganizationID: o.ID, Amount: 1, Description: "x"})
		same(t, "at once", h.clock.now(), second.EffectiveAt, err)
		list, err := h.c.ListCredits(h.ctx, o.ID)
		same(t, "newest first", []reeve.Credit{second, want}, list, err)

		_, err = h.c.CreateCredit(h.ctx, reeve.Credit{OrganizationID: o.ID})
		refused(t, "of nothing", err, reeve.Invalid, "Amount is not set")
		in.EffectiveAt, in.ExpiresAt = time.Time{}, &epoch
		_, err = h.c.CreateCredit(h.ctx, in)
		refused(t, "over before it begins", err, reeve.Invalid, "expiresAt is not after effectiveAt")
		in.OrganizationID, in.ExpiresAt = newID(), nil
		_, err = h.c.CreateCredit(h.ctx, in)
		refused(t, "of nobody", err, reeve.NotFound, "organization not found")
		_, err = h.c.ListCredits(h.ctx, newID())
		refused(t, "nobody's", err, reeve.NotFound, "organization not found")
		_, err = h.c.GetCredit(h.ctx, newID())
		refused(t, "unknown", err, reeve.NotFound, "credit not found")
		refused(t, "void unknown", h.c.VoidCredit(h.ctx, newID()), reeve.NotFound, "credit not found")

		if n := tally(t, race(repeat(3, func() error { return h.c.VoidCredit(h.ctx, first.ID) })...), reeve.Conflict); n != 1 {
			t.Errorf("voided %d times", n)
		}
		refused(t, "again", h.c.VoidCredit(h.ctx, first.ID), reeve.Conflict, "the credit is void")
		got, err = h.c.GetCredit(h.ctx, first.ID)
		same(t, "void", reeve.CreditVoid, got.StatusAt(epoch), err)
		fields := fmt.Sprintf(`{"amount":500,"description":"sorry","effectiveAt":%q,"expiresAt":%q,"organizationId":%q,"priority":-1}`,
			want.EffectiveAt.Format(time.RFC3339Nano), stored.Format(time.RFC3339Nano), o.ID)
		same(t, "log", []string{"credit.create  " + fields, "credit.void " + fields + ` {"applied":0}`}, h.log(first.ID), nil)
	})
}

// TestPricesOf: a closed month has the prices that it was closed with, all
// others the configured ones.
func TestPricesOf(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		list := func(cents string) reeve.PriceList {
			var out reeve.PriceList
			h.check(out.UnmarshalJSON([]byte(`{"currency":"USD","prices":[{"meter":"egress","from":"2026-10","unit":"GB","tiers":[{"price":"` + cents + `"}]}]}`)))
			return out
		}
		c := control.New(h.s, control.Settings{Prices: list("2")})
		frozen, err := list("1/3").MarshalJSON()
		h.check(err)
		h.check(h.s.Write(t.Context(), func(tx *store.Tx) error {
			tx.PutBillingMonth(store.BillingMonth{Month: 202610, Closed: true, Prices: string(frozen)})
			tx.PutBillingMonth(store.BillingMonth{Month: 202612, Prices: "{"})
			return nil
		}))
		for month, want := range map[reeve.Month]string{202609: "[]", 202610: "[1/3]", 202611: "[2]", 203001: "[2]"} {
			got, err := c.PricesOf(h.ctx, month)
			prices := []string{}
			for _, p := range got.All() {
				prices = append(prices, reeve.FormatNumber(p.Tiers[0].Price))
			}
			same(t, month.String(), want, fmt.Sprint(prices), err)
		}
		if _, err := c.PricesOf(h.ctx, 202612); !reeve.IsKind(err, reeve.Internal) {
			t.Errorf("of what is no list: %v", err)
		}
	})
}
