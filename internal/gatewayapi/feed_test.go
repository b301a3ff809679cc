package gatewayapi_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/macaroon"
)

// event is one of the feed's.
type event struct {
	Number     int64
	Kind, Data string
}

// follow reads the feed after a number until the test ends.
func follow(t *testing.T, s *reevetest.Server, after int64) <-chan event {
	t.Helper()
	body := s.Stream(t, reevetest.Request{
		Face: "gateway", Method: "GET", Target: "/gateway/feed?after=" + strconv.FormatInt(after, 10),
		Header: http.Header{"Authorization": {"Bearer " + s.Value(t, "token")}},
	})
	out := make(chan event, 100)
	go func() {
		defer close(out)
		lines := bufio.NewScanner(body)
		var e event
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				e.Number, _ = strconv.ParseInt(value, 10, 64)
			case "event":
				e.Kind = value
			case "data":
				e.Data = value
			case "":
				out <- e
				e = event{}
			}
		}
	}()
	return out
}

// await gives the next event of a kind.
func await(t *testing.T, events <-chan event, kind string) event {
	t.Helper()
	for {
		select {
		case e, ok := <-events:
			if !ok {
				t.Fatalf("the feed ended before %s", kind)
			}
			if e.Kind == kind {
				return e
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("no %s", kind)
		}
	}
}

// session opens a session and binds its id.
func session(t *testing.T, s *reevetest.Server) (number int64) {
	t.Helper()
	reply := s.Do(t, step{Call: "POST /gateway/feed", Body: `{"name":"edge"}`, Status: 200, Reply: reevetest.Any, Has: []string{`"lease":90,"renewEvery":15`}})
	var got struct {
		Session string
		Number  int64
	}
	if err := json.Unmarshal([]byte(reply.Body), &got); err != nil {
		t.Fatal(err)
	}
	s.Bind("session", got.Session)
	return got.Number
}

// TestReceipt: a revocation's receipt waits for the gateway's session, which
// hears of it by the feed.
func TestReceipt(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		world(t, s)
		s.Ready(t)
		events := follow(t, s, session(t, s))
		s.Do(t, step{
			Call: "DELETE /api/projects/{px}/apikeys/first?wait=0", Status: 200, Reply: reevetest.Any,
			Has: []string{`"complete":false`, `"name":"edge"`, `"state":"pending"`},
		})
		revoked := await(t, events, "revoked")
		s.Bind("epoch", strconv.FormatInt(revoked.Number, 10))
		s.Do(t, step{Call: "POST /gateway/verify", Body: `{"key":"{first}","action":"read"}`, Status: 200, Reply: reevetest.Any, Has: []string{`"code":"revoked"`}})
		s.Do(t, step{Call: "GET /api/revocations/{epoch}?wait=50ms", Status: 200, Reply: reevetest.Any, Has: []string{`"complete":false`}})
		s.Do(t, step{Call: "POST /gateway/feed", Body: `{"session":"{session}","number":{epoch}}`, Status: 200, Reply: reevetest.Any})
		s.Do(t, step{Call: "GET /api/revocations/{epoch}?wait=9", Status: 200, Reply: reevetest.Any, Has: []string{`"complete":true`, `"state":"acknowledged"`}})
	})
}

// TestFeed: the feed tells what is revoked, in order, and can be resumed from
// any number.
func TestFeed(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		world(t, s)
		s.Ready(t)
		live := follow(t, s, s.Count(t))
		reply := s.Do(t, step{Call: "POST /gateway/verify", Body: `{"key":"{first}","action":"read","lineage":true}`, Status: 200, Reply: reevetest.Any})
		var judged struct {
			KeyID   string
			Lineage []string
		}
		if err := json.Unmarshal([]byte(reply.Body), &judged); err != nil || len(judged.Lineage) != 1 {
			t.Fatal(err, reply.Body)
		}
		root, err := macaroon.Parse(s.Value(t, "first"))
		if err != nil {
			t.Fatal(err)
		}
		child, err := root.Attenuate(macaroon.Caveat{Nonce: []byte("child")})
		if err != nil {
			t.Fatal(err)
		}
		s.Bind("child", child.Serialize())
		s.Bind("then", s.Clock.Now().Format(time.RFC3339Nano))
		start := s.Count(t)
		s.Run(t,
			step{Call: "DELETE /api/apikeys/{child}", Status: 200},
			step{Call: "PUT /api/projects/{px}/limit?rate=7", Status: 200},
			step{Call: "DELETE /api/projects/{px}/apikeys/first", Status: 200},
			step{Call: "POST /api/revocations", Body: `{"projectId":"{px}","before":"{then}"}`, Status: 200, Reply: reevetest.Any},
			step{Call: "POST /api/projects/{px}/freeze", Body: `{"type":"legal"}`, Status: 200, Reply: reevetest.Any},
			step{Call: "POST /api/organizations/{acme}/freeze", Body: `{"type":"legal"}`, Status: 200, Reply: reevetest.Any},
			step{Call: "POST /api/users/alice@mail.test/freeze", Body: `{"type":"legal"}`, Status: 200, Reply: reevetest.Any},
		)
		want := []event{
			{start + 1, "revoked", s.Expand(`{"keyId":"` + judged.KeyID + `","projectId":"{px}","lineage":"` + control.TailName(child.Tail()) + `"}`)},
			{start + 2, "project", s.Expand(`{"projectId":"{px}"}`)},
			{start + 3, "revoked", s.Expand(`{"keyId":"` + judged.KeyID + `","projectId":"{px}","lineage":null}`)},
			{start + 4, "cut", s.Expand(`{"projectId":"{px}","before":"{then}"}`)},
			{start + 5, "frozen", s.Expand(`{"projectId":"{px}","organizationId":null,"ownerId":null}`)},
			{start + 6, "frozen", s.Expand(`{"projectId":null,"organizationId":"{acme}","ownerId":null}`)},
			{start + 7, "frozen", s.Expand(`{"projectId":null,"organizationId":null,"ownerId":"{alice}"}`)},
		}
		for name, events := range map[string]<-chan event{"live": live, "resumed": follow(t, s, start)} {
			var got []event
			for len(got) < len(want) {
				select {
				case e := <-events:
					if e.Kind != "at" {
						got = append(got, e)
					}
				case <-time.After(10 * time.Second):
					t.Fatalf("%s: only %v", name, got)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		if e := await(t, follow(t, s, start+1000), "reset"); e.Number != start+7 {
			t.Errorf("sent back to %d, want %d", e.Number, start+7)
		}
		s.Do(t, step{Call: "GET /gateway/feed?after=-1", Status: 400, Reply: problem(400, "Bad Request", "after is negative")})
		s.Do(t, step{Call: "GET /gateway/feed?after=x", Status: 400, Reply: reevetest.Any})
		// A gateway that is deleted hears nothing more.
		s.Do(t, step{Call: "DELETE /api/gateways/{gateway}", Status: 200})
		for range live { // until it ends
		}
		s.Do(t, step{Call: "GET /gateway/feed", Status: 401, Reply: problem(401, "Unauthorized", "Unauthorized")})
	})
}

// TestSessions: a session is renewed and ended by its own gateway only.
func TestSessions(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		world(t, s)
		s.Ready(t)
		number := session(t, s)
		notFound := problem(404, "Not Found", "session not found")
		renew := func(number string) step {
			return step{Call: "POST /gateway/feed", Body: `{"session":"{session}","number":` + number + `}`, Status: 200, Reply: reevetest.Any}
		}
		s.Do(t, renew(strconv.FormatInt(number, 10)))
		s.Do(t, step{Call: "POST /api/gateways", Body: `{"name":"other"}`, Status: 200, Reply: `{"id":"{other}","token":"{othertoken}"}`})
		for _, call := range []step{renew("0"), {Call: "DELETE /gateway/feed/{session}"}} {
			call.As, call.Status, call.Reply = "Bearer {othertoken}", 404, notFound
			s.Do(t, call)
		}
		bad := func(body string) step {
			return step{Call: "POST /gateway/feed", Body: body, Loose: true, Status: 400, Reply: reevetest.Any}
		}
		s.Run(t,
			bad(`{"session":"x","number":1}`), bad(`{"session":"{session}"}`), bad(`{"session":"{session}","number":-1}`),
			bad(`{"session":"{session}","number":999999}`), bad(`{"name":"`+strings.Repeat("x", 201)+`"}`),
			step{Call: "DELETE /gateway/feed/x", Status: 400, Reply: reevetest.Any},
			step{Call: "GET /api/sessions", Status: 200, Reply: reevetest.Any, Has: []string{"{session}", `"kind":"gateway"`, `"name":"edge"`}},
			step{Call: "DELETE /gateway/feed/{session}", Status: 200},
			step{Call: "DELETE /gateway/feed/{session}", Status: 404, Reply: notFound},
		)
		call := renew("1")
		call.Status, call.Reply = 404, notFound
		s.Do(t, call)
		for _, call := range examples {
			call.As, call.Status, call.Reply = "-", 401, problem(401, "Unauthorized", "Unauthorized")
			s.Do(t, call)
		}
	})
}

// TestTooManySessions: one gateway cannot fill the table.
func TestTooManySessions(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	world(t, s)
	gateway, err := reeve.ParseID(reeve.PrefixGateway, s.Value(t, "gateway"))
	if err != nil {
		t.Fatal(err)
	}
	s.Write(t, func(tx *store.Tx) {
		for range 1000 {
			tx.CreateSession(reeve.Session{ID: reevetest.NewID(), GatewayID: &gateway, Lease: time.Minute, CreatedAt: tx.Now()})
		}
	})
	s.Do(t, step{Call: "POST /gateway/feed", Body: `{}`, Status: 409, Reply: problem(409, "Conflict", "the gateway has 1000 sessions")})
}
