// Package openapicheck holds requests and responses against an OpenAPI 3.1
// document as package web writes it. It is for tests: no program imports it.
package openapicheck

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/google/jsonschema-go/jsonschema"
)

// Checker checks traffic against one document and remembers which statuses of
// which operations it has seen. It may be used by many tests at once.
type Checker struct {
	operations []*operation
	defs       json.RawMessage
	failures   map[string]media // what errors look like, by Content-Type

	mu        sync.Mutex
	compiled  map[string]*jsonschema.Resolved
	exercised map[string]map[int]bool
}

// operation is a documented operation, with its references followed.
type operation struct {
	method    string
	segments  []string
	ID        string              `json:"operationId"`
	Params    []parameter         `json:"parameters"`
	Body      *requestBody        `json:"requestBody"`
	Responses map[string]response `json:"responses"`
}

// parameter is one value of the path or the query.
type parameter struct {
	Name   string          `json:"name"`
	In     string          `json:"in"`
	Schema json.RawMessage `json:"schema"`
	Rest   bool            `json:"x-slashes"` // of the path: the last, slashes and all
}

type requestBody struct {
	Required bool             `json:"required"`
	Content  map[string]media `json:"content"`
}

type response struct {
	Ref        string            `json:"$ref"`
	Headers    map[string]header `json:"headers"`
	Content    map[string]media  `json:"content"`
	MayBeEmpty bool              `json:"x-may-be-empty"`
}

type header struct {
	Required bool `json:"required"`
}

type media struct {
	Schema json.RawMessage `json:"schema"`
}

// NewChecker reads a document.
func NewChecker(document []byte) (*Checker, error) {
	// A schema is compiled alone, with all components as its definitions.
	document = bytes.ReplaceAll(document, []byte(`"#/components/schemas/`), []byte(`"#/$defs/`))
	var doc struct {
		Paths      map[string]map[string]*operation `json:"paths"`
		Components struct {
			Schemas   json.RawMessage     `json:"schemas"`
			Responses map[string]response `json:"responses"`
		} `json:"components"`
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, fmt.Errorf("reading the document: %w", err)
	}
	c := &Checker{
		defs: doc.Components.Schemas, failures: map[string]media{},
		compiled: map[string]*jsonschema.Resolved{}, exercised: map[string]map[int]bool{},
	}
	for _, r := range doc.Components.Responses {
		for contentType, m := range r.Content {
			c.failures[contentType] = m
		}
	}
	for path, item := range doc.Paths {
		for method, op := range item {
			op.method, op.segments = strings.ToUpper(method), strings.Split(path, "/")
			if slices.ContainsFunc(op.Params, func(p parameter) bool { return p.Rest }) {
				op.segments[len(op.segments)-1] = rest
			}
			for status, r := range op.Responses {
				if name, ok := strings.CutPrefix(r.Ref, "#/components/responses/"); ok {
					op.Responses[status] = doc.Components.Responses[name]
				}
			}
			c.operations = append(c.operations, op)
		}
	}
	return c, nil
}

// Documented gives every operation's statuses, sorted.
func (c *Checker) Documented() map[string][]int {
	out := map[string][]int{}
	for _, op := range c.operations {
		for status := range op.Responses {
			code, _ := strconv.Atoi(status)
			out[op.ID] = append(out[op.ID], code)
		}
		slices.Sort(out[op.ID])
	}
	return out
}

// Find gives the operation that answers a method and a concrete path, and its
// statuses; "" and none if none is documented.
func (c *Checker) Find(method, target string) (id string, statuses map[int]bool) {
	op, _ := c.find(method, target)
	if op == nil {
		return "", nil
	}
	statuses = map[int]bool{}
	for status := range op.Responses {
		code, _ := strconv.Atoi(status)
		statuses[code] = true
	}
	return op.ID, statuses
}

// Exercised gives the statuses that Response has accepted, by operation and
// sorted. HEAD does not count.
func (c *Checker) Exercised() map[string][]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string][]int{}
	for id, statuses := range c.exercised {
		for status := range statuses {
			out[id] = append(out[id], status)
		}
		slices.Sort(out[id])
	}
	return out
}

// Response checks a reply to a request for a path, with or without a query.
// Where no operation is documented only an error's form is checked: success
// there may be a mounted handler's.
func (c *Checker) Response(method, path string, status int, header http.Header, body []byte) error {
	op, known := c.find(method, path)
	where := fmt.Sprintf("%s %s: %d", method, path, status)
	if op == nil {
		if known && status == http.StatusMethodNotAllowed && header.Get("Allow") == "" {
			return fmt.Errorf("%s: no Allow", where)
		}
		if status < http.StatusBadRequest {
			return nil
		}
		return wrap(where, c.content(method, c.failures, header, body))
	}
	documented, ok := op.Responses[strconv.Itoa(status)]
	if !ok {
		return fmt.Errorf("%s: not documented for %s", where, op.ID)
	}
	for name, described := range documented.Headers {
		if described.Required && header.Get(name) == "" {
			return fmt.Errorf("%s: no %s", where, name)
		}
	}
	if !documented.MayBeEmpty || len(body) > 0 {
		if err := c.content(method, documented.Content, header, body); err != nil {
			return wrap(where, err)
		}
	}
	if method != http.MethodHead {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.exercised[op.ID] == nil {
			c.exercised[op.ID] = map[int]bool{}
		}
		c.exercised[op.ID][status] = true
	}
	return nil
}

// content checks a reply's body against the documented media types; none
// documented means no body at all.
func (c *Checker) content(method string, documented map[string]media, header http.Header, body []byte) error {
	contentType := header.Get("Content-Type")
	if len(documented) == 0 {
		if len(body) > 0 || contentType != "" {
			return fmt.Errorf("a body of %q where none is documented", contentType)
		}
		return nil
	}
	m, ok := documented[contentType]
	if !ok {
		return fmt.Errorf("Content-Type %q is not documented", contentType)
	}
	if method == http.MethodHead {
		if len(body) > 0 {
			return errors.New("a body in answer to HEAD")
		}
		return nil
	}
	if strings.HasPrefix(contentType, "text/") {
		return nil
	}
	return c.validate(m.Schema, body)
}

// validate checks JSON text against a schema of the document.
func (c *Checker) validate(schema json.RawMessage, text []byte) error {
	var instance any
	if err := json.Unmarshal(text, &instance); err != nil {
		return fmt.Errorf("reading %s: %w", text, err)
	}
	return c.validateValue(schema, instance)
}

// validateValue checks a decoded JSON value.
func (c *Checker) validateValue(schema json.RawMessage, instance any) error {
	resolved, err := c.compile(schema)
	if err != nil {
		return fmt.Errorf("compiling %s: %w", schema, err)
	}
	return resolved.Validate(instance)
}

// compile resolves a schema once.
func (c *Checker) compile(text json.RawMessage) (*jsonschema.Resolved, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if resolved := c.compiled[string(text)]; resolved != nil {
		return resolved, nil
	}
	root := &jsonschema.Schema{AllOf: []*jsonschema.Schema{{}}}
	if err := json.Unmarshal(text, root.AllOf[0]); err != nil {
		return nil, err
	}
	if len(c.defs) > 0 {
		if err := json.Unmarshal(c.defs, &root.Defs); err != nil {
			return nil, err
		}
	}
	resolved, err := root.Resolve(nil)
	if err == nil {
		c.compiled[string(text)] = resolved
	}
	return resolved, err
}

// find gives the operation that answers a method and a concrete path; known
// tells whether any method is documented there. Of two templates that match,
// the one with fewer wildcards is meant, as in net/http's mux.
func (c *Checker) find(method, target string) (op *operation, known bool) {
	path, _, _ := strings.Cut(target, "?")
	if method == http.MethodHead {
		method = http.MethodGet
	}
	best := -1
	var methods []*operation
	for _, candidate := range c.operations {
		literals, ok := match(candidate.segments, strings.Split(path, "/"))
		if !ok || literals < best {
			continue
		}
		if literals > best {
			best, methods = literals, nil
		}
		methods = append(methods, candidate)
	}
	for _, candidate := range methods {
		if candidate.method == method {
			return candidate, true
		}
	}
	return nil, best >= 0
}

// match compares a path with a template by decoded segments, as net/http does.
func match(template, path []string) (literals int, ok bool) {
	if last := len(template) - 1; template[last] == rest && len(path) > last {
		template, path = template[:last], path[:last]
	}
	if len(template) != len(path) {
		return 0, false
	}
	for i, segment := range template {
		decoded, err := url.PathUnescape(path[i])
		switch {
		case err != nil || isWildcard(segment) && decoded == "":
			return 0, false
		case isWildcard(segment):
		case segment != decoded:
			return 0, false
		default:
			literals++
		}
	}
	return literals, true
}

// rest stands for the wildcard of an operation that answers everything below.
const rest = "{/}"

// isWildcard tells {name} from a literal segment.
func isWildcard(segment string) bool { return strings.HasPrefix(segment, "{") }

// wrap says where an error was found, if there is one.
func wrap(where string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", where, err)
}

// isForm tells whether a header announces an urlencoded form.
func isForm(header http.Header) bool {
	mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	return err == nil && mediaType == formType
}
