package control

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

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

// usageSums is what some records add.
type usageSums struct {
	totals  map[monthKey]*reeve.UsageTotal
	days    map[store.DayKey]*store.DayCounts
	samples map[gaugeKey][]reeve.Sample
}

func newUsageSums() usageSums {
	return usageSums{
		map[monthKey]*reeve.UsageTotal{},
		map[store.DayKey]*store.DayCounts{},
		map[gaugeKey][]reeve.Sample{},
	}
}

func (s *usageSums) add(r reeve.UsageRecord) {
	month := monthKey{r.ProjectID, reeve.MonthOf(r.At)}
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

// months gives the months of projects that something was added to.
func (s *usageSums) months() map[monthKey]bool {
	out := make(map[monthKey]bool, len(s.totals))
	for key := range s.totals {
		out[key] = true
	}
	for key := range s.samples {
		out[monthKey{key.ProjectID, key.month}] = true
	}
	return out
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
	mark := func(project reeve.ID, month reeve.Month) {
		if closed[month] && !slices.Contains(late[project], month) {
			late[project] = append(late[project], month)
		}
	}
	for key := range sums.totals {
		mark(key.project, key.month)
	}
	for key := range sums.samples {
		mark(key.ProjectID, key.month)
		mark(key.ProjectID, key.month.Add(1))
	}
	tx.PutUsageLate(late)
	return nil
}

// sortedIDs gives ids in order, each once.
func sortedIDs(ids []reeve.ID) []reeve.ID {
	slices.SortFunc(ids, func(a, b reeve.ID) int { return cmp.Compare(string(a[:]), string(b[:])) })
	return slices.Compact(ids)
}
