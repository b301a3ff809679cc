package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/gateway"
	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestReportToServer: what is reported arrives in the server's totals, what it
// refuses comes back, and what it answers to a batch that it had is understood.
func TestReportToServer(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Gateway(t, "gateway")
		project, err := reeve.ParseAnyID(s.Value(t, "px"))
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var refused []string
		spool, err := gateway.OpenSpool(t.TempDir(), gateway.SpoolSettings{
			Now: s.Clock.Now, BatchAge: time.Hour,
			Notify: func(err error) {
				mu.Lock()
				defer mu.Unlock()
				of, ok := errors.AsType[*gateway.RecordsRefusedError](err)
				if !ok {
					t.Error(err)
					return
				}
				for _, refusal := range of.Refusals {
					refused = append(refused, refusal.Reason)
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		var first gateway.Batch
		post := gateway.DeliverTo(http.DefaultClient, s.URL("gateway"), s.Value(t, "token"))
		go func() {
			_ = spool.Deliver(t.Context(), func(ctx context.Context, batch gateway.Batch) ([]gateway.Refusal, error) {
				first = batch
				return post(ctx, batch)
			})
		}()
		for _, r := range []reeve.UsageRecord{
			{ProjectID: project, Meter: reeve.UsageEgress, Value: 5, Bucket: "b"},
			{ProjectID: project, Meter: reeve.UsageRequests, Value: 1},
			{ProjectID: project, Meter: reeve.UsageStorage, Value: 1000, Bucket: "b", At: s.Clock.Now().Add(-3 * time.Hour)},
			{ProjectID: project, Meter: reeve.UsageStorage, Value: 10, Bucket: "b", At: s.Clock.Now().Add(-time.Hour)},
			{ProjectID: project, Meter: reeve.UsageObjects, Value: 4, At: s.Clock.Now().Add(-time.Hour)},
			{ProjectID: reevetest.NewID(), Meter: reeve.UsageRequests, Value: 1},
			{ProjectID: project, Meter: reeve.UsageEgress, Value: 7, At: s.Clock.Now().Add(time.Hour)},
		} {
			if err := spool.Report(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(spool.Drain(t.Context()), spool.Close()); err != nil {
			t.Fatal(err)
		}
		s.Used(t, reeve.UsageTotal{
			ProjectID: project, Month: reeve.MonthOf(s.Clock.Now()), Egress: reeve.Count(5), Requests: reeve.Count(1),
			Storage: reeve.Hold(1000, 2*time.Hour).Add(reeve.Hold(10, time.Hour)), Objects: reeve.Hold(4, time.Hour),
		})
		if diff := cmp.Diff([]string{"project not found", "time is in the future"}, refused); diff != "" {
			t.Errorf("refused (-want +got):\n%s", diff)
		}
		if again, err := post(t.Context(), first); err != nil || len(again) != 2 {
			t.Errorf("again: %v, %v", again, err)
		}
		first.Records = first.Records[1:]
		_, err = post(t.Context(), first)
		if conflict, ok := errors.AsType[*gateway.ConflictError](err); !ok || conflict.Newest != 1 {
			t.Errorf("another batch: %v", err)
		}
		first.Records = nil
		first.Sequence = 2
		_, err = post(t.Context(), first)
		if refused, ok := errors.AsType[*gateway.BatchRefusedError](err); !ok || refused.Status != 400 {
			t.Errorf("no batch: %v", err)
		}
	})
}
