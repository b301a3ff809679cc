package gatewayapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/control"
)

// FuzzPlainEvents: what the quick reader takes of one event or many,
// encoding/json reads alike.
func FuzzPlainEvents(f *testing.F) {
	event := string(eventText(7))
	for _, text := range []string{
		event, "[" + event + "," + event + "]", `[{}]`, `[]`, `{}`, ` [ { "data" : { "value" : 1 } } ] `, `[{},]`, `{"data":{"value":1},"data":{"meter":"egress"}}`,
		`{"data":null}`, `{"data":"x"}`, `{"data":{"value":"1"}}`, `{"data":{"other":1}}`, `{"ID":"a"}`, `{"id":"a","Id":"b"}`, `{"dataschema":"x","datacontenttype":"application/json"}`,
		`{"extension":1}`, `{"id":1}`, `{"id":"a","id":"b"}`, `[null]`, `null`, `{"data":{"value":1}}x`, `{"projectid":"x"}`, `{"data":{"projectid":"x"}}`, `{"":""}`,
		`[` + event + `,{"id":1},7]`, `{"time":5,"subject":{},"id":"a"}`, `{"id":null}`, `{"id":"a","id":2}`,
		`{"data_base64":"eyJ2YWx1ZSI6NX0="}`, `{"datacontenttype":"text/xml","data_base64":"e30=","data":{"value":1}}`, `{"datacontenttype":7}`, `{"DataContentType":"x"}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		compareReaders(t, text, &eventIn{}, &eventIn{})
		compareReaders(t, text, &cloudEvents{}, &cloudEvents{})
	})
}

// eventText is an event as programs send it.
func eventText(i int) []byte {
	return fmt.Appendf(nil, `{"specversion":"1.0","id":"0192e4a0-0000-7000-8000-%012x","source":"/edge/1","type":"cloud.reeve.usage.egress",`+
		`"subject":"0192e4a0-0000-7000-8000-000000000000/photos","time":"2026-11-22T15:44:53.123456Z",`+
		`"datacontenttype":"application/json","data":{"value":%d}}`, i, i)
}

// TestPlainEventIsUsed: the form in which programs send events is read quickly.
func TestPlainEventIsUsed(t *testing.T) {
	var event eventIn
	if !event.DecodePlain(eventText(7)) || event.Data.Value != "7" || event.check() != "" {
		t.Errorf("the event is read as %+v", event)
	}
}

// BenchmarkEvents reads a full batch of events and judges what needs no
// database.
func BenchmarkEvents(b *testing.B) {
	var list []string
	for i := range control.MaxUsageRecords {
		list = append(list, string(eventText(i)))
	}
	text := []byte("[" + strings.Join(list, ",") + "]")
	now := time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC)
	for name, decode := range map[string]func(*cloudEvents) bool{
		"quick": func(events *cloudEvents) bool { return events.DecodePlain(text) },
		"slow":  func(events *cloudEvents) bool { return json.Unmarshal(text, events) == nil },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var events cloudEvents
				if !decode(&events) {
					b.Fatal("the batch is not read")
				}
				for i := range events {
					if usage := events[i].usage(); usage.Refusal(now) != "" {
						b.Fatal(usage.Refusal(now))
					}
				}
			}
			b.ReportMetric(float64(b.N)*control.MaxUsageRecords/b.Elapsed().Seconds(), "events/s")
		})
	}
}
