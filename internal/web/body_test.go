package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

func serve(t *testing.T, api *web.API) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return server
}

func malformed(detail string) string {
	return fmt.Sprintf(`{"error":"failed to unmarshal request","detail":%q}`, detail)
}

func TestBody(t *testing.T) {
	const named = `{"name":"a"}`
	full := `{"name":"` + strings.Repeat("a", 1<<20-11) + `"}`
	run(t, newAPI(testFace(), web.Options{}), []scenario{
		{name: "plain", method: "POST", path: "/api/things", body: named, status: 200, want: named},
		{name: "any content type", method: "POST", path: "/api/things", body: named, header: http.Header{"Content-Type": {"text/x;;"}}, status: 200, want: named},
		{name: "names in any case", method: "POST", path: "/api/things", body: `{"NAME":"a"}`, status: 200, want: named},
		{name: "unknown fields", method: "POST", path: "/api/things", body: `{"name":"a","x":[{}]}`, status: 200, want: named},
		{name: "last one wins", method: "POST", path: "/api/things", body: `{"name":"b","name":"a"}`, status: 200, want: named},
		{name: "null is absent", method: "POST", path: "/api/things", body: `{"name":"a","name":null,"count":null,"tags":null}`, status: 200, want: named},
		{name: "null alone", method: "POST", path: "/api/things", body: ` null `, status: 200, want: `{"name":""}`},
		{name: "pairs of surrogates", method: "POST", path: "/api/things", body: `{"name":"\ud83D\uDe00\\ud800"}`, status: 200, want: `{"name":"😀\\ud800"}`},
		{name: "as long as may be", method: "POST", path: "/api/things", body: full, status: 200, want: full},

		{name: "empty", method: "POST", path: "/api/things", status: 400, want: malformed("unexpected end of JSON input")},
		{name: "cut short", method: "POST", path: "/api/things", body: `{"name"`, status: 400, want: malformed("unexpected end of JSON input")},
		{name: "trailing data", method: "POST", path: "/api/things", body: `{} x`, status: 400, want: malformed("invalid character 'x' after top-level value")},
		{name: "second value", method: "POST", path: "/api/things", body: `{}{}`, status: 400, want: malformed("invalid character '{' after top-level value")},
		{name: "wrong type", method: "POST", path: "/api/things", body: `{"name":1}`, status: 400, want: malformed("json: cannot unmarshal number into Go struct field createThing.name of type string")},
		{name: "too deep", method: "POST", path: "/api/things", body: strings.Repeat("[", 20000), status: 400, want: malformed("invalid character '[' exceeded max depth")},
		{name: "not UTF-8", method: "POST", path: "/api/things", body: "{\"name\":\"\xff\"}", status: 400, want: malformed("JSON text is not valid UTF-8")},
		{name: "raw surrogate", method: "POST", path: "/api/things", body: "{\"name\":\"\xed\xa0\x80\"}", status: 400, want: malformed("JSON text is not valid UTF-8")},
		{name: "raw NUL", method: "POST", path: "/api/things", body: "{\"name\":\"\x00\"}", status: 400, want: malformed(`invalid character '\x00' in string literal`)},
		{name: "escaped NUL", method: "POST", path: "/api/things", body: `{"name":"\u0000"}`, status: 400, want: malformed("JSON text holds a NUL")},
		{name: "escaped NUL in a name", method: "POST", path: "/api/things", body: `{"\u0000":1}`, status: 400, want: malformed("JSON text holds a NUL")},
		{name: "lone high surrogate", method: "POST", path: "/api/things", body: `{"name":"\ud800"}`, status: 400, want: malformed("JSON text holds a lone surrogate")},
		{name: "two high surrogates", method: "POST", path: "/api/things", body: `{"name":"\ud800\ud800\udc00"}`, status: 400, want: malformed("JSON text holds a lone surrogate")},
		{name: "lone low surrogate", method: "POST", path: "/api/things", body: `{"name":"\\\udc00"}`, status: 400, want: malformed("JSON text holds a lone surrogate")},

		{name: "too long", method: "POST", path: "/api/things", body: big + "1", status: 413, want: tooLarge},
		{name: "too long for an operation without body", method: "GET", path: "/api/things/x", body: big + "1", status: 413, want: tooLarge},
		{name: "too long for nothing", method: "GET", path: "/api/nothing", body: big + "1", status: 404, want: notFound},

		{name: "malformed body", method: "PUT", path: "/api/things/x", body: `{`, status: 400, want: malformed("unexpected end of JSON input")},
		{name: "missing thing before malformed body", method: "PUT", path: "/api/things/missing", body: `{`, status: 404, want: `{"error":"thing not found","detail":""}`},
	})
}

func TestQuery(t *testing.T) {
	badQuery := func(detail string) string { return fmt.Sprintf(`{"error":"invalid form","detail":%q}`, detail) }
	const none = `{"limit":0,"after":null,"all":false,"color":null}`
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	run(t, newAPI(testFace(), web.Options{}), []scenario{
		{name: "none", method: "GET", path: "/api/things", status: 200, want: none},
		{name: "unknown", method: "GET", path: "/api/things?x=1&&=", status: 200, want: none},
		{name: "all", method: "GET", path: "/api/things?limit=-7&after=a%26b+c&all=true&color=red", status: 200, want: `{"limit":-7,"after":"a\u0026b c","all":true,"color":"red"}`},
		{name: "first one wins", method: "GET", path: "/api/things?limit=1&limit=2", status: 200, want: `{"limit":1,"after":null,"all":false,"color":null}`},
		{name: "empty is present", method: "GET", path: "/api/things?after", status: 200, want: `{"limit":0,"after":"","all":false,"color":null}`},
		{name: "no number", method: "GET", path: "/api/things?limit=", status: 400, want: badQuery("limit: invalid syntax")},
		{name: "number too large", method: "GET", path: "/api/things?limit=99999999999999999999", status: 400, want: badQuery("limit: value out of range")},
		{name: "no boolean", method: "GET", path: "/api/things?all=maybe", status: 400, want: badQuery("all: invalid syntax")},
		{name: "type's own error", method: "GET", path: "/api/things?color=pink", status: 409, want: `{"error":"no pink","detail":""}`},
		{name: "type's other error", method: "GET", path: "/api/things?color=", status: 400, want: badQuery("color: no colour")},
		{name: "bad escape", method: "GET", path: "/api/things?x=%zz", status: 400, want: badQuery(`invalid URL escape "%zz"`)},
		{name: "semicolon", method: "GET", path: "/api/things?a;b", status: 400, want: badQuery("invalid semicolon separator in query")},
		{name: "not UTF-8", method: "GET", path: "/api/things?after=%ff", status: 400, want: badQuery("text is not valid UTF-8 or holds a NUL")},
		{name: "NUL", method: "GET", path: "/api/things?x=%00", status: 400, want: badQuery("text is not valid UTF-8 or holds a NUL")},

		{name: "own decoder", method: "PUT", path: "/api/things/x/limits?usage=1", header: form, body: "rate=2", status: 200, want: `{"rate":"2","usage":"1"}`},
		{name: "own decoder's error", method: "PUT", path: "/api/things/x/limits?usage=%zz", header: form, status: 400, want: badQuery(`invalid URL escape "%zz"`)},
		{name: "own decoder, NUL", method: "PUT", path: "/api/things/x/limits", header: form, body: "rate=%00", status: 400, want: badQuery("text is not valid UTF-8 or holds a NUL")},
		{name: "own decoder, too long", method: "PUT", path: "/api/things/x/limits", header: form, body: big + "1", status: 413, want: tooLarge},
	})
}

// Chunked bodies announce no length, so they are counted.
func TestLongChunkedBody(t *testing.T) {
	server := serve(t, newAPI(testFace(), web.Options{}))
	form := "application/x-www-form-urlencoded"
	for path, method := range map[string]string{"/api/things": "POST", "/api/things/x/limits": "PUT"} {
		r, err := http.NewRequest(method, server.URL+path, io.MultiReader(strings.NewReader(big), strings.NewReader(big)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{"Authorization": {token}, "Content-Type": {form}}
		reply, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(reply.Body)
		reply.Body.Close()
		if reply.StatusCode != 413 || string(body) != tooLarge || !reply.Close {
			t.Errorf("%s: got %d %s, close %v", path, reply.StatusCode, body, reply.Close)
		}
	}
}

// dial sends raw bytes and answers a reader of what comes back.
func dial(t *testing.T, server *httptest.Server, text string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

func TestSlowBody(t *testing.T) {
	server := serve(t, newAPI(testFace(), web.Options{BodyTimeout: 50 * time.Millisecond}))
	for _, path := range []string{"POST /api/things", "PUT /api/things/missing", "PUT /api/things/x/limits"} {
		_, reader := dial(t, server, path+" HTTP/1.1\r\nHost: h\r\nAuthorization: "+token+
			"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\n{")
		reply, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(reply.Body)
		const want = `{"error":"request body did not arrive in time","detail":""}`
		if reply.StatusCode != 408 || string(body) != want || !reply.Close {
			t.Errorf("%s: got %d %s, close %v", path, reply.StatusCode, body, reply.Close)
		}
	}
}

// net/http takes a body that is late or breaks off for a client that has gone;
// the credential is looked up all the same, before the body is spoken of.
func TestLateBodyIsConfirmed(t *testing.T) {
	face := lateFace()
	confirm := face.Confirm
	face.Confirm = func(ctx context.Context) error {
		if err := ctx.Err(); err != nil {
			return reeve.Errorf(reeve.Unavailable, "no database").Wrap(err)
		}
		return confirm(ctx)
	}
	server := serve(t, newAPI(face, web.Options{BodyTimeout: 50 * time.Millisecond}))
	for _, test := range []struct {
		path, key string
		breakOff  bool
		want      int
	}{
		{"POST /api/things", token, false, 408},
		{"POST /api/things", "wrong", false, 401},
		{"PUT /api/things/x", token, true, 400},
		{"PUT /api/things/missing", token, true, 404},
		{"PUT /api/things/x", "wrong", true, 401},
	} {
		conn, reader := dial(t, server, test.path+" HTTP/1.1\r\nHost: h\r\nAuthorization: "+test.key+
			"\r\nContent-Length: 10\r\n\r\n{")
		if test.breakOff {
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
		}
		reply, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(reply.Body); reply.StatusCode != test.want {
			t.Errorf("%s as %s: got %d %s, want %d", test.path, test.key, reply.StatusCode, body, test.want)
		}
	}
}

// A refusal does not wait for a body, and nor does the connection for ever.
func TestSlowBodyAfterRefusal(t *testing.T) {
	server := serve(t, newAPI(testFace(), web.Options{BodyTimeout: 50 * time.Millisecond}))
	_, reader := dial(t, server, "POST /api/things HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n{")
	began := time.Now()
	reply, err := http.ReadResponse(reader, nil)
	if err != nil || reply.StatusCode != 403 {
		t.Fatal(reply, err)
	}
	if _, err := io.Copy(io.Discard, reader); err != nil || time.Since(began) > 5*time.Second {
		t.Error(err, time.Since(began))
	}
}

// pipes is a listener whose connections are in memory, for tests that make
// their own time.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	conn, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.IPAddr{} }

// A body that has come in time limits neither its operation nor the time that
// its connection idles.
func TestBodyLimitIsLifted(t *testing.T) { synctest.Test(t, testBodyLimitIsLifted) }

func testBodyLimitIsLifted(t *testing.T) {
	api := newAPI(testFace(), web.Options{BodyTimeout: time.Second})
	web.Handle(api, web.Op{Method: "POST", Path: "/slow", ID: "slow"},
		func(ctx context.Context, _ *createIn) (web.Empty, error) {
			time.Sleep(5 * time.Second)
			return web.Empty{}, ctx.Err()
		})
	server := &http.Server{Handler: api}
	listener := make(pipes)
	go func() { _ = server.Serve(listener) }()
	conn, accepted := net.Pipe()
	listener <- accepted
	reader := bufio.NewReader(conn)
	for range 3 {
		request := "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		reply, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, reply.Body); err != nil || reply.StatusCode != 200 {
			t.Fatal(reply.StatusCode, err)
		}
		time.Sleep(time.Hour)
	}
	_ = conn.Close()
	close(listener)
}

// What is no path at all still gets an answer in the face's form.
func TestOddTargets(t *testing.T) {
	server := httptest.NewUnstartedServer(newAPI(testFace(), web.Options{}))
	server.Config.DisableGeneralOptionsHandler = true
	server.Start()
	t.Cleanup(server.Close)
	for _, line := range []string{"OPTIONS *", "CONNECT host:80", "GET http://other/x"} {
		_, reader := dial(t, server, line+" HTTP/1.1\r\nHost: h\r\n\r\n")
		reply, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(reply.Body); reply.StatusCode != 404 || string(body) != notFound {
			t.Errorf("%s: got %d %s", line, reply.StatusCode, body)
		}
	}
}
