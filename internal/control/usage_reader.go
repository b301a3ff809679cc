package control

import (
	"context"
	"slices"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// usageReader reads usage as it was reported: of counters each hour, of gauges
// from when to when a value held. It keeps in memory what one gauge has in a
// month, and not more of what it has read.
type usageReader struct {
	store.Reader
	now      time.Time
	from, to time.Time // the days that these touch are read
	bucket   *string   // nil: all
	meters   []reeve.UsageMeter
	sink     usageSink
}

// usageSink takes what a usageReader has read, in no order.
type usageSink interface {
	counted(of store.GaugeKey, hour time.Time, n reeve.Quantity)
	held(of store.GaugeKey, value int64, from, to time.Time)
}

// projectsAtOnce is how many projects are read at a time: as many as a
// statement names.
const projectsAtOnce = 100

func (u *usageReader) read(ctx context.Context, projects []reeve.ID) error {
	for month := reeve.MonthOf(u.from); month.Start().Before(u.to); month = month.Add(1) {
		for part := range slices.Chunk(projects, projectsAtOnce) {
			if err := u.readMonth(ctx, part, month); err != nil {
				return err
			}
		}
	}
	return nil
}

// readMonth reads what falls into one month. Gauges are read from its start: a
// sample may hold until the end.
func (u *usageReader) readMonth(ctx context.Context, projects []reeve.ID, month reeve.Month) error {
	first, last := store.DayOf(month.Start()), store.DayOf(month.End())
	span := store.UsageSpan{
		Projects: projects, Bucket: u.bucket,
		From: max(first, store.DayOf(u.from)), To: min(last, store.DayOf(u.to.Add(-time.Microsecond))+1),
	}
	if slices.ContainsFunc(u.meters, func(m reeve.UsageMeter) bool { return !m.Gauge() }) {
		if err := u.EachUsageDay(ctx, span, u.day); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(u.meters, reeve.UsageMeter.Gauge) {
		return nil
	}
	span.From = first
	return u.gauges(ctx, span, month)
}

func (u *usageReader) day(key store.DayKey, counts *store.DayCounts) {
	start := store.DayStart(key.Day)
	for _, m := range u.meters {
		if m.Gauge() {
			continue
		}
		for hour, n := range counts.Of(m) {
			if !n.IsZero() {
				u.sink.counted(store.GaugeKey{ProjectID: key.ProjectID, Meter: m, Bucket: key.Bucket}, start.Add(time.Duration(hour)*time.Hour), n)
			}
		}
	}
}

// gauges reads the gauges of a month. What its samples make is read before
// them: its last one then is among them, or after the span, and they hold until
// then.
func (u *usageReader) gauges(ctx context.Context, span store.UsageSpan, month reeve.Month) error {
	known, err := u.UsageGauges(ctx, span.Projects, month)
	if err != nil {
		return err
	}
	openings, err := u.UsageGauges(ctx, span.Projects, month.Previous())
	if err != nil {
		return err
	}
	var bucket store.GaugeKey // the meter is any
	samples := map[reeve.UsageMeter][]reeve.Sample{}
	flush := func() {
		for meter, list := range samples {
			key := store.GaugeKey{ProjectID: bucket.ProjectID, Meter: meter, Bucket: bucket.Bucket}
			if gauge, ok := known[key]; ok {
				list = append(list, gauge.Last)
			}
			u.gauge(key, list, openings[key].Last, month)
			delete(known, key)
			delete(openings, key)
		}
		clear(samples)
	}
	if len(known) > 0 {
		err = u.EachSampleInSpan(ctx, span, func(key store.GaugeKey, s reeve.Sample) {
			if key.ProjectID != bucket.ProjectID || key.Bucket != bucket.Bucket {
				flush()
				bucket = key
			}
			samples[key.Meter] = append(samples[key.Meter], s)
		})
		if err != nil {
			return err
		}
		flush()
	}
	// Those whose samples of the month are all after the span, or that have none.
	for key, gauge := range known {
		u.gauge(key, []reeve.Sample{gauge.Last}, openings[key].Last, month)
		delete(openings, key)
	}
	for key, opening := range openings {
		u.gauge(key, nil, opening.Last, month)
	}
	return nil
}

func (u *usageReader) gauge(key store.GaugeKey, samples []reeve.Sample, opening reeve.Sample, month reeve.Month) {
	if !slices.Contains(u.meters, key.Meter) || u.bucket != nil && key.Bucket != *u.bucket {
		return
	}
	slices.SortFunc(samples, func(a, b reeve.Sample) int { return a.At.Compare(b.At) })
	reeve.EachSpan(samples, opening, month, u.now, func(value int64, from, to time.Time) {
		u.sink.held(key, value, from, to)
	})
}
