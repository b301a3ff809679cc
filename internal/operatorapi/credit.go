package operatorapi

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) credits(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/credits", ID: "createCredit", Tag: "credits",
		Summary: "Grant an organisation a credit, which its statements draw on after the coupons",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.createCredit)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/credits/{credit}", ID: "getCredit", Tag: "credits",
		Summary: "Get a credit",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.getCredit)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/organizations/{organization}/credits", ID: "listCredits", Tag: "credits",
		Summary: "List an organisation's credits, newest first",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.listCredits)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/credits/{credit}/void", ID: "voidCredit", Tag: "credits",
		Summary: "Keep what is left of a credit from being used",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.voidCredit)
}

type createCreditIn struct {
	Body struct {
		OrganizationID organizationID `json:"organizationId"`
		Amount         int64          `json:"amount" doc:"US cents."`
		Priority       int64          `json:"priority,omitempty" doc:"The lowest is used first; 0 when absent."`
		Description    string         `json:"description"`
		EffectiveAt    time.Time      `json:"effectiveAt,omitzero" doc:"When absent, at once."`
		ExpiresAt      *time.Time     `json:"expiresAt,omitempty" doc:"When absent, never."`
	} `body:""`
}

type createdCredit struct {
	ID reeve.ID `json:"id"`
}

func (a *api) createCredit(ctx context.Context, in *createCreditIn) (createdCredit, error) {
	c, err := a.control.CreateCredit(ctx, reeve.Credit{
		OrganizationID: in.Body.OrganizationID.id, Amount: in.Body.Amount, Priority: in.Body.Priority,
		Description: in.Body.Description, EffectiveAt: in.Body.EffectiveAt, ExpiresAt: in.Body.ExpiresAt,
	})
	return createdCredit{ID: c.ID}, err
}

type creditOut struct {
	ID             reeve.ID           `json:"id"`
	OrganizationID reeve.ID           `json:"organizationId"`
	Amount         int64              `json:"amount" doc:"US cents."`
	Applied        int64              `json:"applied" doc:"Of the amount, what statements have used."`
	Remaining      int64              `json:"remaining"`
	Priority       int64              `json:"priority" doc:"The lowest is used first."`
	Description    string             `json:"description"`
	EffectiveAt    time.Time          `json:"effectiveAt"`
	ExpiresAt      *time.Time         `json:"expiresAt"`
	Status         reeve.CreditStatus `json:"status" doc:"pending, active, used, expired or void."`
	CreatedAt      time.Time          `json:"createdAt"`
}

func newCreditOut(c reeve.Credit, now time.Time) creditOut {
	return creditOut{
		ID: c.ID, OrganizationID: c.OrganizationID, Amount: c.Amount, Applied: c.Applied, Remaining: c.Remaining(),
		Priority: c.Priority, Description: c.Description, EffectiveAt: c.EffectiveAt, ExpiresAt: c.ExpiresAt,
		Status: c.StatusAt(now), CreatedAt: c.CreatedAt,
	}
}

type creditPath struct {
	Credit creditID `path:"credit" doc:"The credit's id."`
}

func (a *api) getCredit(ctx context.Context, in *creditPath) (creditOut, error) {
	c, err := a.control.GetCredit(ctx, in.Credit.id)
	return newCreditOut(c, a.control.Now()), err
}

type creditsOut struct {
	Credits []creditOut `json:"credits"`
}

func (a *api) listCredits(ctx context.Context, in *organizationPath) (creditsOut, error) {
	credits, err := a.control.ListCredits(ctx, in.Organization.id)
	out := creditsOut{Credits: make([]creditOut, len(credits))}
	now := a.control.Now()
	for i, c := range credits {
		out.Credits[i] = newCreditOut(c, now)
	}
	return out, err
}

func (a *api) voidCredit(ctx context.Context, in *creditPath) (web.Empty, error) {
	return web.Empty{}, a.control.VoidCredit(ctx, in.Credit.id)
}
