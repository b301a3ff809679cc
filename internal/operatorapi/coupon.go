package operatorapi

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) coupons(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/coupons", ID: "createCoupon", Tag: "coupons",
		Summary: "Add a coupon for a user",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.createCoupon)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/coupons/{coupon}", ID: "getCoupon", Tag: "coupons",
		Summary: "Get a coupon",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.getCoupon)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/coupons/{coupon}/balance", ID: "getCouponBalance", Tag: "coupons",
		Summary: "Get what is left of a coupon, and what used it",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.getCouponBalance)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/api/coupons/{coupon}", ID: "deleteCoupon", Tag: "coupons",
		Summary: "Delete a coupon",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.deleteCoupon)
}

type createCouponIn struct {
	Body struct {
		UserID      userID `json:"userId"`
		Duration    int64  `json:"duration" doc:"Billing periods, which are calendar months."`
		Amount      int64  `json:"amount" doc:"US cents."`
		Description string `json:"description"`
	} `body:""`
}

type createdCoupon struct {
	ID reeve.ID `json:"id"`
}

func (a *api) createCoupon(ctx context.Context, in *createCouponIn) (createdCoupon, error) {
	c, err := a.control.CreateCoupon(ctx, reeve.Coupon{
		UserID: in.Body.UserID.id, Duration: in.Body.Duration,
		Amount: in.Body.Amount, Description: in.Body.Description,
	})
	return createdCoupon{ID: c.ID}, err
}

type couponOut struct {
	ID          reeve.ID           `json:"id"`
	UserID      reeve.ID           `json:"userId"`
	Duration    int64              `json:"duration"`
	Amount      int64              `json:"amount"`
	Description string             `json:"description"`
	Type        reeve.CouponType   `json:"type"`
	Status      reeve.CouponStatus `json:"status" doc:"0 active, 1 used, 2 expired."`
	Created     time.Time          `json:"created"`
}

func newCouponOut(c reeve.Coupon, now time.Time) couponOut {
	return couponOut{
		ID: c.ID, UserID: c.UserID, Duration: c.Duration, Amount: c.Amount,
		Description: c.Description, Type: c.Type, Status: c.StatusAt(now), Created: c.CreatedAt,
	}
}

type getCouponIn struct {
	Coupon couponID `path:"coupon" doc:"The coupon's id."`
}

func (a *api) getCoupon(ctx context.Context, in *getCouponIn) (couponOut, error) {
	c, err := a.control.GetCoupon(ctx, in.Coupon.id)
	return newCouponOut(c, a.control.Now()), err
}

type couponBalance struct {
	CouponID     reeve.ID           `json:"couponId"`
	Amount       int64              `json:"amount" doc:"US cents."`
	Applied      int64              `json:"applied" doc:"Of the amount, what statements have used."`
	Remaining    int64              `json:"remaining"`
	Status       reeve.CouponStatus `json:"status" doc:"0 active, 1 used, 2 expired."`
	UsableUntil  time.Time          `json:"usableUntil" doc:"The end of the last month that it pays for."`
	Applications []applicationOut   `json:"applications" doc:"Oldest month first."`
}

type applicationOut struct {
	StatementID reeve.ID    `json:"statementId"`
	Month       reeve.Month `json:"month"`
	Amount      int64       `json:"amount" doc:"US cents."`
}

func (a *api) getCouponBalance(ctx context.Context, in *getCouponIn) (couponBalance, error) {
	c, used, err := a.control.CouponBalance(ctx, in.Coupon.id)
	out := couponBalance{
		CouponID: c.ID, Amount: c.Amount, Applied: c.Applied, Remaining: c.Remaining(), Status: c.StatusAt(a.control.Now()),
		UsableUntil: c.Until(), Applications: make([]applicationOut, len(used)),
	}
	for i, u := range used {
		out.Applications[i] = applicationOut{StatementID: u.StatementID, Month: u.Month, Amount: u.Cents}
	}
	return out, err
}

type deleteCouponIn struct {
	Coupon deadCouponID `path:"coupon" doc:"The coupon's id."`
}

func (a *api) deleteCoupon(ctx context.Context, in *deleteCouponIn) (web.Empty, error) {
	return web.Empty{}, a.control.DeleteCoupon(ctx, in.Coupon.id)
}
