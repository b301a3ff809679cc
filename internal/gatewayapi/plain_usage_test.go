package gatewayapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve/internal/control"
)

// FuzzPlainUsage: what the quick reader takes of a batch, encoding/json reads
// alike.
func FuzzPlainUsage(f *testing.F) {
	const record = `{"projectId":"p","bucket":"b","meter":"egress","at":"2026-11-22T15:44:53Z","value":12}`
	for _, text := range []string{
		`{"gateway":"g","sequence":7,"records":[` + record + "," + record + `]}`, `{"records":[{}]}`, `{"records":[]}`,
		` { "sequence" : 1 , "records" : [ { "value" : 0 } , { } ] } `, `{"records":[` + record + `],"records":[{}]}`,
		`{"records":[{"value":1,"value":2}]}`, `{"records":[{"value":01}]}`, `{"records":[{"value":1.0}]}`, `{"records":[{"value":"1"}]}`,
		`{"records":[{"value":null}]}`, `{"records":[null]}`, `{"records":null}`, `{"records":[{},]}`, `{"records":[{}}`, `{"records":[`,
		`{"sequence":-1,"records":[{}]}`, `{"Sequence":1}`, `{"sequence":1}{}`, `{"records":[{"at":"\u0061"}]}`, `{"records":[{"bucket":"ä"}]}`,
		`{"records":{}}`, `{}`, ``, `[]`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		compareReaders(t, text, &usageBody{}, &usageBody{})
	})
}

// usageText is a batch as gateways write it.
func usageText(records int) []byte {
	var out strings.Builder
	out.WriteString(`{"gateway":"a","sequence":1,"records":[`)
	for i := range records {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, `{"projectId":"0192e4a0-0000-7000-8000-%012x","bucket":"photos","meter":"egress","at":"2026-11-22T15:44:53.123456Z","value":%d}`, i, i*1000)
	}
	out.WriteString(`]}`)
	return []byte(out.String())
}

// TestPlainUsageIsUsed: the form in which gateways report is read quickly.
func TestPlainUsageIsUsed(t *testing.T) {
	var body usageBody
	if !body.DecodePlain(usageText(1000)) || len(body.Records) != 1000 || body.Records[999].Value != "999000" {
		t.Errorf("the batch is read as %d records", len(body.Records))
	}
}

// TestAppendUsageReply: the quick writer writes what encoding/json does.
func TestAppendUsageReply(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reply := usageReply{Sequence: rapid.OneOf(rapid.Just(int64(0)), rapid.Int64()).Draw(t, "sequence"), Results: []usageResult{}}
		for range rapid.IntRange(0, 5).Draw(t, "results") {
			reply.Results = append(reply.Results, usageResult{
				Status: rapid.SampledFrom([]string{"accepted", "refused", "duplicate"}).Draw(t, "status"),
				Reason: rapid.OneOf(rapid.Just(""), rapid.Just("project not found"), rapid.String()).Draw(t, "reason"),
			})
		}
		want, err := json.Marshal(struct {
			Sequence int64         `json:"sequence,omitempty"`
			Results  []usageResult `json:"results"`
		}(reply))
		if err != nil {
			t.Fatal(err)
		}
		got, err := reply.AppendJSON([]byte("x"))
		if diff := cmp.Diff("x"+string(want), string(got)); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

// BenchmarkUsage reads a full batch, judges what needs no database, and writes
// the answer; the slow way is that of encoding/json.
func BenchmarkUsage(b *testing.B) {
	text := usageText(control.MaxUsageRecords)
	now := time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC)
	for name, decode := range map[string]func(*usageBody) bool{
		"quick": func(body *usageBody) bool { return body.DecodePlain(text) },
		"slow":  func(body *usageBody) bool { return json.Unmarshal(text, body) == nil },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var body usageBody
				if !decode(&body) {
					b.Fatal("the batch is not read")
				}
				batch := body.batch()
				reply := usageReply{Results: make([]usageResult, len(batch.Records))}
				for i := range batch.Records {
					reply.Results[i] = resultOf(batch.Records[i].Refusal(now))
				}
				batch.Digest()
				if _, err := reply.AppendJSON(nil); err != nil || reply.Results[0].Status != "accepted" {
					b.Fatal(err, reply.Results[0])
				}
			}
			b.ReportMetric(float64(b.N)*control.MaxUsageRecords/b.Elapsed().Seconds(), "records/s")
		})
	}
}
