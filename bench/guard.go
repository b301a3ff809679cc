package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

// What counting failed guesses may add to a call that is none.
var targetGuard = []float64{2} // µs

func credential(r *http.Request) string { return r.Header.Get("Authorization") }

// guardedAPI has one operation, which does nothing, and one credential.
func guardedAPI(guard *web.Guard) *web.API {
	api := web.New(web.Face{
		Name: "bench", Title: "bench", Prefixes: []string{"/api/"},
		Credential: credential,
		Authenticate: func(r *http.Request) (context.Context, error) {
			if credential(r) != "bench" {
				return nil, reeve.ErrUnauthenticated
			}
			web.SetActor(r.Context(), "bench")
			return r.Context(), nil
		},
		Status:   map[reeve.Kind]int{},
		Body:     func(_ int, e *reeve.Error) any { return struct{ Error string }{e.Message} },
		Security: []web.SecurityScheme{{Name: "token", Type: "apiKey", Header: "Authorization", Description: "The token."}},
		Common:   []reeve.Kind{reeve.Unauthenticated, reeve.Exhausted},
	}, web.Options{Logger: slog.New(slog.DiscardHandler), Guard: guard})
	type thing struct {
		Name string `json:"name" doc:"Its name."`
	}
	web.Handle(api, web.Op{Method: "GET", Path: "/api/thing", ID: "getThing", Summary: "Get it", Tag: "things"},
		func(context.Context, *struct{}) (thing, error) { return thing{"thing"}, nil })
	return api
}

// discard is a ResponseWriter that keeps nothing but the status.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

// measureGuard takes, in this process, how much longer an accepted call takes
// with --auth-failures at its default than with 0: over a network nothing of
// it would be seen.
func (b *bench) measureGuard(ctx context.Context) error {
	const failures = 60 // the default
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://bench/api/thing", http.NoBody)
	if err != nil {
		return err
	}
	request.RemoteAddr = "192.0.2.1:1234"
	request.Header.Set("Authorization", "bench")
	sides := []*web.API{guardedAPI(nil), guardedAPI(web.NewGuard(failures, time.Now))}
	out := &discard{header: http.Header{}}
	var added []float64
	for round := range b.rounds + 1 {
		// In short turns, so that what slows the machine down slows both.
		var plain, extra []float64
		for range guardTurns {
			each := [2]float64{}
			for side, api := range sides {
				each[side] = b.callTime(func() { clear(out.header); api.ServeHTTP(out, request) })
			}
			plain, extra = append(plain, each[0]), append(extra, each[1]-each[0])
		}
		if out.status != http.StatusOK {
			return errors.New("the guarded call is not answered")
		}
		b.say("round %d  a call %.0f ns, guarded %.0f ns more", round, median(plain), median(extra))
		if round > 0 {
			added = append(added, median(extra)/1000)
		}
	}
	b.report.add(row{
		Measure: "what --auth-failures adds to a call, in one process", Other: "--auth-failures 0",
		Unit: unitMicro, Value: median(added), Targets: targetGuard,
	})
	return nil
}

const guardTurns = 50 // of each side in a round

// callTime gives the nanoseconds of a call, over one turn.
func (b *bench) callTime(call func()) float64 {
	began, calls := time.Now(), 0
	for time.Since(began) < b.duration/guardTurns/2 {
		for range 100 {
			call()
		}
		calls += 100
	}
	return float64(time.Since(began)) / float64(calls)
}
