package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
)

// call is what an operation is called with.
type call struct {
	path   []string
	params any // a struct with query and header tags; nil: none
	raw    raw // more of them
	body   any // nil: none
	accept string
	format string // of Operation.Formats
}

// raw are parameters that come by name.
type raw struct {
	query  url.Values
	header http.Header
}

// target makes the request's path and query.
func (in call) target(op *Operation, query url.Values) (string, error) {
	var out strings.Builder
	rest := op.Path
	for i := 0; ; i++ {
		before, after, ok := strings.Cut(rest, "{")
		out.WriteString(before)
		if !ok {
			break
		}
		name, end, _ := strings.Cut(after, "}")
		rest = end
		if i >= len(in.path) || in.path[i] == "" {
			return "", fmt.Errorf("client: %s: %s is empty", op.ID, name)
		}
		value := url.PathEscape(in.path[i])
		if p := op.Param(name); p != nil && p.Slashes {
			value = strings.ReplaceAll(value, "%2F", "/")
		}
		if value == "." || value == ".." { // servers and proxies would take them for steps
			value = strings.ReplaceAll(value, ".", "%2E")
		}
		out.WriteString(value)
	}
	if len(query) > 0 {
		out.WriteString("?" + query.Encode())
	}
	return out.String(), nil
}

// given reads parameters out of a struct; what is nil or empty is left out.
func (in call) given() (query url.Values, header http.Header) {
	query, header = url.Values{}, http.Header{}
	for name, values := range in.raw.query {
		query[name] = values
	}
	for name, values := range in.raw.header {
		header[name] = values
	}
	if in.format != "" {
		query.Set("format", in.format)
	}
	if in.params == nil {
		return query, header
	}
	from := reflect.ValueOf(in.params)
	for i := range from.NumField() {
		field := from.Type().Field(i)
		for _, text := range spelled(from.Field(i)) {
			if name := field.Tag.Get("query"); name != "" {
				query.Add(name, text)
			}
			if name := field.Tag.Get("header"); name != "" {
				header.Add(name, text)
			}
		}
	}
	return query, header
}

// spelled gives a parameter's values as text.
func spelled(v reflect.Value) []string {
	switch value := v.Interface().(type) {
	case string:
		if value != "" {
			return []string{value}
		}
	case []string:
		return value
	case *int64:
		if value != nil {
			return []string{strconv.FormatInt(*value, 10)}
		}
	case *bool:
		if value != nil {
			return []string{strconv.FormatBool(*value)}
		}
	}
	return nil
}

// request makes the request, which may be sent several times.
func (c *Client) request(ctx context.Context, op *Operation, in call) (*http.Request, error) {
	query, header := in.given()
	target, err := in.target(op, query)
	if err != nil {
		return nil, err
	}
	var body io.Reader
	if in.body != nil && !isNil(in.body) {
		text, err := json.Marshal(in.body)
		if err != nil {
			return nil, fmt.Errorf("client: body of %s: %w", op.ID, err)
		}
		body = bytes.NewReader(text)
		header.Set("Content-Type", "application/json")
	}
	request, err := http.NewRequestWithContext(ctx, op.Method, c.base+target, body)
	if err != nil {
		return nil, fmt.Errorf("client: %s: %w", op.ID, err)
	}
	if in.accept != "" {
		header.Set("Accept", in.accept)
	}
	header.Set("User-Agent", c.agent)
	if op.Method == http.MethodPost && keyed(op) {
		header.Set(idempotencyKey, newKey())
	}
	for name, values := range settingsOf(ctx).header {
		header[name] = values
		if len(values) == 1 && values[0] == "" {
			delete(header, name)
		}
	}
	if !op.Public {
		c.credential.set(header, op.Path)
	}
	request.Header = header
	return request, nil
}

func isNil(v any) bool {
	value := reflect.ValueOf(v)
	return value.Kind() == reflect.Pointer && value.IsNil()
}

// do sends a request until it is answered, and gives the answer if it is no
// error.
func (c *Client) do(ctx context.Context, op *Operation, in call) (*http.Response, error) {
	request, err := c.request(ctx, op, in)
	if err != nil {
		return nil, err
	}
	response, err := c.deliver(request)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // whose text is the whole URL
		}
		return nil, &ConnectionError{op.Method, c.base + op.Path, err}
	}
	if into := settingsOf(ctx).response; into != nil {
		*into = Response{
			Status: response.StatusCode, Header: response.Header, ETag: response.Header.Get("Etag"), RequestID: response.Header.Get("X-Request-Id"),
		}
	}
	if response.StatusCode/100 == 2 {
		return response, nil
	}
	defer discard(response)
	text, _ := io.ReadAll(io.LimitReader(response.Body, maxError)) // what is missing is missing from the message
	return nil, readError(response.StatusCode, response.Header, text, now())
}

// maxError is how much is read of an answer that is an error.
const maxError = 64 << 10

// discard ends an answer so that its connection can be used again.
func discard(response *http.Response) {
	_, _ = io.CopyN(io.Discard, response.Body, maxError)
	_ = response.Body.Close()
}

// whole reads an answer's body.
func (c *Client) whole(ctx context.Context, op *Operation, in call) ([]byte, http.Header, error) {
	response, err := c.do(ctx, op, in)
	if err != nil {
		return nil, nil, err
	}
	defer discard(response)
	text, err := io.ReadAll(io.LimitReader(response.Body, c.maxReply+1))
	switch {
	case err != nil:
		return nil, nil, &ConnectionError{op.Method, c.base + op.Path, fmt.Errorf("in the middle of the reply: %w", err)}
	case int64(len(text)) > c.maxReply:
		return nil, nil, fmt.Errorf("client: the reply of %s is longer than %d bytes", op.ID, c.maxReply)
	}
	return text, response.Header, nil
}

// send is a call whose reply has no body.
func (c *Client) send(ctx context.Context, op *Operation, in call) error {
	_, _, err := c.whole(ctx, op, in)
	return err
}

// text is a call whose reply is text of a format.
func (c *Client) text(ctx context.Context, op *Operation, in call, format string) ([]byte, error) {
	in.format = format
	text, _, err := c.whole(ctx, op, in)
	return text, err
}

// stream is a call whose reply goes on.
func (c *Client) stream(ctx context.Context, op *Operation, in call) (io.ReadCloser, error) {
	response, err := c.do(ctx, op, in)
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

// fetch is a call whose reply is JSON.
func fetch[T any](ctx context.Context, c *Client, op *Operation, in call) (out T, err error) {
	in.accept = "application/json"
	text, _, err := c.whole(ctx, op, in)
	if err != nil {
		return out, err
	}
	if len(bytes.TrimSpace(text)) == 0 && op.MayBeEmpty {
		return out, nil
	}
	if op.Envelope {
		var envelope struct{ Body T }
		err = json.Unmarshal(text, &envelope)
		out = envelope.Body
	} else {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		return out, fmt.Errorf("client: reply of %s: %w", op.ID, err)
	}
	return out, nil
}

// each gives the items of page after page.
func each[T any](first string, page func(cursor string) ([]T, string, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for cursor := first; ; {
			items, next, err := page(cursor)
			if err == nil && next != "" && next == cursor {
				err = errors.New("client: a page's next is the page itself")
			}
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if cursor = next; cursor == "" {
				return
			}
		}
	}
}

// text gives a cursor's text; "" for none.
func text(cursor *string) string {
	if cursor == nil {
		return ""
	}
	return *cursor
}
