package control_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// TestKeysDoNotOutliveTheirMaker: what an organisation key makes or replaces
// ends when it does, at the latest.
func TestKeysDoNotOutliveTheirMaker(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		at := func(minutes int) *time.Time {
			out := h.clock.now().Add(time.Duration(minutes) * time.Minute).UTC().Truncate(time.Microsecond)
			return &out
		}
		end, sooner, later := at(10), at(5), at(11)
		in := func(name string, end *time.Time) control.NewOrganizationKey {
			return control.NewOrganizationKey{OrganizationID: o.ID, Name: name, Role: reeve.RoleAdmin, ExpiresAt: end}
		}
		maker, token, err := h.c.CreateOrganizationKey(h.ctx, in("maker", end))
		h.check(err)
		endless, _, err := h.c.CreateOrganizationKey(h.ctx, in("endless", nil))
		h.check(err)
		ctx := holding(t, token)
		const outlives = "the end is later than that of the key that asks for it"

		made, _, err := h.c.CreateOrganizationKey(ctx, in("made", nil))
		same(t, "its end", end, made.ExpiresAt, err)
		made, _, err = h.c.CreateOrganizationKey(ctx, in("short", sooner))
		same(t, "a sooner end", sooner, made.ExpiresAt, err)
		_, _, err = h.c.CreateOrganizationKey(ctx, in("long", later))
		refused(t, "a later end", err, reeve.Invalid, outlives)
		made, _, err = h.c.DeriveOrganizationKey(ctx, in("derived", nil), endless.ID)
		same(t, "derived of another", end, made.ExpiresAt, err)
		_, _, err = h.c.DeriveOrganizationKey(ctx, in("long", later), endless.ID)
		refused(t, "derived, a later end", err, reeve.Invalid, outlives)
		_, _, err = h.c.RotateOrganizationKey(ctx, o.ID, endless.ID, 0)
		denied(t, "rotated", err)
		rotated, _, err := h.c.RotateOrganizationKey(ctx, o.ID, maker.ID, time.Minute)
		same(t, "rotated itself", end, rotated.ExpiresAt, err)

		// It ends in a minute now.
		end = at(1)
		api := func(name string, end *time.Time) control.NewAPIKey {
			return control.NewAPIKey{ProjectID: p.ID, Name: name, ExpiresAt: end}
		}
		key, _, err := h.c.CreateRestrictedAPIKey(ctx, api("api", nil))
		same(t, "an API key's end", end, key.ExpiresAt, err)
		_, _, err = h.c.CreateRestrictedAPIKey(ctx, api("long", sooner))
		refused(t, "an API key's later end", err, reeve.Invalid, outlives)
		old, _, err := h.c.CreateRestrictedAPIKey(h.ctx, api("old", nil))
		same(t, "an operator's", (*time.Time)(nil), old.ExpiresAt, err)
		_, _, err = h.c.RotateAPIKey(ctx, p.ID, old.ID, 0)
		denied(t, "an API key rotated", err)
		_, _, err = h.c.RotateAPIKey(ctx, p.ID, key.ID, 0)
		h.check(err)
		_, _, err = h.c.RotateAPIKey(h.keyholder(o, reeve.RoleAdmin), p.ID, old.ID, 0)
		h.check(err)
	})
}
