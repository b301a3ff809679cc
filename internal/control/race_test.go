package control_test

import (
	"fmt"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// rounds is how often a race is run: each has another outcome.
const rounds = 4

func eachRound(t *testing.T, run func(h house, email func(name string) string)) {
	t.Helper()
	each(t, func(_ *testing.T, h house) {
		for round := range rounds {
			run(h, func(name string) string { return fmt.Sprintf("%s%d@mail.test", name, round) })
		}
	})
}

// TestRaceProjectLimit: the limit holds, and the personal organisation is made
// once.
func TestRaceProjectLimit(t *testing.T) {
	eachRound(t, func(h house, email func(string) string) {
		u := h.user(email("ada"))
		h.check(h.c.UpdateUser(h.ctx, u.Email, reeve.UserPatch{ProjectLimit: 3}))
		made := make(chan reeve.ID, 6)
		errs := race(repeat(6, func() error {
			p, err := h.c.CreateProject(h.ctx, control.NewProject{OwnerID: u.ID, Name: "x"})
			if err == nil {
				made <- p.OrganizationID
			}
			return err
		})...)
		if n := tally(h.t, errs, reeve.Conflict); n != 3 {
			h.t.Fatalf("%d projects, want 3", n)
		}
		for first := <-made; len(made) > 0; {
			same(h.t, "organisation", first, <-made, nil)
		}
	})
}

// TestRaceLastAdmin: two admins that take each other's role away, in any way,
// leave one.
func TestRaceLastAdmin(t *testing.T) {
	eachRound(t, func(h house, email func(string) string) {
		owner, o, p := h.tenant(email("owner"))
		a, b := h.member(o, email("a"), reeve.RoleAdmin), h.member(o, email("b"), reeve.RoleAdmin)
		for _, u := range []reeve.User{a, b} {
			h.check(h.c.PutProjectMember(h.ctx, p.ID, u.ID, reeve.RoleAdmin))
		}
		errs := race(
			func() error { return h.c.DisableProjectMember(h.ctx, p.ID, owner.ID) },
			func() error { return h.c.PutProjectMember(h.ctx, p.ID, a.ID, reeve.RoleEditor) },
			func() error { return h.c.DeleteProjectMember(h.ctx, p.ID, b.ID) },
		)
		same(h.t, "weakened", 2, tally(h.t, errs, reeve.Conflict), nil)
		members, err := h.c.ListProjectMembers(h.ctx, p.ID)
		admins := 0
		for _, m := range members {
			if m.Role == reeve.RoleAdmin && !m.Disabled {
				admins++
			}
		}
		same(h.t, "admins left", 1, admins, err)
	})
}

// TestRaceDeleteProject: a key and a deleted project never both succeed; nor a
// member and one.
func TestRaceDeleteProject(t *testing.T) {
	eachRound(t, func(h house, email func(string) string) {
		_, o, p := h.tenant(email("ada"))
		u := h.member(o, email("bob"), reeve.RoleViewer)
		errs := race(
			func() error { _, _, err := h.c.CreateAPIKey(h.ctx, p.ID, "ci", nil); return err },
			func() error { return h.c.DeleteProject(h.ctx, p.ID) },
			func() error { return h.c.PutProjectMember(h.ctx, p.ID, u.ID, reeve.RoleViewer) },
		)
		tally(h.t, errs, reeve.Conflict, reeve.NotFound)
		same(h.t, "key and deletion", true, (errs[0] == nil) != (errs[1] == nil), nil)
		_, err := h.c.GetProject(h.ctx, p.ID)
		same(h.t, "the project is gone", errs[1] == nil, reeve.IsKind(err, reeve.NotFound), nil)
	})
}

// TestRaceDeleteUser: nothing refers to a user whose deletion succeeded.
func TestRaceDeleteUser(t *testing.T) {
	for name, refer := range map[string]func(h house, o reeve.Organization, p reeve.Project, u reeve.User) error{
		"member of an organisation": func(h house, o reeve.Organization, _ reeve.Project, u reeve.User) error {
			return h.c.PutOrganizationMember(h.ctx, o.ID, u.ID, reeve.RoleViewer)
		},
		"organisation": func(h house, _ reeve.Organization, _ reeve.Project, u reeve.User) error {
			_, err := h.c.CreateOrganization(h.ctx, "x", u.ID)
			return err
		},
		"project": func(h house, _ reeve.Organization, _ reeve.Project, u reeve.User) error {
			_, err := h.c.CreateProject(h.ctx, control.NewProject{OwnerID: u.ID, Name: "x"})
			return err
		},
		"coupon": func(h house, _ reeve.Organization, _ reeve.Project, u reeve.User) error {
			_, err := h.c.CreateCoupon(h.ctx, reeve.Coupon{UserID: u.ID, Amount: 1, Duration: 1, Description: "x"})
			return err
		},
		"member of a project": func(h house, _ reeve.Organization, p reeve.Project, u reeve.User) error {
			return h.c.PutProjectMember(h.ctx, p.ID, u.ID, reeve.RoleViewer)
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachRound(t, func(h house, email func(string) string) {
				_, o, p := h.tenant(email("owner"))
				u := h.member(o, email("ada"), reeve.RoleViewer)
				errs := race(
					func() error { return refer(h, o, p, u) },
					func() error { return h.c.DeleteUser(h.ctx, u.Email) },
				)
				tally(h.t, errs, reeve.Conflict, reeve.NotFound)
				if errs[1] != nil {
					return
				}
				for _, of := range []store.MemberOf{store.InOrganization(o.ID), store.InProject(p.ID)} {
					if m, err := h.s.Member(h.ctx, of, u.ID); !reeve.IsKind(err, reeve.NotFound) {
						h.t.Errorf("a deleted user is a member: %+v, %v", m, err)
					}
				}
				h.check(h.s.Write(h.ctx, func(tx *store.Tx) error {
					owned, err := tx.LockOrganizationsOwnedBy(h.ctx, u.ID)
					same(h.t, "owned by a deleted user", []reeve.Organization{}, owned, err)
					return nil
				}))
			})
		})
	}
}

// TestRaceDeleteOrganization: no project is made in an organisation that goes.
func TestRaceDeleteOrganization(t *testing.T) {
	eachRound(t, func(h house, email func(string) string) {
		u := h.user(email("ada"))
		o := h.organization(u)
		errs := race(
			func() error {
				_, err := h.c.CreateProject(h.ctx, control.NewProject{OwnerID: u.ID, OrganizationID: o.ID, Name: "x"})
				return err
			},
			func() error { return h.c.DeleteOrganization(h.ctx, o.ID) },
		)
		same(h.t, "successes", 1, tally(h.t, errs, reeve.Conflict, reeve.NotFound), nil)
	})
}

// TestRacePersonalOrganization: a project that names no organisation is made,
// whatever happens to the owner's meanwhile.
func TestRacePersonalOrganization(t *testing.T) {
	eachRound(t, func(h house, email func(string) string) {
		u := h.user(email("ada"))
		o := h.organization(u)
		errs := race(
			func() error {
				_, err := h.c.CreateProject(h.ctx, control.NewProject{OwnerID: u.ID, Name: "x"})
				return err
			},
			func() error { return h.c.DeleteOrganization(h.ctx, o.ID) },
		)
		h.check(errs[0])
		tally(h.t, errs[1:], reeve.Conflict)
	})
}

// TestRaceNames: of those who want the same name one gets it.
func TestRaceNames(t *testing.T) {
	eachRound(t, func(h house, email func(string) string) {
		_, o, p := h.tenant(email("ada"))
		bob, eve := h.user(email("bob")), h.user(email("eve"))
		for what, contestants := range map[string][]func() error{
			"API key": repeat(4, func() error { _, _, err := h.c.CreateAPIKey(h.ctx, p.ID, "ci", nil); return err }),
			"organisation key": repeat(4, func() error {
				_, _, err := h.c.CreateOrganizationKey(h.ctx, control.NewOrganizationKey{OrganizationID: o.ID, Name: "ci", Role: reeve.RoleViewer})
				return err
			}),
			"address": {
				func() error { return h.c.UpdateUser(h.ctx, bob.Email, reeve.UserPatch{Email: email("x")}) },
				func() error { return h.c.UpdateUser(h.ctx, eve.Email, reeve.UserPatch{Email: email("X")}) },
			},
		} {
			same(h.t, what, 1, tally(h.t, race(contestants...), reeve.Conflict), nil)
		}
	})
}

// TestRaceLimits: updates of several limits do not mix.
func TestRaceLimits(t *testing.T) {
	eachRound(t, func(h house, email func(string) string) {
		_, _, p := h.tenant(email("ada"))
		set := func(n int64) func() error {
			limit := reeve.LimitOf(n)
			return func() error {
				return h.c.UpdateLimits(h.ctx, p.ID, reeve.LimitsPatch{Usage: &limit, Bandwidth: &limit, Rate: &limit, Buckets: &limit})
			}
		}
		name, text := "renamed", "described"
		errs := race(
			set(1), set(2), set(3),
			func() error { _, err := h.c.UpdateProject(h.ctx, p.ID, reeve.ProjectPatch{Name: &name}); return err },
			func() error {
				_, err := h.c.UpdateProject(h.ctx, p.ID, reeve.ProjectPatch{Description: &text})
				return err
			},
		)
		same(h.t, "successes", 5, tally(h.t, errs), nil)
		got, err := h.c.GetProject(h.ctx, p.ID)
		h.check(err)
		l := got.Limits
		if l.Usage != l.Bandwidth || l.Usage != l.Rate || l.Usage != l.Buckets || got.Name != name || got.Description != text {
			h.t.Errorf("mixed: %+v", got)
		}
	})
}

// TestRaceDoubleDelete: of several deletions of one thing one succeeds, and one
// is recorded.
func TestRaceDoubleDelete(t *testing.T) {
	eachRound(t, func(h house, email func(string) string) {
		u, o, p := h.tenant(email("ada"))
		member := h.member(o, email("bob"), reeve.RoleViewer)
		h.check(h.c.PutProjectMember(h.ctx, p.ID, member.ID, reeve.RoleViewer))
		coupon, err := h.c.CreateCoupon(h.ctx, reeve.Coupon{UserID: u.ID, Amount: 1, Duration: 1, Description: "x"})
		h.check(err)
		_, root, err := h.c.CreateAPIKey(h.ctx, p.ID, "ci", nil)
		h.check(err)
		g, _, err := h.c.CreateGateway(h.ctx, "x")
		h.check(err)
		_, _, err = h.c.CreateOrganizationKey(h.ctx, control.NewOrganizationKey{OrganizationID: o.ID, Name: "ci", Role: reeve.RoleViewer})
		h.check(err)
		before := len(h.all())
		deletions := []func() error{
			func() error { return h.c.DeleteProjectMember(h.ctx, p.ID, member.ID) },
			func() error { return h.c.DeleteOrganizationMember(h.ctx, o.ID, member.ID) },
			func() error { return h.c.DeleteUser(h.ctx, member.Email) },
			func() error { return h.c.DeleteCoupon(h.ctx, coupon.ID) },
			func() error { return revoke(h.ctx, h.c, root) },
			func() error { return h.c.DeleteGateway(h.ctx, g.ID) },
			func() error { return h.c.DeleteOrganizationKey(h.ctx, o.ID, "ci") },
			func() error { return h.c.DeleteProject(h.ctx, p.ID) },
			func() error { return h.c.DeleteOrganization(h.ctx, o.ID) },
		}
		for i, deletion := range deletions {
			if n := tally(h.t, race(repeat(3, deletion)...), reeve.NotFound); n != 1 {
				h.t.Errorf("deletion %d succeeded %d times", i, n)
			}
		}
		same(h.t, "records", before+len(deletions), len(h.all()), nil)
	})
}

// TestRaceLeaving: no project keeps a member whose organisation does not.
func TestRaceLeaving(t *testing.T) {
	eachRound(t, func(h house, email func(string) string) {
		_, o, p := h.tenant(email("ada"))
		u := h.member(o, email("bob"), reeve.RoleViewer)
		second := h.project(o)
		h.check(h.c.PutProjectMember(h.ctx, second.ID, u.ID, reeve.RoleViewer))
		errs := race(
			func() error { _, err := h.c.AddProjectMember(h.ctx, p.ID, u.ID, reeve.RoleViewer); return err },
			func() error { return h.c.DeleteProjectMember(h.ctx, second.ID, u.ID) },
			func() error { return h.c.DeleteOrganizationMember(h.ctx, o.ID, u.ID) },
		)
		tally(h.t, errs[:1], reeve.Denied)
		tally(h.t, errs[1:2], reeve.NotFound)
		h.check(errs[2])
		for _, project := range []reeve.Project{p, second} {
			if m, err := h.s.Member(h.ctx, store.InProject(project.ID), u.ID); !reeve.IsKind(err, reeve.NotFound) {
				h.t.Errorf("an outsider is a member: %+v, %v", m, err)
			}
		}
	})
}

// TestLeavingWhileRemoved: a member who is removed from a project just when the
// organisation lets the member go is gone from both, and that is a success.
func TestLeavingWhileRemoved(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		u := h.member(o, "bob@mail.test", reeve.RoleViewer)
		h.check(h.c.PutProjectMember(h.ctx, p.ID, u.ID, reeve.RoleViewer))
		left := make(chan error, 1)
		err := h.s.Write(h.ctx, func(tx *store.Tx) error {
			if _, err := tx.LockProject(h.ctx, p.ID); err != nil {
				return err
			}
			tx.DeleteMember(store.InProject(p.ID), u.ID)
			tx.Record(reeve.Change{Action: "test", Target: p.ID})
			go func() { left <- h.c.DeleteOrganizationMember(h.ctx, o.ID, u.ID) }()
			h.waitForLock()
			return nil
		})
		h.check(err)
		h.check(<-left)
	})
}

// waitForLock returns once a transaction waits for another's lock; on SQLite,
// where they queue, at once.
func (h house) waitForLock() {
	h.t.Helper()
	h.waitForLockOr(make(chan error))
}

// waitForLockOr is waitForLock for what may be done without waiting: then it has
// answered.
func (h house) waitForLockOr(answer chan error) {
	h.t.Helper()
	if h.s.Dialect() == "sqlite" {
		return
	}
	db := storetest.Raw(h.t, h.config)
	for waiting := 0; waiting == 0 && len(answer) == 0; {
		err := db.QueryRowContext(h.t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		h.check(err)
	}
}
