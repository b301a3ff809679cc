package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

// letter is a body of two forms, one of which comes under two descriptions.
type letter struct {
	lines []string
	thing createThing
}

func (*letter) Forms() []web.BodyForm {
	return []web.BodyForm{
		{Type: "application/json", Of: reflect.TypeFor[createThing]()},
		{Type: "application/json", Of: reflect.TypeFor[map[string]int]()},
		{Type: "application/lines+json", Of: reflect.TypeFor[[]string]()},
	}
}

func (l *letter) Form(header http.Header) (any, error) {
	switch header.Get("Content-Type") {
	case "application/lines+json":
		return &l.lines, nil
	case "application/odd":
		return nil, errors.New("odd")
	case "application/busy":
		return nil, reeve.Errorf(reeve.Conflict, "busy")
	}
	return &l.thing, nil
}

type letterIn struct {
	Body letter `body:""`
}

// TestBodyForms: the header says what the body is; all else is as with one
// form.
func TestBodyForms(t *testing.T) {
	api := web.New(testFace(), web.Options{})
	web.Handle(api, web.Op{Method: "POST", Path: "/api/letters", ID: "post", Errors: []reeve.Kind{reeve.Conflict}},
		func(_ context.Context, in *letterIn) (map[string]string, error) {
			return map[string]string{"lines": strings.Join(in.Body.lines, " "), "name": in.Body.thing.Name}, nil
		})
	of := func(contentType string) http.Header { return http.Header{"Content-Type": {contentType}} }
	run(t, api, []scenario{
		{name: "one form", method: "POST", path: "/api/letters", body: `{"name":"a"}`, status: 200, want: `{"lines":"","name":"a"}`},
		{name: "the other", method: "POST", path: "/api/letters", body: `["a","b"]`, header: of("application/lines+json"), status: 200, want: `{"lines":"a b","name":""}`},
		{name: "not of the form", method: "POST", path: "/api/letters", body: `["a"]`, status: 400, want: malformed("json: cannot unmarshal array into Go value of type web_test.createThing")},
		{name: "NUL in the other", method: "POST", path: "/api/letters", body: `["\u0000"]`, header: of("application/lines+json"), status: 400, want: malformed("JSON text holds a NUL")},
		{name: "no form", method: "POST", path: "/api/letters", body: `{}`, header: of("application/odd"), status: 400, want: malformed("odd")},
		{name: "its own error", method: "POST", path: "/api/letters", body: `{}`, header: of("application/busy"), status: 409, want: `{"error":"busy","detail":""}`},
	})
	text, err := api.Document()
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct{ Schema map[string]any }
			}
		}
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	for name, content := range document.Paths["/api/letters"]["post"].RequestBody.Content {
		got[name] = content.Schema
	}
	want := map[string]any{
		"application/json": map[string]any{"anyOf": []any{
			map[string]any{"$ref": "#/components/schemas/CreateThing"},
			map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "integer"}},
		}},
		"application/lines+json": map[string]any{"type": "array", "items": map[string]any{"type": "string"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the forms (-want +got):\n%s", diff)
	}
}
