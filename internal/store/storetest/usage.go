package storetest

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// used is a month in which only egress was counted.
func used(project reeve.ID, month reeve.Month, egress int64) reeve.UsageTotal {
	return reeve.UsageTotal{ProjectID: project, Month: month, Egress: reeve.Count(egress)}
}

// testUsage: totals of counters, of gauges with what they start from, and what
// retention leaves.
func testUsage(t *testing.T, w world) {
	_, o, p := w.tenant("ada@mail.test")
	other := w.project(o)
	november, december := reeve.Month(202611), reeve.Month(202612)
	sample := func(at time.Time, value int64) reeve.GaugeMonth {
		return reeve.GaugeMonth{First: at, Last: reeve.Sample{At: at, Value: value}}
	}
	stored := store.GaugeKey{ProjectID: p.ID, Meter: reeve.UsageStorage, Bucket: "b"}
	w.fact(func(tx *store.Tx) error {
		tx.PutUsageCounters([]reeve.UsageTotal{used(p.ID, december, 5), used(p.ID, november, 7), used(other.ID, november, 8)})
		tx.PutUsageCounters([]reeve.UsageTotal{used(p.ID, december, 6)})
		tx.PutUsageGauges(november, map[store.GaugeKey]reeve.GaugeMonth{stored: sample(november.Start(), 2)})
		tx.PutUsageGauges(november, map[store.GaugeKey]reeve.GaugeMonth{stored: sample(december.Start().Add(-time.Hour), 3)})
		return nil
	})
	at := december.Start().Add(2 * time.Hour)
	last := used(p.ID, november, 7)
	last.Storage = reeve.Hold(3, time.Hour)
	current := used(p.ID, december, 6)
	current.Storage = reeve.Hold(3, 2*time.Hour) // from what was last in November
	for _, want := range []reeve.UsageTotal{last, current, {ProjectID: p.ID, Month: 202610}, {ProjectID: newID(), Month: december}} {
		got, err := w.s.UsageTotal(w.ctx(), want.ProjectID, want.Month, at)
		same(t, want.Month.String(), want, got, err)
	}
	got, err := w.s.Outstanding(w.ctx(), p.ID, at)
	same(t, "outstanding", reeve.Outstanding{Current: current, Last: last}, got, err)

	for _, want := range []int{2, 0} {
		w.fact(func(tx *store.Tx) error {
			removed, err := tx.DeleteUsageBefore(w.ctx(), december, 10)
			if removed != want {
				t.Errorf("%d rows were removed, not %d", removed, want)
			}
			return err
		})
	}
	kept, err := w.s.UsageTotal(w.ctx(), p.ID, december, at)
	same(t, "kept", current, kept, err)
	gone, err := w.s.UsageTotal(w.ctx(), other.ID, november, at)
	same(t, "removed", reeve.UsageTotal{ProjectID: other.ID, Month: november}, gone, err)
}
