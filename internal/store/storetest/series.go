package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// testUsageSpan: a span gives the days and projects that it names and no
// others, and the samples of a gauge one after the other.
func testUsageSpan(t *testing.T, w world) {
	_, o, p := w.tenant("ada@mail.test")
	projects := []reeve.ID{p.ID, w.project(o).ID, w.project(o).ID}
	first := store.DayOf(time.Date(2028, 2, 1, 0, 0, 0, 0, time.UTC))
	w.fortyDays(projects, first)
	bucket := "b"
	for _, test := range []struct {
		days     int64
		projects int
		bucket   *string
		buckets  int
	}{
		{1, 3, nil, 2}, {2, 1, nil, 2}, {7, 2, &bucket, 1}, {31, 3, nil, 2}, {0, 3, nil, 2}, {-1, 3, nil, 2}, {3, 0, nil, 2},
	} {
		span := store.UsageSpan{Projects: projects[:test.projects], From: first + 5, To: first + 5 + test.days, Bucket: test.bucket}
		gauges := test.projects * test.buckets
		same(t, fmt.Sprintf("days of %+v", span), max(int(test.days), 0)*gauges, w.daysIn(span), nil)
		if seen := w.gaugesIn(span); test.days > 0 {
			same(t, "gauges", gauges, seen, nil)
		}
	}
	if err := w.s.EachUsageDay(w.ctx(), store.UsageSpan{Projects: projects, From: first, To: first + 32}, nil); err == nil {
		t.Error("a span of 32 days")
	}
}

// fortyDays writes down usage of two buckets of each project, from a day on: of
// each day egress in its last hour, and a sample in each of its first two.
func (w world) fortyDays(projects []reeve.ID, first int64) {
	w.t.Helper()
	days := map[store.DayKey]store.PackedDay{}
	parts := map[store.DayKey][]store.SamplePart{}
	for day := first; day < first+40; day++ {
		for _, project := range projects {
			for _, bucket := range []string{"", "b"} {
				key := store.DayKey{Day: day, ProjectID: project, Bucket: bucket}
				counts := &store.DayCounts{}
				counts.Egress[23] = reeve.Count(day)
				packed, err := store.PackedDay(nil).Add(counts)
				if err != nil {
					w.t.Fatal(err)
				}
				days[key] = packed
				for number := range int64(2) {
					part := store.SamplePart{Number: number}
					part.Add(reeve.UsageStorage, day, reeve.Sample{At: store.DayStart(day).Add(time.Duration(number) * time.Hour), Value: 1})
					parts[key] = append(parts[key], part)
				}
			}
		}
	}
	w.fact(func(tx *store.Tx) error {
		tx.PutUsageDays(days)
		tx.PutUsageSamples(parts)
		return nil
	})
}

// daysIn counts the days of usage in a span, and fails for others.
func (w world) daysIn(span store.UsageSpan) (counted int) {
	w.t.Helper()
	err := w.s.EachUsageDay(w.ctx(), span, func(key store.DayKey, counts *store.DayCounts) {
		counted++
		if key.Day < span.From || key.Day >= span.To || !slices.Contains(span.Projects, key.ProjectID) || counts.Egress[23] != reeve.Count(key.Day) {
			w.t.Errorf("%+v in %+v", key, span)
		}
	})
	same(w.t, "days", nil, err, nil)
	return counted
}

// gaugesIn counts the gauges with samples in a span, and fails unless they come
// one after the other, each in the order of its days.
func (w world) gaugesIn(span store.UsageSpan) int {
	w.t.Helper()
	seen := map[store.GaugeKey]int64{}
	var order []store.GaugeKey
	err := w.s.EachSampleInSpan(w.ctx(), span, func(key store.GaugeKey, s reeve.Sample) {
		if len(order) == 0 || order[len(order)-1] != key {
			order = append(order, key)
		}
		if day := store.DayOf(s.At); day < seen[key] || day < span.From || day >= span.To {
			w.t.Errorf("%+v at %s", key, s.At)
		} else {
			seen[key] = day
		}
	})
	same(w.t, "gauges", len(seen), len(order), err)
	return len(seen)
}

// testProjectsOfOrganization: those that are gone are among them.
func testProjectsOfOrganization(t *testing.T, w world) {
	_, o, p := w.tenant("ada@mail.test")
	second := w.project(o)
	w.tenant("bob@mail.test")
	w.write(func(tx *store.Tx) {
		tx.DepartProject(second)
		tx.DeleteProject(second.ID)
	})
	got, err := w.s.ProjectsOfOrganization(w.ctx(), o.ID, 10)
	same(t, "all", []reeve.ID{p.ID, second.ID}, got, err)
	got, err = w.s.ProjectsOfOrganization(w.ctx(), o.ID, 1)
	same(t, "one", []reeve.ID{p.ID}, got, err)
	got, err = w.s.ProjectsOfOrganization(w.ctx(), newID(), 10)
	same(t, "none", []reeve.ID{}, got, err)
}

// testKeyAndOrganization: a key's own organisation is found, no other.
func testKeyAndOrganization(t *testing.T, w world) {
	_, o, p := w.tenant("ada@mail.test")
	_, foreign, _ := w.tenant("bob@mail.test")
	key := reeve.OrganizationKey{ID: newID(), OrganizationID: o.ID, Name: "ci", Role: reeve.RoleViewer, CreatedAt: minute(1)}
	hash := reeve.TokenHash{1}
	w.write(func(tx *store.Tx) { tx.CreateOrganizationKey(key, hash) })
	key.Name, key.CreatedAt = "", time.Time{}
	got, err := w.s.OrganizationKeyAndOrganization(w.ctx(), hash, o.ID)
	same(t, "own", store.KeyAndOrganization{Key: key, Organization: &o}, got, err)
	for name, id := range map[string]reeve.ID{"foreign": foreign.ID, "unknown": newID(), "zero": reeve.Zero, "a project's": p.ID} {
		got, err := w.s.OrganizationKeyAndOrganization(w.ctx(), hash, id)
		same(t, name, store.KeyAndOrganization{Key: key}, got, err)
	}
	_, err = w.s.OrganizationKeyAndOrganization(w.ctx(), reeve.TokenHash{2}, o.ID)
	refused(t, "unknown key", err, reeve.Unauthenticated, "Unauthorized")
}
