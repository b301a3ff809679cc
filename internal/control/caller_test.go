package control_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// open are the methods that ask nobody: they authenticate, or reeve's own
// commands and jobs call them and no face does.
var open = map[string]bool{
	"SignInOperator": true, "SignInIdentity": true, "AuthenticateOperatorSession": true, "SignOutOperator": true,
	"SignIn": true, "RequestPasswordReset": true, "ResetPassword": true, "ShowInvitation": true, "AcceptInvitation": true,
	"Ready": true, "AuthenticateOperator": true, "AuthenticateGateway": true, "AuthenticateTenant": true,
	"FirstOperatorToken": true, "ReplaceOperatorToken": true, "CheckMasterKey": true,
	"Run": true, "ApplyRetention": true, "FlushLastUses": true, "EndFreezes": true, "Follow": true, "WatchSessions": true, "Drain": true,
	"Now": true, "SessionLease": true, "Loaded": true, "ReasonsRequired": true, "RestoreWindow": true, "WebhookCounts": true, "WebhookMessagesWaiting": true, "SendsMail": true,
}

// forTenants are the methods that a valid organisation key may reach.
var forTenants = map[string]bool{
	"AddUpUsage": true, "Authorize": true, "GetProject": true, "UpdateProject": true, "ListProjectMembers": true,
	"AddProjectMember": true, "DisableProjectMember": true, "EnableProjectMember": true,
	"ProjectMembers": true, "FindProjectMembers": true, "FindOrganizationMembers": true,
	"GetOrganization": true, "RenameOrganization": true, "OrganizationProjects": true, "OrganizationMembers": true,
	"ChangeOrganizationMember": true, "DeleteOrganizationMember": true, "ChangeProjectMember": true, "DeleteProjectMember": true,
	"DeleteProject": true, "GetLimitsInForce": true,
	"AuthorizeOrganization": true, "Once": true, "KeptReply": true, "LockForEdit": true, "UsageSeries": true, "ExplainStatement": true,
	"CreateAPIKey": true, "ListAPIKeyUses": true, "GetAPIKeyUse": true, "DeleteProjectAPIKey": true, "RotateAPIKey": true,
	"RotateAPIKeyByName": true, "NarrowAPIKey": true,
	"ProjectIsFrozen": true, "OrganizationIsFrozen": true, "FindProjectMember": true, "FindOrganizationMember": true,
	"ListOrganizationKeyUses": true, "DeleteOrganizationKeyByID": true, "RotateOrganizationKey": true, "GetOrganizationKeyUse": true,
}

// forGateways are the methods that gateways may call.
var forGateways = map[string]bool{
	"VerifyKey": true, "OpenSession": true, "RenewSession": true, "EndSession": true, "FollowFeed": true, "FeedNumber": true,
	"IngestUsage": true, "IngestEvents": true,
	"ReserveLease": true, "SettleLease": true, "ReleaseLease": true, "TakeBucket": true, "GiveBackBucket": true,
	"NoteKeyUses": true,
}

// TestMethodsAreDenied: no method does anything for the zero Caller; a tenant
// and a gateway reach only those that are theirs, the tenant with an own project
// too.
func TestMethodsAreDenied(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	_, o, p := h.tenant("ada@mail.test")
	before := len(h.all())
	for name, ctx := range map[string]context.Context{
		"nobody":         t.Context(),
		"zero caller":    control.WithCaller(t.Context(), control.Caller{}),
		"gateway":        as(t, reeve.Actor{Kind: reeve.GatewayProgram, ID: newID()}),
		"bare keyholder": as(t, reeve.Actor{Kind: reeve.KeyHolder, OrganizationID: o.ID, Role: reeve.RoleAdmin}),
		"no kind":        as(t, reeve.Actor{Kind: 99}),
		"tenant":         h.keyholder(o, reeve.RoleAdmin),
	} {
		control := reflect.ValueOf(h.c)
		for i := range control.NumMethod() {
			method := control.Type().Method(i)
			if open[method.Name] || name == "tenant" && forTenants[method.Name] ||
				name == "gateway" && forGateways[method.Name] {
				continue
			}
			args := []reflect.Value{reflect.ValueOf(ctx)}
			for n := 1; n < control.Method(i).Type().NumIn(); n++ {
				arg := reflect.Zero(control.Method(i).Type().In(n))
				if arg.Type() == reflect.TypeFor[reeve.ID]() {
					arg = reflect.ValueOf(p.ID) // the tenant's own
				}
				args = append(args, arg)
			}
			results := control.Method(i).Call(args)
			err, _ := results[len(results)-1].Interface().(error)
			if !errors.Is(err, reeve.ErrDenied) {
				t.Errorf("%s as %s: %v", method.Name, name, err)
			}
		}
	}
	same(t, "changes", before+1, len(h.all()), nil) // the tenant's key
}

// TestTenantsByRole is the policy as tenants meet it.
func TestTenantsByRole(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		_, _, foreign := h.tenant("bob@mail.test")
		name := "renamed"
		for role, allowed := range map[reeve.Role]map[string]bool{
			reeve.RoleViewer: {"get": true, "members": true},
			reeve.RoleEditor: {"get": true, "members": true, "update": true},
			reeve.RoleAdmin:  {"get": true, "members": true, "update": true, "add": true, "disable": true, "enable": true},
			"":               {},
		} {
			ctx := h.keyholder(o, role)
			user := h.member(o, newID().String()+"@mail.test", reeve.RoleViewer)
			h.check(h.c.PutProjectMember(h.ctx, p.ID, user.ID, reeve.RoleViewer))
			added := h.member(o, newID().String()+"@mail.test", reeve.RoleViewer)
			for call, fn := range map[string]func(id reeve.ID) error{
				"get":     func(id reeve.ID) error { _, err := h.c.GetProject(ctx, id); return err },
				"members": func(id reeve.ID) error { _, err := h.c.ListProjectMembers(ctx, id); return err },
				"update": func(id reeve.ID) error {
					_, err := h.c.UpdateProject(ctx, id, reeve.ProjectPatch{Name: &name})
					return err
				},
				"add": func(id reeve.ID) error {
					_, err := h.c.AddProjectMember(ctx, id, added.ID, reeve.RoleViewer)
					return err
				},
				"disable": func(id reeve.ID) error { return h.c.DisableProjectMember(ctx, id, user.ID) },
				"enable":  func(id reeve.ID) error { _, err := h.c.EnableProjectMember(ctx, id, user.ID); return err },
			} {
				denied(t, string(role)+" "+call+" foreign", fn(foreign.ID))
				denied(t, string(role)+" "+call+" unknown", fn(newID()))
				if err := fn(p.ID); allowed[call] && err != nil {
					t.Errorf("%s may not %s: %v", role, call, err)
				} else if !allowed[call] {
					denied(t, string(role)+" "+call, err)
				}
			}
		}
	})
}

// TestKeyLife: a key works until the instant it expires or is revoked; then it
// is no key at all.
func TestKeyLife(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		expires := epoch.Add(time.Hour)
		_, token, err := h.c.CreateOrganizationKey(h.ctx, control.NewOrganizationKey{
			OrganizationID: o.ID, Name: "ci", Role: reeve.RoleAdmin, ExpiresAt: &expires,
		})
		h.check(err)
		ctx := holding(t, token)
		works := func() error {
			_, err := h.c.GetProject(ctx, p.ID)
			if other := h.c.AuthenticateTenant(ctx); reeve.AsError(err) != reeve.AsError(other) && (err == nil) != (other == nil) {
				t.Errorf("%v, but %v", err, other)
			}
			return err
		}
		h.clock.set(expires.Add(-time.Microsecond))
		h.check(works())
		h.clock.set(expires)
		refused(t, "expired", works(), reeve.Unauthenticated, "Unauthorized", "")
		_, err = h.c.UpdateProject(ctx, p.ID, reeve.ProjectPatch{})
		refused(t, "expired, to write", err, reeve.Unauthenticated, "Unauthorized", "")
		h.clock.set(epoch)
		h.check(works())
		h.check(h.c.DeleteOrganizationKey(h.ctx, o.ID, "ci"))
		refused(t, "revoked", works(), reeve.Unauthenticated, "Unauthorized", "")
		refused(t, "no key", h.c.AuthenticateTenant(t.Context()), reeve.Unauthenticated, "Unauthorized", "")
		h.check(h.c.Authorize(h.ctx, p.ID, reeve.ManageMembers))
		refused(t, "operator, unknown", h.c.Authorize(h.ctx, newID(), reeve.ReadProject), reeve.NotFound, "project not found")
	})
}
