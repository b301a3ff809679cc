package reeve

import (
	"sort"
	"time"
)

// Step is how long each point of a series is.
type Step string

// The steps. All are in UTC.
const (
	StepHour  Step = "hour"
	StepDay   Step = "day"
	StepMonth Step = "month"
)

// ParseStep reads a step.
func ParseStep(text string) (Step, error) {
	switch s := Step(text); s {
	case StepHour, StepDay, StepMonth:
		return s, nil
	}
	return "", Errorf(Invalid, "step must be hour, day or month")
}

// Floor gives the start of the step that a time falls in.
func (s Step) Floor(at time.Time) time.Time {
	at = at.UTC()
	switch s {
	case StepHour:
		return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), 0, 0, 0, time.UTC)
	case StepDay:
		return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	default:
		return MonthOf(at).Start()
	}
}

// Next gives the start of the step after the one that begins at a time.
func (s Step) Next(start time.Time) time.Time {
	switch s {
	case StepHour:
		return start.Add(time.Hour)
	case StepDay:
		return start.AddDate(0, 0, 1)
	default:
		return MonthOf(start).End()
	}
}

// MaxSeriesPoints is how many points of a meter a series has at most.
const MaxSeriesPoints = 2000

// Series is what was used of some meters over a time, step by step.
type Series struct {
	From, To time.Time // whole steps; To is not in it
	Step     Step
	Meters   []MeterSeries

	bounds []int64 // in microseconds: where each step begins, and the last ends
}

// MeterSeries is a meter's part of a series: a point for each step.
type MeterSeries struct {
	Meter  UsageMeter
	Total  Quantity
	Points []Quantity
}

// NewSeries makes a series without any usage yet, of the steps that touch a
// time: to is not in it. Invalid if it is empty or has too many steps.
func NewSeries(from, to time.Time, step Step, meters []UsageMeter) (Series, error) {
	if !from.Before(to) {
		return Series{}, Errorf(Invalid, "from must be before to")
	}
	if year := from.UTC().Year(); year < 1970 || to.UTC().Year() > 9999 {
		return Series{}, Errorf(Invalid, "from and to must be within the years 1970 to 9999")
	}
	out := Series{From: step.Floor(from), Step: step}
	for out.To = out.From; out.To.Before(to); out.To = step.Next(out.To) {
		if len(out.bounds) == MaxSeriesPoints {
			return Series{}, Errorf(Invalid, "more than %d points: take a longer step or a shorter time", MaxSeriesPoints)
		}
		out.bounds = append(out.bounds, out.To.UnixMicro())
	}
	out.bounds = append(out.bounds, out.To.UnixMicro())
	for _, m := range meters {
		out.Meters = append(out.Meters, MeterSeries{Meter: m, Points: make([]Quantity, len(out.bounds)-1)})
	}
	return out, nil
}

// Len is how many points each meter has.
func (s *Series) Len() int { return len(s.bounds) - 1 }

// At is when a point's step begins.
func (s *Series) At(point int) time.Time { return time.UnixMicro(s.bounds[point]).UTC() }

// Of finds a meter's part; nil if the series does not have it.
func (s *Series) Of(meter UsageMeter) *MeterSeries {
	for i := range s.Meters {
		if s.Meters[i].Meter == meter {
			return &s.Meters[i]
		}
	}
	return nil
}

// Count adds what a counter has counted at a time; nothing if that is outside.
func (s *Series) Count(meter UsageMeter, at time.Time, n Quantity) {
	m, micros := s.Of(meter), at.UnixMicro()
	if m == nil || n.IsZero() || micros < s.bounds[0] || micros >= s.bounds[s.Len()] {
		return
	}
	m.add(s.point(micros), n)
}

// Hold adds what a gauge's value makes from one time to another, to each step
// its part.
func (s *Series) Hold(meter UsageMeter, value int64, from, to time.Time) {
	m := s.Of(meter)
	if m == nil {
		return
	}
	start, end := max(from.UnixMicro(), s.bounds[0]), min(to.UnixMicro(), s.bounds[s.Len()])
	if start >= end {
		return
	}
	for i := s.point(start); start < end; i++ {
		next := min(end, s.bounds[i+1])
		m.add(i, Hold(value, time.Duration(next-start)*time.Microsecond))
		start = next
	}
}

// point finds the step that a time within the series falls in.
func (s *Series) point(micros int64) int {
	return sort.Search(s.Len(), func(i int) bool { return s.bounds[i+1] > micros })
}

func (m *MeterSeries) add(point int, n Quantity) {
	m.Points[point] = m.Points[point].Add(n)
	m.Total = m.Total.Add(n)
}
