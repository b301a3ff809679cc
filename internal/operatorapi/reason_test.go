package operatorapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// why is a header with a reason.
func why(text string) http.Header { return http.Header{"X-Reason": {text}} }

// newest is what the newest change must say of its reason.
func newest(reason string) step {
	return step{Call: "GET /api/changes?limit=1", Status: 200, Reply: reevetest.Any, Has: []string{`"reason":"` + reason + `"`}}
}

// TestReasons: wherever a reason is given, the change keeps it.
func TestReasons(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		rename := func(name string) step {
			return step{Call: "PUT /api/projects/{px}", Body: `{"projectName":"` + name + `"}`, Status: 200}
		}
		for i, given := range []struct{ header, body, want string }{
			{"", "", ""},
			{" ticket 7 ", "", "ticket 7"},
			{"größer", "", "größer"},
			{"UTF-8''gr%c3%b6%C3%9Fer", "", "größer"},
			{"utf-8'de'100%25", "", "100%"},
			{"", `," reason":"no","reason":" in the body "`, "in the body"},
			{"", `,"reason":null`, ""},
			{"the header", `,"reason":"in the body"`, "the header"},
			{strings.Repeat("é", 500), "", strings.Repeat("é", 500)},
		} {
			call := rename(strings.Repeat("x", i+1))
			call.Body = strings.TrimSuffix(call.Body, "}") + given.body + "}"
			if given.header != "" {
				call.Header = why(given.header)
			}
			s.Run(t, call, newest(given.want))
		}
		before := s.Count(t)
		const members = `json: cannot unmarshal number into Go struct field .reason of type string`
		for _, refused := range []struct{ header, body, message, detail string }{
			{header: strings.Repeat("é", 501), message: "reason is longer than 500 characters"},
			{header: "a\tb", message: "reason has control characters"},
			{header: "a\xff", message: "reason has control characters"},
			{header: "UTF-8''%00", message: "reason has control characters"},
			{header: "UTF-8''%zz", message: "X-Reason is malformed"},
			{header: "UTF-8'en", message: "X-Reason is malformed"},
			{body: `,"reason":"a\nb"`, message: "reason has control characters"},
			{body: `,"reason":7`, message: "failed to unmarshal request", detail: members},
		} {
			call := rename("refused")
			call.Body = strings.TrimSuffix(call.Body, "}") + refused.body + "}"
			call.Status, call.Reply = 400, fault(refused.message, refused.detail)
			if refused.header != "" {
				call.Header = why(refused.header)
			}
			s.Do(t, call)
		}
		if after := s.Count(t); after != before {
			t.Errorf("%d changes were made", after-before)
		}
		s.Run(t, []step{
			{Call: "PUT /api/projects/{px}/limit", Form: "usage=1&reason=by+form", Status: 200},
			newest("by form"),
			{Call: "POST /api/projects/{px}/limit?usage=2&reason=by%20query", Status: 200},
			newest("by query"),
			{Call: "DELETE /api/organizations/{acme}/apikeys/viewer", Header: why("left"), Status: 200},
			newest("left"),
			{Name: "what a tenant says is no matter", Call: "PUT /project/{px}", Header: why("tenant"), Body: `{"name":"t"}`, Status: 200, Reply: reevetest.Any},
			newest(""),
		}...)
	})
}

// TestReasonOfCreditNote: what the note says is the change's reason, however
// long it is.
func TestReasonOfCreditNote(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	s.Bill(t)
	note := "POST /api/statements/{bill}/credit-notes"
	s.Run(t, []step{
		{Call: note, Body: `{"amount":1,"reason":"sorry\nfor that"}`, Status: 200, Reply: reevetest.Any},
		newest("sorry for that"),
		{Call: note, Header: why("ticket 7"), Body: `{"amount":1,"reason":"` + strings.Repeat("x", 501) + `"}`, Status: 200, Reply: reevetest.Any},
		newest("ticket 7"),
	}...)
}

// TestBadReason: every operation that may change something reads the header.
func TestBadReason(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	tenants(t, s)
	s.User(t, "x", "X")
	for _, name := range []string{"coupon", "credit", "gateway"} {
		s.Bind(name, nobody)
	}
	before := s.Count(t)
	for _, call := range examples {
		if strings.HasPrefix(call.Call, "GET ") {
			continue
		}
		call.Header, call.Status, call.Reply = why(strings.Repeat("x", 501)), 400, fault("reason is longer than 500 characters")
		s.Do(t, call)
	}
	if after := s.Count(t); after != before {
		t.Errorf("%d changes were made", after-before)
	}
}

// TestReasonRequired: nobody changes anything without saying why, and everybody
// may look. Who may not do it at all learns only that.
func TestReasonRequired(t *testing.T) {
	t.Parallel()
	s := reevetest.OpenWith(t, func(settings *control.Settings) { settings.RequireReason = true })
	needed := fault("reason is not set")
	s.Run(t, []step{
		{Call: "POST /api/operators", Body: `{"name":"v","role":"viewer"}`, Status: 400, Reply: needed},
		{Call: "POST /api/operators", Body: `{"name":"v","role":"viewer","reason":" "}`, Status: 400, Reply: needed},
		{Call: "POST /api/operators", Body: `{"name":"v","role":"viewer","reason":"new"}`, Status: 200, Reply: `{"id":"{v}","token":"{staff}"}`},
		{Call: "GET /api/operators/me", As: "{staff}", Status: 200, Reply: reevetest.Any},
		{Call: "POST /api/operators/{v}/token", As: "{staff}", Status: 400, Reply: needed},
		{Call: "DELETE /api/operators/{v}", As: "{staff}", Status: 403, Reply: fault("You are not allowed to perform this action")},
		{Call: "DELETE /api/operators/{v}", Status: 400, Reply: needed},
		{Call: "DELETE /api/operators/{v}", Header: why("gone"), Status: 200},
		newest("gone"),
	}...)
	before := s.Count(t)
	s.User(t, "x", "X")
	for _, name := range []string{"coupon", "credit", "gateway", "alice", "bob", "acme", "px", "bill"} {
		s.Bind(name, nobody)
	}
	s.Bind("staff", nobody)
	for _, call := range examples {
		switch {
		case strings.HasPrefix(call.Call, "GET "), strings.Contains(call.Call, "credit-notes"),
			strings.HasSuffix(call.Call, "/api/search"), strings.HasSuffix(call.Call, "/api/inspect"), strings.HasSuffix(call.Call, "/api/scan"):
			continue
		}
		call.Status, call.Reply = 400, needed
		s.Do(t, call)
	}
	if after := s.Count(t); after != before+1 {
		t.Errorf("%d changes were made", after-before-1)
	}
}

// TestReasonAlone: an operation without a body takes the reason from one all
// the same, and nothing else.
func TestReasonAlone(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		unfreeze := func(body string) step {
			return step{Call: "POST /api/projects/{px}/unfreeze", Body: body, Loose: true, Status: 200}
		}
		freeze := step{Call: "POST /api/projects/{px}/freeze", Body: `{"type":"legal"}`, Status: 200, Reply: reevetest.Any}
		long := strings.Repeat("x", 501)
		for _, given := range []struct{ body, want string }{
			{`{"reason":" paid "}`, "paid"},
			{` {"projectName":7,"reason":"` + strings.Repeat(`\ud83d\ude00`, 500) + `"}`, strings.Repeat("😀", 500)},
			{`{"reason":null}`, ""},
			{`["reason"]`, ""},
			{`null`, ""},
			{`{"reason":"cut off`, ""},
			{`{"reason":"x"} {}`, ""},
			{`{"reason":"\u0000"}`, ""},
			{`{"filling":"` + strings.Repeat("x", 8<<10) + `","reason":"too far behind"}`, ""},
		} {
			s.Run(t, freeze, unfreeze(given.body), newest(given.want))
		}
		header := unfreeze(`{"reason":"in the body"}`)
		header.Header = why("the header")
		s.Run(t, freeze, header, newest("the header"), freeze)
		for body, refused := range map[string]string{
			`{"reason":"` + long + `"}`: fault("reason is longer than 500 characters"),
			`{"reason":7}`:              fault("failed to unmarshal request", "json: cannot unmarshal number into Go struct field .reason of type string"),
		} {
			call := unfreeze(body)
			call.Status, call.Reply = 400, refused
			s.Do(t, call)
		}
		s.Run(t, []step{
			{Call: "PUT /api/projects/{px}/limit?usage=3", Body: `{"reason":"beside a query"}`, Loose: true, Status: 200},
			newest("beside a query"),
			{Call: "DELETE /api/organizations/{acme}/apikeys/viewer", Body: `{"reason":"left"}`, Loose: true, Status: 200},
			newest("left"),
		}...)
	})
}

// TestReasonAloneSuffices where one is required.
func TestReasonAloneSuffices(t *testing.T) {
	t.Parallel()
	s := reevetest.OpenWith(t, func(settings *control.Settings) { settings.RequireReason = true })
	s.Run(t, []step{
		{Call: "POST /api/operators", Body: `{"name":"v","role":"viewer","reason":"new"}`, Status: 200, Reply: `{"id":"{v}","token":"{staff}"}`},
		{Call: "DELETE /api/operators/{v}", Body: `{"reason":""}`, Loose: true, Status: 400, Reply: fault("reason is not set")},
		{Call: "DELETE /api/operators/{v}", Body: `{"reason":"gone"}`, Loose: true, Status: 200},
		newest("gone"),
	}...)
}
