package control

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/reeve-cloud/reeve"
)

// TestJobLog: what a job's runs leave is told, a failure in words that quote
// nothing; a run that goes on is told of, too.
func TestJobLog(t *testing.T) {
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	log := newJobLog(func() time.Time { return at })
	check := func(what string, want ...Job) {
		t.Helper()
		if diff := cmp.Diff(want, log.all(), cmpopts.IgnoreFields(Job{}, "Took"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	after := func(d time.Duration) *time.Time {
		out := at.Add(d)
		return &out
	}
	check("nothing")
	err := log.run("b", time.Minute, func() error {
		check("running", Job{Name: "b", Running: true, LastRun: after(0)})
		time.Sleep(time.Millisecond)
		return nil
	})
	check("done", Job{Name: "b", LastRun: after(0), LastSuccess: after(0), NextRun: after(time.Minute)})
	if took := log.all()[0].Took; err != nil || took < time.Millisecond {
		t.Errorf("%v, took %v", err, took)
	}
	log.postpone("b", time.Hour)
	before := after(0)
	at = at.Add(time.Second)
	failure := errors.New("password=secret")
	if err := log.run("a", time.Minute, func() error { return failure }); err != failure { //nolint:errorlint // the very same
		t.Errorf("gave %v", err)
	}
	const hidden = "internal error: the log says more"
	next := before.Add(time.Hour)
	check("failed",
		Job{Name: "a", LastRun: after(0), LastFailure: after(0), LastError: hidden, NextRun: after(time.Minute)},
		Job{Name: "b", LastRun: before, LastSuccess: before, NextRun: &next})
	for _, c := range []struct {
		err  error
		want string
	}{
		{failure, hidden},
		{fmt.Errorf("pass: %w", reeve.Errorf(reeve.Unavailable, "the database is not available").Wrap(failure)), "the database is not available"},
		{errGap, "the change log has a gap: loading all keys again"},
		{fmt.Errorf("pass: %w", context.DeadlineExceeded), "it took too long"},
		{reeve.Errorf(reeve.Internal, "of something").Wrap(failure), hidden},
	} {
		if got := jobError(c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}
