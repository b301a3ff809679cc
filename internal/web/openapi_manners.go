package web

import (
	"net/http"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
)

// depends tells whether an operation can be made to depend on what its path's
// GET answers.
func (b *builder) depends(op *operation) bool {
	get := b.api.routes[op.Path].methods[http.MethodGet]
	return op.careful && get != nil && get.tagged
}

// repeats tells whether an operation takes an Idempotency-Key.
func (op *operation) repeats() bool { return op.careful && op.Method == http.MethodPost }

func text() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

// manners adds what web itself puts into a success, and gives the kinds with
// which it may refuse.
func (b *builder) manners(op *operation, success *response) (kinds []reeve.Kind) {
	add := func(name string, header headerDoc) {
		if success.Headers == nil {
			success.Headers = map[string]headerDoc{}
		}
		success.Headers[name] = header
	}
	if op.tagged {
		// A document in another format than JSON has none.
		add("ETag", headerDoc{"Names this reply: two that differ have two.", len(op.Formats) == 0, text()})
	}
	if op.careful { // also where there is nothing that If-Match could name
		kinds = append(kinds, reeve.Invalid, reeve.Precondition)
	}
	if op.repeats() {
		kinds = append(kinds, reeve.Invalid, reeve.Conflict, reeve.Mismatch)
		add("Idempotency-Replayed", headerDoc{
			"The request was done before: this is the reply that it had then.", false,
			&jsonschema.Schema{Type: "string", Enum: []any{"true"}},
		})
	}
	return kinds
}

// mannersIn describes the headers that web itself reads.
func (b *builder) mannersIn(op *operation) (out []parameter) {
	header := func(name, description string, schema *jsonschema.Schema) {
		out = append(out, parameter{Name: name, In: "header", Description: description, Schema: schema})
	}
	if op.tagged {
		header("If-None-Match", "Entity tags of replies that the client has: 304 if this is one of them.", text())
	}
	if b.depends(op) {
		header("If-Match", "Do it only if this path's GET, without a query, answers one of these entity tags: else 412.", text())
		header("If-None-Match", "Do it only if this path's GET, without a query, answers none of these entity tags; * is any.", text())
	}
	if op.repeats() {
		least, most := 1, longestKey
		header(idempotencyKey, "Makes the request safe to send again for a day: one that was done is not done again, its reply is given again.",
			&jsonschema.Schema{Type: "string", MinLength: &least, MaxLength: &most, Pattern: "^[ -~]+$"})
	}
	return out
}
