package control_test

import (
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// randomRecord is something that was used from September to November, often at
// a time or with a value that another record has too.
func randomRecord(random *rand.Rand, projects []reeve.ID) reeve.UsageRecord {
	hours := []int{0, 1, 30 * 24, 31 * 24, 50 * 24, 60 * 24, 61 * 24, 75 * 24}
	at := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(hours[random.IntN(len(hours))]) * time.Hour)
	at = at.Add(time.Duration(random.IntN(5)) * 7 * time.Minute).Add(time.Duration(random.IntN(3)) * time.Microsecond)
	return reeve.UsageRecord{
		ProjectID: projects[random.IntN(len(projects))],
		Bucket:    []string{"", "b", "c"}[random.IntN(3)],
		Meter:     reeve.UsageMeters[random.IntN(4)],
		At:        at,
		Value:     []int64{0, 1, 5, 1<<63 - 1}[random.IntN(4)],
	}
}

// naiveTotal adds a project's month up as the definition says, in big numbers.
func naiveTotal(records []reeve.UsageRecord, project reeve.ID, meter reeve.UsageMeter, month reeve.Month) *big.Int {
	total := new(big.Int)
	for _, bucket := range []string{"", "b", "c"} {
		samples := map[reeve.Month]map[time.Time]int64{}
		for _, r := range records {
			if r.ProjectID != project || r.Meter != meter || r.Bucket != bucket {
				continue
			}
			of := reeve.MonthOf(r.At)
			if !meter.Gauge() {
				if of == month {
					total.Add(total, big.NewInt(r.Value))
				}
				continue
			}
			if samples[of] == nil {
				samples[of] = map[time.Time]int64{}
			}
			samples[of][r.At] = max(samples[of][r.At], r.Value)
		}
		total.Add(total, naiveGauge(samples[month.Previous()], samples[month], month))
	}
	return total
}

func naiveGauge(before, in map[time.Time]int64, month reeve.Month) *big.Int {
	total := new(big.Int)
	times := func(samples map[time.Time]int64) (out []time.Time) {
		for at := range samples {
			out = append(out, at)
		}
		slices.SortFunc(out, time.Time.Compare)
		return out
	}
	hold := func(value int64, from, to time.Time) {
		if to.After(from) {
			total.Add(total, new(big.Int).Mul(big.NewInt(value), big.NewInt(to.Sub(from).Microseconds())))
		}
	}
	earliest := func(a, b time.Time) time.Time {
		if a.Before(b) {
			return a
		}
		return b
	}
	own := times(in)
	if old := times(before); len(old) > 0 {
		last := old[len(old)-1]
		until := earliest(month.End(), last.Add(24*time.Hour))
		if len(own) > 0 {
			until = own[0]
		}
		hold(before[last], month.Start(), until)
	}
	for i, at := range own {
		until := earliest(month.End(), at.Add(24*time.Hour))
		if i+1 < len(own) {
			until = own[i+1]
		}
		hold(in[at], at, until)
	}
	return total
}

// TestUsageInAnyOrder: the same records make the same totals, however they are
// shuffled, split, repeated and spread over replicas, and they are those of the
// definition.
func TestUsageInAnyOrder(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		replicas := []*control.Control{h.c, newControl(t, h.s, masterKey)}
		for round := range 12 {
			random := rand.New(rand.NewPCG(uint64(round), 7))
			_, o, p := h.tenant(fmt.Sprint(round, "@mail.test"))
			projects := []reeve.ID{p.ID, h.project(o).ID}
			records := make([]reeve.UsageRecord, 5+random.IntN(200))
			for i := range records {
				records[i] = randomRecord(random, projects)
			}
			ctx := h.gateway(fmt.Sprint(round))
			h.sendShuffled(ctx, random, replicas, records)
			for _, project := range projects {
				for _, month := range []reeve.Month{202609, 202610, 202611} {
					total, err := h.s.UsageTotal(t.Context(), project, month, month.End())
					h.check(err)
					for _, meter := range reeve.UsageMeters {
						if want, got := naiveTotal(records, project, meter, month), total.Of(meter).Big(); got.Cmp(want) != 0 {
							t.Fatalf("round %d, %s of %s: %s, want %s of %+v", round, meter, month, got, want, records)
						}
					}
				}
			}
		}
	})
}

// sendShuffled sends records in batches, each perhaps twice, to one replica or
// another, which add up now and then.
func (h house) sendShuffled(ctx context.Context, random *rand.Rand, replicas []*control.Control, records []reeve.UsageRecord) {
	h.t.Helper()
	shuffled := slices.Clone(records)
	random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	for sequence := int64(1); len(shuffled) > 0; sequence++ {
		n := min(1+random.IntN(12), len(shuffled))
		batch := control.UsageBatch{Sequence: sequence}
		for _, r := range shuffled[:n] {
			batch.Records = append(batch.Records, control.UsageItem{UsageRecord: r})
		}
		shuffled = shuffled[n:]
		for range 1 + random.IntN(2) {
			refusals, err := replicas[random.IntN(2)].IngestUsage(ctx, batch)
			same(h.t, "refusals", make([]string, n), refusals, err)
		}
		if random.IntN(3) == 0 {
			h.check(control.DrainUsage(replicas[random.IntN(2)], h.t.Context()))
		}
	}
	h.check(control.DrainUsage(replicas[random.IntN(2)], h.t.Context()))
}
