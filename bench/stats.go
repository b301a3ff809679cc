package main

import (
	"math"
	"slices"
	"time"
)

// sample is what one contender did in one round.
type sample struct {
	rate     float64 // answers a second
	p50, p99 time.Duration
	answers  int
}

// series is a contender's rounds, in their order.
type series []sample

// median gives the middle value, the mean of the two middle ones if they are
// even in number, and NaN for none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// percentile gives the smallest value that p of 1 of all are not above: the
// nearest rank. The values are sorted; there is at least one.
func percentile(sorted []time.Duration, p float64) time.Duration {
	rank := int(math.Ceil(p * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

// median gives the medians of the rounds' figures.
func (s series) median() sample {
	pick := func(of func(sample) float64) float64 {
		values := make([]float64, len(s))
		for i, round := range s {
			values[i] = of(round)
		}
		return median(values)
	}
	return sample{
		rate: pick(func(r sample) float64 { return r.rate }),
		p50:  time.Duration(pick(func(r sample) float64 { return float64(r.p50) })),
		p99:  time.Duration(pick(func(r sample) float64 { return float64(r.p99) })),
	}
}

// ratio gives the median of the rounds' ratios of rates, so that what slows
// the machine down for a while slows both sides of one ratio.
func ratio(ours, theirs series) float64 {
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = ours[i].rate / theirs[i].rate
	}
	return median(ratios)
}

// slower gives the median of the rounds' ratios of medians.
func slower(ours, theirs series) float64 {
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = float64(ours[i].p50) / float64(theirs[i].p50)
	}
	return median(ratios)
}
