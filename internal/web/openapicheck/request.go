package openapicheck

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// Request checks a request that was accepted: that its operation is
// documented, and its parameters and body are as described. A null in the body
// counts as absent, so it is taken out first. Requests that were refused need
// not match, and should not be shown.
func (c *Checker) Request(method, target string, header http.Header, body []byte) error {
	where := method + " " + target
	op, _ := c.find(method, target)
	if op == nil {
		return fmt.Errorf("%s: not documented", where)
	}
	path, query, _ := strings.Cut(target, "?")
	if err := c.pathValues(op, path); err != nil {
		return wrap(where, err)
	}
	if err := c.queryValues(op, query); err != nil {
		return wrap(where, err)
	}
	return wrap(where, c.requestBody(op, header, body))
}

// pathValues checks the wildcards' values, each decoded.
func (c *Checker) pathValues(op *operation, path string) error {
	for i, segment := range strings.Split(path, "/") {
		if op.segments[i] == rest {
			return nil // any spelling will do
		}
		if !isWildcard(op.segments[i]) {
			continue
		}
		value, err := url.PathUnescape(segment)
		if err != nil {
			return err
		}
		if err := c.parameter(op, "path", strings.Trim(op.segments[i], "{}"), value); err != nil {
			return err
		}
	}
	return nil
}

// queryValues checks every value, repeated ones too; unknown names are an error
// here, although the server ignores them: a test that sends one is mistaken.
func (c *Checker) queryValues(op *operation, query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return err
	}
	for name, all := range values {
		for _, value := range all {
			if err := c.parameter(op, "query", name, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// parameter checks one value. Text is read as the number or boolean that it
// spells if the schema does not take it as a string.
func (c *Checker) parameter(op *operation, in, name, value string) error {
	for _, p := range op.Params {
		if p.In != in || p.Name != name {
			continue
		}
		err := c.validateValue(p.Schema, value)
		if number, parseErr := strconv.ParseFloat(value, 64); err != nil && parseErr == nil {
			err = c.validateValue(p.Schema, number)
		}
		if boolean, parseErr := strconv.ParseBool(value); err != nil && parseErr == nil {
			err = c.validateValue(p.Schema, boolean)
		}
		return wrap(in+" parameter "+name, err)
	}
	return fmt.Errorf("%s parameter %q is not documented", in, name)
}

// requestBody checks the body. A Content-Type that is not documented is read
// as JSON, as the server does.
func (c *Checker) requestBody(op *operation, header http.Header, body []byte) error {
	switch {
	case len(body) == 0 && op.Body != nil && op.Body.Required:
		return errors.New("no body where one is required")
	case len(body) == 0:
		return nil
	case op.Body == nil:
		return errors.New("a body where none is documented")
	}
	if form, ok := op.Body.Content[formType]; ok && isForm(header) {
		return c.form(form.Schema, body)
	}
	mediaType, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	documented, ok := op.Body.Content[mediaType]
	if !ok {
		documented, ok = op.Body.Content[jsonType]
	}
	if !ok {
		return errors.New("a body of an undocumented type")
	}
	var instance any
	if err := json.Unmarshal(body, &instance); err != nil {
		return err
	}
	if instance == nil {
		instance = map[string]any{}
	}
	return c.validateValue(documented.Schema, withoutNulls(instance))
}

// form checks that every field of an urlencoded form is a described one.
func (c *Checker) form(schema json.RawMessage, body []byte) error {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return err
	}
	var described struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(schema, &described); err != nil {
		return err
	}
	for name := range values {
		if described.Properties[name] == nil {
			return fmt.Errorf("form field %q is not documented", name)
		}
	}
	return nil
}

// withoutNulls drops null members at any depth; elements of lists stay.
func withoutNulls(value any) any {
	switch value := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, member := range value {
			if member != nil {
				out[name] = withoutNulls(member)
			}
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, element := range value {
			out[i] = withoutNulls(element)
		}
		return out
	}
	return value
}
