package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/reeve-cloud/reeve/internal/control"
)

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
}
