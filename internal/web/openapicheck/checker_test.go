package openapicheck_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve/internal/web/openapicheck"
)

const document = `{
  "openapi": "3.1.1",
  "paths": {
    "/things": {
      "get": {
        "operationId": "listThings",
        "parameters": [
          {"name": "limit", "in": "query", "schema": {"type": "integer"}},
          {"name": "all", "in": "query", "schema": {"type": "boolean"}},
          {"name": "color", "in": "query", "schema": {"type": "string", "pattern": "^[a-z]+$"}}
        ],
        "responses": {
          "200": {"content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}}},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "post": {
        "operationId": "createThing",
        "requestBody": {"required": true, "content": {"application/json": {"schema": {
          "type": "object", "properties": {"name": {"type": "string"}, "tags": {"type": "array"}}, "required": ["name"]
        }}}},
        "responses": {"200": {}}
      }
    },
    "/things/{thing}": {
      "get": {
        "operationId": "getThing",
        "parameters": [{"name": "thing", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^t"}}],
        "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}
      }
    },
    "/things/{thing}/limits": {
      "put": {
        "operationId": "updateLimits",
        "parameters": [{"name": "thing", "in": "path", "required": true, "schema": {"type": "string"}}],
        "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": {"rate": {"type": "string"}}}}}},
        "responses": {"200": {}}
      }
    },
    "/below/{rest}": {"get": {
      "operationId": "below",
      "parameters": [{"name": "rest", "in": "path", "required": true, "schema": {"type": "string"}, "x-slashes": true}],
      "responses": {"200": {"headers": {"X-Must": {"required": true}, "X-May": {}}}}
    }},
    "/things/newest": {"get": {"operationId": "newestThing", "responses": {"200": {}}}}
  },
  "components": {
    "schemas": {
      "Thing": {"type": "object", "properties": {"id": {"type": "string"}, "parent": {"$ref": "#/components/schemas/Thing"}}, "required": ["id"], "additionalProperties": false},
      "Error": {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"], "additionalProperties": false}
    },
    "responses": {
      "Unavailable": {"headers": {"Retry-After": {"required": true}}, "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    }
  }
}`

const (
	jsonType = "application/json"
	problem  = "application/problem+json"
)

func newChecker(t *testing.T) *openapicheck.Checker {
	t.Helper()
	checker, err := openapicheck.NewChecker([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return checker
}

// verdict compares what a check says with what it should: "" is consent.
func verdict(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case err == nil && want != "":
		t.Errorf("accepted, want %q", want)
	case err != nil && (want == "" || !strings.Contains(err.Error(), want)):
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestResponse(t *testing.T) {
	tests := []struct {
		name, method, path string
		status             int
		header             http.Header
		body, want         string
	}{
		{"as documented", "GET", "/things/t1", 200, http.Header{"Content-Type": {jsonType}}, `{"id":"t1","parent":{"id":"t2"}}`, ""},
		{"with a query", "GET", "/things?limit=1", 200, http.Header{"Content-Type": {jsonType}}, `[{"id":"t1"}]`, ""},
		{"escaped", "GET", "/thing%73/a%2Fb", 200, http.Header{"Content-Type": {jsonType}}, `{"id":"t1"}`, ""},
		{"literal before wildcard", "GET", "/things/newest", 200, nil, ``, ""},
		{"head", "HEAD", "/things/t1", 200, http.Header{"Content-Type": {jsonType}}, ``, ""},
		{"head with a body", "HEAD", "/things/t1", 200, http.Header{"Content-Type": {jsonType}}, `{"id":""}`, "in answer to HEAD"},
		{"undocumented status", "GET", "/things/t1", 404, http.Header{"Content-Type": {problem}}, `{"error":"x"}`, "not documented for getThing"},
		{"missing field", "GET", "/things/t1", 200, http.Header{"Content-Type": {jsonType}}, `{}`, "missing properties"},
		{"wrong field of a component", "GET", "/things/t1", 200, http.Header{"Content-Type": {jsonType}}, `{"id":"a","parent":{"id":1}}`, "type"},
		{"extra field", "GET", "/things/t1", 200, http.Header{"Content-Type": {jsonType}}, `{"id":"a","x":1}`, "additional"},
		{"null list", "GET", "/things", 200, http.Header{"Content-Type": {jsonType}}, `null`, "type"},
		{"no JSON", "GET", "/things", 200, http.Header{"Content-Type": {jsonType}}, `[`, "reading ["},
		{"two values", "GET", "/things", 200, http.Header{"Content-Type": {jsonType}}, `[] []`, "reading"},
		{"wrong type", "GET", "/things", 200, http.Header{"Content-Type": {"text/plain"}}, `[]`, `"text/plain" is not documented`},
		{"empty", "POST", "/things", 200, nil, ``, ""},
		{"not empty", "POST", "/things", 200, nil, `x`, "where none is documented"},
		{"type without body", "POST", "/things", 200, http.Header{"Content-Type": {jsonType}}, ``, "where none is documented"},
		{"error", "GET", "/things", 503, http.Header{"Content-Type": {problem}, "Retry-After": {"1"}}, `{"error":"x"}`, ""},
		{"error without its header", "GET", "/things", 503, http.Header{"Content-Type": {problem}}, `{"error":"x"}`, "no Retry-After"},
		{"below", "GET", "/below/", 200, http.Header{"X-Must": {"x"}}, ``, ""},
		{"deep below", "GET", "/below/a//../%zz", 200, http.Header{"X-Must": {"x"}, "X-May": {"y"}}, ``, ""},
		{"below without its header", "GET", "/below/a", 200, http.Header{"X-May": {"y"}}, ``, "no X-Must"},
		{"not below", "GET", "/below", 404, http.Header{"Content-Type": {problem}}, `{"error":"x"}`, ""},
		{"unknown path", "GET", "/nothing", 404, http.Header{"Content-Type": {problem}}, `{"error":"x"}`, ""},
		{"unknown path, other form", "GET", "/nothing", 404, http.Header{"Content-Type": {problem}}, `{"message":"x"}`, "additional"},
		{"unknown path, text", "GET", "/nothing", 404, http.Header{"Content-Type": {"text/plain"}}, `no`, "not documented"},
		{"mounted", "GET", "/metrics", 200, http.Header{"Content-Type": {"text/plain"}}, `x 1`, ""},
		{"empty wildcard", "GET", "/things/", 404, http.Header{"Content-Type": {problem}}, `{"error":"x"}`, ""},
		{"other method", "PUT", "/things", 405, http.Header{"Content-Type": {problem}, "Allow": {"GET"}}, `{"error":"x"}`, ""},
		{"other method without Allow", "PUT", "/things", 405, http.Header{"Content-Type": {problem}}, `{"error":"x"}`, "no Allow"},
	}
	checker := newChecker(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			verdict(t, checker.Response(tt.method, tt.path, tt.status, tt.header, []byte(tt.body)), tt.want)
		})
	}
	want := map[string][]int{"getThing": {200}, "listThings": {200, 503}, "createThing": {200}, "newestThing": {200}, "below": {200}}
	if diff := cmp.Diff(want, checker.Exercised()); diff != "" {
		t.Error(diff)
	}
	want["updateLimits"] = []int{200}
	if diff := cmp.Diff(want, checker.Documented()); diff != "" {
		t.Error(diff)
	}
}

func TestRequest(t *testing.T) {
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
	tests := []struct {
		name, method, target string
		header               http.Header
		body, want           string
	}{
		{"plain", "GET", "/things", nil, "", ""},
		{"parameters", "GET", "/things?limit=-1&all=true&color=red", nil, "", ""},
		{"no number", "GET", "/things?limit=x", nil, "", "query parameter limit"},
		{"no pattern", "GET", "/things?color=7", nil, "", "query parameter color"},
		{"unknown parameter", "GET", "/things?x=1", nil, "", `"x" is not documented`},
		{"malformed query", "GET", "/things?%zz", nil, "", "escape"},
		{"path parameter", "GET", "/things/x", nil, "", "path parameter thing"},
		{"unknown path", "GET", "/nothing", nil, "", "not documented"},
		{"body", "POST", "/things", nil, `{"name":"a","x":1}`, ""},
		{"null is absent", "POST", "/things", nil, `{"name":"a","tags":null}`, ""},
		{"null where one is required", "POST", "/things", nil, `{"name":null}`, "missing properties"},
		{"null alone", "POST", "/things", nil, `null`, "missing properties"},
		{"no body", "POST", "/things", nil, "", "no body"},
		{"wrong body", "POST", "/things", nil, `{"name":[{}]}`, "type"},
		{"no JSON", "POST", "/things", nil, `{`, "JSON"},
		{"unexpected body", "GET", "/things", nil, `{}`, "where none is documented"},
		{"form", "PUT", "/things/t/limits", form, "rate=1", ""},
		{"no form", "PUT", "/things/t/limits", nil, "", ""},
		{"unknown field of a form", "PUT", "/things/t/limits", form, "x=1", `"x" is not documented`},
		{"JSON instead of a form", "PUT", "/things/t/limits", nil, "{}", "undocumented type"},
	}
	checker := newChecker(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			verdict(t, checker.Request(tt.method, tt.target, tt.header, []byte(tt.body)), tt.want)
		})
	}
}

func TestNoDocument(t *testing.T) {
	if _, err := openapicheck.NewChecker([]byte(`{`)); err == nil {
		t.Error("accepted")
	}
}
