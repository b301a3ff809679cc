package control_test

import (
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// TestDeletedGatewayStaysDead: who has read a gateway before it was deleted does
// not bring its token back.
func TestDeletedGatewayStaysDead(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		follow(t, h.c)
		g, token, err := h.c.CreateGateway(h.ctx, "edge")
		h.check(err)
		h.check(control.LateRead(h.ctx, h.c, token.Hash(), func() { h.check(h.c.DeleteGateway(h.ctx, g.ID)) }))
		_, err = h.c.AuthenticateGateway(t.Context(), string(token), func() string { return "" })
		refused(t, "its token", err, reeve.Unauthenticated, "Unauthorized")
	})
}
