package control

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// usagePasses adds up what was taken in, some batches in each pass. One replica
// at a time makes a pass; the one that made the last remembers what it wrote and
// reads nothing again.
type usagePasses struct {
	mu     sync.Mutex // held through a pass
	memory usageMemory
}

// usageMemory is what the pass of a number has left in the database, as far as
// it is remembered.
type usageMemory struct {
	limit  int // of the next pass, in batches
	pass   int64
	totals map[monthKey]*reeve.UsageTotal
	days   map[store.DayKey]store.PackedDay
	gauges map[gaugeKey]*reeve.GaugeMonth
	parts  map[store.DayKey]*store.SamplePart
}

// monthKey is a project's month.
type monthKey struct {
	project reeve.ID
	month   reeve.Month
}

// gaugeKey is a gauge's month.
type gaugeKey struct {
	store.GaugeKey
	month reeve.Month
}

// How many batches a pass takes at most, after some passes that took fewer, and
// how many rows are remembered.
const (
	passBatches = 200
	maxRemember = 400_000
)

// How often a replica looks for what is to be added up, and at how many looks in
// a row another replica may have left it undone.
const (
	passLook     = 200 * time.Millisecond
	passPatience = 3
)

// addUsage makes passes until the context ends; failures are handed to report,
// and tried again. The replica that made the last pass makes the next: it need
// not read what it remembers. Another one steps in when that is idle.
func (c *Control) addUsage(ctx context.Context, report func(error)) {
	look := time.NewTicker(passLook)
	defer look.Stop()
	var seen int64 // the number of the newest pass, of which nothing has come for
	var idle int   // so many looks
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		number, waiting, err := c.store.UsagePass(ctx)
		if number != seen || !waiting {
			seen, idle = number, 0
		}
		if err == nil && waiting {
			if idle++; idle >= passPatience || !c.store.Shared() || c.usage.made(number) {
				err = c.drainUsage(ctx)
			}
		}
		if err != nil && ctx.Err() == nil {
			report(err)
		}
	}
}

// made tells whether this replica made the pass of a number.
func (p *usagePasses) made(number int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.memory.pass == number
}

// drainUsage adds up all that was taken in before the call.
func (c *Control) drainUsage(ctx context.Context) error {
	for more := true; more; {
		_, waiting, err := c.store.UsagePass(ctx)
		if err != nil || !waiting {
			return err
		}
		if more, err = c.usagePass(ctx); err != nil {
			return err
		}
	}
	return nil
}

// usagePass adds up some batches, and tells whether there may be more.
func (c *Control) usagePass(ctx context.Context) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	c.usage.mu.Lock()
	defer c.usage.mu.Unlock()
	m := &c.usage.memory
	m.limit = max(m.limit, 1)
	limit := m.limit
	var sums usageSums
	var pass int64
	err = c.store.Write(ctx, func(tx *store.Tx) (err error) {
		before := m.pass
		m.pass = 0 // what it holds is half done until the commit
		if pass, err = tx.BeginUsagePass(ctx); err != nil {
			return err
		}
		if before == 0 || pass != before+1 || m.size() > maxRemember {
			m.forget()
		}
		sums = newUsageSums()
		batches, err := tx.TakeUsageBatches(ctx, limit, sums.add)
		if err != nil {
			return err
		}
		more = batches == limit
		return m.write(ctx, tx, &sums)
	})
	if err != nil { // it may have been too much for its time
		m.limit = limit / 4
		return false, err
	}
	m.limit = min(2*limit, passBatches)
	m.pass = pass
	for key := range sums.touched {
		c.admissions.changed(key.project)
		c.alerts.touch(key.project)
	}
	return more, nil
}

// usageSums is what some records add.
type usageSums struct {
	totals  map[monthKey]*reeve.UsageTotal
	days    map[store.DayKey]*store.DayCounts
	samples map[gaugeKey][]reeve.Sample
	touched map[monthKey]bool
}

func newUsageSums() usageSums {
	return usageSums{
		map[monthKey]*reeve.UsageTotal{},
		map[store.DayKey]*store.DayCounts{},
		map[gaugeKey][]reeve.Sample{},
		map[monthKey]bool{},
	}
}

func (s *usageSums) add(r reeve.UsageRecord) {
	month := monthKey{r.ProjectID, reeve.MonthOf(r.At)}
	s.touched[month] = true
	if r.Meter.Gauge() {
		key := gaugeKey{store.GaugeKey{ProjectID: r.ProjectID, Meter: r.Meter, Bucket: r.Bucket}, month.month}
		s.samples[key] = append(s.samples[key], reeve.Sample{At: r.At, Value: r.Value})
		return
	}
	n := reeve.Count(r.Value)
	total := getOrMake(s.totals, month, reeve.UsageTotal{ProjectID: r.ProjectID, Month: month.month})
	sum := total.Of(r.Meter)
	*sum = sum.Add(n)
	day := store.DayKey{Day: store.DayOf(r.At), ProjectID: r.ProjectID, Bucket: r.Bucket}
	hour := &getOrMake(s.days, day, store.DayCounts{}).Of(r.Meter)[r.At.UTC().Hour()]
	*hour = hour.Add(n)
}

func getOrMake[K comparable, V any](in map[K]*V, key K, empty V) *V {
	out := in[key]
	if out == nil {
		out = &empty
		in[key] = out
	}
	return out
}

func (m *usageMemory) size() int { return len(m.totals) + len(m.days) + len(m.gauges) + len(m.parts) }

func (m *usageMemory) forget() {
	*m = usageMemory{
		limit:  m.limit,
		totals: map[monthKey]*reeve.UsageTotal{}, days: map[store.DayKey]store.PackedDay{},
		gauges: map[gaugeKey]*reeve.GaugeMonth{}, parts: map[store.DayKey]*store.SamplePart{},
	}
}

// write adds the sums to what is in the database.
func (m *usageMemory) write(ctx context.Context, tx *store.Tx, sums *usageSums) error {
	if err := m.writeTotals(ctx, tx, sums); err != nil {
		return err
	}
	if err := m.writeDays(ctx, tx, sums); err != nil {
		return err
	}
	if err := m.writeGauges(ctx, tx, sums); err != nil {
		return err
	}
	return writeLate(ctx, tx, sums)
}

// absent groups the projects of the keys that are not remembered.
func absent[K comparable, V, T any, G comparable](keys map[K]V, known map[K]T, of func(K) (G, reeve.ID)) map[G][]reeve.ID {
	out := map[G][]reeve.ID{}
	for key := range keys {
		if _, ok := known[key]; !ok {
			group, project := of(key)
			out[group] = append(out[group], project)
		}
	}
	for group := range out {
		out[group] = sortedIDs(out[group])
	}
	return out
}

func (m *usageMemory) writeTotals(ctx context.Context, tx *store.Tx, sums *usageSums) error {
	missing := absent(sums.totals, m.totals, func(k monthKey) (reeve.Month, reeve.ID) { return k.month, k.project })
	for month, projects := range missing {
		found, err := tx.UsageCounters(ctx, projects, month)
		if err != nil {
			return err
		}
		for _, total := range found {
			m.totals[monthKey{total.ProjectID, month}] = &total
		}
	}
	changed := make([]reeve.UsageTotal, 0, len(sums.totals))
	for key, added := range sums.totals {
		total := getOrMake(m.totals, key, reeve.UsageTotal{ProjectID: key.project, Month: key.month})
		total.Egress, total.Requests = total.Egress.Add(added.Egress), total.Requests.Add(added.Requests)
		changed = append(changed, *total)
	}
	tx.PutUsageCounters(changed)
	return nil
}

func (m *usageMemory) writeDays(ctx context.Context, tx *store.Tx, sums *usageSums) error {
	missing := absent(sums.days, m.days, func(k store.DayKey) (int64, reeve.ID) { return k.Day, k.ProjectID })
	for day, projects := range missing {
		found, err := tx.UsageDays(ctx, projects, day)
		if err != nil {
			return err
		}
		maps.Copy(m.days, found)
	}
	changed := make(map[store.DayKey]store.PackedDay, len(sums.days))
	for key, added := range sums.days {
		day, err := m.days[key].Add(added)
		if err != nil {
			return err
		}
		m.days[key], changed[key] = day, day
	}
	tx.PutUsageDays(changed)
	return nil
}

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
	changed := map[reeve.Month]map[store.GaugeKey]reeve.GaugeMonth{}
	for key, samples := range sums.samples {
		slices.SortFunc(samples, func(a, b reeve.Sample) int { return a.At.Compare(b.At) })
		gauge := getOrMake(m.gauges, key, reeve.GaugeMonth{})
		if samples[0].At.Before(gauge.Last.At) { // late: the month is put together anew
			all, err := samplesOf(ctx, tx.Reader, key)
			if err != nil {
				return err
			}
			samples = append(all, samples...)
			slices.SortFunc(samples, func(a, b reeve.Sample) int { return a.At.Compare(b.At) })
			*gauge = reeve.GaugeMonth{}
		}
		for _, s := range samples {
			*gauge = gauge.Add(s)
		}
		if changed[key.month] == nil {
			changed[key.month] = map[store.GaugeKey]reeve.GaugeMonth{}
		}
		changed[key.month][key.GaugeKey] = *gauge
	}
	for month, gauges := range changed {
		tx.PutUsageGauges(month, gauges)
	}
	return m.writeSamples(ctx, tx, sums)
}

// samplesOf gives all samples of a gauge's month.
func samplesOf(ctx context.Context, r store.Reader, key gaugeKey) (out []reeve.Sample, err error) {
	project := []reeve.ID{key.ProjectID}
	for day := store.DayOf(key.month.Start()); err == nil && day < store.DayOf(key.month.End()); day++ {
		err = r.EachUsageSample(ctx, project, day, func(of store.GaugeKey, s reeve.Sample) {
			if of == key.GaugeKey {
				out = append(out, s)
			}
		})
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

// writeLate notes what came for months that are closed: the month itself and,
// since a gauge's next month starts from it, the one after.
func writeLate(ctx context.Context, tx *store.Tx, sums *usageSums) error {
	months, err := tx.BillingMonths(ctx)
	if err != nil {
		return err
	}
	closed := map[reeve.Month]bool{}
	for _, m := range months {
		closed[m.Month] = true
	}
	late := map[reeve.ID][]reeve.Month{}
	for key := range sums.touched {
		for _, month := range []reeve.Month{key.month, key.month.Add(1)} {
			if closed[month] && !slices.Contains(late[key.project], month) {
				late[key.project] = append(late[key.project], month)
			}
		}
	}
	tx.PutUsageLate(late)
	return nil
}

// sortedIDs gives ids in order, each once.
func sortedIDs(ids []reeve.ID) []reeve.ID {
	slices.SortFunc(ids, func(a, b reeve.ID) int { return cmp.Compare(string(a[:]), string(b[:])) })
	return slices.Compact(ids)
}
