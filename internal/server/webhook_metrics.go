package server

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/reeve-cloud/reeve/internal/control"
)

// countWait is how long the metrics wait for a database that hangs.
const countWait = time.Second

// registerWebhookMetrics shows what becomes of webhooks' messages. No label
// names an organisation: there may be many.
func registerWebhookMetrics(registry *prometheus.Registry, c *control.Control) {
	for result, count := range map[string]func(control.WebhookCounts) int64{
		"delivered": func(n control.WebhookCounts) int64 { return n.Delivered },
		"failed":    func(n control.WebhookCounts) int64 { return n.Failed },
	} {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name:        "reeve_webhook_attempts_total",
			Help:        "Attempts at webhooks' messages, by result.",
			ConstLabels: prometheus.Labels{"result": result},
		}, func() float64 { return float64(count(c.WebhookCounts())) }))
	}
	registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "reeve_webhook_messages_given_up_total",
		Help: "Webhooks' messages that were given up after their last attempt.",
	}, func() float64 { return float64(c.WebhookCounts().GivenUp) }))
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "reeve_webhook_messages_waiting",
		Help: "Webhooks' messages that are to be delivered, of all replicas; NaN if the database does not say.",
	}, func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), countWait)
		defer cancel()
		n, err := c.WebhookMessagesWaiting(ctx)
		if err != nil {
			return math.NaN()
		}
		return float64(n)
	}))
}
