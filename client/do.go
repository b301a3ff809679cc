package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Reply is what an operation answered.
type Reply struct {
	Status      int
	ContentType string
	Body        []byte        // without the envelope of tenants' replies; nil of a stream
	Stream      io.ReadCloser // of an operation whose reply goes on; the caller closes it
	ETag        string
	RequestID   string
	Next        string // the cursor of the page after it, where its Link says so
}

// Do calls an operation by its id. params are those of path, query and header
// by name; a name that the operation has not is an error. body is nil, JSON as
// []byte or json.RawMessage, or what json.Marshal takes.
func (c *Client) Do(ctx context.Context, operationID string, params map[string]string, body any) (*Reply, error) {
	op, err := c.operation(operationID)
	if err != nil {
		return nil, err
	}
	return c.Call(ctx, op, params, body)
}

// Call is Do of an operation that need not be in the table, such as one of a
// newer server.
func (c *Client) Call(ctx context.Context, op *Operation, params map[string]string, body any) (*Reply, error) {
	in, err := prepare(op, params, body)
	if err != nil {
		return nil, err
	}
	var said Response
	caller := settingsOf(ctx).response
	ctx = WithResponse(ctx, &said)
	out := &Reply{}
	if op.Reply == "stream" {
		out.Stream, err = c.stream(ctx, op, in)
	} else {
		out.Body, _, err = c.whole(ctx, op, in)
	}
	if caller != nil {
		*caller = said
	}
	if err != nil {
		return nil, err
	}
	out.Status, out.ETag, out.RequestID, out.ContentType = said.Status, said.ETag, said.RequestID, said.Header.Get("Content-Type")
	out.Next = nextLink(said.Header, op.Cursor)
	if op.Envelope && strings.HasPrefix(out.ContentType, "application/json") {
		var envelope struct{ Body json.RawMessage }
		if err := json.Unmarshal(out.Body, &envelope); err != nil {
			return nil, fmt.Errorf("client: reply of %s: %w", op.ID, err)
		}
		out.Body = envelope.Body
	}
	return out, nil
}

// Request gives the request that Do would send, without its credential and
// without sending it.
func (c *Client) Request(ctx context.Context, operationID string, params map[string]string, body any) (*http.Request, error) {
	op, err := c.operation(operationID)
	if err != nil {
		return nil, err
	}
	in, err := prepare(op, params, body)
	if err != nil {
		return nil, err
	}
	bare := *c
	bare.credential = Credential{}
	return bare.request(ctx, op, in)
}

func (c *Client) operation(id string) (*Operation, error) {
	if op := FindOperation(c.face, id); op != nil {
		return op, nil
	}
	return nil, fmt.Errorf("client: the %s API has no operation %q", c.face, id)
}

// prepare turns names into a call.
func prepare(op *Operation, params map[string]string, body any) (call, error) {
	in := call{raw: raw{query: url.Values{}, header: http.Header{}}, body: body}
	if text, ok := body.([]byte); ok {
		in.body = json.RawMessage(bytes.TrimSpace(text))
	}
	if body != nil && op.Body == nil {
		return call{}, fmt.Errorf("client: %s takes no body", op.ID)
	}
	for _, p := range op.Params {
		value, given := params[p.Name]
		switch {
		case p.In == "path":
			in.path = append(in.path, value)
		case !given && p.Required:
			return call{}, fmt.Errorf("client: %s needs the parameter %s", op.ID, p.Name)
		case !given:
		case p.In == "header":
			in.raw.header.Set(p.Name, value)
		default:
			in.raw.query.Set(p.Name, value)
		}
	}
	for name := range params {
		if !slices.ContainsFunc(op.Params, func(p Param) bool { return p.Name == name }) {
			return call{}, fmt.Errorf("client: %s has no parameter %q", op.ID, name)
		}
	}
	if op.Reply == "json" && params["format"] == "" {
		in.accept = "application/json"
	}
	return in, nil
}

// nextLink reads the cursor of Link: </api/users?after=x>; rel="next", as
// RFC 8288 has it.
func nextLink(header http.Header, cursor string) string {
	for _, links := range header.Values("Link") {
		for link := range strings.SplitSeq(links, ",") {
			at, about, ok := strings.Cut(strings.TrimSpace(link), ">")
			relation := strings.ReplaceAll(strings.ReplaceAll(about, " ", ""), `"`, "")
			target, err := url.Parse(strings.TrimPrefix(at, "<"))
			if ok && err == nil && strings.Contains(relation+";", ";rel=next;") {
				return target.Query().Get(cursor)
			}
		}
	}
	return ""
}
