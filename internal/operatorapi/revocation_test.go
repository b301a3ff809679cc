package operatorapi_test

import (
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/macaroon"
)

// keyOf makes a key of px, binds it and gives it as often narrowed as asked,
// the root first.
func keyOf(t *testing.T, s *reevetest.Server, name string, narrowed int) []macaroon.Key {
	t.Helper()
	s.Do(t, step{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"` + name + `"}`, Status: 200, Reply: `{"apikey":"{` + name + `}"}`})
	key, err := macaroon.Parse(s.Value(t, name))
	if err != nil {
		t.Fatal(err)
	}
	out := []macaroon.Key{key}
	for i := range narrowed {
		if key, err = key.Attenuate(macaroon.Caveat{Nonce: []byte{byte(i)}}); err != nil {
			t.Fatal(err)
		}
		out = append(out, key)
	}
	return out
}

// verdict is what gateways are told of a key.
func verdict(key macaroon.Key, code string) step {
	return step{
		Call: "POST /gateway/verify", Body: `{"key":"` + key.Serialize() + `","action":"read"}`, Status: 200,
		Reply: reevetest.Any, Has: []string{`"code":"` + code + `"`},
	}
}

// TestRevocations: each way to revoke refuses what it names with its
// descendants, at once on this replica, and nothing else.
func TestRevocations(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Gateway(t, "gateway")
		s.Ready(t)
		done := func(body string, keys string) step {
			return step{Call: "POST /api/revocations?wait=5", Body: body, Status: 200, Reply: reevetest.Any, Has: []string{`{"keys":` + keys + `,"receipt":{"epoch":`, `"complete":true`}}
		}
		a, b, c, d := keyOf(t, s, "a", 3), keyOf(t, s, "b", 2), keyOf(t, s, "c", 1), keyOf(t, s, "d", 0)
		s.Run(t,
			verdict(a[3], "valid"), verdict(b[2], "valid"), verdict(c[1], "valid"), verdict(d[0], "valid"),
			done(`{"apikey":"`+a[3].Serialize()+`","caveats":2}`, "0"),
			verdict(a[3], "revoked"), verdict(a[2], "revoked"), verdict(a[1], "valid"),
			done(`{"apikey":"`+a[1].Serialize()+`"}`, "0"),
			verdict(a[1], "revoked"), verdict(a[0], "valid"),
			done(`{"projectId":"{px}","name":"a"}`, "1"),
			verdict(a[0], "revoked"), verdict(a[3], "revoked"),
		)
		reply := s.Do(t, verdict(b[0], "valid"))
		s.Bind("bid", field(t, reply.Body, "keyId"))
		tail := b[1].Tail()
		root := b[0].Tail()
		s.Run(t,
			done(`{"keyId":"{bid}","tail":"`+hex.EncodeToString(tail[:])+`"}`, "0"),
			verdict(b[2], "revoked"), verdict(b[0], "valid"),
			step{
				Name: "twice", Call: "POST /api/revocations", Body: `{"keyId":"{bid}","tail":"` + hex.EncodeToString(tail[:]) + `"}`,
				Status: 404, Reply: fault("api key not found"),
			},
			done(`{"keyId":"{bid}","tail":"`+hex.EncodeToString(root[:])+`"}`, "1"),
			verdict(b[0], "revoked"),
		)
		s.Bind("cid", field(t, s.Do(t, verdict(c[0], "valid")).Body, "keyId"))
		s.Run(t, done(`{"keyId":"{cid}"}`, "1"), verdict(c[1], "revoked"))
		s.Clock.Advance(time.Second)
		s.Bind("then", s.Clock.Now().Format(time.RFC3339Nano))
		s.Clock.Advance(time.Second)
		e := keyOf(t, s, "e", 0)
		s.Run(t,
			done(`{"projectId":"{px}","before":"{then}"}`, "1"),
			verdict(d[0], "revoked"), verdict(e[0], "valid"),
			step{Name: "the name is free", Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"d"}`, Status: 200, Reply: reevetest.Any},
		)
	})
}

// TestRevocationsRefused: what names nothing, or too much, revokes nothing.
func TestRevocationsRefused(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	s.Tenants(t)
	s.Gateway(t, "gateway")
	key := keyOf(t, s, "k", 1)
	before := s.Count(t)
	oneOf := fault("give apikey, keyId, projectId with name, or projectId with before")
	whole := `"apikey":"` + key[1].Serialize() + `"`
	for body, reply := range map[string]string{
		`{}`: oneOf, `{"name":"k"}`: oneOf, `{"caveats":1}`: oneOf, `{"projectId":"{px}"}`: oneOf, `{"before":"2026-01-01T00:00:00Z"}`: oneOf,
		`{` + whole + `,"projectId":"{px}","name":"k"}`:                              oneOf,
		`{"projectId":"{px}","name":"k","before":"2026-01-01T00:00:00Z"}`:            oneOf,
		`{"keyId":"` + nobody + `","projectId":"{px}","name":"k"}`:                   oneOf,
		`{"projectId":"{px}","tail":"` + hex.EncodeToString(make([]byte, 32)) + `"}`: oneOf,
		`{` + whole + `,"caveats":2}`:                                                fault("the key has 1 caveats"),
		`{` + whole + `,"caveats":-1}`:                                               fault("negative caveats"),
		`{"projectId":"{px}","before":"2099-01-01T00:00:00Z"}`:                       fault("before is in the future"),
		`{"apikey":"x"}`: fault("invalid apikey format", "api key format: invalid api key format"),
	} {
		s.Do(t, step{Call: "POST /api/revocations", Body: body, Status: 400, Reply: reply})
	}
	for _, body := range []string{
		`{"apikey":"` + strangersKey + `"}`, `{"keyId":"` + nobody + `"}`, `{"projectId":"{px}","name":"other"}`,
		`{"projectId":"` + nobody + `","name":"k"}`, `{"projectId":"` + nobody + `","before":"2026-01-01T00:00:00Z"}`,
	} {
		s.Do(t, step{Call: "POST /api/revocations", Body: body, Status: 404, Reply: reevetest.Any, Has: []string{"not found"}})
	}
	for _, wait := range []string{"-1", "x", "11m", "1e9", "NaN", ""} {
		s.Do(t, step{Call: "DELETE /api/projects/{px}/apikeys/k?wait=" + wait, Status: 400, Reply: reevetest.Any, Has: []string{"invalid wait"}})
	}
	s.Do(t, step{Call: "GET /api/revocations/999999", Status: 404, Reply: fault("revocation not found")})
	s.Do(t, step{Call: "GET /api/revocations/1?wait=x", Status: 400, Reply: reevetest.Any})
	if after := s.Count(t); after != before {
		t.Errorf("%d changes were made", after-before)
	}
	s.Do(t, verdict(key[1], "valid"))
}

// TestPreferWait: a receipt is asked for by the header, too (RFC 7240).
func TestPreferWait(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	s.Tenants(t)
	for i, prefer := range []string{"wait=2", "respond-async, WAIT = \"2\"; x=1", "wait=nonsense", "handling=strict"} {
		s.Do(t, step{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"k"}`, Status: 200, Reply: reevetest.Any})
		has := []string{`"complete":true,"sessions":[]`}
		if i >= 2 {
			has = nil
		}
		reply := s.Do(t, step{
			Call: "DELETE /api/projects/{px}/apikeys/k", Header: map[string][]string{"Prefer": {prefer}}, Status: 200,
			Reply: reevetest.Any, Has: has,
		})
		if has == nil && reply.Body != "" {
			t.Errorf("%s: %s", prefer, reply.Body)
		}
	}
	s.Do(t, step{Call: "GET /api/revocations/1", Status: 200, Reply: `{"epoch":1,"complete":true,"sessions":[]}`})
	s.Do(t, step{Call: "GET /api/sessions", Status: 200, Reply: `[]`})
}

// field reads a text of a JSON object.
func field(t *testing.T, body, name string) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(body), &object); err != nil {
		t.Fatal(err)
	}
	text, ok := object[name].(string)
	if !ok {
		t.Fatalf("no %s in %s", name, body)
	}
	return text
}
