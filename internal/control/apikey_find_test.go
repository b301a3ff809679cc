package control_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/macaroon"
)

// TestFindAPIKey: an operator finds a key by its id alone, with what it is
// restricted to in words, as long as it has not ended.
func TestFindAPIKey(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		end := epoch.Add(time.Hour)
		made, _, err := h.c.CreateRestrictedAPIKey(h.ctx, control.NewAPIKey{
			ProjectID: p.ID, Name: "ci", ExpiresAt: &end, Restriction: macaroon.Caveat{Disallow: macaroon.Ops(macaroon.OpWrite)},
		})
		h.check(err)
		found, err := h.c.FindAPIKey(h.ctx, made.ID)
		same(t, "name", "ci", found.Name, err)
		same(t, "project", p.ID, found.ProjectID, nil)
		same(t, "secret", 0, len(found.Secret), nil)
		same(t, "restrictions", []string{"forbids write", "not after " + end.UTC().Format(time.RFC3339Nano)}, found.Restricts(), nil)
		h.clock.pass(time.Hour + time.Microsecond)
		_, err = h.c.FindAPIKey(h.ctx, made.ID)
		refused(t, "ended", err, reeve.NotFound, "api key not found")
		_, err = h.c.FindAPIKey(h.ctx, newID())
		refused(t, "none", err, reeve.NotFound, "api key not found")
	})
}

// TestNameThings: things are called what they are called now; what is not there
// has no name.
func TestNameThings(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, o, p := h.tenant("ada@mail.test")
		things := []*control.Named{
			{Kind: control.FoundUser, ID: u.ID},
			{Kind: control.FoundOrganization, ID: o.ID},
			{Kind: control.FoundProject, ID: p.ID},
			{Kind: control.FoundProject, ID: newID()},
		}
		h.check(h.c.NameThings(h.ctx, things))
		for i, want := range []string{u.FullName, o.Name, p.Name, ""} {
			same(t, "name", want, things[i].Name, nil)
		}
	})
}
