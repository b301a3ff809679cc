package gatewayapi_test

import (
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestUsage: a batch is answered record by record, and again with the same
// bytes, however it is spelt then.
func TestUsage(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		world(t, s)
		conflict := func(sequence, newest string) string {
			return strings.TrimSuffix(problem(409, "Conflict", "sequence "+sequence+" of the stream is taken"), "}") +
				`,"sequence":` + newest + "}"
		}
		reply := `{"sequence":7,"results":[` + accepted + "," + accepted + `,{"status":"refused","reason":"unknown meter"},` +
			`{"status":"refused","reason":"project not found"},{"status":"refused","reason":"time is in the future"}]}`
		record := func(id, meter, value string) string {
			return `{"projectId":"` + id + `","meter":"` + meter + `","at":"{now}","value":` + value + `}`
		}
		records := record("{px}", "egress", "5") + "," + record("{prj:px}", "requests", "9223372036854775807") + "," +
			record("{px}", "light", "1") + "," + record("0192f5a1-0000-7000-8000-000000000000", "egress", "1") +
			`,{"projectId":"{px}","bucket":"b","meter":"egress","at":"2027-01-01T00:00:00Z","value":1}`
		batch := `{"gateway":"a","sequence":7,"records":[` + records + `]}`
		s.Run(t,
			step{Call: "POST /gateway/usage", Body: batch, Status: 200, Reply: reply},
			step{Call: "POST /gateway/usage", Body: batch, Status: 200, Reply: reply},
			step{
				Name: "in other words", Call: "POST /gateway/usage", Status: 200, Reply: reply,
				Body: `{"records": [` + strings.Replace(records, "{px}", "{prj:px}", 1) + `], "sequence":7, "gateway":"a"}`,
			},
			step{
				Call: "POST /gateway/usage", Body: `{"gateway":"a","sequence":7,"records":[` + record("{px}", "egress", "1") + `]}`,
				Status: 409, Reply: conflict("7", "7"),
			},
			step{
				Call: "POST /gateway/usage", Body: `{"gateway":"a","sequence":6,"records":[` + record("{px}", "egress", "1") + `]}`,
				Status: 409, Reply: conflict("6", "7"),
			},
			step{
				Name: "another stream", Call: "POST /gateway/usage", Body: `{"sequence":1,"records":[` + record("{px}", "egress", "1") + `]}`,
				Status: 200, Reply: `{"sequence":1,"results":[` + accepted + `]}`,
			},
			step{
				Call: "POST /gateway/usage", Body: `{"sequence":0,"records":[` + record("{px}", "egress", "1") + `]}`,
				Status: 400, Reply: problem(400, "Bad Request", "sequence must be 1 or more"),
			},
			step{Call: "POST /gateway/usage", As: "-", Body: batch, Status: 401, Reply: problem(401, "Unauthorized", "Unauthorized")},
		)
		s.Used(t, reeve.UsageTotal{
			ProjectID: id(t, s, "px"), Month: 202611, Egress: reeve.Count(6), Requests: reeve.Count(1<<63 - 1),
		})
		s.Store.Close()
		s.Do(t, step{
			Call: "POST /gateway/usage", Body: batch, Status: 503,
			Reply: problem(503, "Service Unavailable", "the database is not available"),
		})
	})
}

func id(t *testing.T, s *reevetest.Server, name string) reeve.ID {
	t.Helper()
	out, err := reeve.ParseAnyID(s.Value(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestUsageUnreadable: what cannot be read refuses its record, whatever it is.
func TestUsageUnreadable(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	world(t, s)
	const number = "value is no whole number from 0 to 2^63-1"
	rows := []struct{ record, reason string }{
		{`{"projectId":"x","meter":"egress","at":"{now}","value":1}`, "malformed project id"},
		{`{"projectId":"{org:px}","meter":"egress","at":"{now}","value":1}`, "malformed project id"},
		{`{"meter":"egress","at":"{now}","value":1}`, "malformed project id"},
		{`{"projectId":"{px}","meter":"egress","at":"2026-11-22","value":1}`, "malformed time"},
		{`{"projectId":"{px}","meter":"egress","value":1}`, "malformed time"},
		{`{"projectId":"{px}","meter":"egress","at":"{now}","value":1.5}`, number},
		{`{"projectId":"{px}","meter":"egress","at":"{now}","value":1e3}`, number},
		{`{"projectId":"{px}","meter":"egress","at":"{now}","value":9223372036854775808}`, number},
		{`{"projectId":"{px}","meter":"egress","at":"{now}"}`, number},
		{`{"projectId":"{px}","meter":"egress","at":"{now}","value":null}`, number},
		{`{"projectId":"{px}","meter":"egress","at":"{now}","value":-1}`, "negative value"},
		{`{"projectId":"{px}","meter":"Egress","at":"{now}","value":1}`, "unknown meter"},
		{`{}`, number},
		{`null`, "a record is a JSON object"},
		{`7`, "a record is a JSON object"},
		{`[]`, "a record is a JSON object"},
		{`{"projectId":1,"meter":"egress","at":"{now}","value":1}`, "projectId is no string"},
		{`{"projectId":"{px}","bucket":{},"meter":"egress","at":"{now}","value":1}`, "bucket is no string"},
		{`{"projectId":"{px}","meter":"egress","at":1,"value":1}`, "at is no string"},
		{`{"projectId":"{px}","meter":"egress","at":"{now}","value":"1"}`, number},
		{`{"projectId":"{px}","meter":"egress","at":"{now}","value":true}`, number},
	}
	var records, results []string
	for _, row := range rows {
		records = append(records, row.record)
		results = append(results, `{"status":"refused","reason":"`+row.reason+`"}`)
	}
	s.Do(t, step{
		Call: "POST /gateway/usage", Loose: true, Status: 200, Body: `{"sequence":1,"records":[` + strings.Join(records, ",") + `]}`,
		Reply: `{"sequence":1,"results":[` + strings.Join(results, ",") + `]}`,
	})
	s.Do(t, step{
		Name: "other text that cannot be read is another batch", Call: "POST /gateway/usage", Loose: true, Status: 409, Reply: reevetest.Any,
		Body: `{"sequence":1,"records":[` + strings.Replace(strings.Join(records, ","), `"x"`, `"y"`, 1) + `]}`,
	})
	for _, wrong := range []string{`{}`, `{"sequence":2}`, `{"sequence":2,"records":[]}`, `{"sequence":"2","records":[{}]}`, `{"sequence":1.5,"records":[{}]}`} {
		s.Do(t, step{Call: "POST /gateway/usage", Loose: true, Status: 400, Reply: reevetest.Any, Body: wrong})
	}
}

// TestUsageFull: a batch of the most records there may be is kept and answered
// again.
func TestUsageFull(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		world(t, s)
		record := s.Expand(`{"projectId":"{px}","bucket":"` + strings.Repeat("b", 200) + `","meter":"requests","at":"{now}","value":1}`)
		refused := strings.Replace(record, `"value":1}`, `"value":-1}`, 1)
		batch := step{
			Name: "full", Call: "POST /gateway/usage", Status: 200, Reply: reevetest.Any,
			Body: `{"sequence":1,"records":[` + strings.Repeat(record+","+refused+",", 499) + record + "," + record + `]}`,
		}
		first := s.Do(t, batch)
		if again := s.Do(t, batch); again.Body != first.Body || strings.Count(first.Body, "accepted") != 501 {
			t.Errorf("%d records accepted, and again: %v", strings.Count(first.Body, "accepted"), again.Body == first.Body)
		}
		batch.Body = strings.Replace(batch.Body, record, record+","+record+","+record, 1)
		batch.Status, batch.Reply = 400, problem(400, "Bad Request", "records must be 1 to 1000")
		s.Do(t, batch)
		s.Used(t, reeve.UsageTotal{ProjectID: id(t, s, "px"), Month: 202611, Requests: reeve.Count(501)})
	})
}
