package control_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// frozenBy are the three ways in which a project can be frozen.
type frozenBy struct {
	freeze   func(context.Context, control.NewFreeze) error
	unfreeze func(context.Context) error
	target   reeve.ID
}

func (h house) ways(owner reeve.User, o reeve.Organization, p reeve.Project) map[string]frozenBy {
	return map[string]frozenBy{
		"user": {
			func(ctx context.Context, in control.NewFreeze) error {
				_, err := h.c.FreezeUser(ctx, owner.Email, in)
				return err
			},
			func(ctx context.Context) error { return h.c.UnfreezeUser(ctx, owner.Email) }, owner.ID,
		},
		"organization": {
			func(ctx context.Context, in control.NewFreeze) error {
				_, err := h.c.FreezeOrganization(ctx, o.ID, in)
				return err
			},
			func(ctx context.Context) error { return h.c.UnfreezeOrganization(ctx, o.ID) }, o.ID,
		},
		"project": {
			func(ctx context.Context, in control.NewFreeze) error {
				_, err := h.c.FreezeProject(ctx, p.ID, in)
				return err
			},
			func(ctx context.Context) error { return h.c.UnfreezeProject(ctx, p.ID) }, p.ID,
		},
	}
}

// sessionOf gives a user a session, and the context of who holds it.
func (h house) sessionOf(user reeve.ID) context.Context {
	h.t.Helper()
	token := reeve.NewToken(reeve.TokenSession, [32]byte(append(user[:], newIDBytes()...)))
	h.check(h.s.Write(h.ctx, func(tx *store.Tx) error {
		tx.CreateUserSession(reeve.UserSession{ID: newID(), UserID: user, CreatedAt: tx.Now()}, token.Hash())
		return nil
	}))
	hash := token.Hash()
	return control.WithCaller(h.t.Context(), control.Caller{Session: &hash})
}

func newIDBytes() []byte {
	id := newID()
	return id[:]
}

// TestFrozenProjects: however a project is frozen, no key of it is valid on any
// replica, memory or not, and no lease is given; its tenants may read and not
// write.
func TestFrozenProjects(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		gateway := h.gateway("edge")
		follow(t, h.c)
		strange := newControl(t, h.s, masterKey) // reads the database for each key
		for name := range (house{}).ways(reeve.User{}, reeve.Organization{}, reeve.Project{}) {
			owner, o, p := h.tenant(name + "@mail.test")
			_, _, other := h.tenant("other" + name + "@mail.test")
			_, key, err := h.c.CreateAPIKey(h.ctx, p.ID, "k", nil)
			h.check(err)
			_, others, err := h.c.CreateAPIKey(h.ctx, other.ID, "k", nil)
			h.check(err)
			admin, member := h.keyholder(o, reeve.RoleAdmin), h.member(o, "member"+name+"@mail.test", reeve.RoleAdmin)
			person, way := h.sessionOf(member.ID), h.ways(owner, o, p)[name]
			h.check(way.freeze(h.ctx, control.NewFreeze{Type: reeve.FreezeViolation}))
			same(t, name+", here, at once", reeve.CodeProjectFrozen, h.code(gateway, key), nil)
			same(t, name+", from the database", reeve.CodeProjectFrozen, judged(t, strange, gateway, key), nil)
			same(t, name+", another's", reeve.CodeValid, h.code(gateway, others), nil)
			same(t, name+", another's, from the database", reeve.CodeValid, judged(t, strange, gateway, others), nil)
			_, err = h.c.ReserveLease(gateway, lease(p.ID, reeve.Amounts{Rate: 1}, time.Minute))
			refused(t, name+", lease", err, reeve.Conflict, "the project is frozen")
			for who, ctx := range map[string]context.Context{"key": admin, "person": person} {
				if _, err := h.c.GetProject(ctx, p.ID); err != nil {
					t.Errorf("%s, %s reads: %v", name, who, err)
				}
				_, err := h.c.UpdateProject(ctx, p.ID, reeve.ProjectPatch{Name: ptr("mine")})
				denied(t, name+", "+who+" writes", err)
				denied(t, name+", "+who+" is asked", h.c.Authorize(ctx, p.ID, reeve.ManageMembers))
				h.check(h.c.AuthorizeOrganization(ctx, o.ID, reeve.ReadMembers))
				if err := h.c.AuthorizeOrganization(ctx, o.ID, reeve.UpdateOrganization); (err != nil) != (name != "project") {
					t.Errorf("%s, %s writes the organisation: %v", name, who, err)
				}
			}
			if _, err = h.c.UpdateProject(h.ctx, p.ID, reeve.ProjectPatch{Name: ptr("ours")}); err != nil {
				t.Errorf("%s, an operator writes: %v", name, err)
			}
			h.check(way.unfreeze(h.ctx))
			h.check(way.unfreeze(h.ctx)) // again changes nothing
			same(t, name+", unfrozen", reeve.CodeValid, h.code(gateway, key), nil)
			same(t, name+", unfrozen, from the database", reeve.CodeValid, judged(t, strange, gateway, key), nil)
			_, err = h.c.UpdateProject(admin, p.ID, reeve.ProjectPatch{Name: ptr("mine")})
			h.check(err)
			log := h.log(way.target)
			same(t, "log", []string{
				name + `.freeze  {"type":"violation"}`, name + `.unfreeze {"type":"violation"}`,
			}, pick(log, name+".freeze", name+".unfreeze"), nil)
		}
	})
}

// pick gives the records of some actions.
func pick(log []string, actions ...string) []string {
	out := []string{}
	for _, line := range log {
		for _, action := range actions {
			if len(line) > len(action) && line[:len(action)+1] == action+" " {
				out = append(out, line)
			}
		}
	}
	return out
}

// TestFrozenOnReplicas: another replica takes a freeze in before the receipt is
// complete, and one that starts later knows of it.
func TestFrozenOnReplicas(t *testing.T) {
	h := newHouse(t, storetest.ConfigPostgres(t)) // SQLite has one process
	other := newControl(t, h.s, masterKey)
	follow(t, h.c)
	follow(t, other)
	gateway := h.gateway("edge")
	for name := range h.ways(reeve.User{}, reeve.Organization{}, reeve.Project{}) {
		owner, o, p := h.tenant(name + "@mail.test")
		_, key, err := h.c.CreateAPIKey(h.ctx, p.ID, "k", nil)
		h.check(err)
		await(t, "known", func() bool { return judged(t, other, gateway, key) == reeve.CodeValid })
		freeze := map[string]func() (control.Revoked, error){
			"user": func() (control.Revoked, error) {
				return h.c.FreezeUser(h.ctx, owner.Email, control.NewFreeze{Type: "legal"})
			},
			"organization": func() (control.Revoked, error) {
				return h.c.FreezeOrganization(h.ctx, o.ID, control.NewFreeze{Type: "legal"})
			},
			"project": func() (control.Revoked, error) {
				return h.c.FreezeProject(h.ctx, p.ID, control.NewFreeze{Type: "legal"})
			},
		}[name]
		done, err := freeze()
		h.check(err)
		epoch, err := h.c.Epoch(h.ctx, done)
		h.check(err)
		receipt, err := h.c.Receipt(h.ctx, epoch, 10*time.Second)
		same(t, "receipt", true, receipt.Complete, err)
		same(t, name+", after the receipt", reeve.CodeProjectFrozen, judged(t, other, gateway, key), nil)
		third := newControl(t, h.s, masterKey)
		follow(t, third)
		same(t, name+", on one that starts", reeve.CodeProjectFrozen, judged(t, third, gateway, key), nil)
		h.check(h.ways(owner, o, p)[name].unfreeze(h.ctx))
		await(t, "unfrozen", func() bool { return judged(t, other, gateway, key) == reeve.CodeValid })
	}
}

// TestFrozenUser: the sessions end for good, and there are none while it lasts.
func TestFrozenUser(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, _, p := h.tenant("ada@mail.test")
		before := h.sessionOf(u.ID)
		_, err := h.c.GetProject(before, p.ID)
		h.check(err)
		_, err = h.c.FreezeUser(h.ctx, "ADA@mail.test", control.NewFreeze{Type: reeve.FreezeSecurity})
		h.check(err)
		during := h.sessionOf(u.ID)
		for name, ctx := range map[string]context.Context{"of before": before, "of meanwhile": during} {
			_, err := h.c.GetProject(ctx, p.ID)
			refused(t, name, err, reeve.Unauthenticated, "Unauthorized")
			refused(t, name, h.c.AuthenticateTenant(ctx), reeve.Unauthenticated, "Unauthorized")
			refused(t, name, h.c.AuthorizeOrganization(ctx, p.OrganizationID, reeve.ReadMembers), reeve.Unauthenticated, "Unauthorized")
		}
		h.check(h.c.UnfreezeUser(h.ctx, "ada@mail.test"))
		refused(t, "ended for good", h.c.AuthenticateTenant(before), reeve.Unauthenticated, "Unauthorized")
		_, err = h.c.GetProject(h.sessionOf(u.ID), p.ID)
		h.check(err)
	})
}

// TestFreezeRights: each type has its right, and so has the one in force.
func TestFreezeRights(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, o, p := h.tenant("ada@mail.test")
		finance := as(t, reeve.Actor{Kind: reeve.Operator, ID: newID(), OperatorRole: reeve.OperatorFinance})
		viewer := as(t, reeve.Actor{Kind: reeve.Operator, ID: newID(), OperatorRole: reeve.OperatorViewer})
		later := epoch.Add(time.Hour)
		for name, way := range h.ways(u, o, p) {
			denied(t, name+", viewer", way.freeze(viewer, control.NewFreeze{Type: reeve.FreezeBilling}))
			denied(t, name+", viewer", way.unfreeze(viewer))
			denied(t, name+", finance for legal", way.freeze(finance, control.NewFreeze{Type: reeve.FreezeLegal}))
			refused(t, name, way.freeze(finance, control.NewFreeze{Type: "x"}), reeve.Invalid, "type must be billing, violation, legal, security or operator")
			refused(t, name, way.freeze(finance, control.NewFreeze{Type: reeve.FreezeBilling, Until: ptr(epoch)}), reeve.Invalid, "until is not in the future")
			h.check(way.freeze(finance, control.NewFreeze{Type: reeve.FreezeBilling}))
			h.clock.pass(time.Second)
			h.check(way.freeze(finance, control.NewFreeze{Type: reeve.FreezeBilling, Until: &later}))
			h.check(way.freeze(finance, control.NewFreeze{Type: reeve.FreezeBilling, Until: &later})) // again changes nothing
			h.check(way.freeze(h.ctx, control.NewFreeze{Type: reeve.FreezeLegal}))
			denied(t, name+", finance thaws legal", way.unfreeze(finance))
			denied(t, name+", finance makes it billing", way.freeze(finance, control.NewFreeze{Type: reeve.FreezeBilling}))
			h.check(way.freeze(h.ctx, control.NewFreeze{Type: reeve.FreezeBilling, Until: &later}))
			got, err := h.s.Frozen(t.Context(), way.target)
			same(t, name, reeve.Frozen{Type: reeve.FreezeBilling, Since: epoch, Until: &later}, *got, err)
			h.check(way.unfreeze(finance))
			same(t, "log", []string{
				name + `.freeze  {"type":"billing"}`,
				name + `.freeze {"type":"billing"} {"type":"billing","until":"2026-11-22T16:44:53.397371Z"}`,
				name + `.freeze {"type":"billing","until":"2026-11-22T16:44:53.397371Z"} {"type":"legal"}`,
				name + `.freeze {"type":"legal"} {"type":"billing","until":"2026-11-22T16:44:53.397371Z"}`,
				name + `.unfreeze {"type":"billing","until":"2026-11-22T16:44:53.397371Z"}`,
			}, pick(h.log(way.target), name+".freeze", name+".unfreeze"), nil)
			h.clock.set(epoch)
		}
		_, err := h.c.FreezeUser(h.ctx, "nobody", control.NewFreeze{Type: reeve.FreezeBilling})
		refused(t, "nobody", err, reeve.NotFound, `user with email "nobody" not found`)
		_, err = h.c.FreezeOrganization(h.ctx, newID(), control.NewFreeze{Type: reeve.FreezeBilling})
		refused(t, "nothing", err, reeve.NotFound, "organization not found")
		_, err = h.c.FreezeProject(h.ctx, newID(), control.NewFreeze{Type: reeve.FreezeBilling})
		refused(t, "nothing", err, reeve.NotFound, "project not found")
	})
}

// TestFreezeEnds: what has an end is unfrozen then, by reeve itself, once.
func TestFreezeEnds(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, o, p := h.tenant("ada@mail.test")
		_, key, err := h.c.CreateAPIKey(h.ctx, p.ID, "k", nil)
		h.check(err)
		end := epoch.Add(time.Hour)
		ways := h.ways(u, o, p)
		for _, way := range ways {
			h.check(way.freeze(h.ctx, control.NewFreeze{Type: reeve.FreezeBilling, Until: &end}))
		}
		h.clock.set(end.Add(-time.Microsecond))
		h.check(h.c.EndFreezes(h.ctx))
		gateway := h.gateway("edge")
		same(t, "a moment before", reeve.CodeProjectFrozen, h.code(gateway, key), nil)
		h.clock.set(end)
		other := newControl(t, h.s, masterKey)
		for i, err := range race(repeat(4, func() error { return h.c.EndFreezes(t.Context()) })...) {
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
		same(t, "at the end", reeve.CodeValid, judged(t, other, gateway, key), nil)
		for name, way := range ways {
			log := pick(h.log(way.target), name+".unfreeze")
			same(t, name, []string{name + `.unfreeze {"type":"billing","until":"2026-11-22T16:44:53.397371Z"}`}, log, nil)
		}
		for _, c := range h.all()[:3] {
			same(t, "actor", "system", c.Actor, nil)
			if shown := c.OrganizationID == o.ID; shown == (c.Action == "user.unfreeze") {
				t.Errorf("%s is %s's to see", c.Action, c.OrganizationID)
			}
		}
	})
}

// TestFreezesOfTheVersionBefore: replicas of that version read a project's own
// freeze from its row.
func TestFreezesOfTheVersionBefore(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		_, _, other := h.tenant("bob@mail.test")
		db := storetest.Raw(t, h.config)
		before := func(what string, want bool) {
			t.Helper()
			var n int
			h.check(db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM projects WHERE frozen AND id = $1", p.ID[:]).Scan(&n))
			same(t, what, want, n == 1, nil)
			h.check(db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM projects WHERE frozen AND id = $1", other.ID[:]).Scan(&n))
			same(t, what+", another", 0, n, nil)
		}
		end := epoch.Add(time.Hour)
		freeze := func(until *time.Time) {
			t.Helper()
			_, err := h.c.FreezeProject(h.ctx, p.ID, control.NewFreeze{Type: reeve.FreezeBilling, Until: until})
			h.check(err)
		}
		freeze(nil)
		before("frozen", true)
		freeze(&end)
		before("with an end", true)
		h.check(h.c.UnfreezeProject(h.ctx, p.ID))
		before("unfrozen", false)
		freeze(&end)
		h.clock.set(end)
		h.check(h.c.EndFreezes(t.Context()))
		before("ended", false)
		freeze(nil)
		h.check(h.c.DeleteProject(h.ctx, p.ID))
		h.check(h.c.RestoreProject(h.ctx, p.ID))
		before("restored", true)
		h.check(h.c.UnfreezeProject(h.ctx, p.ID))
		_, err := h.c.FreezeOrganization(h.ctx, o.ID, control.NewFreeze{Type: reeve.FreezeBilling})
		h.check(err)
		before("with its organisation", false)
	})
}

// TestRaceFreeze: no write of a tenant is committed after the freeze is.
func TestRaceFreeze(t *testing.T) {
	for name := range (house{}).ways(reeve.User{}, reeve.Organization{}, reeve.Project{}) {
		t.Run(name, func(t *testing.T) {
			eachRound(t, func(h house, email func(string) string) {
				u, o, p := h.tenant(email("ada"))
				tenant, way := h.keyholder(o, reeve.RoleAdmin), h.ways(u, o, p)[name]
				added := h.member(o, email("bob"), reeve.RoleViewer)
				errs := race(
					func() error { return way.freeze(h.ctx, control.NewFreeze{Type: reeve.FreezeLegal}) },
					func() error {
						_, err := h.c.UpdateProject(tenant, p.ID, reeve.ProjectPatch{Name: ptr("raced")})
						return err
					},
					func() error {
						_, err := h.c.AddProjectMember(tenant, p.ID, added.ID, reeve.RoleViewer)
						return err
					},
				)
				h.check(errs[0])
				tally(h.t, errs, reeve.Denied)
				frozen := false
				for _, c := range slices.Backward(h.all()) {
					switch {
					case c.Action == name+".freeze" && c.Target == way.target:
						frozen = true
					case frozen && c.Actor != "root" && (c.Action == "project.update" || c.Action == "member.create"):
						h.t.Errorf("%s was recorded after the freeze", c.Action)
					}
				}
			})
		})
	}
}
