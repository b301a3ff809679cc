// Package gateway lets a Go program admit or refuse requests on reeve's word, in a microsecond and without a call.
//
//	client, err := gateway.New(ctx, gateway.Config{URLs: urls, Token: token, Verify: gateway.Serve})
//	…
//	verdict, err := client.Verify(ctx, gateway.Request{Key: key, Op: macaroon.OpRead, Bucket: bucket, Path: path})
//	if err != nil || !verdict.Valid() {
//		// refuse
//	}
//	err = client.Admit(ctx, verdict.ProjectID, reeve.MeterRate, 1)
//	…
//	err = client.Report(ctx, reeve.UsageRecord{ProjectID: verdict.ProjectID, Meter: reeve.UsageEgress, Value: sent})
//
// # Keys
//
// A key that is shown for the first time is asked for; the server, which alone holds the secrets, says whether it is
// genuine. The answer is kept with the key's decoded caveats, which are judged here from then on. The client follows
// the server's feed of changes, drops what they concern and acknowledges them; that is what a revocation's receipt
// counts. An answer is kept only if it knew of every change that the feed had brought by then.
//
// The cache counts only while the session's lease runs: 90 s by default from when its last renewal was sent, by a
// clock that goes on while the machine sleeps. Until then a revocation's receipt waits for this gateway; after it, it
// does not, and nothing is served from the cache. So no request that comes after the receipt is accepted, even by a
// gateway that was stopped or cut off.
//
// Times in caveats are judged by the server's clock, which it tells with each renewal: right to half a round trip, so
// to a second, whatever this machine believes the date to be.
//
// When a key was used last, as lists of keys show it, is told every ten seconds and at Close, as far as that goes.
//
// # Limits
//
// Admit takes units from slices of a project's limits that are leased from the control plane, sized by demand. What is
// leased counts as used until it is settled, so that the sum over all gateways stays below the limit.
//
// # Usage
//
// Report writes to a [Spool], which keeps usage on disk until the server has counted it. A record whose Report returned
// nil is counted exactly once, whatever is killed and however often, as long as the directory survives. Counters
// (egress, requests) add up; gauges (storage, objects) are samples, to be reported at least once a day. A Spool also
// works without a Client:
//
//	spool, err := gateway.OpenSpool("/var/lib/gateway/usage", gateway.SpoolSettings{})
//	…
//	go spool.Deliver(ctx, gateway.DeliverTo(http.DefaultClient, "http://127.0.0.1:8082", token))
package gateway
