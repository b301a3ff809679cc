package operatorapi_test

import (
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/internal/store"
)

// TestCouponApplications: a coupon's balance says which statements used it.
func TestCouponApplications(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		user := s.User(t, "alice", "Alice")
		coupon := reevetest.NewID()
		october := reeve.Statement{
			ID: reeve.StatementID(user, 202610), OrganizationID: user, OwnerID: user, Month: 202610, Status: reeve.StatementPaid,
			Settlements: []reeve.Settlement{{Kind: reeve.SettledByCoupon, SourceID: coupon, Description: "d", Cents: 1000}},
			Gross:       1000, Coupons: 1000,
		}
		s.Bind("c", coupon.String())
		s.Bind("october", october.ID.String())
		s.Write(t, func(tx *store.Tx) {
			tx.CreateCoupon(reeve.Coupon{ID: coupon, UserID: user, Amount: 3000, Applied: 1000, Duration: 2, Description: "d", CreatedAt: tx.Now()})
			tx.CreateStatements([]reeve.Statement{october})
			tx.Record(reeve.Change{Actor: "system", Action: "statement.finalize", Target: october.ID})
		})
		s.Do(t, step{
			Call: "GET /api/coupons/{c}/balance", Status: 200,
			Reply: `{"couponId":"{c}","amount":3000,"applied":1000,"remaining":2000,"status":0,"usableUntil":"2027-02-01T00:00:00Z",` +
				`"applications":[{"statementId":"{october}","month":"2026-10","amount":1000}]}`,
		})
	})
}
