package control_test

import (
	"context"
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
					Bucket: rapid.SampledFrom([]string{"", "a"}).Draw(r, "bucket"),
					Meter:  rapid.SampledFrom(slices.Concat(reeve.UsageMeters, reeve.UsageMeters[:1])).Draw(r, "meter"),
					Value:  rapid.OneOf(rapid.Int64Range(0, 5), rapid.Int64Range(0, math.MaxInt64)).Draw(r, "value"),
				}
			})
			records := rapid.SliceOfN(record, 1, 40).Draw(r, "records")
			cut := rapid.IntRange(0, len(records)).Draw(r, "cut")
			parts := slices.DeleteFunc([][]reeve.UsageRecord{records[:cut], records[cut:]}, func(p []reeve.UsageRecord) bool { return len(p) == 0 })
			h.sent(fmt.Sprintf("g%d", run), parts...)
			from := rapid.IntRange(0, int(month.Hours())-1).Draw(r, "from")
			to := rapid.IntRange(from+1, int(month.Hours())).Draw(r, "to")
			m := rapid.SampledFrom([]reeve.Month{previous, month}).Draw(r, "of")
			var both reeve.UsageTotal
			for _, project := range projects {
				total := h.usedIn(project, m)
				hours := h.series(monthQuery(project, m, reeve.StepHour))
				sumsTo(h, hours, total)
				sumsTo(h, h.series(monthQuery(project, m, reeve.StepDay)), total)
				sumsTo(h, h.series(monthQuery(project, m, reeve.StepMonth)), total)
				h.partOf(hours, project, from, min(to, int(m.Hours())))
				var buckets reeve.UsageTotal
				for _, bucket := range []string{"", "a", "c"} {
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

// TestSeriesAsked: what a series covers, and what cannot be asked.
func TestSeriesAsked(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		leap := time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC)
		h.clock.set(leap.Add(2*time.Hour + 30*time.Minute))
		h.sent("g", []reeve.UsageRecord{
			{ProjectID: p.ID, Meter: reeve.UsageStorage, At: leap.Add(-time.Hour), Value: 10},
			{ProjectID: p.ID, Meter: reeve.UsageStorage, At: leap.Add(90 * time.Minute), Value: 20},
			{ProjectID: p.ID, Meter: reeve.UsageEgress, At: leap.Add(-1), Value: 1},
			{ProjectID: p.ID, Meter: reeve.UsageEgress, At: leap, Value: 2},
		})
		got := h.series(control.SeriesQuery{
			ProjectID: p.ID, From: leap.Add(-30 * time.Minute), To: leap.Add(3*time.Hour + 1), Step: reeve.StepHour,
			Meters: []reeve.UsageMeter{reeve.UsageEgress, reeve.UsageStorage},
		})
		hour := time.Hour
		same(t, "from", leap.Add(-hour), got.From, nil)
		same(t, "to", leap.Add(4*hour), got.To, nil)
		same(t, "last step", leap.Add(3*hour), got.At(4), nil)
		same(t, "egress", []reeve.Quantity{reeve.Count(1), reeve.Count(2), {}, {}, {}}, got.Meters[0].Points, nil)
		same(t, "storage", []reeve.Quantity{
			reeve.Hold(10, hour), reeve.Hold(10, hour), reeve.Hold(30, hour/2), reeve.Hold(20, hour/2), {},
		}, got.Meters[1].Points, nil)

		h.sent("later", []reeve.UsageRecord{
			{ProjectID: p.ID, Bucket: "b", Meter: reeve.UsageObjects, At: leap.AddDate(0, -1, 0), Value: 3},
			{ProjectID: p.ID, Bucket: "b", Meter: reeve.UsageObjects, At: leap.AddDate(0, 0, -20), Value: 4},
			{ProjectID: p.ID, Bucket: "b", Meter: reeve.UsageObjects, At: leap, Value: 5},
		})
		for days, want := range map[int]int64{22: 3, 12: 4} {
			day := leap.AddDate(0, 0, -days)
			got := h.series(control.SeriesQuery{ProjectID: p.ID, From: day, To: day.Add(hour), Step: reeve.StepHour})
			same(t, "a sample holds until the next, however far", reeve.Hold(want, hour), got.Of(reeve.UsageObjects).Total, nil)
		}

		soFar := h.series(control.SeriesQuery{ProjectID: p.ID, Step: reeve.StepDay})
		same(t, "this month", "2028-02-01 00:00:00 +0000 UTC to 2028-03-01 00:00:00 +0000 UTC, 29",
			fmt.Sprintf("%s to %s, %d", soFar.From, soFar.To, soFar.Len()), nil)
		same(t, "meters", 4, len(soFar.Meters), nil)
		far := h.series(control.SeriesQuery{ProjectID: p.ID, From: time.Unix(0, 0), To: time.Unix(0, 0).AddDate(160, 0, 0), Step: reeve.StepMonth})
		same(t, "since 1970", reeve.Count(3), far.Of(reeve.UsageEgress).Total, nil)
		future := h.series(control.SeriesQuery{ProjectID: p.ID, From: leap.AddDate(1, 0, 0), To: leap.AddDate(1, 0, 1), Step: reeve.StepHour})
		same(t, "future", reeve.Quantity{}, future.Of(reeve.UsageStorage).Total, nil)

		for what, q := range map[string]control.SeriesQuery{
			"from must be before to": {ProjectID: p.ID, From: leap, To: leap, Step: reeve.StepHour},
			"more than 2000 points: take a longer step or a shorter time": {ProjectID: p.ID, From: leap, To: leap.Add(2001 * hour), Step: reeve.StepHour},
			"from and to must be within the years 1970 to 9999":           {ProjectID: p.ID, From: time.Unix(-1, 0), To: leap, Step: reeve.StepMonth},
		} {
			_, err := h.c.UsageSeries(h.ctx, q)
			refused(t, what, err, reeve.Invalid, what)
			q.OrganizationID, q.ProjectID = o.ID, reeve.Zero
			_, err = h.c.UsageSeries(h.ctx, q)
			refused(t, what, err, reeve.Invalid, what)
		}
		h.series(control.SeriesQuery{ProjectID: p.ID, From: leap, To: leap.Add(2000 * hour), Step: reeve.StepHour})
	})
}

// TestSeriesAuthorisation: operators see any, tenants their own, whatever the
// role; a malformed question about another's is denied too.
func TestSeriesAuthorisation(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		_, foreign, theirs := h.tenant("bob@mail.test")
		ask := func(ctx context.Context, q control.SeriesQuery) error {
			_, err := h.c.UsageSeries(ctx, q)
			return err
		}
		for _, role := range []reeve.Role{reeve.RoleViewer, reeve.RoleEditor, reeve.RoleAdmin} {
			ctx := h.keyholder(o, role)
			h.check(ask(ctx, control.SeriesQuery{ProjectID: p.ID, Step: reeve.StepDay}))
			h.check(ask(ctx, control.SeriesQuery{OrganizationID: o.ID, Step: reeve.StepDay}))
			h.check(h.c.AuthorizeOrganization(ctx, o.ID, reeve.ReadUsage))
			for _, q := range []control.SeriesQuery{
				{},
				{ProjectID: theirs.ID, Step: reeve.StepDay},
				{ProjectID: newID(), From: epoch, To: epoch},
				{ProjectID: o.ID},
				{OrganizationID: foreign.ID, Step: reeve.StepDay},
				{OrganizationID: newID()},
				{OrganizationID: p.ID, From: epoch, To: epoch},
			} {
				denied(t, fmt.Sprintf("%s %+v", role, q), ask(ctx, q))
			}
		}
		ctx := h.keyholder(o, "")
		denied(t, "no role", ask(ctx, control.SeriesQuery{OrganizationID: o.ID}))
		denied(t, "no role", h.c.AuthorizeOrganization(ctx, o.ID, reeve.ReadUsage))
		refused(t, "unknown project", ask(h.ctx, control.SeriesQuery{ProjectID: newID()}), reeve.NotFound, "project not found")
		refused(t, "unknown organisation", ask(h.ctx, control.SeriesQuery{OrganizationID: newID()}), reeve.NotFound, "organization not found")
	})
}
