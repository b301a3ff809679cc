package cli

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
)

const reply = `{"things":[
	{"id":"1","createdAt":"2026-11-22T15:44:53Z","size":{"bytes":9007199254740993,"text":"8.00 PB"},"tags":["a","b"],"name":"=1+1"},
	{"id":"22","createdAt":"2026-11-22T15:44:53Z","size":{"bytes":5,"text":""},"tags":[],"name":"x\u001b[31m\nred\u202e","extra":null}
],"next":null}`

// TestPrint writes a list in each form: numbers as they are, nothing that a
// terminal or a spreadsheet would obey, members in their order.
func TestPrint(t *testing.T) {
	value, err := parseJSON([]byte(reply))
	if err != nil {
		t.Fatal(err)
	}
	for format, want := range map[string]string{
		"table": `
ID  CREATED_AT                    SIZE.BYTES  SIZE.TEXT  TAGS  NAME                         EXTRA
1   2026-11-22T15:44:53Z  9007199254740993  8.00 PB    a,b   =1+1                         -
22  2026-11-22T15:44:53Z                 5  -          -     x\x1b[31m\nred\u202e  -
`,
		"csv": "\nid,createdAt,size.bytes,size.text,tags,name,extra\r\n" +
			"1,2026-11-22T15:44:53Z,9007199254740993,8.00 PB,\"a,b\",'=1+1,\r\n" +
			"22,2026-11-22T15:44:53Z,5,,,\"x\x1b[31m\r\nred\u202e\",\r\n",
		"yaml": `
things:
  - id: "1"
    createdAt: "2026-11-22T15:44:53Z"
    size:
      bytes: 9007199254740993
      text: 8.00 PB
    tags:
      - a
      - b
    name: =1+1
  - id: "22"
    createdAt: "2026-11-22T15:44:53Z"
    size:
      bytes: 5
      text: ""
    tags: []
    name: "x\e[31m\nred` + "\u202e" + `"
    extra: null
next: null
`,
	} {
		var out bytes.Buffer
		if err := (printer{out: &out, format: format}).print(value, "things"); err != nil {
			t.Fatal(err)
		}
		got := "\n" + out.String()
		if format == "table" { // how wide a column is is not the point
			got, want = squeeze(got), squeeze(want)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
	var out bytes.Buffer
	if err := (printer{out: &out, format: "json"}).print(value, "things"); err != nil {
		t.Fatal(err)
	}
	again, err := parseJSON(out.Bytes())
	if diff := cmp.Diff(value, again, cmp.AllowUnexported(member{})); err != nil || diff != "" {
		t.Errorf("json: %v (-want +got):\n%s", err, diff)
	}
}

func squeeze(text string) string {
	for strings.Contains(text, "  ") {
		text = strings.ReplaceAll(text, "  ", " ")
	}
	return text
}

// TestPrintColumns aligns the columns that are asked for, and colours them
// only where it may.
func TestPrintColumns(t *testing.T) {
	value, err := parseJSON([]byte(reply))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	p := printer{out: &out, format: "table", columns: []string{"size.bytes", "id", "absent"}, coloured: true}
	if err := p.print(value, "things"); err != nil {
		t.Fatal(err)
	}
	want := "\x1b[1m      SIZE.BYTES  ID\x1b[0m\n9007199254740993  1\n               5  22\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	out.Reset()
	if err := (printer{out: &out, format: "table", columns: p.columns}).print(object{{"things", []any{}}}, "things"); err != nil {
		t.Fatal(err)
	}
	if want := "SIZE.BYTES  ID  ABSENT\n"; out.String() != want {
		t.Errorf("of nothing: %q", out.String())
	}
}

// TestPrintSheet writes one thing, and the lists in it below.
func TestPrintSheet(t *testing.T) {
	value, err := parseJSON([]byte(`{"id":"1","due":-5,"open":null,"lines":[{"n":1,"unit":"GB"},{"n":10,"unit":"B"}],"roles":["a"]}`))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (printer{out: &out, format: "table"}).print(value, ""); err != nil {
		t.Fatal(err)
	}
	want := "ID     1\nDUE    -5\nOPEN   -\nROLES  a\n\nLINES:\n N  UNIT\n 1  GB\n10  B\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("sheet (-want +got):\n%s", diff)
	}
}

// TestPrintReceipt: what has a list beside other values is no list, and a table
// and CSV show all of it.
func TestPrintReceipt(t *testing.T) {
	alone(t)
	for path, test := range map[string]struct {
		args              []string
		reply, table, csv string
	}{
		"receipt":  {[]string{"keys", "receipt", "8"}, `{"epoch":8,"complete":true,"sessions":[]}`, "EPOCH     8\nCOMPLETE  true\nSESSIONS  -\n", "epoch,complete,sessions\r\n8,true,\r\n"},
		"balance":  {[]string{"coupons", "balance", "1"}, `{"couponId":"1","applications":[],"applied":2}`, "COUPON_ID     1\nAPPLICATIONS  -\nAPPLIED       2\n", "couponId,applications,applied\r\n1,,2\r\n"},
		"operator": {[]string{"operators", "get", "1"}, `{"id":"1","tokens":[{"id":"2"}]}`, "ID  1\n\nTOKENS:\nID\n2\n", "id,tokens\r\n1,\"[{\"\"id\"\":\"\"2\"\"}]\"\r\n"},
		"prices": {
			[]string{"prices", "list"},
			`{"month":"2026-11","currency":"USD","prices":[{"meter":"storage","tiers":[{"upTo":1,"price":"5"},{"upTo":null,"price":"4"}]}]}`,
			"MONTH     2026-11\nCURRENCY  USD\n\nPRICES:\nMETER    TIERS\nstorage  upTo=1 price=5; price=4\n",
			"meter,from,unit,free,tiers\r\nstorage,,,,\"[{\"\"upTo\"\":1,\"\"price\"\":\"\"5\"\"},{\"\"upTo\"\":null,\"\"price\"\":\"\"4\"\"}]\"\r\n",
		},
		"operators": {
			[]string{"operators", "list"},
			`[{"id":"1","tokens":[{"id":"2"},{"id":"3"}]}]`, "ID  TOKENS\n1        2\n",
			"id,name,role,createdAt,lastUsedAt,tokens\r\n1,,,,,\"[{\"\"id\"\":\"\"2\"\"},{\"\"id\"\":\"\"3\"\"}]\"\r\n",
		},
		"no keys":       {[]string{"keys", "list", "1"}, `[]`, "ID  NAME  CREATED_AT\n", "id,ownerId,name,partnerID,createdAt,projectId\r\n"},
		"no gateways":   {[]string{"gateways", "list"}, `[]`, "ID  NAME  CREATED_AT\n", "id,name,createdAt\r\n"},
		"no statements": {[]string{"statements", "list"}, `{"statements":[],"next":null}`, "ID  ORGANIZATION_NAME  MONTH  STATUS  GROSS  COUPONS  CREDITS  DUE  OPEN\n", ""},
	} {
		at, _ := server(t, func(*http.Request, string) (int, string) { return 200, test.reply })
		t.Setenv(variableServer, at)
		t.Setenv(variableToken, "reeve_op_x")
		for format, want := range map[string]string{"table": test.table, "csv": test.csv} {
			out, errOut, err := run(t, "", append(test.args, "-o", format)...)
			if diff := cmp.Diff(want, out); want != "" && diff != "" || err != nil || errOut != "" {
				t.Errorf("%s: %v %s (-want +got):\n%s", path, err, errOut, diff)
			}
		}
	}
}

// TestPrintNothing: an empty list of a tenant has its header, each once.
func TestPrintNothing(t *testing.T) {
	alone(t)
	at, _ := server(t, func(r *http.Request, _ string) (int, string) {
		return 200, `{"status":"success","body":{"total_count":0,"` + r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:] + `":[]}}`
	})
	t.Setenv(variableServer, at)
	t.Setenv(variableToken, "reeve_org_x")
	for noun, want := range map[string]string{
		"statements": "ID  ORGANIZATION_NAME  MONTH  STATUS  GROSS  COUPONS  CREDITS  DUE  OPEN\n",
		"keys":       "ID  NAME  CREATE_TIME  EXPIRES_TIME  RESTRICTIONS  LAST_USED_TIME\n",
	} {
		if out, _, err := run(t, "", noun, "list", "1"); out != want || err != nil {
			t.Errorf("%s: %v %q", noun, err, out)
		}
		if out, _, err := run(t, "", noun, "list", "1", "-o", "json"); out != "{\n  \"total_count\": 0,\n  \""+noun+"\": []\n}\n" || err != nil {
			t.Errorf("%s: %v %q", noun, err, out)
		}
	}
}

// TestMask hides secrets by their names and by their forms.
func TestMask(t *testing.T) {
	token := string(reeve.NewToken(reeve.TokenOperator, [32]byte{3}))
	masked, err := plain(maskBody([]byte(`{"email":"a@b","password":"p","keys":["k"],"deep":[{"auth_token":1,"code":null}],"note":"is ` + token + `."}`)))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"email":"a@b","password":"***","keys":"***","deep":[{"auth_token":"***","code":null}],"note":"is ***."}`
	if string(masked) != want {
		t.Errorf("masked %s, want %s", masked, want)
	}
	if got := maskBody([]byte("{")); got != "***" {
		t.Errorf("what is no JSON shows as %v", got)
	}
}
