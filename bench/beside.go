package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// measureKeyBytes takes how much of the heap a key takes: what lives on it with
// all keys less what lives on that of a reeve without any.
func (b *bench) measureKeyBytes(ctx context.Context, w *gatewayWorld) error {
	empty, err := b.database(ctx, "nokeys")
	if err != nil {
		return err
	}
	other, err := b.newInstance(empty)
	if err != nil {
		return err
	}
	without, err := liveHeap(ctx, other)
	if err != nil {
		return err
	}
	with, err := liveHeap(ctx, w.instance)
	if err != nil {
		return err
	}
	b.report.add(row{
		Measure: "live heap for each key held", Unit: unitBytes, Targets: targetKeyBytes,
		Value: (with - without) / float64(len(w.asked)),
	})
	return nil
}

// liveHeap gives the bytes that the last garbage collection left: it sets the
// next one to when there are twice as many (GOGC=100).
func liveHeap(ctx context.Context, of *instance) (float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+of.addresses["operator"]+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "go_memstats_next_gc_bytes "); ok {
			next, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return next / 2, err
		}
	}
	return 0, errors.New("no go_memstats_next_gc_bytes among the metrics")
}

const (
	besideRate        = 1000 // key creations a second
	besideConnections = 4
)

// measureBeside compares how long verifying takes while keys are made with how
// long it takes in quiet: one connection asks, so that it waits for nobody but
// the server.
func (b *bench) measureBeside(ctx context.Context, w *gatewayWorld) error {
	var ratios []float64
	for round := range b.rounds + 1 {
		quiet, err := w.paced(ctx, b.duration)
		if err != nil {
			return err
		}
		made := make(chan error, 1)
		go func() { made <- w.createPaced(ctx, b.duration+time.Second) }()
		time.Sleep(time.Second / 2)
		busy, err := w.paced(ctx, b.duration)
		if err = errors.Join(err, <-made); err != nil {
			return err
		}
		b.say("round %d  verify p99 %s quiet, %s beside %d creations/s", round, quiet.p99, busy.p99, besideRate)
		if round > 0 {
			ratios = append(ratios, float64(busy.p99)/float64(quiet.p99))
		}
	}
	b.report.add(row{
		Measure: fmt.Sprintf("verify p99 beside %d key creations a second", besideRate), Other: "the quiet p99",
		Unit: unitTimes, Value: median(ratios), Targets: targetBeside,
	})
	return nil
}

// pacedRate is how many verifications a second are asked for: far from what
// the machine can do, so that a wait is the server's.
const pacedRate = 1000

// paced verifies at a steady rate.
func (w *gatewayWorld) paced(ctx context.Context, duration time.Duration) (sample, error) {
	return drive(ctx, plan{
		addresses: []string{w.addresses["gateway"]}, connections: besideConnections, duration: duration,
		next: w.verify(), rate: pacedRate / besideConnections,
	})
}

// createPaced makes keys at a steady rate.
func (w *gatewayWorld) createPaced(ctx context.Context, duration time.Duration) error {
	found, err := drive(ctx, plan{
		addresses: []string{w.addresses["operator"]}, connections: connections, duration: duration,
		next: w.data.createAPIKey(w.token), rate: besideRate / float64(connections),
	})
	if err == nil && found.rate < besideRate*0.9 {
		err = fmt.Errorf("only %.0f keys a second were made", found.rate)
	}
	return err
}
