package gatewayapi

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
)

// FuzzPlain: what the quick reader takes, encoding/json reads alike.
func FuzzPlain(f *testing.F) {
	for _, text := range []string{
		`{"key":"k","action":"read","bucket":"b","path":"p"}`, `{}`, ` { "cost" : 12 } `, `{"key":"a","key":"b"}`,
		`{"key":"\u0061"}`, `{"KEY":"a"}`, `{"cost":1e3}`, `{"cost":-1}`, `{"cost":01}`, `{"cost":0}`, `{"key":null}`, `{"key":"a",}`,
		`{"key":"a"}x`, `{"lineage":true}`, `{"keys":["a"]}`, `{"project":"0192e4a0-0000-7000-8000-000000000000"}`, `{"project":"x"}`,
		`{"cost":999999999999999999}`, `{"cost":1.5}`, "{\"key\":\"\x7f\"}", `{"other":1}`, `[`, ``, `{,}`, `{"key":"a" "action":"b"}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		compareReaders(t, text, &verifyBody{}, &verifyBody{})
	})
}

// compareReaders holds the quick reader against encoding/json; both bodies are
// empty.
func compareReaders(t *testing.T, text string, quick, thorough interface{ DecodePlain([]byte) bool }) {
	t.Helper()
	all := cmp.AllowUnexported(eventIn{}, usageData{}, usageRecord{}, verifyBody{}, question{}, keyQuestion{}, projectID{})
	if !quick.DecodePlain([]byte(text)) {
		if diff := cmp.Diff(thorough, quick, all); diff != "" {
			t.Errorf("%q leaves (-want +got):\n%s", text, diff)
		}
		return
	}
	if err := json.Unmarshal([]byte(text), thorough); err != nil {
		t.Fatalf("%q is read, but not by encoding/json: %v", text, err)
	}
	if diff := cmp.Diff(thorough, quick, all); diff != "" {
		t.Errorf("%q (-encoding/json +got):\n%s", text, diff)
	}
}

// TestPlainIsUsed: the form in which gateways ask is read quickly.
func TestPlainIsUsed(t *testing.T) {
	var body verifyBody
	const text = `{"key":"k","action":"read","bucket":"b","path":"a/b","cost":2,"project":"prj_01jb2a00000r00000000000000"}`
	if !body.DecodePlain([]byte(text)) || *body.Key != "k" || *body.Cost != 2 || body.Project.id == reeve.Zero {
		t.Errorf("%s is read as %+v", text, body)
	}
}

// TestAppendJSON: the quick writer writes what encoding/json does.
func TestAppendJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := func(name string) *reeve.ID {
			out := reeve.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, name))
			return &out
		}
		number := func(name string) *int64 { return rapid.Ptr(rapid.Int64(), true).Draw(t, name) }
		name := rapid.String().Draw(t, "name")
		v := verdict{
			Valid: rapid.Bool().Draw(t, "valid"), Code: verdictCode(rapid.SampledFrom(reeve.VerdictCodes).Draw(t, "code")),
			Restrictions: []restriction{}, Decision: rapid.StringMatching(`[A-Za-z0-9._-]{1,40}`).Draw(t, "decision"),
			Epoch: rapid.Int64().Draw(t, "epoch"),
		}
		if rapid.Bool().Draw(t, "known") {
			v.ProjectID, v.OrganizationID, v.OwnerID, v.KeyID, v.KeyName = id("p"), id("o"), id("w"), id("k"), &name
			v.Limits = &limits{number("usage"), number("bandwidth"), number("rate"), number("buckets")}
		}
		if rapid.Bool().Draw(t, "rated") {
			v.Rate = &rate{1, 2, 3}
		}
		if rapid.IntRange(0, 9).Draw(t, "rare") == 0 {
			now := time.Now().UTC()
			v.Lineage, v.IssuedAt = []string{"a"}, &now
			v.Restrictions = append(v.Restrictions, restriction{Disallow: []string{"read"}, AllowedPaths: []location{}})
		}
		out := verdicts{verdict: &v}
		if rapid.IntRange(0, 9).Draw(t, "batch") == 0 {
			out = verdicts{Results: []verdict{v, v}}
		}
		want, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		got, err := out.AppendJSON([]byte("x"))
		if diff := cmp.Diff("x"+string(want), string(got)); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}
