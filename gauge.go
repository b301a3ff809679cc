package reeve

import "time"

// Sample is a gauge's value at a time, in whole microseconds.
type Sample struct {
	At    time.Time
	Value int64
}

// SampleLife is how far past a month's last sample its value is taken to hold,
// at most to the month's end.
const SampleLife = 24 * time.Hour

// GaugeMonth is what a month's samples of one gauge make. Each holds until the
// next; of two at one time the larger counts.
type GaugeMonth struct {
	First time.Time // of the first sample
	Last  Sample
	Held  Quantity // from First to Last
}

// Add takes in a sample that is not before the last.
func (g GaugeMonth) Add(s Sample) GaugeMonth {
	switch {
	case g.First.IsZero():
		g.First, g.Last = s.At, s
	case s.At.Equal(g.Last.At):
		g.Last.Value = max(g.Last.Value, s.Value)
	default:
		g.Held = g.Held.Add(Hold(g.Last.Value, s.At.Sub(g.Last.At)))
		g.Last = s
	}
	return g
}

// Total gives what the month has come to at a time: it starts from the last
// sample of the month before, if there is one (the zero Sample is none), and
// its own last sample holds for SampleLife at most.
func (g GaugeMonth) Total(opening Sample, month Month, at time.Time) Quantity {
	if at.After(month.End()) {
		at = month.End()
	}
	out := g.Held
	last := g.Last
	if !opening.At.IsZero() {
		if g.First.IsZero() {
			last = opening
		} else {
			out = out.Add(Hold(opening.Value, g.First.Sub(month.Start())))
		}
	}
	if end := last.At.Add(SampleLife); at.After(end) {
		at = end
	}
	if last.At.Before(month.Start()) {
		last.At = month.Start()
	}
	return out.Add(Hold(last.Value, at.Sub(last.At)))
}

// EachSpan tells which value held from when to when in a month, by the rule of
// Total: what the spans hold adds up to that. The samples are the month's, in
// order of time; spans of the value zero are left out.
func EachSpan(samples []Sample, opening Sample, month Month, at time.Time, each func(value int64, from, to time.Time)) {
	span := func(value int64, from, to time.Time) {
		if value > 0 && to.After(from) {
			each(value, from, to)
		}
	}
	last := opening
	if len(samples) > 0 {
		if !opening.At.IsZero() {
			span(opening.Value, month.Start(), samples[0].At)
		}
		last = samples[0]
		for _, s := range samples[1:] {
			if s.At.Equal(last.At) {
				last.Value = max(last.Value, s.Value)
				continue
			}
			span(last.Value, last.At, s.At)
			last = s
		}
	}
	if end := month.End(); at.After(end) {
		at = end
	}
	if end := last.At.Add(SampleLife); at.After(end) {
		at = end
	}
	if start := month.Start(); last.At.Before(start) {
		last.At = start
	}
	span(last.Value, last.At, at)
}
