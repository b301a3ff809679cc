package control_test

import (
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

// TestRotateOrganizationKey: both keys work during the overlap; what was derived
// from the old one ends with it.
func TestRotateOrganizationKey(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		admin := h.keyholder(o, reeve.RoleAdmin)
		end := epoch.Add(48 * time.Hour)
		old, oldToken, err := h.c.CreateOrganizationKey(admin, control.NewOrganizationKey{
			OrganizationID: o.ID, Name: "ci", Role: reeve.RoleEditor, ExpiresAt: &end,
		})
		h.check(err)
		derived, derivedToken, err := h.c.DeriveOrganizationKey(admin, control.NewOrganizationKey{
			OrganizationID: o.ID, Name: "ci of bob", Role: reeve.RoleViewer,
		}, old.ID)
		h.check(err)
		same(t, "derived ends", &end, derived.ExpiresAt, nil)
		next, nextToken, err := h.c.RotateOrganizationKey(admin, o.ID, old.ID, time.Hour)
		h.check(err)
		same(t, "next", reeve.OrganizationKey{
			ID: next.ID, OrganizationID: o.ID, Name: "ci", Role: reeve.RoleEditor, CreatedAt: epoch, ExpiresAt: &end, RotatedFrom: &old.ID,
		}, next, nil)
		_, _, err = h.c.RotateOrganizationKey(admin, o.ID, old.ID, time.Hour)
		refused(t, "again", err, reeve.Conflict, "the key was rotated already")
		works := func(what string, token reeve.Token, want bool) {
			t.Helper()
			_, err := h.c.GetProject(holding(t, token), p.ID)
			if want {
				h.check(err)
			} else {
				refused(t, what, err, reeve.Unauthenticated, "Unauthorized")
			}
		}
		for range 2 {
			works("old", oldToken, true)
			works("derived", derivedToken, true)
			works("next", nextToken, true)
			h.clock.set(epoch.Add(time.Hour - time.Microsecond))
		}
		list, total, err := h.c.ListOrganizationKeyUses(admin, o.ID, control.Page{Size: 20})
		h.check(err)
		same(t, "total", 4, total, nil)
		same(t, "by name", "ci", list[len(list)-3].Name, nil)
		same(t, "then", "ci (replaced "+strings.ReplaceAll(old.ID.String(), "-", "")[20:]+")", list[len(list)-2].Name, nil)
		same(t, "used", epoch.Add(time.Hour-time.Microsecond), list[len(list)-2].LastUse.At, nil)
		h.clock.set(epoch.Add(time.Hour))
		works("old", oldToken, false)
		works("derived", derivedToken, false)
		works("next", nextToken, true)
		denied(t, "delete an expired one", h.c.DeleteOrganizationKeyByID(admin, o.ID, old.ID))
		_, _, err = h.c.RotateOrganizationKeyByName(h.ctx, o.ID, "ci", 0)
		h.check(err)
		works("next", nextToken, false)
		_, _, err = h.c.RotateOrganizationKeyByName(h.ctx, newID(), "ci", 0)
		refused(t, "no organisation", err, reeve.NotFound, "organization not found")
		_, _, err = h.c.RotateOrganizationKeyByName(h.ctx, o.ID, "none", 0)
		refused(t, "no key", err, reeve.NotFound, "organization key not found")
		log := h.log(old.ID)
		same(t, "changes", 2, len(log), nil)
		for _, c := range h.all() {
			if strings.HasPrefix(c.Action, "organization_key") {
				same(t, c.Action, o.ID, c.OrganizationID, nil)
			}
		}
	})
}

// TestDerivedOrganizationKeys go with the key that they were derived from, and
// are not stronger.
func TestDerivedOrganizationKeys(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		_, other, _ := h.tenant("bob@mail.test")
		admin := h.keyholder(o, reeve.RoleAdmin)
		make := func(name string, role reeve.Role, from reeve.ID) (reeve.OrganizationKey, reeve.Token, error) {
			return h.c.DeriveOrganizationKey(admin, control.NewOrganizationKey{OrganizationID: o.ID, Name: name, Role: role}, from)
		}
		root, _, err := h.c.CreateOrganizationKey(admin, control.NewOrganizationKey{OrganizationID: o.ID, Name: "root", Role: reeve.RoleEditor})
		h.check(err)
		child, _, err := make("child", reeve.RoleEditor, root.ID)
		h.check(err)
		grandchild, token, err := make("grandchild", reeve.RoleViewer, child.ID)
		h.check(err)
		same(t, "parent", &child.ID, grandchild.ParentID, nil)
		_, _, err = make("strong", reeve.RoleAdmin, root.ID)
		refused(t, "stronger", err, reeve.Invalid, "the role is stronger than that of the key")
		_, _, err = make("root", reeve.RoleViewer, root.ID)
		refused(t, "same name", err, reeve.Conflict, "organization key with given name already exists")
		foreign, _, err := h.c.CreateOrganizationKey(h.ctx, control.NewOrganizationKey{OrganizationID: other.ID, Name: "x", Role: reeve.RoleAdmin})
		h.check(err)
		for name, id := range map[string]reeve.ID{"unknown": newID(), "another's": foreign.ID, "none": reeve.Zero} {
			_, _, err = make(name, reeve.RoleViewer, id)
			denied(t, name, err)
			denied(t, name, h.c.DeleteOrganizationKeyByID(admin, o.ID, id))
			_, _, err = h.c.RotateOrganizationKey(admin, o.ID, id, 0)
			denied(t, name, err)
		}
		_, err = h.c.GetProject(holding(t, token), p.ID)
		h.check(err)
		h.check(h.c.DeleteOrganizationKeyByID(admin, o.ID, root.ID))
		_, err = h.c.GetProject(holding(t, token), p.ID)
		refused(t, "gone with it", err, reeve.Unauthenticated, "Unauthorized")
		for _, id := range []reeve.ID{root.ID, child.ID, grandchild.ID} {
			same(t, "changes", 2, len(h.log(id)), nil)
		}
		// An organisation goes with all its keys, each recorded once.
		q := h.organization(h.user("carol@mail.test"))
		root, _, err = h.c.CreateOrganizationKey(h.ctx, control.NewOrganizationKey{OrganizationID: q.ID, Name: "root", Role: reeve.RoleEditor})
		h.check(err)
		child, _, err = h.c.DeriveOrganizationKey(h.ctx, control.NewOrganizationKey{OrganizationID: q.ID, Name: "a", Role: reeve.RoleEditor}, root.ID)
		h.check(err)
		h.check(h.c.DeleteOrganization(h.ctx, q.ID))
		same(t, "changes", 2, len(h.log(root.ID)), nil)
		same(t, "changes", 2, len(h.log(child.ID)), nil)
	})
}

// TestScanRevokesDerivedKeys: a leaked key goes with all that were derived from
// it, each with its record.
func TestScanRevokesDerivedKeys(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, _ := h.tenant("ada@mail.test")
		root, token, err := h.c.CreateOrganizationKey(h.ctx, control.NewOrganizationKey{OrganizationID: o.ID, Name: "root", Role: reeve.RoleEditor})
		h.check(err)
		child, _, err := h.c.DeriveOrganizationKey(h.ctx, control.NewOrganizationKey{OrganizationID: o.ID, Name: "child", Role: reeve.RoleEditor}, root.ID)
		h.check(err)
		grandchild, _, err := h.c.DeriveOrganizationKey(h.ctx, control.NewOrganizationKey{OrganizationID: o.ID, Name: "grandchild", Role: reeve.RoleViewer}, child.ID)
		h.check(err)
		leaks, _, err := h.c.Scan(h.ctx, control.ToScan{Keys: []string{string(token)}, Revoke: true})
		h.check(err)
		same(t, "revoked", true, leaks[0].Revoked, nil)
		for _, id := range []reeve.ID{root.ID, child.ID, grandchild.ID} {
			same(t, "deletions", 1, len(pick(h.log(id), "organization_key.delete")), nil)
		}
		left, err := h.c.ListOrganizationKeys(h.ctx, o.ID)
		same(t, "left", 0, len(left), err)
	})
}

// TestScanWhileRotating: a leaked key that is rotated meanwhile is revoked under
// its other name.
func TestScanWhileRotating(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		key, token, err := h.c.CreateOrganizationKey(h.ctx, control.NewOrganizationKey{OrganizationID: o.ID, Name: "ci", Role: reeve.RoleEditor})
		h.check(err)
		type outcome struct {
			leaks []control.Leak
			err   error
		}
		scanned := make(chan outcome, 1)
		err = h.s.Write(h.ctx, func(tx *store.Tx) error {
			renamed, err := tx.LockOrganizationKey(h.ctx, o.ID, key.Name)
			if err != nil {
				return err
			}
			renamed.Name = "ci (replaced)"
			tx.UpdateOrganizationKey(renamed)
			tx.Record(reeve.Change{Action: "test", Target: key.ID})
			go func() {
				leaks, _, err := h.c.Scan(h.ctx, control.ToScan{Keys: []string{string(token)}, Revoke: true})
				scanned <- outcome{leaks, err}
			}()
			h.waitForLock()
			return nil
		})
		h.check(err)
		got := <-scanned
		h.check(got.err)
		same(t, "revoked", true, got.leaks[0].Revoked, nil)
		_, err = h.c.GetProject(holding(t, token), p.ID)
		refused(t, "the leaked key", err, reeve.Unauthenticated, "Unauthorized")
	})
}

// TestDeriveWhileDeleting: no derived key outlives the one that it was made of.
func TestDeriveWhileDeleting(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, _ := h.tenant("ada@mail.test")
		for i := range 5 {
			key, _, err := h.c.CreateOrganizationKey(h.ctx, control.NewOrganizationKey{OrganizationID: o.ID, Name: "root", Role: reeve.RoleEditor})
			h.check(err)
			errs := race(
				func() error {
					_, _, err := h.c.DeriveOrganizationKey(h.ctx, control.NewOrganizationKey{OrganizationID: o.ID, Name: "a", Role: reeve.RoleEditor}, key.ID)
					return err
				},
				func() error { return h.c.DeleteOrganizationKeyByID(h.ctx, o.ID, key.ID) },
			)
			tally(t, errs, reeve.NotFound)
			left, err := h.c.ListOrganizationKeys(h.ctx, o.ID)
			same(t, "keys left", 0, len(left), err)
			_ = i
		}
	})
}

// TestRotateGatewayToken: both tokens work until the overlap ends, from memory
// and from the database, and a feed that the old one has opened ends with it.
func TestRotateGatewayToken(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		both := h.both(t)
		c := both["memory"]
		g, first, err := c.CreateGateway(h.ctx, "edge")
		h.check(err)
		works := func(what string, token reeve.Token, want bool) {
			t.Helper()
			for name, c := range both {
				caller, err := c.AuthenticateGateway(t.Context(), string(token), nowhere)
				if want {
					same(t, what+" from the "+name, g.ID, caller.Actor.ID, err)
				} else {
					refused(t, what+" from the "+name, err, reeve.Unauthenticated, "Unauthorized")
				}
			}
		}
		old, err := c.AuthenticateGateway(t.Context(), string(first), nowhere)
		h.check(err)
		feed := make(chan error, 1)
		go func() {
			feed <- c.FollowFeed(control.WithCaller(t.Context(), old), 0, 10*time.Millisecond, func([]control.FeedEvent) error { return nil })
		}()
		h.clock.pass(time.Minute)
		second, err := c.RotateGatewayToken(h.ctx, g.ID, time.Hour)
		h.check(err)
		works("first", first, true)
		works("second", second, true)
		tokens, err := h.c.ListGatewayTokens(h.ctx, g.ID)
		h.check(err)
		same(t, "tokens", 2, len(tokens), nil)
		end := epoch.Add(time.Hour + time.Minute)
		same(t, "newest first", []*time.Time{nil, &end}, []*time.Time{tokens[0].ExpiresAt, tokens[1].ExpiresAt}, nil)
		third, err := c.RotateGatewayToken(h.ctx, g.ID, time.Minute)
		h.check(err)
		for _, token := range []reeve.Token{first, second, third} {
			works("one of three", token, true)
		}
		select {
		case err := <-feed:
			t.Fatalf("the feed has ended: %v", err)
		default:
		}
		h.clock.pass(time.Minute)
		refused(t, "feed", <-feed, reeve.Unauthenticated, "Unauthorized")
		works("first", first, false)
		works("second", second, false)
		works("third", third, true)
		h.check(control.DeleteEnded(h.c, t.Context()))
		works("first, deleted", first, false)
		works("third", third, true)
		fourth, err := c.RotateGatewayToken(h.ctx, g.ID, 0)
		h.check(err)
		works("fourth", fourth, true)
		for name, c := range both { // this one was told by the log
			await(t, name, func() bool {
				_, err := c.AuthenticateGateway(t.Context(), string(third), nowhere)
				return reeve.IsKind(err, reeve.Unauthenticated)
			})
		}
		for range 9 {
			_, err = c.RotateGatewayToken(h.ctx, g.ID, time.Hour)
			h.check(err)
		}
		_, err = c.RotateGatewayToken(h.ctx, g.ID, time.Hour)
		refused(t, "too many", err, reeve.Conflict, "the gateway has 10 tokens")
		_, err = c.RotateGatewayToken(h.ctx, newID(), time.Hour)
		refused(t, "no gateway", err, reeve.NotFound, "gateway not found")
		_, err = h.c.ListGatewayTokens(h.ctx, newID())
		refused(t, "no gateway", err, reeve.NotFound, "gateway not found")
		h.check(c.DeleteGateway(h.ctx, g.ID))
		works("fourth", fourth, false)
	})
}

// TestGetOrganizationKeyUse: a key is told while it lives, to those alone who may
// see the organisation's keys.
func TestGetOrganizationKeyUse(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		_, other, _ := h.tenant("bob@mail.test")
		admin, end := h.keyholder(o, reeve.RoleAdmin), epoch.Add(time.Minute)
		key, token, err := h.c.CreateOrganizationKey(admin, control.NewOrganizationKey{
			OrganizationID: o.ID, Name: "ci", Role: reeve.RoleViewer, ExpiresAt: &end,
		})
		h.check(err)
		_, err = h.c.GetProject(holding(t, token), p.ID)
		h.check(err)
		found, err := h.c.GetOrganizationKeyUse(admin, o.ID, key.ID)
		same(t, "key", key, found.OrganizationKey, err)
		same(t, "used", epoch, found.LastUse.At, nil)
		_, err = h.c.GetOrganizationKeyUse(h.keyholder(o, reeve.RoleEditor), o.ID, key.ID)
		denied(t, "an editor's", err)
		foreign := h.keyholder(other, reeve.RoleAdmin)
		for _, organization := range []reeve.ID{o.ID, other.ID} {
			_, err = h.c.GetOrganizationKeyUse(foreign, organization, key.ID)
			denied(t, "another's", err)
		}
		_, err = h.c.GetOrganizationKeyUse(admin, o.ID, newID())
		denied(t, "none", err)
		h.clock.set(end)
		_, err = h.c.GetOrganizationKeyUse(admin, o.ID, key.ID)
		denied(t, "ended", err)
	})
}
