package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
)

// The parts of an OpenAPI 3.1 document that a face needs, in the order in
// which they are written (https://spec.openapis.org/oas/v3.1.1).
type (
	// document is the whole. Maps are written in the order of their keys.
	document struct {
		OpenAPI    string                          `json:"openapi"`
		Info       documentInfo                    `json:"info"`
		Paths      map[string]map[string]operating `json:"paths"`
		Components components                      `json:"components"`
	}
	documentInfo struct {
		Title       string `json:"title"`
		Description string `json:"description,omitempty"`
		Version     string `json:"version"`
	}
	// operating is the Operation Object.
	operating struct {
		ID          string                `json:"operationId"`
		Summary     string                `json:"summary,omitempty"`
		Description string                `json:"description,omitempty"`
		Tags        []string              `json:"tags,omitempty"`
		Security    []map[string][]string `json:"security,omitempty"`
		Parameters  []parameter           `json:"parameters,omitempty"`
		RequestBody *requestBody          `json:"requestBody,omitempty"`
		Responses   map[string]response   `json:"responses"`
	}
	parameter struct {
		Name        string             `json:"name"`
		In          string             `json:"in"`
		Description string             `json:"description,omitempty"`
		Required    bool               `json:"required,omitempty"`
		Schema      *jsonschema.Schema `json:"schema"`
		Slashes     bool               `json:"x-slashes,omitempty"` // the rest of the path, slashes and all
	}
	requestBody struct {
		Description string           `json:"description,omitempty"`
		Required    bool             `json:"required,omitempty"`
		Content     map[string]media `json:"content"`
	}
	// response is a Response Object, or a reference to one.
	response struct {
		Ref         string               `json:"$ref,omitempty"`
		Description string               `json:"description,omitempty"`
		Headers     map[string]headerDoc `json:"headers,omitempty"`
		Content     map[string]media     `json:"content,omitempty"`
		MayBeEmpty  bool                 `json:"x-may-be-empty,omitempty"` // the body
	}
	headerDoc struct {
		Description string             `json:"description,omitempty"`
		Required    bool               `json:"required,omitempty"`
		Schema      *jsonschema.Schema `json:"schema"`
	}
	media struct {
		Schema *jsonschema.Schema `json:"schema"`
	}
	components struct {
		Schemas   map[string]*jsonschema.Schema `json:"schemas,omitempty"`
		Responses map[string]response           `json:"responses,omitempty"`
		Security  map[string]securityDoc        `json:"securitySchemes,omitempty"`
	}
	securityDoc struct {
		Type        string `json:"type"`
		Description string `json:"description,omitempty"`
		Name        string `json:"name,omitempty"`
		In          string `json:"in,omitempty"`
		Scheme      string `json:"scheme,omitempty"`
	}
)

const jsonType = "application/json"

// Document gives the face's OpenAPI 3.1 document, indented, the same bytes for
// the same operations. It fails on a type that it cannot describe.
func (api *API) Document() ([]byte, error) {
	b := &builder{api: api, schemas: newSchemas()}
	b.doc = document{
		OpenAPI:    "3.1.1",
		Info:       documentInfo{api.face.Title, api.face.Description, api.face.Version},
		Paths:      map[string]map[string]operating{},
		Components: components{Responses: map[string]response{}, Security: securityDocs(api.face.Security)},
	}
	if err := b.build(); err != nil {
		return nil, fmt.Errorf("describing the %s API: %w", api.face.Name, err)
	}
	b.doc.Components.Schemas = b.schemas.components
	out, err := json.MarshalIndent(b.doc, "", "  ")
	return append(out, '\n'), err
}

// builder collects a document.
type builder struct {
	api     *API
	schemas *schemas
	doc     document
}

// build describes replies before requests, so that a type used in both keeps
// its name for the reply.
func (b *builder) build() error {
	// The face's error body is known by what it makes of an error.
	sample := b.api.face.Body(http.StatusBadRequest, &reeve.Error{Kind: reeve.Invalid, Message: "sample"})
	if err := b.schemas.addNamed("Error", reflect.TypeOf(sample)); err != nil {
		return err
	}
	described := make([]operating, len(b.api.operations))
	for i, op := range b.api.operations {
		responses, err := b.responses(op)
		if err != nil {
			return fmt.Errorf("replies of %s: %w", op.ID, err)
		}
		described[i].Responses = responses
	}
	for i, op := range b.api.operations {
		if err := b.request(op, &described[i]); err != nil {
			return fmt.Errorf("request of %s: %w", op.ID, err)
		}
		path := strings.Replace(op.Path, "...}", "}", 1)
		item := b.doc.Paths[path]
		if item == nil {
			item = map[string]operating{}
			b.doc.Paths[path] = item
		}
		item[strings.ToLower(op.Method)] = described[i]
	}
	return nil
}

// responses describes the success and every documented error. Outside the
// face's prefixes there are no common errors: nothing is asked there.
func (b *builder) responses(op *operation) (map[string]response, error) {
	success := response{Description: http.StatusText(op.Status)}
	switch {
	case op.out == reflect.TypeFor[Empty]():
	case op.out == reflect.TypeFor[Stream]():
		success.Content = map[string]media{"text/event-stream": {&jsonschema.Schema{Type: "string"}}}
	case implements(op.out, setterType):
		success.Headers = headers(op.out)
	default:
		typ := op.out
		if implements(typ, formattedType) {
			typ = reflect.New(typ).Interface().(formatted).jsonType()
		}
		if typ.Kind() == reflect.Pointer {
			typ, success.MayBeEmpty = typ.Elem(), true
		}
		schema, err := b.schemas.of(typ, false)
		if err != nil {
			return nil, err
		}
		success.Content = map[string]media{jsonType: {schema}}
	}
	for _, format := range op.Formats {
		success.Content[mediaTypes[format]] = media{&jsonschema.Schema{Type: "string"}}
	}
	kinds := slices.Concat([]reeve.Kind{reeve.Internal}, op.Errors, b.manners(op, &success))
	out := map[string]response{strconv.Itoa(op.Status): success}
	if op.tagged {
		out[strconv.Itoa(http.StatusNotModified)] = response{
			Description: "The reply that If-None-Match names is still the one.",
			Headers:     map[string]headerDoc{"ETag": success.Headers["ETag"]},
		}
	}
	if op.guarded {
		kinds = slices.Concat(kinds, b.api.face.Common)
	}
	if op.plan.readsBody() {
		kinds = append(kinds, reeve.TooLarge, reeve.Timeout)
	}
	if b.api.explained(op) {
		kinds = append(kinds, reeve.Invalid)
	}
	for _, kind := range kinds {
		status := b.api.statuses[kind]
		out[strconv.Itoa(status)] = b.errorResponse(status)
	}
	return out, nil
}

// headers describes a reply that is all header. Those that may be missing are
// tagged header:"Name,optional".
func headers(t reflect.Type) map[string]headerDoc {
	out := map[string]headerDoc{}
	for _, f := range reflect.VisibleFields(t) {
		if name, option, _ := strings.Cut(f.Tag.Get("header"), ","); name != "" {
			out[name] = headerDoc{f.Tag.Get("doc"), option == "", &jsonschema.Schema{Type: "string"}}
		}
	}
	return out
}

// errorResponse refers to the face's one description of a status.
func (b *builder) errorResponse(status int) response {
	name := strings.Join(strings.FieldsFunc(http.StatusText(status), func(r rune) bool {
		return r == ' ' || r == '-' || r == '\''
	}), "")
	if _, ok := b.doc.Components.Responses[name]; !ok {
		described := response{
			Description: http.StatusText(status),
			Content: map[string]media{
				b.api.face.ErrorType: {&jsonschema.Schema{Ref: schemaPath + "Error"}},
			},
		}
		if asksForPatience(status) {
			described.Headers = map[string]headerDoc{
				"Retry-After": {"Seconds to wait.", true, &jsonschema.Schema{Type: "integer"}},
			}
			if status == http.StatusTooManyRequests {
				described.Headers["RateLimit"] = headerDoc{"What is left of the quota that is used up, if it has a name: `r` of it, in `t` seconds more.", false, &jsonschema.Schema{Type: "string"}}
				described.Headers["RateLimit-Policy"] = headerDoc{"The quota: `q` in `w` seconds.", false, &jsonschema.Schema{Type: "string"}}
			}
		}
		b.doc.Components.Responses[name] = described
	}
	return response{Ref: "#/components/responses/" + name}
}

// request describes what an operation reads.
func (b *builder) request(op *operation, out *operating) (err error) {
	out.ID, out.Summary, out.Description = op.ID, op.Summary, op.Description
	if op.Tag != "" {
		out.Tags = []string{op.Tag}
	}
	if op.guarded {
		out.Security = b.security(op)
	}
	for _, f := range op.plan.path {
		if err := b.parameter(out, f, "path"); err != nil {
			return err
		}
	}
	for _, f := range op.plan.query {
		if err := b.parameter(out, f, "query"); err != nil {
			return err
		}
	}
	for _, f := range op.plan.header {
		if f.name == "Accept" { // never described as a parameter: the reply's media types say it
			continue
		}
		if err := b.parameter(out, f, "header"); err != nil {
			return err
		}
	}
	out.Parameters = append(out.Parameters, b.mannersIn(op)...)
	if op.plan.body != nil {
		content, err := b.content(op.plan.body.typ)
		if err != nil {
			return err
		}
		about := op.plan.body.doc
		if op.Exact {
			about = strings.TrimSpace(about + " A member that is not named here is refused.")
		}
		out.RequestBody = &requestBody{about, !op.plan.body.maybe, content}
	}
	if op.Form {
		out.RequestBody, err = b.form(op)
	}
	b.reason(op, out)
	return err
}

// parameter describes one field of the path, the query or the header; those of
// the path are never optional, the others always.
func (b *builder) parameter(out *operating, f field, in string) error {
	schema, err := b.schemas.of(f.typ, true)
	if err != nil {
		return fmt.Errorf("parameter %s: %w", f.name, err)
	}
	out.Parameters = append(out.Parameters, parameter{f.name, in, f.doc, in == "path", schema, f.rest})
	return nil
}

// form describes the query's fields as an urlencoded body.
func (b *builder) form(op *operation) (*requestBody, error) {
	schema := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}}
	for _, f := range op.plan.query {
		property, err := b.schemas.of(f.typ, true)
		if err != nil {
			return nil, err
		}
		schema.Properties[f.name] = property
		schema.PropertyOrder = append(schema.PropertyOrder, f.name)
	}
	return &requestBody{
		Description: "The query's parameters may come as a form.",
		Content:     map[string]media{"application/x-www-form-urlencoded": {schema}},
	}, nil
}

// security lists the alternatives: any one of them will do.
func (b *builder) security(op *operation) (out []map[string][]string) {
	for _, scheme := range b.api.face.Security {
		if op.Security == nil && !scheme.Named || slices.Contains(op.Security, scheme.Name) {
			out = append(out, map[string][]string{scheme.Name: {}})
		}
	}
	return out
}

// securityDocs lists the face's schemes as components.
func securityDocs(schemes []SecurityScheme) map[string]securityDoc {
	out := map[string]securityDoc{}
	for _, s := range schemes {
		described := securityDoc{Type: s.Type, Description: s.Description, Scheme: s.Scheme}
		if s.Type == "apiKey" {
			described.Name, described.In = s.Header, "header"
		}
		out[s.Name] = described
	}
	return out
}
