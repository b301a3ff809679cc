package operatorapi

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) freezes(out *web.API) {
	const about = "What is frozen may be read and not written, until it is unfrozen or the time is over: tenants' writes are refused " +
		"with the answer's commit, keys are refused everywhere when the receipt is complete. Freezing again replaces type and end. " + waitNote
	handleFreeze(out, web.Op{
		Path: "/api/users/{email}/freeze", ID: "freezeUser", Tag: "users", Description: about,
		Summary: "Freeze a user with the projects that the user owns; the sessions end",
		Errors:  []reeve.Kind{reeve.NotFound},
	}, a.freezeUser)
	handleFreeze(out, web.Op{
		Path: "/api/organizations/{organization}/freeze", ID: "freezeOrganization", Tag: "organizations", Description: about,
		Summary: "Freeze an organisation with its projects",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.freezeOrganization)
	handleFreeze(out, web.Op{
		Path: "/api/projects/{project}/freeze", ID: "freezeProject", Tag: "projects", Description: about,
		Summary: "Freeze a project",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.freezeProject)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/users/{email}/unfreeze", ID: "unfreezeUser", Tag: "users",
		Summary: "End a user's freeze, if there is one",
		Errors:  []reeve.Kind{reeve.NotFound},
	}, a.unfreezeUser)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/organizations/{organization}/unfreeze", ID: "unfreezeOrganization", Tag: "organizations",
		Summary: "End an organisation's own freeze, if there is one",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.unfreezeOrganization)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/projects/{project}/unfreeze", ID: "unfreezeProject", Tag: "projects",
		Summary: "End a project's own freeze, if there is one",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.unfreezeProject)
}

func handleFreeze[In any](out *web.API, op web.Op, fn func(context.Context, *In) (*receipt, error)) {
	op.Method, op.Timeout, op.Exact = "POST", waitTimeout, true
	op.Errors = append(op.Errors, reeve.Invalid)
	web.Handle(out, op, fn)
}

// freezeBody says how something is to be frozen.
type freezeBody struct {
	Type  reeve.FreezeType `json:"type" doc:"billing, violation, legal, security or operator."`
	Until *time.Time       `json:"until" doc:"When it ends by itself; when somebody unfreezes it if absent."`
}

func (b freezeBody) freeze() control.NewFreeze { return control.NewFreeze(b) }

type freezeUserIn struct {
	userPath
	waitIn
	Body freezeBody `body:""`
}

func (a *api) freezeUser(ctx context.Context, in *freezeUserIn) (*receipt, error) {
	done, err := a.control.FreezeUser(ctx, in.Email, in.Body.freeze())
	return a.frozen(ctx, in.waitIn, done, err)
}

type freezeOrganizationIn struct {
	organizationPath
	waitIn
	Body freezeBody `body:""`
}

func (a *api) freezeOrganization(ctx context.Context, in *freezeOrganizationIn) (*receipt, error) {
	done, err := a.control.FreezeOrganization(ctx, in.Organization.id, in.Body.freeze())
	return a.frozen(ctx, in.waitIn, done, err)
}

type freezeProjectIn struct {
	projectPath
	waitIn
	Body freezeBody `body:""`
}

func (a *api) freezeProject(ctx context.Context, in *freezeProjectIn) (*receipt, error) {
	done, err := a.control.FreezeProject(ctx, in.Project.id, in.Body.freeze())
	return a.frozen(ctx, in.waitIn, done, err)
}

// frozen answers with the receipt of a freeze.
func (a *api) frozen(ctx context.Context, in waitIn, done control.Revoked, err error) (*receipt, error) {
	if err != nil {
		return nil, err
	}
	out, err := a.receiptOf(ctx, done)
	if err != nil {
		return nil, err
	}
	wait, _ := in.asked()
	return out, a.await(ctx, wait, out, &out)
}

func (a *api) unfreezeUser(ctx context.Context, in *userPath) (web.Empty, error) {
	return web.Empty{}, a.control.UnfreezeUser(ctx, in.Email)
}

func (a *api) unfreezeOrganization(ctx context.Context, in *organizationPath) (web.Empty, error) {
	return web.Empty{}, a.control.UnfreezeOrganization(ctx, in.Organization.id)
}

func (a *api) unfreezeProject(ctx context.Context, in *projectPath) (web.Empty, error) {
	return web.Empty{}, a.control.UnfreezeProject(ctx, in.Project.id)
}

// frozenOut is a freeze that is in force; what is not frozen has none.
type frozenOut struct {
	Type  reeve.FreezeType `json:"type" doc:"billing, violation, legal, security or operator."`
	Since time.Time        `json:"since"`
	Until *time.Time       `json:"until" doc:"When it ends by itself; null: never."`
}

func newFrozenOut(f *reeve.Frozen) *frozenOut {
	if f == nil {
		return nil
	}
	out := frozenOut(*f)
	return &out
}
