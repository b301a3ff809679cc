package operatorapi_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/macaroon"
)

// credentials makes, beside the tenants, the API key {apikey} with the id
// {apikey_id}, a session of bob {session} and the gateway {edge}.
func credentials(t *testing.T, s *reevetest.Server) {
	t.Helper()
	s.Tenants(t)
	s.Gateway(t, "edge")
	s.Do(t, step{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"backup"}`, Status: 200, Reply: `{"apikey":"{apikey}"}`})
	s.Do(t, step{Call: "GET /api/projects/{px}/apikeys", Status: 200, Reply: reevetest.Any, After: func(t *testing.T, reply reevetest.Reply) {
		var keys []struct{ ID string }
		if err := json.Unmarshal([]byte(reply.Body), &keys); err != nil {
			t.Fatal(err)
		}
		s.Bind("apikey_id", keys[0].ID)
	}})
	token := reeve.NewToken(reeve.TokenSession, [32]byte{7})
	id := reevetest.NewID()
	s.Write(t, func(tx *store.Tx) {
		tx.CreateUserSession(reeve.UserSession{ID: id, UserID: s.ID(t, "bob"), CreatedAt: tx.Now()}, token.Hash())
	})
	s.Bind("session", string(token))
	s.Bind("session_id", id.String())
}

// derived narrows the bound API key and binds the result.
func derived(t *testing.T, s *reevetest.Server, name, from string, caveat macaroon.Caveat) {
	t.Helper()
	key, err := macaroon.Parse(s.Value(t, from))
	if err == nil {
		key, err = key.Attenuate(caveat)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.Bind(name, key.Serialize())
}

const nothing = `{"results":[],"more":[]}`

func TestSearch(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		credentials(t, s)
		s.Do(t, step{Call: "POST /api/coupons", Body: `{"userId":"{alice}","duration":2,"amount":3000,"description":"Welcome, px"}`, Status: 200, Reply: `{"id":"{c}"}`})
		bill := reeve.Statement{ID: reevetest.NewID(), OrganizationID: s.ID(t, "acme"), OrganizationName: "acme", OwnerID: s.ID(t, "alice"), Month: 202610, Status: reeve.StatementFinal}
		s.Write(t, func(tx *store.Tx) {
			tx.CreateStatements([]reeve.Statement{bill})
			tx.Record(reeve.Change{Actor: "system", Action: "statement.finalize", Target: bill.ID})
		})
		s.Bind("bill", bill.ID.String())
		project, err := s.Store.Project(t.Context(), s.ID(t, "px"))
		if err != nil {
			t.Fatal(err)
		}
		s.Bind("account", project.ServiceAccountID.String())
		derived(t, s, "child", "apikey", macaroon.Caveat{Disallow: macaroon.Ops(macaroon.OpDelete)})

		alice := `{"kind":"user","id":"{alice}","name":"Alice van Test","of":null}`
		acme := `{"kind":"organization","id":"{acme}","name":"acme","of":{"kind":"user","id":"{alice}","name":"Alice van Test"}}`
		px := `{"kind":"project","id":"{px}","name":"px","of":{"kind":"organization","id":"{acme}","name":"acme"}}`
		coupon := `{"kind":"coupon","id":"{c}","name":"Welcome, px","of":{"kind":"user","id":"{alice}","name":"Alice van Test"}}`
		backup := `{"kind":"apikey","id":"{apikey_id}","name":"backup","of":{"kind":"project","id":"{px}","name":"px"}}`
		viewer := `{"kind":"organization_key","id":"{viewer_id}","name":"viewer","of":{"kind":"organization","id":"{acme}","name":"acme"}}`
		edge := `{"kind":"gateway","id":"{edge}","name":"edge","of":null}`
		statement := `{"kind":"statement","id":"{bill}","name":"2026-10","of":{"kind":"organization","id":"{acme}","name":"acme"}}`
		bob := `{"kind":"user","id":"{bob}","name":"Bob","of":null}`
		s.Bind("acme_bare", strings.ReplaceAll(s.Value(t, "acme"), "-", ""))
		s.Bind("acme_braced", "{"+s.Value(t, "acme")+"}")
		s.Bind("px_upper", strings.ToUpper(s.Expand("{prj:px}")))
		for query, want := range map[string]string{
			"{alice}": alice, "{usr:alice}": alice, "ALICE@mail.test": alice, "{org:alice}": "", "van test": alice, "Alice Van Test": alice,
			"{acme}": acme, "{org:acme}": acme, "ACME": acme, "{px}": px, "{prj:px}": px, "{account}": px, "{srvacc:account}": px,
			"{c}": coupon, "{cpn:c}": coupon, "welcome": coupon, " elcome, P": coupon, "{apikey_id}": backup, "{key:apikey_id}": backup,
			"backup": backup, "back": "", "{apikey}": backup, "{child}": backup, "{viewer_id}": viewer, "{orgkey:viewer_id}": viewer, "{viewer}": viewer,
			"viewer": viewer, "{edge}": edge, "{gw:edge}": edge, "{token}": edge, "edg": edge, "{bill}": statement, "{stm:bill}": statement,
			"{session}": bob, "{session_id}": "", strangersKey: "", "reeve_org_00000000000000000000000000000000000000000002CZclj": "",
			"nobody at all": "", nobody: "", "al": alice, "px": px, reevetest.OperatorToken: "",
			"{acme_bare}": acme, "{acme_braced}": acme, "urn:uuid:{acme}": acme, "{px_upper}": px, " {px}": px,
		} {
			expanded := s.Expand(query)
			reply := `{"results":[` + want + `],"more":[]}`
			secret := []string{}
			if len(expanded) > 40 {
				secret = append(secret, expanded)
			}
			s.Do(t, step{Name: "get " + query, Call: "GET /api/search?q=" + url.QueryEscape(expanded), Status: 200, Reply: reply, Not: secret})
			body, err := json.Marshal(map[string]string{"q": expanded})
			if err != nil {
				t.Fatal(err)
			}
			s.Do(t, step{Name: "post " + query, Call: "POST /api/search", Body: string(body), Status: 200, Reply: reply, Not: secret})
			if log := s.Log.String(); len(expanded) > 50 && strings.Contains(log, expanded) {
				t.Errorf("%s is in the log", query)
			}
		}
		s.Run(t, []step{
			{Name: "exact before parts", Call: "GET /api/search?q=mail.test&limit=3", Status: 200, Reply: reevetest.Any, Has: []string{`"more":["user"]`}},
			{Call: "POST /api/search", Body: `{"q":"mail.test","limit":4}`, Status: 200, Reply: reevetest.Any, Has: []string{`"more":[]`, "{alice}", "{mallory}"}},
			{Call: "GET /api/search?q=+", Status: 400, Reply: fault("q is not set")},
			{Call: "POST /api/search", Body: `{}`, Status: 400, Reply: fault("q is not set")},
			{Call: "GET /api/search?q=x&limit=0", Status: 400, Reply: fault("limit must be 1 to 100")},
			{Call: "GET /api/search?q=x&limit=x", Status: 400, Reply: fault("limit must be 1 to 100")},
			{Call: "POST /api/search", Body: `{"q":"x","limit":101}`, Status: 400, Reply: fault("limit must be 1 to 100")},
			{Call: "GET /api/search?q=" + strings.Repeat("x", 1001), Status: 400, Reply: fault("q is longer than 1000 bytes")},
			{Call: "POST /api/search", Body: `{"q":"` + strings.Repeat("1", 9000) + `"}`, Status: 400, Reply: fault("q is longer than 1000 bytes")},
			{Name: "a project by its service account", Call: "GET /api/projects?q={account}", Status: 200, Reply: reevetest.Any, Has: []string{`"id":"{px}"`}},
			{Call: "GET /api/projects?q={srvacc:account}", Status: 200, Reply: reevetest.Any, Has: []string{`"id":"{px}"`}},
			{Call: "GET /api/projects?q={px_upper}", Status: 200, Reply: reevetest.Any, Has: []string{`"id":"{px}"`}},
			{Call: "GET /api/organizations?q={acme_bare}", Status: 200, Reply: reevetest.Any, Has: []string{`"id":"{acme}"`}},
			{Call: "GET /api/organizations?q={account}", Status: 200, Reply: `{"organizations":[],"next":null}`},
			{Name: "a deleted organization key is found no more", Call: "DELETE /api/organizations/{acme}/apikeys/viewer", Status: 200},
			{Call: "GET /api/search?q={viewer}", Status: 200, Reply: nothing},
			{Name: "a deleted key is found no more", Call: "DELETE /api/projects/{px}/apikeys/backup", Status: 200},
			{Call: "GET /api/search?q={apikey}", Status: 200, Reply: nothing},
			{Call: "GET /api/search?q=backup", Status: 200, Reply: nothing},
		}...)
	})
}

// TestInspect: what an operator learns of each credential, and in which state
// it is; nothing of what was forged but whose it claims to be.
func TestInspect(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		credentials(t, s)
		later := s.Clock.Now().Add(time.Hour).UTC().Truncate(time.Second)
		derived(t, s, "narrow", "apikey", macaroon.Caveat{
			Disallow: macaroon.Ops(macaroon.OpWrite, macaroon.OpDelete), NotAfter: later, NotBefore: later.Add(-2 * time.Hour),
			AllowedPaths: []macaroon.Path{{Bucket: []byte("photos"), EncryptedPathPrefix: []byte{1, 0xff}}, {Bucket: []byte("b")}},
			MaxObjectTTL: new(time.Duration),
		})
		derived(t, s, "narrower", "narrow", macaroon.Caveat{Nonce: []byte("n")})
		derived(t, s, "early", "apikey", macaroon.Caveat{NotBefore: later})
		forged := macaroon.Mint(macaroon.Secret{1}, mustKey(t, s.Value(t, "apikey")).Head())
		s.Bind("forged", forged.Serialize())

		whose := `"project":{"kind":"project","id":"{px}","name":"px"},"organization":{"kind":"organization","id":"{acme}","name":"acme"},` +
			`"user":{"kind":"user","id":"{alice}","name":"Alice van Test"}`
		key := `{"kind":"apikey","id":"{apikey_id}","name":"backup"`
		root := `{"caveats":0,"lineage":"{root}","revoked":false,"restricts":[]}`
		narrow := `{"caveats":1,"lineage":"{one}","revoked":false,"restricts":["forbids write, delete",` +
			`"allows only bucket \"photos\" where encrypted paths begin with base64:Af8=, bucket \"b\"",` +
			`"not before ` + later.Add(-2*time.Hour).Format(time.RFC3339) + `","not after ` + later.Format(time.RFC3339) + `","objects live 0s at most"]}`
		end := `"createdAt":"{now}","expiresAt":"` + later.Format(time.RFC3339) + `"`
		org := `{"kind":"organization","id":"{acme}","name":"acme"}`
		s.Run(t, []step{
			{Call: "POST /api/inspect", Body: `{"key":"{apikey}"}`, Status: 200, Reply: key + `,"state":"live","signature":"valid",` + whose + `,"ancestors":[` + root + `],"createdAt":"{now}"}`, Not: []string{"{apikey}"}},
			{Call: "POST /api/inspect", Body: `{"key":"{narrow}"}`, Status: 200, Reply: key + `,"state":"live","signature":"valid",` + whose + `,"ancestors":[` + root + `,` + narrow + `],` + end + `}`},
			{Call: "POST /api/inspect", Body: `{"key":"{early}"}`, Status: 200, Reply: reevetest.Any, Has: []string{`"state":"pending","by":1`}},
			{Call: "POST /api/inspect", Body: `{"key":"{forged}"}`, Status: 200, Reply: key + `,"state":"forged","signature":"invalid",` + whose + `,"createdAt":"{now}"}`},
			{Call: "POST /api/inspect", Body: `{"key":"{viewer}"}`, Status: 200, Reply: `{"kind":"organization_key","id":"{viewer_id}","name":"viewer","state":"live","role":"viewer","organization":` + org + `,"createdAt":"{now}"}`},
			{Call: "POST /api/inspect", Body: `{"key":"{token}"}`, Status: 200, Reply: `{"kind":"gateway","id":"{edge}","name":"edge","state":"live","createdAt":"{now}"}`},
			{Call: "POST /api/inspect", Body: `{"key":"{session}"}`, Status: 200, Reply: reevetest.Any, Has: []string{`{"kind":"session","id":"{session_id}","state":"live","user":{"kind":"user","id":"{bob}","name":"Bob"}`}, Not: []string{"{session}"}},
			{Call: "POST /api/inspect", Body: `{"key":"` + reevetest.OperatorToken + `"}`, Status: 200, Reply: `{"kind":"operator","name":"root","state":"live"}`},
			{Call: "POST /api/operators", Body: `{"name":"Zoe","role":"finance"}`, Status: 200, Reply: `{"id":"{zoe}","token":"{zoes}"}`},
			{Call: "POST /api/inspect", Body: `{"key":"{zoes}"}`, Status: 200, Reply: reevetest.Any, Has: []string{`{"kind":"operator","id":"`, `"name":"Zoe","state":"live","role":"finance"`}},
			{Call: "POST /api/inspect", Body: `{"key":"` + strangersKey + `"}`, Status: 200, Reply: `{"kind":"unknown"}`},
			{Call: "POST /api/inspect", Body: `{"key":"reeve_org_00000000000000000000000000000000000000000002CZclj"}`, Status: 200, Reply: `{"kind":"unknown"}`},
			{Call: "POST /api/inspect", Body: `{"key":"reeve_op_00000000000000000000000000000000000000000002CZclj"}`, Status: 200, Reply: `{"kind":"unknown"}`},
			{Name: "its last digit is wrong", Call: "POST /api/inspect", Body: `{"key":"reeve_org_00000000000000000000000000000000000000000002CZclk"}`, Status: 200, Reply: `{"kind":"none"}`},
			{Call: "POST /api/inspect", Body: `{"key":"x"}`, Status: 200, Reply: `{"kind":"none"}`},
			{Call: "POST /api/inspect", Body: `{"key":"` + strings.Repeat("1", 10_000) + `"}`, Status: 200, Reply: `{"kind":"none"}`},
			{Call: "POST /api/inspect", Body: `{"key":""}`, Status: 400, Reply: fault("Key is not set")},
			{Call: "POST /api/inspect", Body: `{"key":" \n"}`, Status: 400, Reply: fault("Key is not set")},
			{Name: "white space", Call: "POST /api/inspect", Body: `{"key":" {token}\n"}`, Status: 200, Reply: reevetest.Any, Has: []string{`{"kind":"gateway","id":"{edge}"`}},
			{Name: "as in a header", Call: "POST /api/inspect", Body: `{"key":"bearer  {token}"}`, Status: 200, Reply: reevetest.Any, Has: []string{`{"kind":"gateway","id":"{edge}"`}},
			{Name: "another word", Call: "POST /api/inspect", Body: `{"key":"Token {token}"}`, Status: 200, Reply: `{"kind":"none"}`},
			{Name: "an organization key was used", Call: "GET /project/{px}", As: "{viewer}", Status: 200, Reply: reevetest.Any},
			{Call: "POST /api/inspect", Body: `{"key":"{viewer}"}`, Status: 200, Reply: reevetest.Any, Has: []string{`"lastUsedAt":"{now}","lastUsedBy":"127.0.0.1"`}},

			{Name: "a parent is revoked", Call: "DELETE /api/apikeys/{narrow}", Status: 200},
			{Call: "POST /api/inspect", Body: `{"key":"{narrower}"}`, Status: 200, Reply: reevetest.Any, Has: []string{`"state":"revoked","by":1`, `"lineage":"{one}","revoked":true`, `"restricts":["restricts nothing"]`}},
			{Call: "POST /api/inspect", Body: `{"key":"{apikey}"}`, Status: 200, Reply: reevetest.Any, Has: []string{`"state":"live","signature"`}},
			{Name: "the root is deleted", Call: "DELETE /api/apikeys/{apikey}", Status: 200},
			{Call: "POST /api/inspect", Body: `{"key":"{early}"}`, Status: 200, Reply: `{"kind":"apikey","id":"{apikey_id}","state":"revoked","signature":"unknown"}`},
		}...)
		s.Clock.Advance(25 * time.Hour)
		s.Do(t, step{Name: "idle", Call: "POST /api/inspect", Body: `{"key":"{session}"}`, Status: 200, Reply: reevetest.Any, Has: []string{`"state":"expired"`}})
	})
}

func mustKey(t *testing.T, text string) macaroon.Key {
	t.Helper()
	key, err := macaroon.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestInspectProject: what befalls a project befalls its keys.
func TestInspectProject(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		credentials(t, s)
		derived(t, s, "over", "apikey", macaroon.Caveat{NotAfter: s.Clock.Now().Add(-time.Second)})
		s.Do(t, step{Call: "POST /api/inspect", Body: `{"key":"{over}"}`, Status: 200, Reply: reevetest.Any, Has: []string{`"state":"expired","by":1`}})
		project, err := s.Store.Project(t.Context(), s.ID(t, "px"))
		if err != nil {
			t.Fatal(err)
		}
		write := func() {
			s.Write(t, func(tx *store.Tx) {
				tx.UpdateProject(project)
				tx.Record(reeve.Change{Actor: "system", Action: "project.update", Target: project.ID})
			})
		}
		s.Do(t, step{Call: "POST /api/projects/{px}/freeze", Body: `{"type":"violation"}`, Status: 200, Reply: reevetest.Any})
		s.Do(t, step{Call: "POST /api/inspect", Body: `{"key":"{apikey}"}`, Status: 200, Reply: reevetest.Any, Has: []string{`"state":"frozen"`}})
		after := s.Clock.Now().Add(time.Second)
		project.RevokedBefore = &after
		write()
		s.Do(t, step{Call: "POST /api/inspect", Body: `{"key":"{over}"}`, Status: 200, Reply: reevetest.Any, Has: []string{`"state":"revoked","by":0`}})
		if log := s.Log.String(); strings.Contains(log, s.Value(t, "over")) || strings.Contains(log, s.Value(t, "session")) {
			t.Error("a credential is in the log")
		}
	})
}

// TestSearchPrecondition: a search by POST meets the precondition of what the
// GET of the same path would find.
func TestSearchPrecondition(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	s.User(t, "alice", "Alice")
	s.Do(t, step{
		Call: "POST /api/search?q=alice", Body: `{"q":"alice"}`, Header: http.Header{"If-Match": {`"of-another-time"`}}, Loose: true,
		Status: 412, Reply: reevetest.Any,
	})
}
