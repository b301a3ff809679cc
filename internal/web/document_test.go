package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestDocument(t *testing.T) {
	got, err := newAPI(testFace(), web.Options{}).Document()
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/openapi.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

// The document is served as it is, but compact.
func TestServedDocument(t *testing.T) {
	api := newAPI(testFace(), web.Options{})
	document, err := api.Document()
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Compact(&want, document); err != nil {
		t.Fatal(err)
	}
	_, got := send(t, serve(t, api), scenario{method: "GET", path: "/openapi.json", anonymous: true})
	if diff := cmp.Diff(want.String(), got); diff != "" {
		t.Error(diff)
	}
}

// schemaOf gives the schema of a reply (or request body) type.
func schemaOf[T any](t *testing.T, request bool) (string, error) {
	t.Helper()
	api := web.New(testFace(), web.Options{})
	if request {
		type in struct {
			Body T `body:""`
		}
		web.Handle(api, web.Op{Method: "POST", Path: "/x", ID: "x"},
			func(context.Context, *in) (web.Empty, error) { return web.Empty{}, nil })
	} else {
		web.Handle(api, web.Op{Method: "GET", Path: "/x", ID: "x"},
			func(context.Context, *web.Empty) (out T, err error) { return out, nil })
	}
	text, err := api.Document()
	if err != nil {
		return "", err
	}
	type content struct {
		Content map[string]struct{ Schema json.RawMessage }
	}
	var document struct {
		Paths map[string]map[string]struct {
			RequestBody content
			Responses   map[string]content
		}
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	schema := document.Paths["/x"]["get"].Responses["200"].Content["application/json"].Schema
	if request {
		schema = document.Paths["/x"]["post"].RequestBody.Content["application/json"].Schema
	}
	var out bytes.Buffer
	if err := json.Compact(&out, schema); err != nil {
		t.Fatal(err)
	}
	return out.String(), nil
}

// selfMade writes its own JSON and does not say what it looks like.
type selfMade struct{}

func (selfMade) MarshalJSON() ([]byte, error) { return []byte(`1`), nil }

type generic[T any] struct {
	Body T `json:"body"`
}

func TestSchemas(t *testing.T) {
	check := func(name, want string) func(got string, err error) {
		return func(got string, err error) {
			t.Helper()
			if err != nil || got != want {
				t.Errorf("%s: %v\n got %s\nwant %s", name, err, got, want)
			}
		}
	}
	check("id", `{"type":"string","format":"uuid"}`)(schemaOf[reeve.ID](t, false))
	check("time", `{"type":"string","format":"date-time"}`)(schemaOf[time.Time](t, false))
	check("list", `{"type":"array","items":{"type":"string"}}`)(schemaOf[[]string](t, false))
	check("array", `{"type":"array","items":{"type":"boolean"},"minItems":2,"maxItems":2}`)(schemaOf[[2]bool](t, false))
	check("bytes", `{"type":"string","contentEncoding":"base64"}`)(schemaOf[[]byte](t, false))
	check("raw", `true`)(schemaOf[json.RawMessage](t, false))
	check("any", `true`)(schemaOf[any](t, false))
	check("map", `{"type":"object","additionalProperties":{"type":"number"}}`)(schemaOf[map[string]float64](t, false))
	check("pointer out", `{"type":"array","items":{"type":["integer","null"]}}`)(schemaOf[[]*int64](t, false))
	check("reply that may be empty", `{"type":"integer"}`)(schemaOf[*int64](t, false))
	check("pointer in", `{"type":"integer"}`)(schemaOf[*int64](t, true))
	check("component", `{"$ref":"#/components/schemas/Thing"}`)(schemaOf[thing](t, false))
	check("pointer to a component", `{"type":"array","items":{"anyOf":[{"$ref":"#/components/schemas/Thing"},{"type":"null"}]}}`)(schemaOf[[]*thing](t, false))
	check("custom", `{"type":"string","pattern":"^[a-z]+$"}`)(schemaOf[color](t, false))
	check("generic", `{"type":"object","properties":{"body":{"type":"integer"}},"required":["body"],"additionalProperties":false}`)(
		schemaOf[generic[int]](t, false))
	type embedded struct {
		generic[int]
		Extra  string  `json:"extra,omitempty"`
		Hidden string  `json:"-"`
		Note   *string `json:"note,omitempty" doc:"A note."`
	}
	check("fields", `{"$ref":"#/components/schemas/Embedded"}`)(schemaOf[embedded](t, false))
	check("input", `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"required":["a"]}`)(
		schemaOf[struct {
			A string  `json:"a"`
			B *string `json:"b"`
		}](t, true))
	for _, fails := range []func() (string, error){
		func() (string, error) { return schemaOf[selfMade](t, false) },
		func() (string, error) { return schemaOf[[]func()](t, false) },
		func() (string, error) {
			return schemaOf[struct {
				N int `json:"n,string"`
			}](t, false)
		},
	} {
		if got, err := fails(); err == nil {
			t.Errorf("described as %s", got)
		}
	}
}

// What cannot be served is refused when it is registered.
func TestMistakes(t *testing.T) {
	get := web.Op{Method: "GET", Path: "/x/{id}", ID: "x"}
	post := web.Op{Method: "POST", Path: "/x", ID: "x"}
	type (
		untagged struct{ ID string }
		unknown  struct {
			Other string `path:"other"`
		}
		number struct {
			ID float64 `path:"id"`
		}
		both struct {
			A string `body:""`
			B string `body:""`
		}
		bodied struct {
			ID   string `path:"id"`
			Body string `body:""`
		}
		hidden struct {
			id string `path:"id"`
		}
	)
	for name, mistake := range map[string]func(*web.API){
		"wildcard without field": func(api *web.API) { register[web.Empty](api, get) },
		"field without wildcard": func(api *web.API) { register[unknown](api, post) },
		"field without tag":      func(api *web.API) { register[untagged](api, post) },
		"field of a wrong type":  func(api *web.API) { register[number](api, get) },
		"two bodies":             func(api *web.API) { register[both](api, post) },
		"body of a GET":          func(api *web.API) { register[bodied](api, get) },
		"hidden field":           func(api *web.API) { register[hidden](api, get); _ = hidden{}.id },
		"no struct":              func(api *web.API) { register[string](api, post) },
		"any depth without a decoder": func(api *web.API) {
			register[struct {
				X string `path:"x"`
			}](api, web.Op{Method: "GET", Path: "/y/{x...}", ID: "y"})
		},
		"any depth without a field": func(api *web.API) { register[headIn](api, web.Op{Method: "GET", Path: "/y/{x...}", ID: "y"}) },
		"body beside a decoder":     func(api *web.API) { register[headBodyIn](api, post) },
		"same route": func(api *web.API) {
			register[web.Empty](api, post)
			register[web.Empty](api, web.Op{Method: "POST", Path: "/x", ID: "y"})
		},
		"same id": func(api *web.API) {
			register[web.Empty](api, post)
			register[web.Empty](api, web.Op{Method: "POST", Path: "/y", ID: "x"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			mistake(web.New(testFace(), web.Options{}))
		})
	}
}

type (
	headIn     struct{}
	headBodyIn struct {
		headIn
		Body string `body:""`
	}
)

func (*headIn) DecodeHead(*http.Request) {}

func register[In any](api *web.API, op web.Op) {
	web.Handle(api, op, func(context.Context, *In) (web.Empty, error) { return web.Empty{}, nil })
}

func TestOperations(t *testing.T) {
	var got []string
	for _, op := range newAPI(testFace(), web.Options{}).Operations() {
		got = append(got, op.ID)
	}
	want := strings.Fields("livez readyz healthz version openapi getThing updateThing deleteThing createThing listThings deleteKey updateLimits")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A reply that cannot be encoded is an error like any other.
func TestUnencodableReply(t *testing.T) {
	api := newAPI(testFace(), web.Options{})
	web.Handle(api, web.Op{Method: "GET", Path: "/bad", ID: "bad"},
		func(context.Context, *web.Empty) (json.RawMessage, error) { return json.RawMessage(`{`), nil })
	reply, body := send(t, serve(t, api), scenario{method: "GET", path: "/bad"})
	if reply.StatusCode != http.StatusInternalServerError || body != internal {
		t.Error(reply.StatusCode, body)
	}
}
