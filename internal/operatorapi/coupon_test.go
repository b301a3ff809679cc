package operatorapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/internal/store"
)

func TestCoupons(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.User(t, "alice", "Alice")
		unmarshal := "failed to unmarshal request"
		post := "POST /api/coupons"
		before := s.Count(t)
		s.Run(t, []step{
			{Call: post, Status: 400, Reply: fault(unmarshal, "unexpected end of JSON input")},
			{Call: post, Body: `{"duration":1.5}`, Status: 400, Reply: fault(unmarshal,
				"json: cannot unmarshal number 1.5 into Go struct field .duration of type int64")},
			{Call: post, Body: `{"userId":"x"}`, Status: 400, Reply: reevetest.Any, Has: []string{unmarshal}},
			{Call: post, Body: `{"userId":"{cpn:alice}"}`, Status: 400, Reply: reevetest.Any, Has: []string{unmarshal}},
			{Call: post, Body: `{}`, Status: 400, Reply: fault("Duration is not set")},
			{Call: post, Body: `{"userId":null,"amount":1,"duration":0}`, Status: 400, Reply: fault("Duration is not set")},
			{Call: post, Body: `{"duration":1}`, Status: 400, Reply: fault("Amount is not set")},
			{Call: post, Body: `{"duration":1,"amount":1}`, Status: 400, Reply: fault("Description is not set")},
			{Call: post, Body: `{"duration":1,"amount":1,"description":"x"}`, Status: 400, Reply: fault("UserID is not set")},
			{Call: post, Body: `{"userId":"00000000-0000-0000-0000-000000000000","duration":1,"amount":1,"description":"x"}`, Status: 400, Reply: fault("UserID is not set")},
			{Call: post, Body: `{"userId":"{alice}","duration":-1,"amount":-1,"description":"x"}`, Status: 400, Reply: fault("negative amount")},
			{Call: post, Body: `{"userId":"{alice}","duration":-1,"amount":1,"description":"x"}`, Status: 400, Reply: fault("negative duration")},
			{Call: post, Body: `{"userId":"{alice}","duration":12001,"amount":1,"description":"x"}`, Status: 400, Reply: fault("duration is longer than 12000 months")},
			{Call: post, Body: `{"userId":"{alice}","duration":1,"amount":1,"description":"` + strings.Repeat("x", 2001) + `"}`, Status: 400, Reply: fault("description is longer than 2000 characters")},
			{Call: post, Body: `{"userId":"{alice}","duration":1,"amount":9223372036854775808,"description":"x"}`, Status: 400, Reply: reevetest.Any, Has: []string{unmarshal}},
			{Call: post, Body: `{"userId":"` + nobody + `","duration":1,"amount":1,"description":"x"}`, Status: 404, Reply: fault("user not found")},
		}...)
		if after := s.Count(t); after != before {
			t.Errorf("%d changes were made", after-before)
		}
		s.Run(t, []step{
			{Call: post, Body: `{"userId":"{usr:alice}","duration":2,"amount":3000,"description":"promotional coupon (valid for 2 billing cycles)"}`, Status: 200, Reply: `{"id":"{c}"}`},
			{Call: "GET /api/coupons/{c}", Status: 200, Reply: `{"id":"{c}","userId":"{alice}","duration":2,"amount":3000,` +
				`"description":"promotional coupon (valid for 2 billing cycles)","type":0,"status":0,"created":"{now}"}`},
			{Call: "GET /api/coupons/{cpn:c}", Status: 200, Reply: reevetest.Any, Has: []string{`"{c}"`}},
			{Name: "one error object", Call: "GET /api/coupons/x", Status: 400, Reply: fault("invalid couponId", "uuid: invalid string length 1 expected 36")},
			{Call: "GET /api/coupons/{prj:c}", Status: 400, Reply: reevetest.Any, Has: []string{"invalid couponId"}},
			{Call: "GET /api/coupons/0189000000000-7000-8000-000000000000", Status: 400, Reply: fault("invalid couponId", "uuid: invalid string")},
			{Call: "DELETE /api/coupons/x", Status: 400, Reply: fault("invalid couponid", "uuid: invalid string length 1 expected 36")},
			{Call: "GET /api/coupons/" + nobody, Status: 404, Reply: fault(`coupon with id "` + nobody + `" not found`)},
			{Call: "DELETE /api/coupons/" + nobody, Status: 404, Reply: fault(`coupon with id "` + nobody + `" not found`)},
			{Call: "DELETE /api/coupons/{c}", Status: 200},
			{Call: "DELETE /api/coupons/{c}", Status: 404, Reply: fault(`coupon with id "{c}" not found`)},
			{Call: "GET /api/coupons/{c}", Status: 404, Reply: fault(`coupon with id "{c}" not found`)},
			{Call: "GET /api/users/alice@mail.test", Status: 200, Reply: reevetest.Any, Has: []string{`"coupons":[]`}},
			{
				Name: "the tombstone", Call: "GET /api/changes?target={c}", Status: 200, Reply: reevetest.Any,
				Has: []string{`"action":"coupon.delete"`, `"action":"coupon.create"`, `"amount":3000`},
			},
		}...)
	})
}

// TestCouponBalance: what is left of a coupon, and the state that the time
// makes of it, which the seed's calls show too.
func TestCouponBalance(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		user := s.User(t, "alice", "Alice")
		coupon := func(name string, applied int64) {
			id := reevetest.NewID()
			s.Bind(name, id.String())
			s.Write(t, func(tx *store.Tx) {
				tx.CreateCoupon(reeve.Coupon{
					ID: id, UserID: user, Amount: 3000, Applied: applied, Duration: 2, Description: "d", CreatedAt: tx.Now(),
				})
				tx.Record(reeve.Change{Actor: "system", Action: "coupon.create", Target: id})
			})
		}
		coupon("fresh", 0)
		coupon("begun", 1000)
		coupon("used", 3000)
		states := func(fresh, begun, used string) {
			t.Helper()
			for name, status := range map[string]string{"fresh": fresh, "begun": begun, "used": used} {
				left := map[string]string{
					"fresh": `"applied":0,"remaining":3000`, "begun": `"applied":1000,"remaining":2000`, "used": `"applied":3000,"remaining":0`,
				}[name]
				s.Run(t, []step{
					{
						Call: "GET /api/coupons/{" + name + "}/balance", Status: 200,
						Reply: `{"couponId":"{` + name + `}","amount":3000,` + left + `,"status":` + status +
							`,"usableUntil":"2027-02-01T00:00:00Z","applications":[]}`,
					},
					{Call: "GET /api/coupons/{" + name + "}", Status: 200, Reply: reevetest.Any, Has: []string{`"status":` + status}},
				}...)
			}
			s.Do(t, step{Call: "GET /api/users/alice@mail.test", Status: 200, Reply: reevetest.Any, Has: []string{
				`"id":"{fresh}","userId":"{alice}","duration":2,"amount":3000,"description":"d","type":0,"status":` + fresh,
				`"id":"{used}","userId":"{alice}","duration":2,"amount":3000,"description":"d","type":0,"status":` + used,
			}})
		}
		states("0", "0", "1")
		s.Clock.Advance(time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC).Sub(s.Clock.Now()) - time.Microsecond)
		states("0", "0", "1")
		s.Clock.Advance(time.Microsecond)
		states("2", "2", "1")
		s.Run(t, []step{
			{Call: "GET /api/coupons/x/balance", Status: 400, Reply: fault("invalid couponId", "uuid: invalid string length 1 expected 36")},
			{Call: "GET /api/coupons/" + nobody + "/balance", Status: 404, Reply: fault(`coupon with id "` + nobody + `" not found`)},
			{Name: "though it was used", Call: "DELETE /api/coupons/{used}", Status: 200},
			{Call: "GET /api/coupons/{used}/balance", Status: 404, Reply: fault(`coupon with id "{used}" not found`)},
		}...)
	})
}
