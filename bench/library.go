package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/gateway"
	"github.com/reeve-cloud/reeve/macaroon"
)

// What the Go package has to reach.
var (
	targetVerifyPlain   = []float64{1}
	targetVerifyCaveats = []float64{2}
	targetAllocations   = []float64{0}
	targetAdmit         = []float64{100}
	targetReceipt       = []float64{250}
)

const (
	libraryProjects = 1000
	libraryGateways = 3
	receiptsEach    = 100 // in a round
)

// measureGateways measures package gateway in this process, and how long a
// revocation takes to reach three gateways and two replicas.
func (b *bench) measureGateways(ctx context.Context) error {
	w, err := b.newGatewayWorld(ctx, libraryProjects)
	if err != nil {
		return err
	}
	if err := b.startGatewayWorld(ctx, w); err != nil {
		return err
	}
	second, err := launch(b.dir, b.reeveCommand(w.database, w.data.seal.setting(), serveArgs()...), listeners...)
	if err != nil {
		return err
	}
	b.atEnd(second.stop)
	if err := awaitReady(ctx, second.addresses["operator"]); err != nil {
		return err
	}
	var gateways []*gateway.Client
	for i := range libraryGateways {
		g, err := gateway.New(ctx, gateway.Config{
			URLs:  []string{"http://" + w.addresses["gateway"], "http://" + second.addresses["gateway"]},
			Token: w.gateway, Name: fmt.Sprintf("bench-%d", i), Verify: gateway.Serve,
		})
		if err != nil {
			return err
		}
		defer func() { _ = g.Close(context.WithoutCancel(ctx)) }()
		if err := g.Ready(); err != nil {
			return err
		}
		gateways = append(gateways, g)
	}
	if err := b.measureCached(ctx, gateways[0]); err != nil {
		return err
	}
	if err := b.measureAdmit(ctx, gateways[0]); err != nil {
		return err
	}
	return b.measureReceipts(ctx, w, gateways)
}

// measureCached measures judging a key that was judged before.
func (b *bench) measureCached(ctx context.Context, g *gateway.Client) error {
	later, earlier := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	narrowed, err := minted(0), error(nil)
	for _, c := range []macaroon.Caveat{
		{Disallow: macaroon.Ops(macaroon.OpDelete), NotAfter: later},
		{AllowedPaths: []macaroon.Path{{Bucket: []byte("bucket"), EncryptedPathPrefix: []byte("a/b/")}}, NotBefore: earlier},
		{Disallow: macaroon.Ops(macaroon.OpWrite), Nonce: []byte{1, 2, 3, 4}},
	} {
		if narrowed, err = narrowed.Attenuate(c); err != nil {
			return err
		}
	}
	for _, of := range []struct {
		name    string
		key     macaroon.Key
		targets []float64
	}{{"no caveat", minted(0), targetVerifyPlain}, {"three caveats", narrowed, targetVerifyCaveats}} {
		request := gateway.Request{Key: of.key.Serialize(), Op: macaroon.OpRead, Bucket: "bucket", Path: "a/b/c/d/e/f"}
		var failure error
		verify := func() {
			if verdict, err := g.Verify(ctx, request); err != nil || !verdict.Valid() {
				failure = errors.Join(err, errors.New("a key is "+string(verdict.Code)))
			}
		}
		verify()
		each := b.repeat(1, verify)
		allocations := testing.AllocsPerRun(10_000, verify)
		if failure != nil {
			return failure
		}
		b.report.add(row{Measure: "gateway.Verify, cached, " + of.name, Unit: unitMicro, Value: each / 1000, Targets: of.targets})
		b.report.add(row{Measure: "its allocations", Unit: unitCount, Value: allocations, Targets: targetAllocations})
	}
	return nil
}

// measureAdmit measures admitting of what is leased, by two goroutines at once.
func (b *bench) measureAdmit(ctx context.Context, g *gateway.Client) error {
	verdict, err := g.Verify(ctx, gateway.Request{Key: minted(0).Serialize(), Op: macaroon.OpRead})
	if err != nil {
		return err
	}
	var failed atomic.Pointer[error]
	each := b.repeat(2, func() {
		if err := g.Admit(ctx, verdict.ProjectID, reeve.MeterRate, 1); err != nil {
			failed.Store(&err)
		}
	})
	if found := failed.Load(); found != nil {
		return *found
	}
	b.report.add(row{Measure: "gateway.Admit under leases, 2 goroutines on a project", Unit: unitNano, Value: each, Targets: targetAdmit})
	return nil
}

// repeat calls something as often as can be, by so many goroutines, and gives
// the nanoseconds from one call to the next: the median of the rounds.
func (b *bench) repeat(goroutines int, call func()) float64 {
	const batch = 1000
	var found []float64
	for round := range b.rounds + 1 {
		var calls atomic.Int64
		var all sync.WaitGroup
		began := time.Now()
		for range goroutines {
			all.Go(func() {
				for time.Since(began) < b.duration {
					for range batch {
						call()
					}
					calls.Add(batch)
				}
			})
		}
		all.Wait()
		if round > 0 { // the first is the warm-up
			found = append(found, float64(time.Since(began))/float64(calls.Load()))
		}
	}
	return median(found)
}

// measureReceipts revokes keys that all gateways have judged, and takes the
// time until the receipt is complete.
func (b *bench) measureReceipts(ctx context.Context, w *gatewayWorld, gateways []*gateway.Client) error {
	next := 10 // the first are used above
	var slowest []float64
	for round := range b.rounds + 1 {
		var took []time.Duration
		for range receiptsEach {
			key := minted(next).Serialize()
			next++
			for _, g := range gateways {
				if verdict, err := g.Verify(ctx, gateway.Request{Key: key, Op: macaroon.OpRead}); err != nil || !verdict.Valid() {
					return errors.Join(err, errors.New("a key is "+string(verdict.Code)))
				}
			}
			request, err := http.NewRequestWithContext(ctx, http.MethodDelete, "http://"+w.addresses["operator"]+"/api/apikeys/"+key+"?wait=30", nil)
			if err != nil {
				return err
			}
			request.Header.Set("Authorization", string(w.token))
			var receipt struct {
				Complete bool
				Sessions []struct{ State string }
			}
			began := time.Now()
			if err := answerJSON(request, &receipt); err != nil {
				return err
			}
			took = append(took, time.Since(began))
			if !receipt.Complete || len(receipt.Sessions) < libraryGateways+2 {
				return fmt.Errorf("a receipt of %d sessions, complete: %v", len(receipt.Sessions), receipt.Complete)
			}
		}
		slices.Sort(took)
		p99 := took[len(took)*99/100]
		b.say("round %d  receipt p50 %s p99 %s", round, took[len(took)/2], p99)
		if round > 0 {
			slowest = append(slowest, float64(p99)/float64(time.Millisecond))
		}
	}
	b.report.add(row{
		Measure: "revocation to receipt, 2 replicas and 3 gateways, p99", Unit: unitTime, Value: median(slowest), Targets: targetReceipt,
	})
	return nil
}
