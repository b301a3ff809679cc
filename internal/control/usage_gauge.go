package control

import (
	"bytes"
	"context"
	"slices"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

func (m *usageMemory) writeGauges(ctx context.Context, tx *store.Tx, sums *usageSums) error {
	missing := absent(sums.samples, m.gauges, func(k gaugeKey) (reeve.Month, reeve.ID) { return k.month, k.ProjectID })
	for month, projects := range missing {
		found, err := tx.UsageGauges(ctx, projects, month)
		if err != nil {
			return err
		}
		for key, gauge := range found {
			m.gauges[gaugeKey{key, month}] = &gauge
		}
	}
	late := map[lateSpan][]gaugeKey{}
	for key, samples := range sums.samples {
		slices.SortFunc(samples, compareSamples)
		gauge := getOrMake(m.gauges, key, reeve.GaugeMonth{})
		if samples[0].At.Before(gauge.Last.At) {
			span := lateSpan{key.month, max(store.DayOf(samples[0].At)-1, store.DayOf(key.month.Start()))}
			late[span] = append(late[span], key)
			continue
		}
		for _, s := range samples {
			*gauge = gauge.Add(s)
		}
	}
	for span, keys := range late {
		if err := m.insertLate(ctx, tx.Reader, sums, span, keys); err != nil {
			return err
		}
	}
	changed := map[reeve.Month]map[store.GaugeKey]reeve.GaugeMonth{}
	for key := range sums.samples {
		if changed[key.month] == nil {
			changed[key.month] = map[store.GaugeKey]reeve.GaugeMonth{}
		}
		changed[key.month][key.GaugeKey] = *m.gauges[key]
	}
	for month, gauges := range changed {
		tx.PutUsageGauges(month, gauges)
	}
	return m.writeSamples(ctx, tx, sums)
}

func compareSamples(a, b reeve.Sample) int { return a.At.Compare(b.At) }

// lateSpan is the rest of a month from a day on.
type lateSpan struct {
	month reeve.Month
	from  int64
}

// lateAtOnce is how many gauges are put together anew at once: their samples are
// in memory.
const lateAtOnce = 200

// insertLate puts samples in that are before a gauge's last: what those around
// them hold changes. It reads the gauges' samples from a day on, once for all.
func (m *usageMemory) insertLate(ctx context.Context, r store.Reader, sums *usageSums, span lateSpan, keys []gaugeKey) error {
	slices.SortFunc(keys, func(a, b gaugeKey) int { return bytes.Compare(a.ProjectID[:], b.ProjectID[:]) })
	earlier := lateSpan{span.month, store.DayOf(span.month.Start())}
	var again []gaugeKey
	for part := range slices.Chunk(keys, lateAtOnce) {
		there, err := samplesFrom(ctx, r, span, part)
		if err != nil {
			return err
		}
		for _, key := range part {
			if !m.insert(key, there[key.GaugeKey], sums.samples[key], span == earlier) {
				again = append(again, key)
			}
		}
	}
	if len(again) == 0 {
		return nil
	}
	return m.insertLate(ctx, r, sums, earlier, again)
}

// insert puts late samples among those of the month's rest that are there, both
// in order. It needs one that is not after the first of them, unless all of the
// month are there; else it does nothing and answers false.
func (m *usageMemory) insert(key gaugeKey, there, late []reeve.Sample, all bool) bool {
	gauge := m.gauges[key]
	begin := 0
	for begin+1 < len(there) && !there[begin+1].At.After(late[0].At) {
		begin++
	}
	for begin > 0 && there[begin-1].At.Equal(there[begin].At) { // the larger counts
		begin--
	}
	if !all && gauge.First.Before(late[0].At) && (len(there) == 0 || there[begin].At.After(late[0].At)) {
		return false
	}
	there = there[begin:]
	before, after := holding(there), holding(sortedSamples(there, late))
	gauge.Held = gauge.Held.Sub(before.Held).Add(after.Held)
	gauge.Last = after.Last
	if after.First.Before(gauge.First) {
		gauge.First = after.First
	}
	return true
}

// holding is what samples in order make.
func holding(samples []reeve.Sample) (out reeve.GaugeMonth) {
	for _, s := range samples {
		out = out.Add(s)
	}
	return out
}

func sortedSamples(a, b []reeve.Sample) []reeve.Sample {
	out := slices.Concat(a, b)
	slices.SortFunc(out, compareSamples)
	return out
}

// samplesFrom gives the samples of some gauges in the rest of a month, in order.
func samplesFrom(ctx context.Context, r store.Reader, span lateSpan, keys []gaugeKey) (map[store.GaugeKey][]reeve.Sample, error) {
	out := make(map[store.GaugeKey][]reeve.Sample, len(keys))
	var projects []reeve.ID
	for _, key := range keys {
		out[key.GaugeKey] = nil
		projects = append(projects, key.ProjectID)
	}
	days := store.UsageSpan{Projects: sortedIDs(projects), From: span.from, To: store.DayOf(span.month.End())}
	err := r.EachSampleInSpan(ctx, days, func(key store.GaugeKey, s reeve.Sample) {
		if kept, ok := out[key]; ok {
			out[key] = append(kept, s)
		}
	})
	for key := range out {
		slices.SortFunc(out[key], compareSamples)
	}
	return out, err
}

func (m *usageMemory) writeSamples(ctx context.Context, tx *store.Tx, sums *usageSums) error {
	type sampleOf struct {
		meter  reeve.UsageMeter
		sample reeve.Sample
	}
	days := map[store.DayKey][]sampleOf{}
	for key, samples := range sums.samples {
		for _, s := range samples {
			day := store.DayKey{Day: store.DayOf(s.At), ProjectID: key.ProjectID, Bucket: key.Bucket}
			days[day] = append(days[day], sampleOf{key.Meter, s})
		}
	}
	missing := absent(days, m.parts, func(k store.DayKey) (int64, reeve.ID) { return k.Day, k.ProjectID })
	for day, projects := range missing {
		found, err := tx.UsageSampleParts(ctx, projects, day)
		if err != nil {
			return err
		}
		for key, part := range found {
			m.parts[key] = &part
		}
	}
	changed := map[store.DayKey][]store.SamplePart{}
	for key, samples := range days {
		part := getOrMake(m.parts, key, store.SamplePart{})
		for _, s := range samples {
			if part.Full() {
				changed[key] = append(changed[key], *part)
				*part = store.SamplePart{Number: part.Number + 1}
			}
			part.Add(s.meter, key.Day, s.sample)
		}
		changed[key] = append(changed[key], *part)
	}
	tx.PutUsageSamples(changed)
	return nil
}
