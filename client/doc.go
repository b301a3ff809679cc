// Package client calls reeve's three APIs: a method for each operation of
// their documents, made from them.
//
//	operator, err := client.NewOperator("http://127.0.0.1:8081", token)
//	if err != nil {
//		return err
//	}
//	user, err := operator.GetUser(ctx, "alice@example.com")
//	if client.IsNotFound(err) {
//		// …
//	}
//
// [Tenant], [Operator] and [Gateway] are the faces; what programs need that
// admit requests is in package gateway, which keeps keys in memory. An answer
// that is a refusal is an [*Error]. Lists with a cursor have a second method
// whose name ends with All, which follows it.
//
// # Retries
//
// A call that got no answer, or 503 or 429, is made again a few times, after
// what Retry-After says or a growing, random wait. Calls that write are only
// repeated where that does no harm: GET, PUT and DELETE, and POST to tenants'
// and operators' APIs, which carry an Idempotency-Key of their own, the same
// each time. A DELETE whose first answer was lost may answer that there is
// nothing to delete, and a PUT with If-Match that the thing has changed.
//
// # Settings of one call
//
// They travel in the context: [WithReason], [WithIdempotencyKey],
// [WithIfMatch], [WithHeader], and [WithResponse] for what an answer's header
// says.
package client
