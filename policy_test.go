package reeve_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
)

// TestPolicy is the whole table: a role and an action that are not in it are
// denied.
func TestPolicy(t *testing.T) {
	actions := []reeve.Action{
		reeve.ReadProject, reeve.UpdateProject, reeve.ReadMembers, reeve.ManageMembers, reeve.ReadUsage, reeve.ReadStatements,
		"", "project.delete",
	}
	for role, allowed := range map[reeve.Role]map[reeve.Action]bool{
		reeve.RoleViewer: {reeve.ReadProject: true, reeve.ReadMembers: true, reeve.ReadUsage: true, reeve.ReadStatements: true},
		reeve.RoleEditor: {reeve.ReadProject: true, reeve.ReadMembers: true, reeve.ReadUsage: true, reeve.ReadStatements: true, reeve.UpdateProject: true},
		reeve.RoleAdmin: {
			reeve.ReadProject: true, reeve.ReadMembers: true, reeve.ReadUsage: true, reeve.ReadStatements: true,
			reeve.UpdateProject: true, reeve.ManageMembers: true,
		},
		"":      {},
		"owner": {},
		"Admin": {},
	} {
		for _, action := range actions {
			if got := role.Allows(action); got != allowed[action] {
				t.Errorf("%q may %q: %v", role, action, got)
			}
		}
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
