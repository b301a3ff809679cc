package reeve_test

import (
	"slices"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
)

// TestPolicy is the whole table: a role and an action that are not in it are
// denied.
func TestPolicy(t *testing.T) {
	viewer := []reeve.Action{
		reeve.ReadOrganization, reeve.ReadProject, reeve.ReadMembers, reeve.ReadAPIKeys, reeve.ReadUsage, reeve.ReadStatements,
	}
	editor := append(slices.Clone(viewer), reeve.UpdateProject, reeve.ManageAPIKeys)
	admin := append(
		slices.Clone(editor), reeve.ManageMembers, reeve.UpdateOrganization, reeve.CreateProject, reeve.DeleteProject,
		reeve.ReadOrganizationKeys, reeve.ManageOrganizationKeys, reeve.ReadChanges,
	)
	for role, allowed := range map[reeve.Role][]reeve.Action{
		reeve.RoleViewer: viewer, reeve.RoleEditor: editor, reeve.RoleAdmin: admin, "": nil, "owner": nil, "Admin": nil,
	} {
		for _, action := range append(slices.Clone(admin), "", "project.burn") {
			if got := role.Allows(action); got != slices.Contains(allowed, action) {
				t.Errorf("%q may %q: %v", role, action, got)
			}
		}
	}
	for _, action := range admin {
		if got := action.Writes(); got != slices.Contains([]reeve.Action{
			reeve.UpdateProject, reeve.ManageAPIKeys, reeve.ManageMembers, reeve.UpdateOrganization, reeve.CreateProject,
			reeve.DeleteProject, reeve.ManageOrganizationKeys,
		}, action) {
			t.Errorf("%q writes: %v", action, got)
		}
	}
	if !reeve.Action("project.burn").Writes() {
		t.Error("an unknown action is taken for a harmless one")
	}
}

// TestOperatorPolicy is the whole table of operators.
func TestOperatorPolicy(t *testing.T) {
	support := []reeve.OperatorAction{
		reeve.Look, reeve.ManageUsers, reeve.ManageTenants, reeve.ManageLimits, reeve.ManageKeys, reeve.ManageWebhooks,
		reeve.FreezeForBilling, reeve.Freeze,
	}
	finance := []reeve.OperatorAction{reeve.Look, reeve.FreezeForBilling, reeve.ManageMoney, reeve.CloseMonths}
	all := append(slices.Clone(support), reeve.ManageMoney, reeve.CloseMonths, reeve.EraseForGood, reeve.ManageGateways,
		reeve.ManageOperators, reeve.ManageMaintenance)
	for role, allowed := range map[reeve.OperatorRole][]reeve.OperatorAction{
		reeve.OperatorViewer: {reeve.Look}, reeve.OperatorSupport: support, reeve.OperatorFinance: finance,
		reeve.OperatorAdmin: all, "": nil, "root": nil,
	} {
		for _, action := range append(slices.Clone(all), "", "anything") {
			actor := reeve.Actor{Kind: reeve.Operator, ID: reeve.ID{1}, OperatorRole: role}
			if got := actor.May(action); got != slices.Contains(allowed, action) {
				t.Errorf("%q may %q: %v", role, action, got)
			}
			if root := (reeve.Actor{Kind: reeve.Operator}); !root.May(action) {
				t.Errorf("the root may not %q", action)
			}
			for _, kind := range []reeve.ActorKind{reeve.Nobody, reeve.KeyHolder, reeve.Person, reeve.GatewayProgram} {
				if stranger := (reeve.Actor{Kind: kind, OperatorRole: role, Role: reeve.RoleAdmin}); stranger.May(action) {
					t.Errorf("kind %d may %q", kind, action)
				}
			}
		}
	}
}

func TestParseOperatorRole(t *testing.T) {
	for _, role := range reeve.OperatorRoles {
		if got, err := reeve.ParseOperatorRole(string(role)); err != nil || got != role {
			t.Errorf("%s: %q, %v", role, got, err)
		}
	}
	for _, text := range []string{"", "Admin", "root", "editor"} {
		_, err := reeve.ParseOperatorRole(text)
		checkRefusal(t, text, err, invalid("role must be admin, support, finance or viewer"))
	}
}

func TestParseRole(t *testing.T) {
	for _, role := range reeve.Roles {
		if got, err := reeve.ParseRole(string(role)); err != nil || got != role {
			t.Errorf("%s: %q, %v", role, got, err)
		}
	}
	for _, text := range []string{"", "Admin", "admin ", "owner", "viewer\n"} {
		_, err := reeve.ParseRole(text)
		checkRefusal(t, text, err, invalid("role must be admin, editor or viewer"))
	}
}

func TestActorString(t *testing.T) {
	id := reeve.ID{1}
	for want, actor := range map[string]reeve.Actor{
		"system":            {Kind: reeve.System},
		"root":              {Kind: reeve.Operator},
		id.String():         {Kind: reeve.KeyHolder, ID: id},
		reeve.Zero.String(): {},
	} {
		if got := actor.String(); got != want {
			t.Errorf("%+v reads %s, want %s", actor, got, want)
		}
	}
}

// TestOrganizationKeyLive: a key is dead from the instant it expires at.
func TestOrganizationKeyLive(t *testing.T) {
	at := time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)
	key := reeve.OrganizationKey{ID: reeve.ID{1}, OrganizationID: reeve.ID{2}, Role: reeve.RoleEditor}
	if !key.Live(at) {
		t.Error("a key without an end is dead")
	}
	key.ExpiresAt = &at
	if !key.Live(at.Add(-1)) || key.Live(at) || key.Live(at.Add(1)) {
		t.Error("the key does not end when it expires")
	}
	want := reeve.Actor{Kind: reeve.KeyHolder, ID: key.ID, OrganizationID: key.OrganizationID, Role: key.Role}
	if key.Actor() != want {
		t.Errorf("stands for %+v", key.Actor())
	}
}

// TestBothRoles: two roles together allow what both allow, and never more.
func TestBothRoles(t *testing.T) {
	for _, a := range append([]reeve.OperatorRole{"", "Admin"}, reeve.OperatorRoles...) {
		for _, b := range append([]reeve.OperatorRole{"", "Admin"}, reeve.OperatorRoles...) {
			got := a.Both(b)
			if got != b.Both(a) {
				t.Errorf("%q and %q: %q one way, %q the other", a, b, got, b.Both(a))
			}
			for _, rule := range reeve.OperatorPolicy {
				if got.Allows(rule.Action) && !(a.Allows(rule.Action) && b.Allows(rule.Action)) {
					t.Errorf("%q and %q: %q may %s", a, b, got, rule.Action)
				}
			}
		}
		if a.Allows(reeve.Look) && (a.Both(a) != a || a.Both(reeve.OperatorAdmin) != a) {
			t.Errorf("%q with itself is %q, with admin %q", a, a.Both(a), a.Both(reeve.OperatorAdmin))
		}
	}
	if got := reeve.OperatorSupport.Both(reeve.OperatorFinance); got != reeve.OperatorViewer {
		t.Errorf("support and finance: %q", got)
	}
}
