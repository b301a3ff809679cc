package control_test

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// What a tenant's write is to.
const (
	ofProject = iota
	ofOrganization
	ofInvitation // to an organisation: who is invited does it
	ofProjectInvitation
	ofUser
)

// tenantWrite is a method with which tenants change something; prepare gives the
// call.
type tenantWrite struct {
	to      int
	prepare func(g ground) func(ctx context.Context) error
}

func (w tenantWrite) byGuest() bool { return w.to == ofInvitation || w.to == ofProjectInvitation }

// tenantWrites are all that tenantapi calls, by the names of the methods. What
// follows a blank tells several ways of one method apart.
var tenantWrites = map[string]tenantWrite{
	"UpdateProject": {ofProject, func(g ground) func(context.Context) error {
		return func(ctx context.Context) error {
			return errOf(g.c.UpdateProject(ctx, g.p.ID, reeve.ProjectPatch{Name: ptr("renamed")}))
		}
	}},
	"DeleteProject": {ofProject, func(g ground) func(context.Context) error {
		return func(ctx context.Context) error { return g.c.DeleteProject(ctx, g.p.ID) }
	}},
	"LockForEdit and UpdateProject": {ofProject, func(g ground) func(context.Context) error {
		return func(ctx context.Context) error {
			_, _, err := g.c.Once(ctx, reeve.Repeatable{Face: "tenant", Actor: "x"}, func(ctx context.Context, _ func(reeve.Reply) error) (reeve.Reply, error) {
				if err := g.c.LockForEdit(ctx, control.Edited{Project: g.p.ID}); err != nil {
					return reeve.Reply{}, err
				}
				return reeve.Reply{Status: 200}, errOf(g.c.UpdateProject(ctx, g.p.ID, reeve.ProjectPatch{Name: ptr("edited")}))
			})
			return err
		}
	}},
	"AddProjectMember": {ofProject, func(g ground) func(context.Context) error {
		return func(ctx context.Context) error {
			return errOf(g.c.AddProjectMember(ctx, g.p.ID, g.member.ID, reeve.RoleAdmin))
		}
	}},
	"ChangeProjectMember": {ofProject, func(g ground) func(context.Context) error {
		g.joined()
		return func(ctx context.Context) error {
			return errOf(g.c.ChangeProjectMember(ctx, g.p.ID, g.member.ID, reeve.RoleAdmin))
		}
	}},
	"DisableProjectMember": {ofProject, func(g ground) func(context.Context) error {
		g.joined()
		return func(ctx context.Context) error { return g.c.DisableProjectMember(ctx, g.p.ID, g.member.ID) }
	}},
	"EnableProjectMember": {ofProject, func(g ground) func(context.Context) error {
		g.check(g.joined().c.DisableProjectMember(g.ctx, g.p.ID, g.member.ID))
		return func(ctx context.Context) error { return errOf(g.c.EnableProjectMember(ctx, g.p.ID, g.member.ID)) }
	}},
	"DeleteProjectMember": {ofProject, func(g ground) func(context.Context) error {
		g.joined()
		return func(ctx context.Context) error { return g.c.DeleteProjectMember(ctx, g.p.ID, g.member.ID) }
	}},
	"CreateInvitation to a project": {ofProject, func(g ground) func(context.Context) error {
		return func(ctx context.Context) error {
			return errOf(g.c.CreateInvitation(ctx, control.NewInvitation{Project: g.p.ID, Email: g.guest.Email, Role: reeve.RoleAdmin}))
		}
	}},
	"CreateRestrictedAPIKey": {ofProject, func(g ground) func(context.Context) error {
		return func(ctx context.Context) error {
			_, _, err := g.c.CreateRestrictedAPIKey(ctx, control.NewAPIKey{ProjectID: g.p.ID, Name: "ci"})
			return err
		}
	}},
	"RotateAPIKey": {ofProject, func(g ground) func(context.Context) error {
		key, _, err := g.c.CreateAPIKey(g.ctx, g.p.ID, newID().String(), nil)
		g.check(err)
		return func(ctx context.Context) error {
			_, _, err := g.c.RotateAPIKey(ctx, g.p.ID, key.ID, time.Hour)
			return err
		}
	}},
	"DeleteProjectAPIKey": {ofProject, func(g ground) func(context.Context) error {
		key, _, err := g.c.CreateAPIKey(g.ctx, g.p.ID, newID().String(), nil)
		g.check(err)
		return func(ctx context.Context) error { return errOf(g.c.DeleteProjectAPIKey(ctx, g.p.ID, key.ID)) }
	}},

	"RenameOrganization": {ofOrganization, func(g ground) func(context.Context) error {
		return func(ctx context.Context) error { return errOf(g.c.RenameOrganization(ctx, g.o.ID, "renamed")) }
	}},
	"ChangeOrganizationMember": {ofOrganization, func(g ground) func(context.Context) error {
		return func(ctx context.Context) error {
			return errOf(g.c.ChangeOrganizationMember(ctx, g.o.ID, g.member.ID, reeve.RoleAdmin))
		}
	}},
	"DeleteOrganizationMember": {ofOrganization, func(g ground) func(context.Context) error {
		g.joined()
		return func(ctx context.Context) error { return g.c.DeleteOrganizationMember(ctx, g.o.ID, g.member.ID) }
	}},
	"CreateInvitation": {ofOrganization, func(g ground) func(context.Context) error {
		return func(ctx context.Context) error {
			return errOf(g.c.CreateInvitation(ctx, control.NewInvitation{Organization: g.o.ID, Email: g.guest.Email, Role: reeve.RoleAdmin}))
		}
	}},
	"DeleteInvitation": {ofOrganization, func(g ground) func(context.Context) error {
		made := g.invite(g.ctx, control.NewInvitation{Organization: g.o.ID, Email: g.guest.Email, Role: reeve.RoleAdmin})
		return func(ctx context.Context) error { return g.c.DeleteInvitation(ctx, g.o.ID, made.ID) }
	}},
	"CreateOwnProject": {ofOrganization, func(g ground) func(context.Context) error {
		return func(ctx context.Context) error {
			return errOf(g.c.CreateOwnProject(ctx, control.NewProject{OrganizationID: g.o.ID, Name: "beta"}))
		}
	}},
	"CreateOrganizationKey": {ofOrganization, func(g ground) func(context.Context) error {
		return func(ctx context.Context) error {
			_, _, err := g.c.CreateOrganizationKey(ctx, control.NewOrganizationKey{OrganizationID: g.o.ID, Name: "ci", Role: reeve.RoleAdmin})
			return err
		}
	}},
	"DeriveOrganizationKey": {ofOrganization, func(g ground) func(context.Context) error {
		parent := g.organizationKey()
		return func(ctx context.Context) error {
			_, _, err := g.c.DeriveOrganizationKey(ctx, control.NewOrganizationKey{OrganizationID: g.o.ID, Name: "child", Role: reeve.RoleAdmin}, parent)
			return err
		}
	}},
	"RotateOrganizationKey": {ofOrganization, func(g ground) func(context.Context) error {
		key := g.organizationKey()
		return func(ctx context.Context) error {
			_, _, err := g.c.RotateOrganizationKey(ctx, g.o.ID, key, time.Hour)
			return err
		}
	}},
	"DeleteOrganizationKeyByID": {ofOrganization, func(g ground) func(context.Context) error {
		key := g.organizationKey()
		return func(ctx context.Context) error { return g.c.DeleteOrganizationKeyByID(ctx, g.o.ID, key) }
	}},

	"AcceptInvitation": {ofInvitation, func(g ground) func(context.Context) error {
		made := g.invite(g.ctx, control.NewInvitation{Organization: g.o.ID, Email: g.guest.Email, Role: reeve.RoleAdmin})
		return func(ctx context.Context) error {
			return errOf(g.accept(ctx, control.Acceptance{Token: string(made.Token)}))
		}
	}},
	"AcceptInvitation to a project": {ofProjectInvitation, func(g ground) func(context.Context) error {
		made := g.invite(g.ctx, control.NewInvitation{Project: g.p.ID, Email: g.guest.Email, Role: reeve.RoleAdmin})
		return func(ctx context.Context) error {
			return errOf(g.accept(ctx, control.Acceptance{Token: string(made.Token)}))
		}
	}},
	"UpdateAccount": {ofUser, func(g ground) func(context.Context) error {
		return func(ctx context.Context) error {
			return errOf(g.c.UpdateAccount(ctx, g.admin.ID, control.AccountPatch{FirstName: ptr("Augusta")}))
		}
	}},
	"ResetPassword": {ofUser, func(g ground) func(context.Context) error {
		link, err := g.c.CreatePasswordReset(g.ctx, g.admin.Email)
		g.check(err)
		return func(ctx context.Context) error { return g.c.ResetPassword(ctx, string(link.Token), secret) }
	}},
}

func (g ground) organizationKey() reeve.ID {
	key, _, err := g.c.CreateOrganizationKey(g.ctx, control.NewOrganizationKey{OrganizationID: g.o.ID, Name: newID().String(), Role: reeve.RoleAdmin})
	g.check(err)
	return key.ID
}

// tenantReads are the other methods that tenantapi calls: they change nothing,
// or nothing but who is signed in, or hold the user as unchanged and lockPerson do.
var tenantReads = []string{
	"Authorize", "AuthorizeOrganization", "AuthorizePerson", "ExplainStatement", "GetAPIKeyUse", "GetAccount", "GetLimitsInForce",
	"GetOrganization", "GetProject", "GetStatement", "ListAPIKeyUses", "ListInvitations", "ListOrganizationKeyUses",
	"ListOrganizationsOf", "ListOwnSessions", "ListProjectMembers", "NarrowAPIKey", "OrganizationChanges", "OrganizationMembers",
	"OrganizationProjects", "OrganizationStatements", "ShowInvitation", "UsageSeries", "LockForEdit",
	"SignIn", "SignOut", "EndOwnSession", "EndOwnSessions", "RequestPasswordReset",
	"BeginTOTP", "ConfirmTOTP", "DisableTOTP", "ChangePassword",
}
