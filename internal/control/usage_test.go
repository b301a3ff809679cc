package control_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// gateway makes a gateway and gives its context.
func (h house) gateway(name string) context.Context {
	h.t.Helper()
	g, _, err := h.c.CreateGateway(h.ctx, name)
	h.check(err)
	return as(h.t, reeve.Actor{Kind: reeve.GatewayProgram, ID: g.ID})
}

// egress is a batch of records of a project, one for each value.
func (h house) egress(sequence int64, project reeve.ID, values ...int64) control.UsageBatch {
	out := control.UsageBatch{Stream: "a", Sequence: sequence}
	for _, value := range values {
		out.Records = append(out.Records, control.UsageItem{UsageRecord: reeve.UsageRecord{
			ProjectID: project, Meter: reeve.UsageEgress, At: h.s.Now(), Value: value,
		}})
	}
	return out
}

func (h house) usedIn(project reeve.ID, month reeve.Month) reeve.UsageTotal {
	h.t.Helper()
	h.check(control.DrainUsage(h.c, h.t.Context()))
	out, err := h.s.UsageTotal(h.t.Context(), project, month, h.s.Now())
	h.check(err)
	return out
}

// taken checks that a batch is a conflict that says where the stream is.
func taken(t *testing.T, what string, err error, newest int64) {
	t.Helper()
	cause, ok := errors.AsType[*control.SequenceTaken](err)
	if !reeve.IsKind(err, reeve.Conflict) || !ok || cause.Newest != newest {
		t.Errorf("%s: %v, want a conflict with %d", what, err, newest)
	}
}

// TestIngestUsage: each batch counts once, in its stream.
func TestIngestUsage(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		ctx := h.gateway("g")
		send := func(ctx context.Context, batch control.UsageBatch) error {
			_, err := h.c.IngestUsage(ctx, batch)
			return err
		}
		batch := h.egress(3, p.ID, 1, 2)
		for range 3 {
			h.check(send(ctx, batch))
		}
		taken(t, "another batch", send(ctx, h.egress(3, p.ID, 2, 1)), 3)
		taken(t, "a shorter one", send(ctx, h.egress(3, p.ID, 1)), 3)
		taken(t, "a lower sequence", send(ctx, h.egress(2, p.ID, 1)), 3)
		h.check(send(ctx, h.egress(math.MaxInt64, p.ID, 10)))
		taken(t, "the one before, again", send(ctx, batch), math.MaxInt64)
		other := batch
		other.Stream = ""
		h.check(send(ctx, other))
		h.check(send(h.gateway("other"), batch))
		same(t, "total", reeve.UsageTotal{ProjectID: p.ID, Month: 202611, Egress: reeve.Count(3 + 10 + 3 + 3)}, h.usedIn(p.ID, 202611), nil)
		same(t, "log", []string{`project.create`}, actions(h.log(p.ID)), nil)

		err := send(as(t, reeve.Actor{Kind: reeve.GatewayProgram, ID: newID()}), batch)
		refused(t, "a gateway that is gone", err, reeve.Unauthenticated, "Unauthorized")
		for what, wrong := range map[string]control.UsageBatch{
			"sequence must be 1 or more":            h.egress(0, p.ID, 1),
			"records must be 1 to 1000":             h.egress(4, p.ID),
			"gateway is longer than 100 characters": {Stream: fmt.Sprintf("%0101d", 0), Sequence: 1, Records: batch.Records},
		} {
			refused(t, what, send(ctx, wrong), reeve.Invalid, what)
		}
		refused(t, "too many", send(ctx, h.egress(4, p.ID, make([]int64, 1001)...)), reeve.Invalid, "records must be 1 to 1000")
	})
}

// TestUsageDigest: a batch is the same in whatever words it is refused.
func TestUsageDigest(t *testing.T) {
	digest := func(flaw, text string) string {
		sum := control.UsageBatch{Records: []control.UsageItem{{Flaw: flaw, Text: text}}}.Digest()
		return fmt.Sprintf("%x", sum)
	}
	if digest("malformed time", "x") != digest("the time is malformed", "x") {
		t.Error("the words of a flaw count")
	}
	for _, other := range []string{digest("malformed time", "y"), digest("", "x")} {
		if other == digest("malformed time", "x") {
			t.Error("another batch has the same digest")
		}
	}
}

func actions(log []string) []string {
	out := []string{}
	for _, line := range log {
		action := line
		for i, c := range line {
			if c == ' ' {
				action = line[:i]
				break
			}
		}
		out = append(out, action)
	}
	return out
}

// TestUsageRefusals: one bad record does not sink the batch, and the answer is
// the same when the batch comes again, whatever has changed since.
func TestUsageRefusals(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		ctx := h.gateway("g")
		november, october := epoch, time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
		late := newID()
		table := []struct {
			record reeve.UsageRecord
			want   string
		}{
			{reeve.UsageRecord{ProjectID: p.ID, Meter: reeve.UsageEgress, At: november, Value: math.MaxInt64 - 1}, ""},
			{reeve.UsageRecord{ProjectID: p.ID, Meter: reeve.UsageEgress, At: november, Value: math.MaxInt64}, ""},
			{reeve.UsageRecord{ProjectID: p.ID, Meter: reeve.UsageEgress, At: november, Value: 1}, ""},
			{reeve.UsageRecord{ProjectID: p.ID, Meter: reeve.UsageRequests, At: october, Value: 10, Bucket: "b"}, ""},
			{reeve.UsageRecord{ProjectID: p.ID, Meter: reeve.UsageRequests, At: october.AddDate(0, -11, 0).Add(-time.Nanosecond), Value: 1}, "time is more than 12 months ago"},
			{reeve.UsageRecord{ProjectID: p.ID, Meter: reeve.UsageRequests, At: epoch.Add(reeve.UsageSkew), Value: 7}, ""},
			{reeve.UsageRecord{ProjectID: p.ID, Meter: reeve.UsageRequests, At: epoch.Add(reeve.UsageSkew + 1), Value: 7}, "time is in the future"},
			{reeve.UsageRecord{ProjectID: late, Meter: reeve.UsageRequests, At: epoch, Value: 7}, "project not found"},
			{reeve.UsageRecord{Meter: reeve.UsageRequests, At: epoch, Value: 7}, "project id is missing"},
			{reeve.UsageRecord{ProjectID: p.ID, Meter: "light", At: epoch, Value: 7}, "unknown meter"},
			{reeve.UsageRecord{ProjectID: p.ID, Meter: reeve.UsageEgress, At: epoch, Value: -1}, "negative value"},
			{reeve.UsageRecord{ProjectID: p.ID, Meter: reeve.UsageEgress, At: epoch, Bucket: fmt.Sprintf("%0201d", 0)}, "bucket is longer than 200 characters"},
			{reeve.UsageRecord{ProjectID: p.ID, Meter: reeve.UsageEgress, At: epoch, Bucket: "\n"}, "bucket has control characters"},
			{reeve.UsageRecord{ProjectID: p.ID, Meter: reeve.UsageEgress, At: epoch}, ""},
		}
		batch := control.UsageBatch{Sequence: 1}
		var want []string
		for _, row := range table {
			batch.Records, want = append(batch.Records, control.UsageItem{UsageRecord: row.record}), append(want, row.want)
		}
		batch.Records[10].Flaw, want[10] = "unreadable", "unreadable"
		first, err := h.c.IngestUsage(ctx, batch)
		same(t, "first", want, first, err)
		h.clock.pass(24 * time.Hour)
		again, err := h.c.IngestUsage(ctx, batch)
		same(t, "again", want, again, err)
		same(t, "October", reeve.UsageTotal{ProjectID: p.ID, Month: 202610, Requests: reeve.Count(10)}, h.usedIn(p.ID, 202610), nil)
		egress := reeve.Count(math.MaxInt64).Add(reeve.Count(math.MaxInt64))
		same(t, "November", reeve.UsageTotal{ProjectID: p.ID, Month: 202611, Egress: egress, Requests: reeve.Count(7)}, h.usedIn(p.ID, 202611), nil)
		batch.Records[10].Text = "another"
		_, err = h.c.IngestUsage(ctx, batch)
		taken(t, "another batch", err, 1)
	})
}

// TestRaceUsage: batches that are sent at once count once each, the first ones
// of a stream too, and all the senders of one get the same answer.
func TestRaceUsage(t *testing.T) {
	eachRound(t, func(h house, email func(string) string) {
		_, o, p := h.tenant(email("ada"))
		second := h.project(o)
		a, b := h.gateway(email("a")), h.gateway(email("b"))
		answers := make(chan []string, 64)
		send := func(ctx context.Context, batch control.UsageBatch) func() error {
			return func() error {
				got, err := h.c.IngestUsage(ctx, batch)
				if err == nil {
					answers <- got
				}
				return err
			}
		}
		batch, other := h.egress(1, p.ID, 1, -1, 2), h.egress(1, second.ID, 10, -1, 20)
		slices.Reverse(other.Records)
		other.Records = append(other.Records, batch.Records[0])
		contest := slices.Concat(repeat(4, send(a, batch)), repeat(4, send(b, other)), repeat(2, send(a, h.egress(1, p.ID, 100, 200, 300))))
		errs := race(contest...)
		n := tally(h.t, errs, reeve.Conflict)
		close(answers)
		total, theirs := h.usedIn(p.ID, 202611).Egress.Int64(), h.usedIn(second.ID, 202611).Egress.Int64()
		if theirs != 30 || !(n == 8 && total == 4 || n == 6 && total == 601) {
			h.t.Errorf("%d accepted, totals %d and %d", n, total, theirs)
		}
		for got := range answers {
			if len(got) == 4 && !cmp.Equal(got, []string{"", "negative value", "", ""}) {
				h.t.Errorf("answered %q", got)
			}
		}
	})
}

// TestRaceUsageDeletion: usage keeps a project from being deleted, or comes too
// late for that.
func TestRaceUsageDeletion(t *testing.T) {
	eachRound(t, func(h house, email func(string) string) {
		_, o, _ := h.tenant(email("ada"))
		ctx := h.gateway(email("g"))
		for sequence := range int64(8) {
			p := h.project(o)
			var refusals []string
			errs := race(
				func() error { return h.c.DeleteProject(h.ctx, p.ID) },
				func() (err error) { refusals, err = h.c.IngestUsage(ctx, h.egress(sequence+1, p.ID, 1)); return err },
			)
			kept := errs[0] != nil
			if errs[1] != nil || kept && (!reeve.IsKind(errs[0], reeve.Conflict) || refusals[0] != "") {
				h.t.Errorf("deletion: %v; usage: %v %q", errs[0], errs[1], refusals)
			}
			if counted := h.usedIn(p.ID, 202611).Egress.Int64(); (refusals[0] == "") != (counted == 1) {
				h.t.Errorf("usage: %q, counted %d", refusals, counted)
			}
		}
	})
}

// TestUsageMarksRetention: a stream is forgotten only when what it delivered
// cannot be counted any more.
func TestUsageMarksRetention(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		ctx := h.gateway("g")
		for _, start := range []time.Time{
			time.Date(2026, 12, 31, 23, 55, 0, 0, time.UTC), // counted in January
			time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC),
		} {
			h.clock.set(start)
			batch := h.egress(start.Unix(), p.ID, 1)
			batch.Records[0].At = start.Add(reeve.UsageSkew)
			_, err := h.c.IngestUsage(ctx, batch)
			h.check(err)
			month := reeve.MonthOf(batch.Records[0].At)
			for day := 0; day < 450; day += 10 {
				h.clock.set(start.AddDate(0, 0, day))
				h.check(h.c.ApplyRetention(t.Context(), control.Retention{}))
				batch.Sequence++ // were the stream forgotten, this would count
				again := batch
				again.Records = slices.Clone(batch.Records)
				if day < 420 {
					again.Sequence = start.Unix()
				}
				if _, err := h.c.IngestUsage(ctx, again); err != nil {
					t.Fatal(err)
				}
				if got := h.usedIn(p.ID, month).Egress; got != reeve.Count(1) {
					t.Fatalf("day %d: counted %d times", day, got)
				}
			}
		}
	})
}
