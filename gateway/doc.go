// Package gateway is for Go programs that admit or refuse requests on reeve's
// word and report what was used.
//
// A [Spool] keeps usage on disk until the server has counted it:
//
//	spool, err := gateway.OpenSpool("/var/lib/gateway/usage", gateway.SpoolSettings{})
//	…
//	go spool.Deliver(ctx, gateway.DeliverTo(http.DefaultClient, "http://127.0.0.1:8082", token))
//	…
//	err = spool.Report(ctx, reeve.UsageRecord{ProjectID: id, Meter: reeve.UsageEgress, At: time.Now(), Value: n})
//
// A record whose Report returned nil is counted exactly once, whatever is
// killed and however often, as long as the directory survives.
package gateway
