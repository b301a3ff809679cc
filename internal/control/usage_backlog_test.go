package control_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

// ingest sends records as one batch.
func (h house) ingest(ctx context.Context, sequence int64, records []reeve.UsageRecord) {
	h.t.Helper()
	batch := control.UsageBatch{Sequence: sequence}
	for _, r := range records {
		batch.Records = append(batch.Records, control.UsageItem{UsageRecord: r})
	}
	refusals, err := h.c.IngestUsage(ctx, batch)
	same(h.t, "refusals", make([]string, len(records)), refusals, err)
}

// total gives what a project has used in a whole month, as it was added up.
func (h house) total(project reeve.ID, month reeve.Month) reeve.UsageTotal {
	h.t.Helper()
	out, err := h.s.UsageTotal(h.t.Context(), project, month, month.End())
	h.check(err)
	return out
}

// pass gives the number of the newest pass, and whether anything waits.
func (h house) pass() (number int64, waiting bool) {
	h.t.Helper()
	number, waiting, err := h.s.UsagePass(h.t.Context())
	h.check(err)
	return number, waiting
}

// TestUsageBacklog: one drain adds up all that was taken in, in as many passes
// as it takes.
func TestUsageBacklog(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		ctx := h.gateway("g")
		const batches = 500
		for i := range int64(batches) {
			_, err := h.c.IngestUsage(ctx, h.egress(i+1, p.ID, i, 1))
			h.check(err)
		}
		same(t, "before", reeve.UsageTotal{ProjectID: p.ID, Month: 202611}, h.total(p.ID, 202611), nil)
		before, _ := h.pass()
		h.check(control.DrainUsage(h.c, t.Context()))
		after, waiting := h.pass()
		if waiting || after < before+2 {
			t.Errorf("waiting: %t after %d passes, want all added up in some", waiting, after-before)
		}
		want := reeve.UsageTotal{ProjectID: p.ID, Month: 202611, Egress: reeve.Count(batches*(batches-1)/2 + batches)}
		same(t, "total", want, h.total(p.ID, 202611), nil)
		h.check(control.DrainUsage(h.c, t.Context()))
		if again, _ := h.pass(); again != after {
			t.Errorf("%d passes for nothing", again-after)
		}
	})
}

// byTime orders samples.
func byTime(a, b reeve.Sample) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Value, b.Value)) }

// TestUsageSampleParts: a day with more samples than a part holds is kept in
// some parts, whoever adds them up, and reads as it came.
func TestUsageSampleParts(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		ctx, replica := h.gateway("g"), newControl(t, h.s, masterKey)
		noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
		day := store.DayKey{Day: store.DayOf(noon), ProjectID: p.ID, Bucket: "b"}
		var records []reeve.UsageRecord
		var samples []reeve.Sample
		for i := range 1500 {
			s := reeve.Sample{At: noon.Add(time.Duration(i) * 7 * time.Second), Value: int64(i*i) << 20}
			samples = append(samples, s)
			records = append(records, reeve.UsageRecord{ProjectID: p.ID, Bucket: "b", Meter: reeve.UsageStorage, At: s.At, Value: s.Value})
		}
		h.ingest(ctx, 1, records[:600])
		h.check(control.DrainUsage(h.c, t.Context()))
		h.ingest(ctx, 2, records[600:601])
		h.check(control.DrainUsage(h.c, t.Context()))
		h.ingest(ctx, 3, records[601:]) // and one that remembers nothing of them
		h.check(control.DrainUsage(replica, t.Context()))
		newest, err := h.s.UsageSampleParts(t.Context(), []reeve.ID{p.ID}, day.Day)
		h.check(err)
		if part := newest[day]; len(newest) != 1 || part.Number < 5 || part.Number > 20 {
			t.Errorf("the newest part of %d is %d, want one of 5 to 20: each of about 1 KB", len(newest), part.Number)
		}
		var got []reeve.Sample
		h.check(h.s.EachSampleInSpan(t.Context(), store.UsageSpan{Projects: []reeve.ID{p.ID}, From: day.Day, To: day.Day + 1}, func(key store.GaugeKey, s reeve.Sample) {
			if want := (store.GaugeKey{ProjectID: p.ID, Meter: reeve.UsageStorage, Bucket: "b"}); key != want {
				t.Errorf("a sample of %+v, want %+v", key, want)
			}
			got = append(got, s)
		}))
		slices.SortFunc(got, byTime)
		same(t, "samples", samples, got, nil)
		want := naiveTotal(records, p.ID, reeve.UsageStorage, 202611)
		if total := h.total(p.ID, 202611).Storage.Big(); total.Cmp(want) != 0 {
			t.Errorf("total %s, want %s", total, want)
		}
	})
}

// TestUsageStepIn: when the replica that adds usage up has ended, another does
// it within two seconds.
func TestUsageStepIn(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		ctx := h.gateway("g")
		var jobs sync.WaitGroup
		run := func(c *control.Control) (end func()) {
			running, cancel := context.WithCancel(t.Context())
			jobs.Go(func() { control.AddUsage(c, running, func(err error) { t.Error(err) }) })
			return cancel
		}
		defer jobs.Wait()
		// The first has made the newest pass before the second begins.
		h.ingest(ctx, 1, h.egressRecords(p.ID, 1))
		h.check(control.DrainUsage(h.c, t.Context()))
		endFirst := run(h.c)
		defer run(newControl(t, h.s, masterKey))()
		for i, want := range []int64{1 + 10, 1 + 10 + 100, 1 + 10 + 100 + 1000} {
			if i == 1 {
				endFirst()
			}
			h.ingest(ctx, int64(i+2), h.egressRecords(p.ID, []int64{10, 100, 1000}[i]))
			start := time.Now()
			for h.total(p.ID, 202611).Egress != reeve.Count(want) {
				if time.Since(start) > 2*time.Second {
					t.Fatalf("batch %d: %s used after %s, want %d", i, h.total(p.ID, 202611).Egress, time.Since(start), want)
				}
				time.Sleep(20 * time.Millisecond)
			}
		}
	})
}

func (h house) egressRecords(project reeve.ID, value int64) []reeve.UsageRecord {
	return []reeve.UsageRecord{{ProjectID: project, Meter: reeve.UsageEgress, At: h.s.Now(), Value: value}}
}

// projects makes many projects of one organisation.
func (h house) projects(n int) (out []reeve.ID) {
	h.t.Helper()
	_, _, like := h.tenant("many@mail.test")
	h.check(h.s.Write(h.t.Context(), func(tx *store.Tx) error {
		for range n {
			p := like
			p.ID, p.ServiceAccountID = newID(), newID()
			out = append(out, p.ID)
			tx.CreateProject(p)
			tx.Record(reeve.Change{Action: "project.create", Target: p.ID})
		}
		return nil
	}))
	return out
}

// TestUsageLateSamples: many gauges of which each sample is older than one that
// was added up come to the totals of the definition.
func TestUsageLateSamples(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		projects, ctx := h.projects(300), h.gateway("g")
		byProject := map[reeve.ID][]reeve.UsageRecord{}
		start := time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)
		for i, at := range []time.Duration{0, time.Hour, time.Hour - time.Second, -50 * time.Hour, -time.Second} {
			var records []reeve.UsageRecord
			for n, project := range projects {
				for b, bucket := range []string{"b", "c"} {
					r := reeve.UsageRecord{
						ProjectID: project, Bucket: bucket, Meter: reeve.UsageStorage,
						At: start.Add(at), Value: int64(1 + i*7919 + n*101 + b),
					}
					records = append(records, r)
					byProject[project] = append(byProject[project], r)
				}
			}
			h.ingest(ctx, int64(i+1), records)
			h.check(control.DrainUsage(h.c, t.Context()))
		}
		for n, project := range projects {
			want := naiveTotal(byProject[project], project, reeve.UsageStorage, 202611)
			if got := h.total(project, 202611).Storage.Big(); got.Cmp(want) != 0 {
				t.Fatalf("project %d: %s, want %s", n, got, want)
			}
		}
	})
}
