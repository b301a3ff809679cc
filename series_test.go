package reeve_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
)

// TestSteps: steps are in UTC, whatever time a caller speaks; days there have
// 24 hours, and Februaries their length.
func TestSteps(t *testing.T) {
	berlin := time.FixedZone("CEST", 2*60*60)
	for _, test := range []struct {
		step        reeve.Step
		at          time.Time
		start, next string
	}{
		{reeve.StepHour, time.Date(2026, 10, 25, 2, 59, 59, 999_999_999, berlin), "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"},
		{reeve.StepDay, time.Date(2026, 3, 29, 1, 0, 0, 0, berlin), "2026-03-28T00:00:00Z", "2026-03-29T00:00:00Z"},
		{reeve.StepDay, time.Date(2028, 2, 28, 23, 0, 0, 0, time.UTC), "2028-02-28T00:00:00Z", "2028-02-29T00:00:00Z"},
		{reeve.StepMonth, time.Date(2028, 2, 29, 23, 59, 0, 0, time.UTC), "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"},
		{reeve.StepMonth, time.Date(2027, 1, 1, 1, 0, 0, 0, berlin), "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
	} {
		start := test.step.Floor(test.at)
		if got, next := start.Format(time.RFC3339), test.step.Next(start).Format(time.RFC3339); got != test.start || next != test.next {
			t.Errorf("%s of %s: %s to %s, want %s to %s", test.step, test.at, got, next, test.start, test.next)
		}
	}
	for _, text := range []string{"", "Hour", "week"} {
		_, err := reeve.ParseStep(text)
		checkRefusal(t, text, err, invalid("step must be hour, day or month"))
	}
}

// TestSeries: what is outside leaves no trace, and what is across a border is
// divided there.
func TestSeries(t *testing.T) {
	start := time.Date(2026, 11, 5, 10, 0, 0, 0, time.UTC)
	s, err := reeve.NewSeries(start.Add(time.Minute), start.Add(2*time.Hour+1), reeve.StepHour, []reeve.UsageMeter{reeve.UsageStorage, reeve.UsageEgress})
	if err != nil || s.Len() != 3 || !s.From.Equal(start) || !s.To.Equal(start.Add(3*time.Hour)) {
		t.Fatalf("%s to %s, %d: %v", s.From, s.To, s.Len(), err)
	}
	for after, n := range map[time.Duration]int64{-1: 1, 0: 2, time.Hour - 1: 4, time.Hour: 8, 3*time.Hour - 1: 16, 3 * time.Hour: 32} {
		s.Count(reeve.UsageEgress, start.Add(after).Truncate(time.Microsecond), reeve.Count(n))
	}
	s.Count(reeve.UsageRequests, start, reeve.Count(1))
	s.Hold(reeve.UsageObjects, 1, start, start.Add(time.Hour))
	s.Hold(reeve.UsageStorage, 7, start.Add(-time.Hour), start.Add(90*time.Minute))
	s.Hold(reeve.UsageStorage, 1, start.Add(179*time.Minute), start.Add(9*time.Hour))
	s.Hold(reeve.UsageStorage, 9, start.Add(-2*time.Hour), start)
	s.Hold(reeve.UsageStorage, 9, start.Add(3*time.Hour), start.Add(4*time.Hour))
	s.Hold(reeve.UsageStorage, 9, start.Add(time.Hour), start)
	want := []reeve.MeterSeries{
		{
			Meter: reeve.UsageStorage, Total: reeve.Hold(7, 90*time.Minute).Add(reeve.Hold(1, time.Minute)),
			Points: []reeve.Quantity{reeve.Hold(7, time.Hour), reeve.Hold(7, 30*time.Minute), reeve.Hold(1, time.Minute)},
		},
		{Meter: reeve.UsageEgress, Total: reeve.Count(30), Points: []reeve.Quantity{reeve.Count(6), reeve.Count(8), reeve.Count(16)}},
	}
	if diff := cmp.Diff(want, s.Meters); diff != "" {
		t.Error(diff)
	}
	if s.Of(reeve.UsageObjects) != nil {
		t.Error("a meter that was not asked for")
	}
}

// TestSpans: the spans of a month hold what its total says, follow each other
// and stay within the month.
func TestSpans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		month := rapid.SampledFrom([]reeve.Month{202602, 202612, 202701, 202802}).Draw(t, "month")
		micros := month.End().Sub(month.Start()).Microseconds()
		value := rapid.OneOf(rapid.Int64Range(0, 3), rapid.Int64Range(0, math.MaxInt64))
		var samples []reeve.Sample
		for range rapid.IntRange(0, 8).Draw(t, "samples") {
			at := rapid.OneOf(rapid.SampledFrom([]int64{0, micros - 1, micros / 2}), rapid.Int64Range(0, micros-1)).Draw(t, "at")
			samples = append(samples, reeve.Sample{At: month.Start().Add(time.Duration(at) * time.Microsecond), Value: value.Draw(t, "value")})
		}
		slices.SortFunc(samples, func(a, b reeve.Sample) int { return a.At.Compare(b.At) })
		var opening reeve.Sample
		if rapid.Bool().Draw(t, "opening") {
			before := time.Duration(rapid.Int64Range(1, 28*24*60).Draw(t, "before")) * time.Minute
			opening = reeve.Sample{At: month.Start().Add(-before), Value: value.Draw(t, "value")}
		}
		now := month.Start().Add(time.Duration(rapid.Int64Range(-10, 40*24*60).Draw(t, "now")) * time.Minute)
		var gauge reeve.GaugeMonth
		for _, s := range samples {
			gauge = gauge.Add(s)
		}
		var sum reeve.Quantity
		end := month.Start()
		reeve.EachSpan(samples, opening, month, now, func(value int64, from, to time.Time) {
			if from.Before(end) || !to.After(from) || to.After(month.End()) || value <= 0 {
				t.Fatalf("%d from %s to %s after %s", value, from, to, end)
			}
			end = to
			sum = sum.Add(reeve.Hold(value, to.Sub(from)))
		})
		if want := gauge.Total(opening, month, now); !sum.Equal(want) {
			t.Fatalf("the spans hold %s, the total is %s", sum, want)
		}
	})
}
