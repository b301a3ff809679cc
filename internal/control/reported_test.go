package control_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/macaroon"
)

// TestReportedEgress: what gateways report counts against the bandwidth limit,
// beside leases but not twice.
func TestReportedEgress(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		gateway := h.gateway("edge")
		_, key, err := h.c.CreateAPIKey(h.ctx, p.ID, "k", nil)
		h.check(err)
		follow(t, h.c)
		h.limit(p.ID, reeve.LimitsPatch{Bandwidth: limit(100)})
		read := func(want reeve.VerdictCode) {
			t.Helper()
			verdict, err := h.c.VerifyKey(gateway, control.KeyCheck{Key: key.Serialize(), Op: macaroon.OpRead, Bucket: []byte("b"), Path: []byte("p")})
			same(t, "verdict", want, verdict.Code, err)
		}
		read(reeve.CodeValid)
		_, err = h.c.IngestUsage(gateway, h.egress(1, p.ID, 60))
		h.check(err)
		h.check(control.DrainUsage(h.c, t.Context()))
		h.full("beside what was reported", gateway, p.ID, reeve.MeterBandwidth, 40)
		l, err := h.c.ReserveLease(gateway, lease(p.ID, reeve.Amounts{Bandwidth: 40}, time.Minute))
		h.check(err)
		read(reeve.CodeBandwidthExceeded)
		h.check(h.c.SettleLease(gateway, l.ID, reeve.Amounts{Bandwidth: 40}))
		h.full("the same bytes", gateway, p.ID, reeve.MeterBandwidth, 40)
		_, err = h.c.IngestUsage(gateway, h.egress(2, p.ID, 40))
		h.check(err)
		h.check(control.DrainUsage(h.c, t.Context()))
		read(reeve.CodeBandwidthExceeded)
		h.clock.pass(31 * 24 * time.Hour)
		read(reeve.CodeValid)
	})
}
