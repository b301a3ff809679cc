package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the generated files anew")

// TestGenerated holds the generated files of package client to what the
// documents give.
func TestGenerated(t *testing.T) {
	const dir = "../../client"
	want, err := generate(os.DirFS("../../openapi"))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := write(dir, want); err != nil {
			t.Fatal(err)
		}
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]byte{}
	for _, path := range paths {
		if got[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("package client is not what its documents say; run go generate ./internal/clientgen (-have +want):\n%s", diff)
	}
}

// TestNames spells names as Go does.
func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"getUser": "GetUser", "deleteAPIKeyByName": "DeleteAPIKeyByName", "openapi": "OpenAPI", "ApiKeyOut": "APIKeyOut",
		"organizationId": "OrganizationID", "partnerID": "PartnerID", "create_time": "CreateTime", "projectIds": "ProjectIDs",
		"Ce-Id": "CeID", "tva_id": "TVAID", "maxObjectTTL": "MaxObjectTTL", "2fa": "N2fa", "url": "URL", "listURLs": "ListURLs",
	} {
		if got := goName(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{"user": "user", "type": "typeName", "user-id": "userID", "ID": "id"} {
		if got := argument(name); got != want {
			t.Errorf("argument %s is %s, want %s", name, got, want)
		}
	}
}

// TestShapes holds the generator to schemas of all sorts.
func TestShapes(t *testing.T) {
	document := `{"paths":{"/things/{thing}":{"post":{"operationId":"makeThing","tags":["things and more"],"summary":"Make it",
		"parameters":[{"name":"thing","in":"path","required":true,"schema":{"type":"string"}},
			{"name":"cursor","in":"query","schema":{"type":"string"}},{"name":"deep","in":"query","schema":{"type":"boolean"}},
			{"name":"Idempotency-Key","in":"header","schema":{"type":"string"}},{"name":"tag","in":"query","schema":{"type":"array","items":{"type":"string"}}}],
		"requestBody":{"content":{"application/json":{"schema":{"oneOf":[{"$ref":"#/components/schemas/Thing"},{"type":"object"}]}}}},
		"responses":{"202":{"content":{"application/json":{"schema":{"type":"object","properties":{"status":{"type":"string"},
			"body":{"type":"object","properties":{"list":{"type":"array","items":{"$ref":"#/components/schemas/Thing"}},"next":{"type":"string"}},
			"required":["list"]}}}}}},"204":{}}}}},
		"components":{"schemas":{"Thing":{"type":"object","required":["when","id"],"properties":{
			"when":{"type":"string","format":"date-time"},"id":{"type":["string","null"]},"inner":{"type":"object","properties":{"rps":{"type":"integer"}}},
			"by":{"type":"object","additionalProperties":{"type":"integer"}},"any":{},"others":{"type":"array","items":{"$ref":"#/components/schemas/Thing"}},
			"role":{"type":"string","enum":["a","b"]}}}}}}`
	empty := &fstest.MapFile{Data: []byte(`{"paths":{}}`)}
	files, err := generate(fstest.MapFS{"tenant.json": {Data: []byte(document)}, "operator.json": empty, "gateway.json": empty})
	if err != nil {
		t.Fatal(err)
	}
	source := string(files["tenant_things_and_more_gen.go"])
	for _, want := range []string{
		"MakeThing(ctx context.Context, thing string, params TenantMakeThingParams, body *TenantThing) (*TenantMakeThingReply, error)",
		"MakeThingAll(ctx context.Context, thing string, params TenantMakeThingParams, body *TenantThing) iter.Seq2[TenantThing, error]",
		"text(reply.Next), nil", "Deep   *bool    `query:\"deep\"`", "Tag    []string `query:\"tag\"`",
		"When  time.Time         `json:\"when\"`", "ID    *string           `json:\"id\"`", "Inner *TenantThingInner `json:\"inner,omitempty\"`",
		"By    map[string]int64  `json:\"by,omitzero\"`", "Any   json.RawMessage   `json:\"any,omitzero\"`", "// One of a, b.",
		"RPS *int64 `json:\"rps,omitempty\"`", "It is nil if the server had nothing to say.",
	} {
		if !strings.Contains(strings.Join(strings.Fields(source), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("no %s in\n%s", want, source)
		}
	}
	if strings.Contains(source, "IdempotencyKey") {
		t.Error("what the context says is a parameter")
	}
	row := string(files["tenant_ops_things_and_more_gen.go"])
	for _, want := range []string{
		`Cursor: "cursor"`, `Items: "list"`, "MayBeEmpty: true", "Envelope: true",
		`Columns: []string{"when", "id", "inner.rps", "by", "any", "others", "role"}`, `Type: "[]object"`, `Type: "[]string"`,
	} {
		if !strings.Contains(row, want) {
			t.Errorf("no %s in\n%s", want, row)
		}
	}
}

// TestLists tells lists from things that have a list among other values.
func TestLists(t *testing.T) {
	const list = `"list":{"type":"array","items":{"type":"object","properties":{"id":{"type":"string"}}}}`
	for _, test := range []struct{ id, schema, want, not string }{
		{"freeze", `{"type":"object","properties":{"epoch":{"type":"integer"},` + list + `}}`, `"json",`, "Items"},
		{"listPrices", `{"type":"object","properties":{"month":{"type":"string"},` + list + `}}`, `Items: "list"`, "Cursor"},
		{"show", `{"type":"object","properties":{` + list + `}}`, `Items: "list"`, "Cursor"},
		{"sessions", `{"type":"object","properties":{"total_count":{"type":"integer"},` + list + `}}`, `Items: "list"`, "Page"},
		{"keys", `{"type":"array","items":{"type":"object","properties":{"id":{"type":"string"}}}}`, `Columns: []string{"id"}`, "Items"},
	} {
		document := `{"paths":{"/x":{"get":{"operationId":"` + test.id + `","tags":["x"],"summary":"X","responses":{"200":{"content":{"application/json":{"schema":` + test.schema + `}}}}}}}}`
		empty := &fstest.MapFile{Data: []byte(`{"paths":{}}`)}
		files, err := generate(fstest.MapFS{"tenant.json": empty, "operator.json": {Data: []byte(document)}, "gateway.json": empty})
		if err != nil {
			t.Fatal(err)
		}
		if row := string(files["operator_ops_x_gen.go"]); !strings.Contains(row, test.want) || strings.Contains(row, test.not) {
			t.Errorf("%s: want %s and no %s in\n%s", test.id, test.want, test.not, row)
		}
	}
}
