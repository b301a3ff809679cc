package control_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// TestRevokedTokens: a deleted organisation key is known as revoked for 90 days,
// with those that went along, and then it is unknown.
func TestRevokedTokens(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, _ := h.tenant("ada@mail.test")
		in := control.NewOrganizationKey{OrganizationID: o.ID, Name: "root", Role: reeve.RoleEditor}
		root, rootToken, err := h.c.CreateOrganizationKey(h.ctx, in)
		h.check(err)
		in.Name = "child"
		child, childToken, err := h.c.DeriveOrganizationKey(h.ctx, in, root.ID)
		h.check(err)
		h.check(h.c.DeleteOrganizationKey(h.ctx, o.ID, "root"))
		inspect := func(name string, want map[reeve.Token]control.Credential) {
			t.Helper()
			for token, want := range want {
				got, err := h.c.Inspect(h.ctx, string(token))
				same(t, name, want, got, err)
			}
		}
		revoked := func(id reeve.ID) control.Credential {
			return control.Credential{
				Kind: control.CredentialOrganizationKey, ID: id, State: control.StateRevoked,
				Organization: &control.Named{Kind: control.FoundOrganization, ID: o.ID, Name: o.Name},
			}
		}
		h.clock.pass(90 * 24 * time.Hour)
		h.check(h.c.ApplyRetention(t.Context(), control.Retention{}))
		inspect("after 90 days", map[reeve.Token]control.Credential{rootToken: revoked(root.ID), childToken: revoked(child.ID)})
		h.clock.pass(time.Microsecond)
		h.check(h.c.ApplyRetention(t.Context(), control.Retention{}))
		unknown := control.Credential{Kind: control.CredentialUnknown}
		inspect("later", map[reeve.Token]control.Credential{rootToken: unknown, childToken: unknown})
	})
}
