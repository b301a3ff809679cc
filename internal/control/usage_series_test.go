package control_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// series asks for a series of whole steps; one without projects asks for the
// organisation's.
func (h house) series(q control.SeriesQuery) reeve.Series {
	h.t.Helper()
	out, err := h.c.UsageSeries(h.ctx, q)
	h.check(err)
	return out
}

// sent ingests records in batches and adds them up after each.
func (h house) sent(name string, batches ...[]reeve.UsageRecord) {
	h.t.Helper()
	ctx := h.gateway(name)
	for i, records := range batches {
		batch := control.UsageBatch{Sequence: int64(i) + 1}
		for _, r := range records {
			batch.Records = append(batch.Records, control.UsageItem{UsageRecord: r})
		}
		refusals, err := h.c.IngestUsage(ctx, batch)
		h.check(err)
		for j, refusal := range refusals {
			if refusal != "" {
				h.t.Fatalf("%+v: %s", records[j], refusal)
			}
		}
		h.check(control.DrainUsage(h.c, h.t.Context()))
	}
}

func monthQuery(project reeve.ID, month reeve.Month, step reeve.Step) control.SeriesQuery {
	return control.SeriesQuery{ProjectID: project, From: month.Start(), To: month.End(), Step: step}
}

// TestSeriesAddUp: whatever comes in whatever order, the hours of a month make
// its total, exactly; so do its days, its buckets and any part of it.
func TestSeriesAddUp(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		run := 0
		rapid.Check(t, func(r *rapid.T) {
			run++
			month := rapid.SampledFrom([]reeve.Month{202612, 202701, 202702, 202802, 202803}).Draw(r, "month")
			previous := month.Previous()
			seconds := int64(month.End().Sub(previous.Start()) / time.Second)
			now := month.Start().Add(time.Duration(rapid.Int64Range(1, 40*86400).Draw(r, "now")) * time.Second)
			h.clock.set(now)
			_, o, p := h.tenant(fmt.Sprintf("ada%d@mail.test", run))
			projects := []reeve.ID{p.ID, h.project(o).ID}
			record := rapid.Custom(func(r *rapid.T) reeve.UsageRecord {
				at := previous.Start().Add(time.Duration(rapid.Int64Range(0, seconds*1_000_000-1).Draw(r, "at")) * time.Microsecond)
				if rapid.Bool().Draw(r, "round") {
					at = at.Truncate(time.Hour)
				}
				if at.After(now) {
					at = now.Add(-time.Duration(rapid.Int64Range(-300, 86400).Draw(r, "ago")) * time.Second)
				}
				return reeve.UsageRecord{
					ProjectID: rapid.SampledFrom(projects).Draw(r, "project"), At: at,
					Bucket: rapid.SampledFrom([]string{"", "a", "b"}).Draw(r, "bucket"),
					Meter:  rapid.SampledFrom(reeve.UsageMeters).Draw(r, "meter"),
					Value:  rapid.OneOf(rapid.Int64Range(0, 5), rapid.Int64Range(0, math.MaxInt64)).Draw(r, "value"),
				}
			})
			records := rapid.SliceOfN(record, 1, 40).Draw(r, "records")
			cut := rapid.IntRange(0, len(records)).Draw(r, "cut")
			parts := slices.DeleteFunc([][]reeve.UsageRecord{records[:cut], records[cut:]}, func(p []reeve.UsageRecord) bool { return len(p) == 0 })
			h.sent(fmt.Sprintf("g%d", run), parts...)
			from := rapid.IntRange(0, int(month.Hours())-1).Draw(r, "from")
			to := rapid.IntRange(from+1, int(month.Hours())).Draw(r, "to")
			for _, m := range []reeve.Month{previous, month} {
				var both reeve.UsageTotal
				for _, project := range projects {
					total := h.usedIn(project, m)
					hours := h.series(monthQuery(project, m, reeve.StepHour))
					sumsTo(h, hours, total)
					sumsTo(h, h.series(monthQuery(project, m, reeve.StepDay)), total)
					sumsTo(h, h.series(monthQuery(project, m, reeve.StepMonth)), total)
					h.partOf(hours, project, from, min(to, int(m.Hours())))
					var buckets reeve.UsageTotal
					for _, bucket := range []string{"", "a", "b", "c"} {
						q := monthQuery(project, m, reeve.StepMonth)
						q.Bucket = &bucket
						addSeries(&buckets, h.series(q))
					}
					buckets.ProjectID, buckets.Month = project, m
					same(h.t, "buckets", total, buckets, nil)
					addSeries(&both, hours)
				}
				for _, step := range []reeve.Step{reeve.StepHour, reeve.StepMonth} {
					q := monthQuery(reeve.Zero, m, step)
					q.OrganizationID = o.ID
					sumsTo(h, h.series(q), both)
				}
			}
			if h.t.Failed() {
				r.FailNow()
			}
		})
	})
}

func addSeries(to *reeve.UsageTotal, s reeve.Series) {
	for _, m := range s.Meters {
		q := to.Of(m.Meter)
		*q = q.Add(m.Total)
	}
}

// sumsTo checks that a series' points make its totals, and those a month's.
func sumsTo(h house, s reeve.Series, want reeve.UsageTotal) {
	h.t.Helper()
	got := reeve.UsageTotal{ProjectID: want.ProjectID, Month: want.Month}
	for _, m := range s.Meters {
		for _, n := range m.Points {
			q := got.Of(m.Meter)
			*q = q.Add(n)
		}
		if !got.Of(m.Meter).Equal(m.Total) {
			h.t.Errorf("%s: the points make %s, the total is %s", m.Meter, got.Of(m.Meter), m.Total)
		}
	}
	same(h.t, string(s.Step), want, got, nil)
}

// partOf checks that a series of some hours has the points of the whole.
func (h house) partOf(whole reeve.Series, project reeve.ID, from, to int) {
	h.t.Helper()
	if from >= to {
		return
	}
	part := h.series(control.SeriesQuery{
		ProjectID: project, From: whole.At(from), To: whole.At(from).Add(time.Duration(to-from) * time.Hour), Step: reeve.StepHour,
	})
	for i, m := range part.Meters {
		same(h.t, fmt.Sprintf("%s from %d to %d", m.Meter, from, to), whole.Meters[i].Points[from:to], m.Points, nil)
	}
}
