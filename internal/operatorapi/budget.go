package operatorapi

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) budgets(out *web.API) {
	path := "/api/organizations/{organization}/budget"
	web.Handle(out, web.Op{
		Method: "PUT", Path: path, ID: "setBudget", Tag: "alerts",
		Summary: "Say what an organisation means to spend in a month; it stops nothing",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.setBudget, web.BeforeBody(func(ctx context.Context, in *setBudgetIn) error {
		_, err := a.control.GetOrganization(ctx, in.Organization.id)
		return err
	}))
	web.Handle(out, web.Op{
		Method: "GET", Path: path, ID: "getBudget", Tag: "alerts",
		Summary: "Get an organisation's budget",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.getBudget)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: path, ID: "deleteBudget", Tag: "alerts",
		Summary: "Take an organisation's budget away",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.deleteBudget)
}

type budgetBody struct {
	Amount int64 `json:"amount" doc:"US cents a month."`
}

type setBudgetIn struct {
	organizationPath
	Body budgetBody `body:""`
}

func (a *api) setBudget(ctx context.Context, in *setBudgetIn) (web.Empty, error) {
	return web.Empty{}, a.control.SetBudget(ctx, in.Organization.id, in.Body.Amount)
}

func (a *api) getBudget(ctx context.Context, in *organizationPath) (budgetBody, error) {
	cents, err := a.control.GetBudget(ctx, in.Organization.id)
	return budgetBody{Amount: cents}, err
}

func (a *api) deleteBudget(ctx context.Context, in *organizationPath) (web.Empty, error) {
	return web.Empty{}, a.control.DeleteBudget(ctx, in.Organization.id)
}
