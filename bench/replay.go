package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/reeve-cloud/reeve"
)

// What sending a request again may take, in plain reads.
var targetReplay = []float64{1.2}

// replays are how many requests there are that were answered before.
const replays = 500

// replayed are requests that create a project each, with a key, and were
// answered; and the projects.
type replayed struct {
	token    reeve.Token
	requests [][]byte
	projects []string
}

// newReplayed makes the projects.
func newReplayed(ctx context.Context, w *world) (*replayed, error) {
	out := &replayed{token: w.token}
	at := "http://" + w.addresses["operator"] + "/api/projects"
	for n := range replays {
		key := fmt.Sprintf("bench-%d", n)
		owner := reeve.ID(w.data.id(kindUser, n/projectsEach*usersEach+1)) // who owns none yet
		body := fmt.Sprintf(`{"ownerId":"%s","projectName":"again-%d"}`, owner, n)
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(body))
		if err != nil {
			return nil, err
		}
		request.Header = http.Header{"Authorization": {string(w.token)}, "Content-Type": {"application/json"}, "Idempotency-Key": {key}}
		var made struct{ ProjectID string }
		status, answer, err := answerStatus(request)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("create a project: %d %s", status, answer)
		}
		if err == nil {
			err = json.Unmarshal(answer, &made)
		}
		if err != nil {
			return nil, err
		}
		out.projects = append(out.projects, made.ProjectID)
		head := operatorHead(w.token) + "Idempotency-Key: " + key + "\r\n"
		out.requests = append(out.requests, appendBody([]byte("POST /api/projects"), head, body))
	}
	return out, out.check(ctx, w.instance)
}

// check makes sure that a request sent again is answered as before, and does
// nothing: a project of the same name would be another.
func (r *replayed) check(ctx context.Context, on *instance) error {
	w, err := newWorker(ctx, 0, plan{addresses: []string{on.addresses["operator"]}})
	if err != nil {
		return err
	}
	defer w.close()
	if _, err := w.conns[0].Write(r.requests[0]); err != nil {
		return err
	}
	n, err := w.conns[0].Read(w.in)
	if reply := string(w.in[:n]); err == nil &&
		(!strings.Contains(reply, "Idempotency-Replayed: true") || !strings.Contains(reply, r.projects[0])) {
		err = fmt.Errorf("no replay: %s", reply)
	}
	return err
}

// again sends one of the connection's requests again: two that are the same at
// the same time would be a conflict.
func (r *replayed) again(by *worker, buf []byte) ([]byte, int, int) {
	n := by.random.IntN(len(r.requests)/connections)*connections + by.number
	return append(buf, r.requests[n]...), 0, http.StatusOK
}

// read asks for one of the projects.
func (r *replayed) read() source {
	head := operatorHead(r.token) + "\r\n"
	return func(by *worker, buf []byte) ([]byte, int, int) {
		buf = append(buf, "GET /api/projects/"...)
		buf = append(buf, r.projects[by.random.IntN(len(r.projects))]...)
		return append(buf, head...), 0, http.StatusOK
	}
}

// measureReplay compares sending a POST again, with its Idempotency-Key, with
// reading what it made.
func (b *bench) measureReplay(ctx context.Context) error {
	w, err := b.smallWorld(ctx)
	if err != nil {
		return err
	}
	r, err := newReplayed(ctx, w)
	if err != nil {
		return err
	}
	rounds, err := b.contest(ctx, []contender{
		load("POST again", w.addresses["operator"], r.again),
		load("GET project", w.addresses["operator"], r.read()),
	})
	if err != nil {
		return err
	}
	b.report.add(row{
		Measure: "POST /api/projects again with its Idempotency-Key, its median", Other: "GET /api/projects/{id}",
		Reeve: newFigures(rounds[0]), Compared: newFigures(rounds[1]),
		Unit: unitFold, Value: slower(rounds[0], rounds[1]), Targets: targetReplay,
	})
	return nil
}
