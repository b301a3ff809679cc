package web

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/reeve-cloud/reeve"
)

var (
	privately = []string{"private, no-cache"}

	errIfMatch = reeve.Errorf(reeve.Invalid, "If-Match must be * or a list of entity tags")
)

// entityTag names a representation: a strong validator (RFC 9110 8.8.3), for
// two that differ in a byte have two.
func entityTag(contentType string, body []byte) string {
	sum := sha256.New()
	sum.Write([]byte(contentType + "\n"))
	sum.Write(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:16]) + `"`
}

// tag gives a successful reply its entity tag and answers whether the client
// has what it stands for: then it is answered 304, without a body. Who keeps
// the reply keeps it for one caller, and asks whether it is still good.
func (x *exchange) tag(body []byte) (unchanged bool) {
	header := x.Header()
	tag := entityTag(jsonType, body)
	header["Etag"] = []string{tag}
	if header["Cache-Control"] == nil {
		header["Cache-Control"] = privately
	}
	sent := x.request.Header["If-None-Match"]
	if len(sent) == 0 {
		return false
	}
	tags, ok := parseTags(sent)
	return ok && tags.includes(tag, false)
}

// entityTags is what a conditional header names.
type entityTags struct {
	any  bool
	tags []string
}

// includes tells whether a current, strong tag is among them. By the strong
// comparison a weak one never is (RFC 9110 8.8.3.2).
func (t *entityTags) includes(tag string, strong bool) bool {
	return t.any || slices.ContainsFunc(t.tags, func(named string) bool {
		return named == tag || !strong && strings.TrimPrefix(named, "W/") == tag
	})
}

// parseTags reads "*" or a list of entity tags (RFC 9110 13.1.1, 5.6.1).
func parseTags(lines []string) (out entityTags, ok bool) {
	text := strings.Trim(strings.Join(lines, ","), " \t")
	if text == "*" {
		return entityTags{any: true}, true
	}
	for {
		text = strings.TrimLeft(text, " \t,")
		if text == "" {
			return out, len(out.tags) > 0
		}
		opaque := strings.TrimPrefix(text, "W/")
		end := -1
		if strings.HasPrefix(opaque, `"`) {
			end = strings.IndexByte(opaque[1:], '"')
		}
		if end < 0 || strings.ContainsFunc(opaque[1:end+1], func(c rune) bool { return c <= ' ' || c == 0x7f }) {
			return out, false
		}
		length := len(text) - len(opaque) + end + 2
		out.tags = append(out.tags, text[:length])
		text = strings.TrimLeft(text[length:], " \t")
		if text != "" && text[0] != ',' {
			return out, false
		}
	}
}

// preconditions are what a request that changes something makes it depend on.
type preconditions struct {
	match *entityTags // If-Match
	none  *entityTags // If-None-Match
}

func (p preconditions) given() bool { return p.match != nil || p.none != nil }

func readPreconditions(header http.Header) (out preconditions, err *reeve.Error) {
	if sent := header["If-Match"]; len(sent) > 0 {
		tags, ok := parseTags(sent)
		if !ok {
			return out, errIfMatch
		}
		out.match = &tags
	}
	if sent := header["If-None-Match"]; len(sent) > 0 {
		if tags, ok := parseTags(sent); ok {
			out.none = &tags
		}
	}
	return out, nil
}

// hold sees to it that the preconditions hold until the transaction of the
// context ends: what they are about is what the path's GET answers.
func (x *exchange) hold(ctx context.Context, p preconditions) error {
	get := x.route.methods[http.MethodGet]
	if get == nil || !get.tagged {
		if p.match != nil {
			return reeve.ErrChanged
		}
		return nil
	}
	// Who may not see the thing hears just that, and holds nothing up.
	if _, err := x.current(ctx, get, p); err != nil {
		return err
	}
	err := x.api.face.Lock(ctx, x.route.pattern, x.request.PathValue)
	if err != nil && (p.match != nil || !reeve.IsKind(err, reeve.NotFound)) {
		return err
	}
	tag, err := x.current(ctx, get, p)
	switch {
	case err != nil:
		return err
	case p.match != nil && !p.match.includes(tag, true), p.none != nil && tag != "" && p.none.includes(tag, false):
		return reeve.ErrChanged
	}
	return nil
}

// current gives the entity tag of what the path's GET answers; "" where there
// is nothing and there need not be.
func (x *exchange) current(ctx context.Context, get *operation, p preconditions) (string, error) {
	r := x.request.WithContext(ctx)
	r.Method, r.Header, r.Body = http.MethodGet, http.Header{}, http.NoBody
	r.URL = &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	r.Form, r.PostForm = nil, nil
	reply, err := get.represent(x, ctx, r)
	if p.match == nil && reeve.IsKind(err, reeve.NotFound) {
		return "", nil
	}
	return entityTag(reply.ContentType, reply.Body), err
}
