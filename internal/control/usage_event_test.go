package control_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// event is one of a project's egress.
func (h house) event(project reeve.ID, id string, value int64) control.UsageEvent {
	return control.UsageEvent{Source: "s", ID: id, UsageItem: control.UsageItem{UsageRecord: reeve.UsageRecord{
		ProjectID: project, Meter: reeve.UsageEgress, At: h.s.Now(), Value: value,
	}}}
}

// ingestEvents gives what became of events: a, d, or why one was refused.
func (h house) ingestEvents(ctx context.Context, events ...control.UsageEvent) []string {
	h.t.Helper()
	results, err := h.c.IngestEvents(ctx, events)
	h.check(err)
	out := []string{}
	for _, r := range results {
		if r.Status == control.EventRefused {
			out = append(out, r.Reason)
		} else {
			out = append(out, string(r.Status[:1]))
		}
	}
	return out
}

// TestIngestEvents: an event counts once in the organisation of its project,
// whoever sends it and with what.
func TestIngestEvents(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		_, _, foreign := h.tenant("bob@mail.test")
		sibling := h.project(o)
		ctx, other := h.gateway("g"), h.gateway("other")
		gone := newID()
		first := []control.UsageEvent{
			h.event(p.ID, "1", 1), h.event(p.ID, "2", 10), h.event(p.ID, "1", 100), h.event(sibling.ID, "2", 1), h.event(foreign.ID, "1", 1),
			h.event(p.ID, "", 1000), h.event(gone, "3", 1), h.event(p.ID, "3", -1),
			{UsageItem: control.UsageItem{Flaw: "id is missing"}},
		}
		want := []string{"a", "a", "d", "d", "a", "a", "project not found", "negative value", "id is missing"}
		same(t, "first", want, h.ingestEvents(ctx, first...), nil)
		h.clock.pass(24 * time.Hour)
		want = []string{"d", "d", "d", "d", "d", "d", "project not found", "negative value", "id is missing"}
		same(t, "again", want, h.ingestEvents(other, first...), nil)
		more := h.event(p.ID, "3", 10_000) // what was refused has claimed nothing
		source := h.event(p.ID, "1", 100_000)
		source.Source = "another"
		split := h.event(p.ID, "s1", 1_000_000) // s, 1 and "", s1 are not the same
		split.Source = ""
		same(t, "others", []string{"a", "a", "a"}, h.ingestEvents(ctx, more, source, split), nil)
		untimed := h.event(p.ID, "4", 10_000_000)
		untimed.At, untimed.Untimed = time.Time{}, true
		ahead := h.event(p.ID, "5", 1)
		ahead.At = ahead.At.Add(time.Hour)
		same(t, "times", []string{"a", "time is in the future"}, h.ingestEvents(ctx, untimed, ahead), nil)
		same(t, "nothing to claim", []string{"time is in the future"}, h.ingestEvents(ctx, ahead), nil)
		same(t, "total", reeve.UsageTotal{ProjectID: p.ID, Month: 202611, Egress: reeve.Count(11_111_011)}, h.usedIn(p.ID, 202611), nil)
		same(t, "of the sibling", reeve.UsageTotal{ProjectID: sibling.ID, Month: 202611}, h.usedIn(sibling.ID, 202611), nil)
		same(t, "of the foreign", reeve.UsageTotal{ProjectID: foreign.ID, Month: 202611, Egress: reeve.Count(1)}, h.usedIn(foreign.ID, 202611), nil)
		same(t, "none", []string{}, h.ingestEvents(ctx), nil)
		_, err := h.c.IngestEvents(ctx, make([]control.UsageEvent, 1001))
		refused(t, "number", err, reeve.Invalid, "events must be at most 1000")
	})
}

// TestRaceEvents: requests at once with the same events, each in an order of
// its own, count each once.
func TestRaceEvents(t *testing.T) {
	eachRound(t, func(h house, email func(string) string) {
		_, _, p := h.tenant(email("ada"))
		ctx := h.gateway(email("g"))
		var events []control.UsageEvent
		for i := range 200 {
			events = append(events, h.event(p.ID, fmt.Sprint(i), 1))
		}
		accepted := make([]int, 8)
		var contest []func() error
		for n := range accepted {
			mine := slices.Clone(events[n*10 : n*10+130])
			rand.Shuffle(len(mine), func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
			contest = append(contest, func() error {
				results, err := h.c.IngestEvents(ctx, mine)
				for _, r := range results {
					if r.Status == control.EventAccepted {
						accepted[n]++
					}
				}
				return err
			})
		}
		tally(h.t, race(contest...))
		sum := 0
		for _, n := range accepted {
			sum += n
		}
		if total := h.usedIn(p.ID, 202611).Egress; sum != 200 || total != reeve.Count(200) {
			h.t.Errorf("%d were accepted, %v counted, of 200", sum, total)
		}
	})
}

// TestEventsRetention: an event is forgotten only when it would come too late.
func TestEventsRetention(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		ctx := h.gateway("g")
		start := time.Date(2026, 12, 31, 23, 55, 0, 0, time.UTC)
		h.clock.set(start)
		event := h.event(p.ID, "1", 1)
		event.At = start.Add(reeve.UsageSkew) // counted in January
		got := []string{}
		for day := 0; day < 450; day += 10 {
			h.clock.set(start.AddDate(0, 0, day))
			h.check(h.c.ApplyRetention(t.Context(), control.Retention{}))
			if result := h.ingestEvents(ctx, event)[0]; len(got) == 0 || got[len(got)-1] != result {
				got = append(got, result)
			}
		}
		if diff := cmp.Diff([]string{"a", "d", "time is more than 12 months ago"}, got); diff != "" {
			t.Errorf("the event was (-want +got):\n%s", diff)
		}
		untimed := event // shows what is remembered, whenever it was
		untimed.Untimed = true
		same(t, "forgotten", []string{"a"}, h.ingestEvents(ctx, untimed), nil)
		same(t, "January", reeve.Count(1), h.usedIn(p.ID, 202701).Egress, nil)
	})
}
