package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

// watcher reports of a project of its own and looks when the report is shown:
// what is reported before it is added up before it.
type watcher struct {
	on       *usageWorld
	project  string
	gateway  string // its listener
	operator string
	sent     int64 // bytes of egress
	lags     []time.Duration
}

// How often a report is looked for, and how long there is none after it.
const (
	lookEvery  = 20 * time.Millisecond
	watchPause = 200 * time.Millisecond
	maxLag     = 30 * time.Second
)

// watchLimit is the watched project's limit of bandwidth.
const watchLimit = 1 << 40

// newWatcher watches the first project that no load reports of.
func newWatcher(ctx context.Context, on *usageWorld) (*watcher, error) {
	w := &watcher{
		on: on, project: on.project(usageProjects),
		gateway: "http://" + on.addresses["gateway"], operator: "http://" + on.addresses["operator"],
	}
	status, body, err := w.ask(ctx, http.MethodPut, fmt.Sprintf("%s/api/projects/%s/limit?bandwidth=%d", w.operator, w.project, int64(watchLimit)), "")
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("set a limit: %d %s", status, body)
	}
	return w, err
}

// ask asks a listener with its credential.
func (w *watcher) ask(ctx context.Context, method, at, body string) (status int, answer []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, method, at, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", string(w.on.token))
	if strings.HasPrefix(at, w.gateway) {
		request.Header.Set("Authorization", "Bearer "+string(w.on.gateway))
	}
	return answerStatus(request)
}

// look reports a byte and gives how long after the answer it is shown.
func (w *watcher) look(ctx context.Context) (time.Duration, error) {
	before := w.sent
	w.sent++
	body := fmt.Sprintf(`{"gateway":"watcher","sequence":%d,"records":[{"projectId":"%s","meter":"egress","at":"%s","value":1}]}`,
		w.sent, w.project, time.Now().UTC().Format(time.RFC3339Nano))
	status, answer, err := w.ask(ctx, http.MethodPost, w.gateway+"/gateway/usage", body)
	if err != nil || status != http.StatusOK || !strings.Contains(string(answer), `"accepted"`) {
		return 0, fmt.Errorf("report: %d %s %w", status, answer, err)
	}
	answered := time.Now()
	inSeries, inLimits := false, false
	for !inSeries || !inLimits {
		if inSeries = inSeries || w.series(ctx, w.sent, &err); err != nil {
			return 0, err
		}
		if inLimits = inLimits || w.limited(ctx, before, &err); err != nil {
			return 0, err
		}
		if time.Since(answered) > maxLag {
			return 0, fmt.Errorf("a report is not shown %s after it was answered", maxLag)
		}
		if !inSeries || !inLimits {
			time.Sleep(lookEvery)
		}
	}
	return time.Since(answered), nil
}

// series tells whether the series and its total, which is the month's so far,
// have as much.
func (w *watcher) series(ctx context.Context, want int64, failed *error) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/api/projects/%s/usage/series?meter=egress", w.operator, w.project), nil)
	if err != nil {
		*failed = err
		return false
	}
	request.Header.Set("Authorization", string(w.on.token))
	var found struct {
		Series []struct {
			Total  int64
			Points []struct{ Value int64 }
		}
	}
	if err := answerJSON(request, &found); err != nil || len(found.Series) != 1 {
		*failed = fmt.Errorf("read the series: %d found, %w", len(found.Series), err)
		return false
	}
	sum := int64(0)
	for _, point := range found.Series[0].Points {
		sum += point.Value
	}
	return found.Series[0].Total == want && sum == want
}

// limited tells whether a lease of all that was free before is refused.
func (w *watcher) limited(ctx context.Context, before int64, failed *error) bool {
	id := reeve.ID(w.on.data.bytes(16)).String()
	body := fmt.Sprintf(`{"id":"%s","project":"%s","bandwidth":%d}`, id, w.project, watchLimit-before)
	status, answer, err := w.ask(ctx, http.MethodPost, w.gateway+"/gateway/leases", body)
	switch {
	case err != nil:
	case status == http.StatusForbidden || status == http.StatusTooManyRequests || status == http.StatusConflict:
		return true
	case status == http.StatusOK:
		status, answer, err = w.ask(ctx, http.MethodDelete, w.gateway+"/gateway/leases/"+id, "")
	}
	if err == nil && status != http.StatusOK && status != http.StatusNoContent {
		err = fmt.Errorf("a lease: %d %s", status, answer)
	}
	*failed = err
	return false
}

// watch looks again and again until the context ends.
func (w *watcher) watch(ctx context.Context) error {
	for ctx.Err() == nil {
		lag, err := w.look(context.WithoutCancel(ctx))
		if err != nil {
			return err
		}
		w.lags = append(w.lags, lag)
		time.Sleep(watchPause)
	}
	return nil
}

// addLags adds the lags that were found to the report, but for the warm-up's.
func (b *bench) addLags(of string, run *usageRun) {
	for round, lags := range run.lags {
		b.say("round %d  %s: shown after %s at the longest", round, of, slices.Max(lags))
	}
	lags := slices.Concat(run.lags[1:]...)
	slices.Sort(lags)
	milliseconds := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.report.add(row{Measure: "lag until totals, limits and series show it, the longest, " + of, Unit: unitTime, Value: milliseconds(lags[len(lags)-1]), Targets: targetLag})
	b.report.add(row{Measure: "the lag's p99, " + of, Unit: unitTime, Value: milliseconds(percentile(lags, 0.99)), Targets: targetLag})
}
