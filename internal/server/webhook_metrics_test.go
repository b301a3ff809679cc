package server

import (
	"math"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// TestMessagesWaiting: the messages of all organisations are counted, and a
// database that is not there breaks no metrics.
func TestMessagesWaiting(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, config store.Config) {
		s := storetest.Open(t, config)
		registry := prometheus.NewRegistry()
		registerWebhookMetrics(registry, control.New(s, control.Settings{}))
		waiting := func() float64 {
			t.Helper()
			families, err := registry.Gather()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range families {
				if f.GetName() == "reeve_webhook_messages_waiting" {
					return f.GetMetric()[0].GetGauge().GetValue()
				}
			}
			t.Fatal("no gauge")
			return 0
		}
		if n := waiting(); n != 0 {
			t.Errorf("%v of none", n)
		}
		for i := range byte(3) {
			err := s.Write(t.Context(), func(tx *store.Tx) error {
				tx.AppendWebhookMessage(reeve.WebhookMessage{
					ID: reeve.ID{i}, OrganizationID: reeve.ID{i % 2}, Payload: "x", NextAt: tx.Now(), CreatedAt: tx.Now(),
				})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if n := waiting(); n != 3 {
			t.Errorf("%v of 3", n)
		}
		s.Close()
		if n := waiting(); !math.IsNaN(n) {
			t.Errorf("%v of a database that is not there", n)
		}
	})
}
