package web

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
)

// reasonHeader says why a request is made: as it is, in UTF-8, or as RFC 8187
// writes what is beyond ASCII: UTF-8'de'%c3%bc.
const reasonHeader = "X-Reason"

// reasonName is the member of a body, and the field of a form, that may say it
// instead.
const reasonName = "reason"

var errReason = reeve.Errorf(reeve.Invalid, "X-Reason is malformed")

// explained tells whether the requests of an operation may say why they are
// made: those that may change something.
func (api *API) explained(op *operation) bool {
	return api.face.Explain != nil && op.guarded && op.Method != http.MethodGet
}

// explain hands the face the reason that the request gives. The header's word
// goes before the body's.
func (x *exchange) explain(r *http.Request) *reeve.Error {
	if !x.api.explained(x.operation) {
		return nil
	}
	reason := x.reason
	if sent := r.Header[reasonHeader]; len(sent) > 0 {
		var err error
		if reason, err = decodeReason(sent[0]); err != nil {
			return errReason
		}
	}
	ctx, err := x.api.face.Explain(x.ctx, reason)
	if err != nil {
		return reeve.AsError(err)
	}
	x.ctx = ctx
	return nil
}

// decodeReason reads the header's value in either form (RFC 8187 3.2.1: charset,
// language, percent-encoded text).
func decodeReason(value string) (string, error) {
	const charset = "utf-8'"
	if len(value) < len(charset) || !strings.EqualFold(value[:len(charset)], charset) {
		return value, nil
	}
	_, text, ok := strings.Cut(value[len(charset):], "'")
	if !ok {
		return "", errReason
	}
	return url.PathUnescape(text)
}

// noteReason keeps what a JSON body says of its reason. Where the operation has
// a use of its own for that, it need not be one that may be kept.
func (x *exchange) noteReason(p *plan, data []byte) error {
	if !x.api.explained(x.operation) {
		return nil
	}
	var body struct {
		Reason *string `json:"reason"`
	}
	err := json.Unmarshal(data, &body)
	switch {
	case err != nil && data[firstByte(data)] != '{':
		return nil // no object has no members
	case err != nil:
		return err
	case body.Reason == nil:
		return nil
	case p.ownReason():
		x.reason = reeve.ShortReason(*body.Reason)
	default:
		x.reason = *body.Reason
	}
	return nil
}

// longestAside is how much is read of a body that an operation has no use for,
// in bytes: more than the longest reason takes, however it is escaped.
const longestAside = 8 << 10

// noteAside keeps the reason that comes alone: in the body of an operation
// without one. Whatever else is there, and a body that is no JSON object, late
// or longer than a reason needs, says nothing.
func (x *exchange) noteAside(p *plan) error {
	if x.body == nil || x.reason != "" || !x.api.explained(x.operation) {
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(x.body, longestAside+1))
	var members map[string]json.RawMessage
	if err != nil || len(data) > longestAside || unmarshal(data, &members) != nil || members == nil {
		return nil
	}
	return x.noteReason(p, data)
}

// firstByte is where a JSON text begins.
func firstByte(data []byte) int { return len(data) - len(strings.TrimLeft(string(data), " \t\r\n")) }

// ownReason tells whether the body has a member of that name in any case.
func (p *plan) ownReason() bool {
	if p.body == nil || p.body.typ.Kind() != reflect.Struct {
		return false
	}
	for _, f := range reflect.VisibleFields(p.body.typ) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == reasonName {
			return true
		}
	}
	return false
}

// reason describes the header and the member.
func (b *builder) reason(op *operation, out *operating) {
	if !b.api.explained(op) {
		return
	}
	longest := reeve.MaxReason
	out.Parameters = append(out.Parameters, parameter{
		Name: reasonHeader, In: "header",
		Description: "Why: kept in the record of changes, at most 500 characters. It may be in the body instead, as the member `reason` of a JSON object.",
		Schema:      &jsonschema.Schema{Type: "string"},
	})
	if out.RequestBody == nil {
		return
	}
	for _, content := range out.RequestBody.Content {
		schema := content.Schema
		if name, ok := strings.CutPrefix(schema.Ref, schemaPath); ok {
			schema = b.schemas.components[name]
		}
		if schema.Type != "object" || schema.Properties == nil || schema.Properties[reasonName] != nil {
			continue
		}
		schema.Properties[reasonName] = &jsonschema.Schema{
			Type: "string", MaxLength: &longest, Description: "Why: kept in the record of changes. X-Reason goes before it.",
		}
		schema.PropertyOrder = append(schema.PropertyOrder, reasonName)
	}
}
