package gatewayapi_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// What events' answers are made of.
const (
	accepted  = `{"status":"accepted"}`
	duplicate = `{"status":"duplicate"}`
)

func refusedFor(reason string) string { return `{"status":"refused","reason":"` + reason + `"}` }

func results(list ...string) string { return `{"results":[` + strings.Join(list, ",") + `]}` }

// cloudEvent is an event whose data is a template of JSON; more are further
// attributes.
func cloudEvent(id, data string, more ...string) string {
	attributes := append([]string{`"specversion":"1.0"`, `"id":"` + id + `"`, `"source":"/edge"`}, more...)
	if len(more) == 0 {
		attributes = append(attributes, `"type":"cloud.reeve.usage"`)
	}
	return "{" + strings.Join(attributes, ",") + `,"data":` + data + "}"
}

var (
	oneEvent   = http.Header{"Content-Type": {"application/cloudevents+json; charset=utf-8"}}
	manyEvents = http.Header{"Content-Type": {"application/cloudevents-batch+json"}}
)

// binary is the header of an event in the binary mode.
func binary(attributes ...string) http.Header {
	out := http.Header{"Ce-Specversion": {"1.0"}, "Ce-Source": {"/edge"}, "Ce-Type": {"cloud.reeve.usage.requests"}}
	for i := 0; i < len(attributes); i += 2 {
		out.Set(attributes[i], attributes[i+1])
	}
	return out
}

// TestEvents: an event counts once, in whatever mode it comes.
func TestEvents(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		world(t, s)
		const call = "POST /gateway/usage"
		whole := `{"projectId":"{px}","bucket":"b","meter":"egress","at":"2026-11-01T00:00:00Z","value":5}`
		batch := "[" + strings.Join([]string{
			cloudEvent("1", whole), cloudEvent("2", whole), cloudEvent("2", whole),
			cloudEvent("3", `{"value":7}`, `"type":"cloud.reeve.usage.egress"`, `"subject":"{prj:px}/photos/2026"`, `"time":"{now}"`, `"extension":"x"`),
			cloudEvent("4", `{"value":11}`, `"type":"requests"`, `"subject":"{px}"`),
			cloudEvent("5", `{"value":"12"}`), cloudEvent("6", `"12"`), cloudEvent("7", `{"value":12}`), cloudEvent("", whole),
			strings.Replace(cloudEvent("8", whole), `"source":"/edge",`, "", 1), cloudEvent("9", whole, `"subject":"x"`),
			strings.Replace(cloudEvent("10", whole), "1.0", "0.3", 1), cloudEvent("11", whole, `"type":"a.light"`, `"time":"yesterday"`),
			cloudEvent("12", `{"value":1}`, `"type":"a.light"`, `"subject":"{px}"`), cloudEvent("13", `{"value":1}`, `"type":"egress"`, `"subject":"{px}"`, `"time":"yesterday"`),
			`{}`,
		}, ",") + "]"
		const noData = "data is no object with usage in it"
		s.Run(t,
			step{Call: call, Header: oneEvent, Body: cloudEvent("1", whole), Status: 200, Reply: results(accepted)},
			step{Call: call, Header: oneEvent, Body: cloudEvent("1", whole), Status: 200, Reply: results(duplicate)},
			step{
				Name: "batch", Call: call, Header: manyEvents, Body: batch, Loose: true, Status: 200, Reply: results(
					duplicate, accepted, duplicate, accepted, accepted, refusedFor(noData), refusedFor(noData), refusedFor("malformed project id"),
					refusedFor("id is missing"), refusedFor("source is missing"), refusedFor("type is missing"), refusedFor("specversion must be 1.0"),
					accepted, refusedFor("unknown meter"), refusedFor("malformed time"), refusedFor("specversion must be 1.0"),
				),
			},
			step{
				Name: "binary", Call: call, Header: binary("Ce-Id", "20", "Ce-Subject", "{px}", "Ce-Time", "2026-11-02T00:00:00Z"),
				Body: `{"value":100}`, Status: 200, Reply: results(accepted),
			},
			step{
				Name: "binary, in other words", Call: call, Header: binary("Ce-Id", `"\2%30"`, "Ce-Specversion", `"1\.%30"`, "Content-Type", "application/json"),
				Body: `{"value":100,"projectId":"{px}"}`, Status: 200, Reply: results(duplicate),
			},
			step{
				Name: "binary, of no project", Call: call, Header: binary("Ce-Id", "21"), Body: `{"value":100,"projectId":"` + reevetest.NewID().String() + `"}`,
				Status: 200, Reply: results(refusedFor("project not found")),
			},
			step{Name: "a batch of none", Call: call, Header: manyEvents, Body: " [ ]", Status: 200, Reply: results()},
			step{
				Name: "a batch of records as ever", Call: call, Header: http.Header{"Content-Type": {"text/plain"}},
				Body: `{"sequence":1,"records":[` + whole + `]}`, Status: 200, Reply: `{"sequence":1,"results":[` + accepted + `]}`,
			},
		)
		s.Used(t, reeve.UsageTotal{ProjectID: id(t, s, "px"), Month: 202611, Egress: reeve.Count(5 + 5 + 7 + 5 + 5), Requests: reeve.Count(11 + 100)})
		s.Store.Close()
		s.Do(t, step{
			Call: call, Header: oneEvent, Body: cloudEvent("1", whole), Status: 503,
			Reply: problem(503, "Service Unavailable", "the database is not available"),
		})
	})
}

// TestNoEvents: what is no event at all is a 400, and says why.
func TestNoEvents(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	world(t, s)
	data := `{"projectId":"{px}","meter":"egress","value":5}`
	onlyThese := "of CloudEvents only application/cloudevents+json and application/cloudevents-batch+json are taken"
	contentType := func(text string) http.Header { return http.Header{"Content-Type": {text}} }
	for _, row := range []struct {
		name, body, detail string
		header             http.Header
	}{
		{"another version", strings.Replace(cloudEvent("1", data), "1.0", "0.3", 1), "specversion must be 1.0", oneEvent},
		{"no id", cloudEvent("", data), "id is missing", oneEvent},
		{"no source", strings.Replace(cloudEvent("1", data), "/edge", "", 1), "source is missing", oneEvent},
		{"no type", cloudEvent("1", data, `"subject":"x"`), "type is missing", oneEvent},
		{"no data", cloudEvent("1", `[]`), "data is no object with usage in it", oneEvent},
		{"an id of another type", strings.Replace(cloudEvent("1", data), `"1",`, `1,`, 1), "id is no string", oneEvent},
		{"a list for one", "[" + cloudEvent("1", data) + "]", "an event is a JSON object", oneEvent},
		{"nothing for one", "null", "an event is a JSON object", oneEvent},
		{"one for a list", cloudEvent("1", data), "", manyEvents},
		{"no list", "null", "a batch of events is a JSON array", manyEvents},
		{"too many", "[" + strings.Repeat("{},", 1000) + "{}]", "events must be at most 1000", manyEvents},
		{"data in base64 of another type", strings.Replace(cloudEvent("1", `"e30="`, `"type":"x"`, `"datacontenttype":"text/xml"`), `"data"`, `"data_base64"`, 1), "data_base64 must be application/json", oneEvent},
		{"broken JSON", "[{", "", manyEvents},
		{"NUL", cloudEvent(`\u0000`, data), "JSON text holds a NUL", oneEvent},
		{"another format", "x", onlyThese, contentType("application/cloudevents+avro")},
		{"another format of many", "x", onlyThese, contentType("application/cloudevents-batch+protobuf")},
		{"no format", cloudEvent("1", data), onlyThese, contentType("application/cloudevents")},
		{"binary, no id", data, "id is missing", binary()},
		{"binary, another version", data, "specversion must be 1.0", binary("Ce-Specversion", "2.0", "Ce-Id", "1")},
		{"binary, other data", "<x/>", "the data of an event must be application/json", binary("Ce-Id", "1", "Content-Type", "application/xml")},
		{"binary, no usage", `"x"`, "data is no object with usage in it", binary("Ce-Id", "1")},
		{"binary, a bad escape", data, "a ce- header cannot be decoded", binary("Ce-Id", "%2")},
		{"binary, a bad escape of the version", data, "a ce- header cannot be decoded", binary("Ce-Specversion", "%2", "Ce-Id", "1")},
		{"binary, a bad quote", data, "a ce- header cannot be decoded", binary("Ce-Id", `"1`)},
		{"binary, no UTF-8", data, "a ce- header cannot be decoded", binary("Ce-Id", `%ff`)},
	} {
		reply := reevetest.Any
		if row.detail != "" {
			reply = problem(400, "Bad Request", row.detail)
		}
		s.Do(t, step{Name: row.name, Call: "POST /gateway/usage", Header: row.header, Body: row.body, Status: 400, Reply: reply})
	}
	s.Used(t, reeve.UsageTotal{ProjectID: id(t, s, "px"), Month: 202611})
}

// TestEventTypes: an event with an attribute of another type is refused by
// itself, as is what is no event.
func TestEventTypes(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	world(t, s)
	data := `{"projectId":"{px}","meter":"egress","value":5}`
	batch := []string{
		cloudEvent("1", data), `{"id":1}`, cloudEvent("2", data, `"type":"x"`, `"time":5`), cloudEvent("3", data, `"type":"x"`, `"subject":{}`),
		cloudEvent("4", data, `"type":["x"]`), strings.Replace(cloudEvent("5", data), `"1.0"`, `1.0`, 1), cloudEvent("6", data, `"type":"x"`, `"source":true`),
		`7`, `"x"`, `[]`, `null`, cloudEvent("8", data, `"type":"x"`, `"time":null`, `"extension":5`), cloudEvent("9", data),
	}
	const none = "an event is a JSON object"
	s.Do(t, step{
		Call: "POST /gateway/usage", Header: manyEvents, Body: "[" + strings.Join(batch, ",") + "]", Loose: true, Status: 200, Reply: results(
			accepted, refusedFor("id is no string"), refusedFor("time is no string"), refusedFor("subject is no string"),
			refusedFor("type is no string"), refusedFor("specversion is no string"), refusedFor("source is no string"),
			refusedFor(none), refusedFor(none), refusedFor(none), refusedFor(none), accepted, accepted,
		),
	})
	s.Used(t, reeve.UsageTotal{ProjectID: id(t, s, "px"), Month: 202611, Egress: reeve.Count(15)})
}

// TestEventBase64: data may come in base64, if it is JSON.
func TestEventBase64(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	world(t, s)
	event := func(id, data string, more ...string) string {
		attributes := append([]string{`"type":"egress"`, `"subject":"{px}"`}, more...)
		return strings.Replace(cloudEvent(id, "?", attributes...), `"data":?`, `"data_base64":`+data, 1)
	}
	base64 := func(text string) string { return `"` + base64.StdEncoding.EncodeToString([]byte(text)) + `"` }
	five := base64(`{"value":5}`)
	const noData, none = "data is no object with usage in it", "data_base64 is no base64"
	batch := []string{
		event("1", five), event("2", five, `"datacontenttype":"application/json; charset=utf-8"`), event("3", five, `"datacontenttype":"application/vnd.x+json"`),
		event("4", five, `"datacontenttype":"application/xml"`), event("5", five, `"data":{"value":7}`), event("6", `"?"`), event("7", "7"),
		event("8", base64("<x/>")), event("9", base64("{\"value\":5,\"bucket\":\"\xff\"}")), event("10", base64(`{"value":5,"bucket":"\u0000"}`)),
		event("11", five, `"data":null`), event("12", "null", `"data":{"value":5}`),
	}
	s.Do(t, step{
		Call: "POST /gateway/usage", Header: manyEvents, Body: "[" + strings.Join(batch, ",") + "]", Loose: true, Status: 200, Reply: results(
			accepted, accepted, accepted, refusedFor("data_base64 must be application/json"), refusedFor("data and data_base64 exclude each other"),
			refusedFor(none), refusedFor("data_base64 is no string"), refusedFor(noData), refusedFor(noData),
			refusedFor("bucket has control characters"), accepted, accepted,
		),
	})
	s.Do(t, step{Call: "POST /gateway/usage", Header: oneEvent, Body: event("13", five), Status: 200, Reply: results(accepted)})
	s.Used(t, reeve.UsageTotal{ProjectID: id(t, s, "px"), Month: 202611, Egress: reeve.Count(30)})
}

// TestManyEvents: as many as may be are counted, also where a name has letters
// of its own.
func TestManyEvents(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		world(t, s)
		var list []string
		for i := range 1000 {
			list = append(list, cloudEvent(fmt.Sprint("ä", i), `{"projectId":"{px}","meter":"egress","value":1}`))
		}
		for _, word := range []string{accepted, duplicate} {
			reply := s.Do(t, step{
				Name: "1000", Call: "POST /gateway/usage", Header: manyEvents, Body: "[" + strings.Join(list, ",") + "]", Status: 200, Reply: reevetest.Any,
			})
			if n := strings.Count(reply.Body, word); n != 1000 {
				t.Errorf("%d of 1000 events are answered %s", n, word)
			}
		}
		s.Used(t, reeve.UsageTotal{ProjectID: id(t, s, "px"), Month: 202611, Egress: reeve.Count(1000)})
	})
}
