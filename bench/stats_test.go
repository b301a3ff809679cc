package main

import (
	"math"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{7}, 7},
		{[]float64{9, 1, 5}, 5},
		{[]float64{9, 1, 5, 6}, 5.5},
	} {
		if got := median(test.values); got != test.want {
			t.Errorf("median(%v) = %v, want %v", test.values, got, test.want)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("median of nothing = %v, want NaN", got)
	}
}

func TestMedianLeavesItsArgument(t *testing.T) {
	values := []float64{3, 1, 2}
	median(values)
	if values[0] != 3 {
		t.Errorf("median sorted its argument: %v", values)
	}
}

func TestPercentile(t *testing.T) {
	sorted := make([]time.Duration, 100)
	for i := range sorted {
		sorted[i] = time.Duration(i + 1)
	}
	for _, test := range []struct {
		sorted []time.Duration
		p      float64
		want   time.Duration
	}{
		{sorted, 0.50, 50},
		{sorted, 0.99, 99},
		{sorted, 1, 100},
		{sorted, 0, 1},
		{sorted[:1], 0.99, 1},
		{sorted[:3], 0.50, 2},
	} {
		if got := percentile(test.sorted, test.p); got != test.want {
			t.Errorf("percentile(%d values, %v) = %d, want %d", len(test.sorted), test.p, got, test.want)
		}
	}
}

// TestRatio shows that one slow round of both sides changes nothing.
func TestRatio(t *testing.T) {
	ours := series{{rate: 80}, {rate: 8}, {rate: 90}}
	theirs := series{{rate: 100}, {rate: 10}, {rate: 100}}
	if got := ratio(ours, theirs); got != 0.8 {
		t.Errorf("ratio = %v, want 0.8", got)
	}
}

func TestSeriesMedian(t *testing.T) {
	got := series{{3, 30, 300, 1}, {1, 10, 100, 2}, {2, 20, 200, 3}}.median()
	if want := (sample{2, 20, 200, 0}); got != want {
		t.Errorf("median = %v, want %v", got, want)
	}
}
