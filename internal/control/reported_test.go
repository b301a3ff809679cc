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

// TestReportedStorage: what gateways report to be stored counts against the
// usage limit, with what was committed since, and is given back when it goes.
func TestReportedStorage(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		gateway := h.gateway("edge")
		h.limit(p.ID, reeve.LimitsPatch{Usage: limit(100)})
		sequence := int64(0)
		report := func(bucket string, value int64) {
			t.Helper()
			sequence++
			_, err := h.c.IngestUsage(gateway, control.UsageBatch{Sequence: sequence, Records: []control.UsageItem{{
				UsageRecord: reeve.UsageRecord{
					ProjectID: p.ID, Bucket: bucket, Meter: reeve.UsageStorage, At: h.s.Now(), Value: value,
				},
			}}})
			h.check(err)
			h.check(control.DrainUsage(h.c, t.Context()))
			h.clock.pass(time.Second)
		}
		store := func(n int64) {
			t.Helper()
			l, err := h.c.ReserveLease(gateway, lease(p.ID, reeve.Amounts{Usage: n}, time.Minute))
			h.check(err)
			h.check(h.c.SettleLease(gateway, l.ID, reeve.Amounts{Usage: n}))
			h.clock.pass(time.Second)
		}
		store(60)
		h.full("committed", gateway, p.ID, reeve.MeterUsage, 40)
		report("a", 60)
		h.full("reported too", gateway, p.ID, reeve.MeterUsage, 40)
		store(10)
		h.full("stored since", gateway, p.ID, reeve.MeterUsage, 30)
		report("b", 20)
		h.full("another bucket, and nothing new of the first", gateway, p.ID, reeve.MeterUsage, 10)
		report("a", 50)
		h.full("all is reported", gateway, p.ID, reeve.MeterUsage, 30)
		report("a", 0)
		report("b", 0)
		store(100)
		h.full("deleted and stored again", gateway, p.ID, reeve.MeterUsage, 0)
	})
}
