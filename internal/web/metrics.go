package web

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the request metrics of all listeners of a process. No label
// comes from user input: an unknown path counts as operation "unmatched".
type Metrics struct {
	Registry *prometheus.Registry

	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	inFlight  *prometheus.GaugeVec
}

// gauge is named here, so that the client library stays in this file.
type gauge = prometheus.Gauge

// NewMetrics registers the request metrics in a registry, or in a new one. It
// panics if the registry has them already.
func NewMetrics(registry *prometheus.Registry) *Metrics {
	if registry == nil {
		registry = prometheus.NewRegistry()
	}
	m := &Metrics{
		Registry: registry,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "reeve_http_requests_total", Help: "Requests answered.",
		}, []string{"listener", "operation", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "reeve_http_request_duration_seconds", Help: "Time from a request's header to its reply.",
			// From a cached answer to the request timeout.
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"listener", "operation"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "reeve_http_requests_in_flight", Help: "Requests being answered.",
		}, []string{"listener"}),
	}
	registry.MustRegister(m.requests, m.durations, m.inFlight)
	return m
}

// operationMetrics are one operation's children, resolved before the first
// request; a status that has not been seen yet is resolved once.
type operationMetrics struct {
	duration prometheus.Observer
	requests *prometheus.CounterVec
	byStatus sync.Map           // int → prometheus.Counter
	success  prometheus.Counter // of status 200, the common case
}

// operation resolves the children of one operation. The count of successes
// starts at zero, so that its rate is right from the first request on.
func (m *Metrics) operation(listener, operation string) *operationMetrics {
	labels := prometheus.Labels{"listener": listener, "operation": operation}
	o := &operationMetrics{
		duration: m.durations.With(labels),
		requests: m.requests.MustCurryWith(labels),
	}
	o.success = o.requests.WithLabelValues("200")
	return o
}

// observe counts one reply. The status is one that a handler chose.
func (o *operationMetrics) observe(status int, took time.Duration) {
	o.duration.Observe(took.Seconds())
	if status == http.StatusOK {
		o.success.Inc()
		return
	}
	counter, ok := o.byStatus.Load(status)
	if !ok {
		counter, _ = o.byStatus.LoadOrStore(status, o.requests.WithLabelValues(strconv.Itoa(status)))
	}
	counter.(prometheus.Counter).Inc()
}
