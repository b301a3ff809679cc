package control_test

import (
	"context"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// counted gives what Effects counted, and checks the name.
func (h house) counted(of control.EffectsOf, name string) map[control.Affected]int {
	h.t.Helper()
	got, err := h.c.Effects(h.ctx, of)
	h.check(err)
	out := map[control.Affected]int{}
	for _, count := range got.Counts {
		if count.More {
			h.t.Errorf("more %s", count.What)
		}
		out[count.What] = count.N
	}
	if got.Name != name {
		h.t.Errorf("%s %s is called %q, not %q", of.Kind, of.ID, got.Name, name)
	}
	return out
}

// TestEffects: all that goes with a thing is counted, and nothing else.
func TestEffects(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, _ = h.tenant("other@mail.test")
		ada, o, p := h.tenant("ada@mail.test")
		empty := h.organization(ada)
		second, err := h.c.CreateProject(h.ctx, control.NewProject{OwnerID: ada.ID, OrganizationID: o.ID, Name: "beta"})
		h.check(err)
		bob := h.member(o, "bob@mail.test", reeve.RoleViewer)
		h.check(h.c.PutProjectMember(h.ctx, p.ID, bob.ID, reeve.RoleAdmin))
		soon := h.s.Now().Add(time.Minute)
		for i, name := range []string{"a", "b", "c"} {
			in := control.NewAPIKey{ProjectID: []reeve.ID{p.ID, p.ID, second.ID}[i], Name: name}
			if i == 1 {
				in.ExpiresAt = &soon
			}
			_, _, err := h.c.CreateRestrictedAPIKey(h.ctx, in)
			h.check(err)
		}
		_, edge := h.leaseholder()
		_, err = h.c.ReserveLease(edge, lease(p.ID, reeve.Amounts{Rate: 1, Usage: 7}, time.Minute))
		h.check(err)
		h.check(h.c.TakeBucket(edge, p.ID, "one"))
		_, _, err = h.c.CreateOrganizationKey(h.ctx, control.NewOrganizationKey{OrganizationID: o.ID, Name: "ci", Role: reeve.RoleAdmin})
		h.check(err)
		h.invite(h.ctx, control.NewInvitation{Organization: o.ID, Email: "carol@mail.test", Role: reeve.RoleViewer})
		h.sessionOf(bob.ID)

		project := control.EffectsOf{Kind: control.EffectsOfProject, ID: p.ID}
		organization := control.EffectsOf{Kind: control.EffectsOfOrganization, ID: o.ID}
		same(t, "project", map[control.Affected]int{"apiKeys": 2, "members": 2, "buckets": 1, "leases": 1}, h.counted(project, "alpha"), nil)
		same(t, "organization", map[control.Affected]int{
			"apiKeys": 3, "members": 2, "projects": 2, "organizationKeys": 1, "invitations": 1,
		}, h.counted(organization, "Acme"), nil)
		same(t, "nothing", map[control.Affected]int{
			"apiKeys": 0, "members": 1, "projects": 0, "organizationKeys": 0, "invitations": 0,
		}, h.counted(control.EffectsOf{Kind: control.EffectsOfOrganization, ID: empty.ID}, "Acme"), nil)
		same(t, "owner", map[control.Affected]int{
			"apiKeys": 3, "projects": 2, "organizations": 2, "ownOrganizations": 1, "sessions": 0,
		}, h.counted(control.EffectsOf{Kind: control.EffectsOfUser, ID: ada.ID}, "Ada Lovelace"), nil)
		same(t, "member", map[control.Affected]int{
			"apiKeys": 0, "projects": 0, "organizations": 1, "ownOrganizations": 0, "sessions": 1,
		}, h.counted(control.EffectsOf{Kind: control.EffectsOfUser, ID: bob.ID}, "Ada Lovelace"), nil)
		owned, _, err := h.c.CountOfUser(h.ctx, ada.ID)
		same(t, "owned", control.Count{N: 2}, owned, err)
		_, sessions, err := h.c.CountOfUser(h.ctx, bob.ID)
		same(t, "sessions", control.Count{N: 1}, sessions, err)

		h.clock.pass(time.Hour) // what has ended goes nowhere; usage is held until it is settled
		same(t, "project, later", map[control.Affected]int{"apiKeys": 1, "members": 2, "buckets": 1, "leases": 1}, h.counted(project, "alpha"), nil)
		h.clock.pass(365 * 24 * time.Hour)
		same(t, "organization, later", map[control.Affected]int{
			"apiKeys": 2, "members": 2, "projects": 2, "organizationKeys": 1, "invitations": 0,
		}, h.counted(organization, "Acme"), nil)
		refused(t, "kind", errOf(h.c.Effects(h.ctx, control.EffectsOf{ID: p.ID})), reeve.Invalid,
			"kind must be project, organization, user, apikey, organization_key or member")
	})
}

// TestKeyEffects: when a key was used last, and what was derived from it.
func TestKeyEffects(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		key, _, err := h.c.CreateAPIKey(h.ctx, p.ID, "app", nil)
		h.check(err)
		app := control.EffectsOf{Kind: control.EffectsOfAPIKey, ID: key.ID}
		got, err := h.c.Effects(h.ctx, app)
		same(t, "never used", control.Effects{Name: "app", Counts: []control.EffectCount{}}, got, err)
		_, edge := h.leaseholder()
		h.check(h.c.NoteKeyUses(edge, []control.KeyUse{{KeyID: key.ID, At: epoch.Add(-time.Minute)}}))
		app.Within = p.ID
		got, err = h.c.Effects(h.ctx, app)
		if err != nil || !got.LastUse.At.Equal(epoch.Add(-time.Minute)) {
			t.Errorf("%+v %v", got, err)
		}

		derive := func(name string, parent *reeve.OrganizationKey, end *time.Time) reeve.OrganizationKey {
			in := control.NewOrganizationKey{OrganizationID: o.ID, Name: name, Role: reeve.RoleViewer, ExpiresAt: end}
			if parent == nil {
				key, _, err := h.c.CreateOrganizationKey(h.ctx, in)
				h.check(err)
				return key
			}
			key, _, err := h.c.DeriveOrganizationKey(h.ctx, in, parent.ID)
			h.check(err)
			return key
		}
		soon := epoch.Add(time.Minute)
		root := derive("root", nil, nil)
		child := derive("child", &root, nil)
		derive("grandchild", &child, nil)
		derive("brief", &child, &soon)
		derive("unrelated", nil, nil)
		of := control.EffectsOf{Kind: control.EffectsOfOrganizationKey, ID: root.ID}
		same(t, "derived", map[control.Affected]int{"derivedKeys": 3}, h.counted(of, "root"), nil)
		h.clock.set(soon)
		of.Within = o.ID
		same(t, "derived, later", map[control.Affected]int{"derivedKeys": 2}, h.counted(of, "root"), nil)
	})
}

// TestMemberEffects: who stays, and how many projects lose somebody.
func TestMemberEffects(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ada, o, p := h.tenant("ada@mail.test")
		elsewhere, _, foreign := h.tenant("eve@mail.test")
		bob := h.member(o, "bob@mail.test", reeve.RoleAdmin)
		h.check(h.c.PutOrganizationMember(h.ctx, foreign.OrganizationID, bob.ID, reeve.RoleViewer))
		h.check(h.c.PutProjectMember(h.ctx, p.ID, bob.ID, reeve.RoleViewer))
		h.check(h.c.PutProjectMember(h.ctx, foreign.ID, bob.ID, reeve.RoleViewer))
		for _, c := range []struct {
			of               reeve.ID
			user             reeve.ID
			projects         int
			owner, lastAdmin bool
		}{
			{o.ID, bob.ID, 1, false, false},
			{o.ID, ada.ID, 1, true, false},
			{foreign.OrganizationID, elsewhere.ID, 1, true, true},
		} {
			of := control.EffectsOf{Kind: control.EffectsOfMember, ID: c.user, Within: c.of}
			got, err := h.c.Effects(h.ctx, of)
			same(t, "member", control.Effects{
				Name: "Ada Lovelace", Counts: []control.EffectCount{{What: "projects", Count: control.Count{N: c.projects}}},
				Owner: c.owner, LastAdmin: c.lastAdmin,
			}, got, err)
		}
	})
}

// TestEffectsAreDenied: tenants learn of what they may manage alone; what is
// another's is as what is not there.
func TestEffectsAreDenied(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ada, o, p := h.tenant("ada@mail.test")
		eve, theirs, foreign := h.tenant("eve@mail.test")
		bob := h.member(o, "bob@mail.test", reeve.RoleViewer)
		things := func(user reeve.User, o reeve.Organization, p reeve.Project) []control.EffectsOf {
			app, _, err := h.c.CreateAPIKey(h.ctx, p.ID, "app", nil)
			h.check(err)
			key, _, err := h.c.CreateOrganizationKey(h.ctx, control.NewOrganizationKey{OrganizationID: o.ID, Name: "ci", Role: reeve.RoleViewer})
			h.check(err)
			return []control.EffectsOf{
				{Kind: control.EffectsOfProject, ID: p.ID},
				{Kind: control.EffectsOfOrganization, ID: o.ID},
				{Kind: control.EffectsOfAPIKey, ID: app.ID, Within: p.ID},
				{Kind: control.EffectsOfOrganizationKey, ID: key.ID, Within: o.ID},
				{Kind: control.EffectsOfMember, ID: user.ID, Within: o.ID},
			}
		}
		own, others := things(ada, o, p), things(eve, theirs, foreign)
		admin, editor, viewer := h.keyholder(o, reeve.RoleAdmin), h.keyholder(o, reeve.RoleEditor), h.session(h.password(bob, secret))
		for i, of := range own {
			h.check(errOf(h.c.Effects(admin, of)))
			denied(t, "viewer "+string(of.Kind), errOf(h.c.Effects(viewer, of)))
			if _, err := h.c.Effects(editor, of); of.Kind == control.EffectsOfAPIKey {
				h.check(err)
			} else {
				denied(t, "editor "+string(of.Kind), err)
			}
			foreign, unknown, unplaced := others[i], of, of
			unknown.ID, unplaced.Within = newID(), reeve.Zero
			denied(t, "foreign "+string(of.Kind), errOf(h.c.Effects(admin, foreign)))
			denied(t, "unknown "+string(of.Kind), errOf(h.c.Effects(admin, unknown)))
			refused(t, "operator, unknown "+string(of.Kind), errOf(h.c.Effects(h.ctx, unknown)), reeve.NotFound, map[control.EffectsKind]string{
				control.EffectsOfProject: "project not found", control.EffectsOfOrganization: "organization not found", control.EffectsOfAPIKey: "api key not found",
				control.EffectsOfOrganizationKey: "organization key not found", control.EffectsOfMember: "member not found",
			}[of.Kind])
			if of.Within != reeve.Zero {
				denied(t, "unplaced "+string(of.Kind), errOf(h.c.Effects(admin, unplaced)))
				misplaced := foreign
				misplaced.Within = of.Within
				denied(t, "misplaced "+string(of.Kind), errOf(h.c.Effects(admin, misplaced)))
				if err := errOf(h.c.Effects(h.ctx, misplaced)); !reeve.IsKind(err, reeve.NotFound) {
					t.Errorf("operator, misplaced %s: %v", of.Kind, err)
				}
			}
		}
		for name, ctx := range map[string]context.Context{"admin": admin, "herself": h.session(h.password(ada, secret))} {
			denied(t, name+" of a user", errOf(h.c.Effects(ctx, control.EffectsOf{Kind: control.EffectsOfUser, ID: ada.ID})))
			denied(t, name+" of nothing", errOf(h.c.Effects(ctx, control.EffectsOf{ID: p.ID})))
		}
	})
}
