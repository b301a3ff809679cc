package control_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

func TestOrganizations(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u := h.user("ada@mail.test")
		o, err := h.c.CreateOrganization(h.ctx, "  Acme ", u.ID)
		want := reeve.Organization{ID: o.ID, Name: "Acme", OwnerID: u.ID, CreatedAt: epoch}
		same(t, "made", want, o, err)
		members, err := h.c.ListOrganizationMembers(h.ctx, o.ID)
		same(t, "the owner is an admin", []reeve.Member{{
			UserID: u.ID, Email: u.Email, FullName: u.FullName, Role: reeve.RoleAdmin, CreatedAt: epoch,
		}}, members, err)
		h.check(rename(h, o.ID, " Acme "))
		h.check(rename(h, o.ID, "Zenith"))
		want.Name = "Zenith"
		got, err := h.c.GetOrganization(h.ctx, o.ID)
		same(t, "renamed", want, got, err)

		_, err = h.c.CreateOrganization(h.ctx, "\t", u.ID)
		refused(t, "no name", err, reeve.Invalid, "Name is not set")
		_, err = h.c.CreateOrganization(h.ctx, "x", newID())
		refused(t, "no owner", err, reeve.NotFound, "user not found")
		refused(t, "rename to nothing", rename(h, o.ID, ""), reeve.Invalid, "Name is not set")
		refused(t, "rename unknown", rename(h, newID(), ""), reeve.NotFound, "organization not found")

		p := h.project(o)
		refused(t, "with a project", h.c.DeleteOrganization(h.ctx, o.ID), reeve.Conflict, "projects still exist", "count 1")
		h.check(h.c.DeleteProject(h.ctx, p.ID))
		ctx := h.keyholder(o, reeve.RoleViewer)
		h.check(h.c.DeleteOrganization(h.ctx, o.ID))
		refused(t, "its key", h.c.AuthenticateTenant(ctx), reeve.Unauthenticated, "Unauthorized")
		for what, err := range map[string]error{
			"again": h.c.DeleteOrganization(h.ctx, o.ID),
			"get":   func() error { _, err := h.c.GetOrganization(h.ctx, o.ID); return err }(),
			"list":  func() error { _, err := h.c.ListOrganizationMembers(h.ctx, o.ID); return err }(),
			"keys":  func() error { _, err := h.c.ListOrganizationKeys(h.ctx, o.ID); return err }(),
			"put":   h.c.PutOrganizationMember(h.ctx, o.ID, u.ID, reeve.RoleViewer),
			"drop":  h.c.DeleteOrganizationMember(h.ctx, o.ID, u.ID),
		} {
			refused(t, what, err, reeve.NotFound, "organization not found")
		}
		fields := func(name string) string { return fmt.Sprintf(`{"name":%q,"ownerId":%q}`, name, u.ID) }
		same(t, "log", []string{
			"organization.create  " + fields("Acme"), `organization.update {"name":"Acme"} {"name":"Zenith"}`,
			"organization.delete " + fields("Zenith"),
		}, h.log(o.ID), nil)
	})
}

func TestOrganizationKeys(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u := h.user("ada@mail.test")
		o := h.organization(u)
		soon := epoch.Add(time.Hour)
		create := func(name string, expires *time.Time) (reeve.OrganizationKey, reeve.Token, error) {
			return h.c.CreateOrganizationKey(h.ctx, control.NewOrganizationKey{
				OrganizationID: o.ID, Name: name, Role: reeve.RoleEditor, ExpiresAt: expires,
			})
		}
		b, token, err := create(" b ", nil)
		h.check(err)
		if _, ok := reeve.ParseToken(reeve.TokenOrganization, string(token)); !ok || b.Name != "b" {
			t.Errorf("%q of %+v is no token", string(token), b)
		}
		a, _, err := create("a", &soon)
		h.check(err)
		list, err := h.c.ListOrganizationKeys(h.ctx, o.ID)
		same(t, "by name", []reeve.OrganizationKey{a, b}, list, err)

		_, _, err = create("b", nil)
		refused(t, "same name", err, reeve.Conflict, "organization key with given name already exists")
		past := epoch
		_, _, err = create("c", &past)
		refused(t, "past", err, reeve.Invalid, "expiresAt is in the past")
		_, _, err = create("", nil)
		refused(t, "no name", err, reeve.Invalid, "Name is not set")
		_, _, err = h.c.CreateOrganizationKey(h.ctx, control.NewOrganizationKey{OrganizationID: newID(), Name: "x", Role: reeve.RoleViewer})
		refused(t, "no organisation", err, reeve.NotFound, "organization not found")

		h.clock.set(soon)
		list, err = h.c.ListOrganizationKeys(h.ctx, o.ID)
		same(t, "live ones", []reeve.OrganizationKey{b}, list, err)
		again, _, err := create("a", nil) // the expired one holds its name no longer
		h.check(err)
		same(t, "log of the expired key", 2, len(h.log(a.ID)), nil)
		h.check(h.c.DeleteOrganizationKey(h.ctx, o.ID, again.Name))
		h.check(h.c.DeleteOrganizationKey(h.ctx, o.ID, "b"))
		refused(t, "again", h.c.DeleteOrganizationKey(h.ctx, o.ID, "b"), reeve.NotFound, "organization key not found")
		refused(t, "elsewhere", h.c.DeleteOrganizationKey(h.ctx, newID(), "a"), reeve.NotFound, "organization not found")
		same(t, "log", []string{
			fmt.Sprintf(`organization_key.create  {"expiresAt":null,"name":"b","organizationId":%q,"role":"editor"}`, o.ID),
			fmt.Sprintf(`organization_key.delete {"expiresAt":null,"name":"b","organizationId":%q,"role":"editor"}`, o.ID),
		}, h.log(b.ID), nil)
	})
}

func TestGateways(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		first, token, err := h.c.CreateGateway(h.ctx, " edge ")
		same(t, "made", reeve.Gateway{ID: first.ID, Name: "edge", CreatedAt: epoch}, first, err)
		h.clock.pass(time.Minute)
		second, _, err := h.c.CreateGateway(h.ctx, "edge")
		h.check(err)
		_, _, err = h.c.CreateGateway(h.ctx, "")
		refused(t, "no name", err, reeve.Invalid, "Name is not set")
		list, err := h.c.ListGateways(h.ctx)
		same(t, "list", []reeve.Gateway{first, second}, list, err)

		caller, err := h.c.AuthenticateGateway(t.Context(), string(token), nowhere)
		same(t, "actor", reeve.Actor{Kind: reeve.GatewayProgram, ID: first.ID}, caller.Actor, err)
		unknown := reeve.NewToken(reeve.TokenGateway, [32]byte{1})
		for _, text := range []string{"", "x", string(unknown), string(token[:len(token)-1]), string(token) + "0"} {
			_, err := h.c.AuthenticateGateway(t.Context(), text, nowhere)
			refused(t, text, err, reeve.Unauthenticated, "Unauthorized")
		}
		h.check(h.c.DeleteGateway(h.ctx, first.ID))
		_, err = h.c.AuthenticateGateway(t.Context(), string(token), nowhere)
		refused(t, "revoked", err, reeve.Unauthenticated, "Unauthorized")
		refused(t, "again", h.c.DeleteGateway(h.ctx, first.ID), reeve.NotFound, "gateway not found")
		same(t, "log", []string{`gateway.create  {"name":"edge"}`, `gateway.delete {"name":"edge"}`}, h.log(first.ID), nil)
	})
}

func rename(h house, organization reeve.ID, name string) error {
	_, err := h.c.RenameOrganization(h.ctx, organization, name)
	return err
}
