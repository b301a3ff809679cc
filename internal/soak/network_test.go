//go:build soak

package soak

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// memoryLimit bounds a process in MiB, whatever clients do.
const memoryLimit = 200

// listeners are a process's by name, with a path that is guarded.
func listeners(p *process) map[string]struct{ base, guarded string } {
	return map[string]struct{ base, guarded string }{
		"tenant":   {p.tenant, "/project/x"},
		"operator": {p.operator, "/api/users"},
		"gateway":  {p.gateway, "/gateway/x"},
	}
}

// hasty starts a server that loses its patience soon.
func hasty(t *testing.T, args ...string) *process {
	t.Helper()
	return serve(t, append([]string{
		"--database", "sqlite:" + filepath.Join(t.TempDir(), "reeve.db"), "--log-level", "warn",
		"--read-header-timeout", "1s", "--read-timeout", "2s", "--idle-timeout", "3s",
	}, args...)...)
}

// malformed are requests and the statuses that may answer them; 0 is a
// connection closed without an answer. With face, a handler is reached and the
// answer has the face's form. GUARDED stands for the listener's guarded path.
var malformed = []struct {
	name, text string
	want       []int
	face       bool
}{
	{"huge header", "GET GUARDED HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 1<<20) + "\r\n\r\n", []int{431}, false},
	{"many headers", "GET GUARDED HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-A: b\r\n", 20000) + "\r\n", []int{431}, false},
	{"long path", "GET /" + strings.Repeat("a", 1<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n", []int{431}, false},
	{"garbage", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", []int{400}, false},
	{"no host", "GET GUARDED HTTP/1.1\r\n\r\n", []int{400}, false},
	{"two hosts", "GET GUARDED HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", []int{400}, false},
	{"bad escape", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", []int{400}, false},
	{"raw NUL in path", "GET /a\x00b HTTP/1.1\r\nHost: x\r\n\r\n", []int{400}, false},
	{"raw NUL in header", "GET / HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n", []int{400}, false},
	{"escaped NUL in path", "GET GUARDED%00 HTTP/1.1\r\nHost: x\r\n\r\n", []int{401, 403}, true},
	{"bad UTF-8 in path", "GET GUARDED%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n", []int{401, 403}, true},
	{"dot segments", "GET /a/../livez HTTP/1.1\r\nHost: x\r\n\r\n", []int{404}, true},
	{"absolute form", "GET http://y/nothing HTTP/1.1\r\nHost: x\r\n\r\n", []int{404}, true},
	{"asterisk", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", []int{404}, true},
	{"unknown method", "BREW /livez HTTP/1.1\r\nHost: x\r\n\r\n", []int{405}, true},
	{"CONNECT", "CONNECT y:80 HTTP/1.1\r\nHost: y:80\r\n\r\n", []int{404}, true},
	{"HTTP/1.0", "GET /nothing HTTP/1.0\r\n\r\n", []int{404}, true},
	{"HTTP/9", "GET /livez HTTP/9.9\r\nHost: x\r\n\r\n", []int{505}, false},
	{"h2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{400, 404, 505}, false},
	{"upgrade", "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", []int{404}, true},
	{"bad length", "POST GUARDED HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", []int{400}, false},
	{"two lengths", "POST GUARDED HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", []int{400}, false},
	{"length list", "POST GUARDED HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 4\r\n\r\nabcd", []int{400}, false},
	{"length with plus", "POST GUARDED HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc", []int{400}, false},
	{"unknown coding", "POST GUARDED HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", []int{501}, false},
	{"coding list", "POST GUARDED HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", []int{400, 501}, false},
	{"coding in HTTP/1.0", "POST GUARDED HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []int{400, 401, 403, 501}, false},
	{"space before colon", "POST GUARDED HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", []int{400}, false},
	{"folded header", "GET GUARDED HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n", []int{400, 401, 403}, false},
	{"half a line", "GET GUAR", []int{0, 400, 408}, false},
	{"half a header", "GET GUARDED HTTP/1.1\r\nHost: x\r\nX-A: ", []int{0, 408}, false},
	{"nothing", "", []int{0, 408}, false},
	{"bare line feeds", "GET /nothing HTTP/1.1\nHost: x\n\n", []int{404}, true},
}

// TestMalformedRequests: nothing that comes over the wire hurts, and whatever
// reaches a handler is answered in the listener's form.
func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	p := hasty(t)
	var done sync.WaitGroup
	for name, l := range listeners(p) {
		for _, test := range malformed {
			done.Go(func() {
				conn := dialQuietly(t, l.base, strings.ReplaceAll(test.text, "GUARDED", l.guarded))
				got, err := reply(conn)
				_ = conn.Close()
				if !slices.Contains(test.want, got.status) {
					t.Errorf("%s, %s: %d %q (%v), want %d", name, test.name, got.status, got.body, err, test.want)
				}
				if fault := errorShape(name, got); test.face && fault != "" {
					t.Errorf("%s, %s: %s", name, test.name, fault)
				}
				if test.face && got.header.Get("X-Request-Id") == "" {
					t.Errorf("%s, %s: no X-Request-Id", name, test.name)
				}
			})
		}
	}
	done.Wait()
	unhurt(t, p)
}

// dialQuietly is dial where the server may close before all is sent.
func dialQuietly(t *testing.T, base, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		panic(err) // it may not be the test's own goroutine
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = io.WriteString(conn, text)
	return conn
}

// unhurt checks that a server still answers everywhere, in bounded memory,
// and logged no fault of its own.
func unhurt(t *testing.T, p *process) {
	t.Helper()
	for _, base := range []string{p.tenant, p.operator, p.gateway} {
		got := status(t, http.StatusOK, request{url: base + "/livez"})
		if got.took > 2*time.Second {
			t.Errorf("/livez took %v", got.took)
		}
	}
	status(t, http.StatusOK, request{url: p.operator + "/api/changes", token: p.token})
	if strings.Contains(p.stderr(), `"level":"ERROR"`) || strings.Contains(p.stderr(), "panic") {
		t.Errorf("the log tells of a fault: %s", tail(p.stderr(), 2000))
	}
	peak := p.memory("VmHWM")
	t.Logf("memory: %d MiB now, %d MiB at most", p.memory("VmRSS"), peak)
	if peak > memoryLimit {
		t.Errorf("memory reached %d MiB", peak)
	}
}

// bodies are bodies that lie about their length, never come or break off.
var bodies = []struct {
	name, rest string
	want       int
}{
	{"slow", "Content-Length: 100\r\n\r\n{", 408},
	{"slow chunks", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", 408},
	{"chunk that does not end", "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}", 408},
	{"chunk longer than a number", "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}", 400},
	{"chunk without length", "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", 400},
	{"chunk longer than its length", "Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n", 400},
	{"chunk extensions", "Transfer-Encoding: chunked\r\n\r\n2;" + strings.Repeat("a", 1<<16) + "\r\n{}\r\n0\r\n\r\n", 400},
	{"too long", "Content-Length: 99999999999\r\n\r\n{", 413},
	{"too many chunks", "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("10000\r\n"+strings.Repeat(" ", 1<<16)+"\r\n", 17) + "0\r\n\r\n", 413},
	{"empty", "Content-Length: 0\r\n\r\n", 400},
	{"deep", fmt.Sprintf("Content-Length: %d\r\n\r\n%s", 1<<19, strings.Repeat("[", 1<<19)), 400},
}

// TestBodies: whatever is wrong with a body is said in the listener's form.
func TestBodies(t *testing.T) {
	t.Parallel()
	p := hasty(t)
	w := settle(t, p.operator, p.token, "ada")
	gateway := must(t, request{"POST", p.operator + "/api/gateways", p.token, object{"name": "edge"}}).field("token")
	heads := map[string]struct{ base, head string }{
		"tenant":   {p.tenant, "PUT /project/" + w.project + " HTTP/1.1\r\nHost: x\r\nx-api-key: " + w.orgKey + "\r\n"},
		"operator": {p.operator, "POST /api/users HTTP/1.1\r\nHost: x\r\nAuthorization: " + p.token + "\r\n"},
		"gateway":  {p.gateway, "POST /gateway/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + gateway + "\r\n"},
	}
	var done sync.WaitGroup
	for _, test := range bodies {
		for name, h := range heads {
			want := test.want
			if name == "gateway" {
				want = http.StatusNotFound // there is no call yet that would read it
			}
			done.Go(func() {
				conn := dialQuietly(t, h.base, h.head+test.rest)
				got, err := reply(conn)
				_ = conn.Close()
				if got.status != want {
					t.Errorf("%s, %s: %d %q (%v), want %d", name, test.name, got.status, got.body, err, want)
				} else if fault := errorShape(name, got); fault != "" {
					t.Errorf("%s, %s: %s", name, test.name, fault)
				}
			})
		}
	}
	done.Wait()
	broken := dialQuietly(t, p.operator, heads["operator"].head+"Content-Length: 100\r\n\r\n{")
	_ = broken.Close()
	unhurt(t, p)
}

// TestSmuggling: where a body's end can be read in two ways, the chunks count
// (RFC 9112 6.3) or the request is refused; a length never wins over chunks.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	p := hasty(t)
	inner := "GET /version HTTP/1.1\r\nHost: x\r\n\r\n"
	post := "POST /livez HTTP/1.1\r\nHost: x\r\n"
	chunked := "Transfer-Encoding: chunked\r\n"
	for _, test := range []struct {
		name, text string
		want       string // the statuses of all replies
	}{
		{"CL.TE", fmt.Sprintf("%sContent-Length: %d\r\n%s\r\n0\r\n\r\n%s", post, 5+len(inner), chunked, inner), "405 200"},
		{"TE.CL", fmt.Sprintf("%s%sContent-Length: 4\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", post, chunked, len(inner), inner), "405"},
		{"two codings", post + chunked + "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n" + inner, "501"},
		{"two lengths", post + "Content-Length: 0\r\nContent-Length: 40\r\n\r\n" + inner, "400"},
		{"hidden coding", post + "Transfer-Encoding: \x0bchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + inner, "400"},
		{"lone line feeds in chunks", post + chunked + "\r\n0\n\n" + inner, "405"},
		{"length in a trailer", post + chunked + "Trailer: Content-Length\r\n\r\n0\r\nContent-Length: 40\r\n\r\n" + inner, "400"},
	} {
		conn := dialQuietly(t, p.operator, test.text)
		check(t, conn.(*net.TCPConn).CloseWrite())
		var got []string
		for reader := bufio.NewReader(conn); ; {
			reply, err := http.ReadResponse(reader, nil)
			if err != nil {
				break
			}
			_, _ = io.Copy(io.Discard, reply.Body)
			got = append(got, fmt.Sprint(reply.StatusCode))
		}
		_ = conn.Close()
		if all := strings.Join(got, " "); all != test.want {
			t.Errorf("%s: answered with %s, want %s", test.name, all, test.want)
		}
	}
	unhurt(t, p)
}

// TestPipelining answers pipelined requests in order and garbage after them
// with a refusal.
func TestPipelining(t *testing.T) {
	t.Parallel()
	p := hasty(t)
	one := "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
	conn := dialQuietly(t, p.tenant, strings.Repeat(one, 100)+"\x00\x01garbage\r\n\r\n")
	reader := bufio.NewReader(conn)
	for i := range 101 {
		got, err := http.ReadResponse(reader, nil)
		check(t, err)
		_, _ = io.Copy(io.Discard, got.Body)
		want := http.StatusOK
		if i == 100 {
			want = http.StatusBadRequest
		}
		if got.StatusCode != want {
			t.Fatalf("reply %d is %d, want %d", i, got.StatusCode, want)
		}
	}
	if _, err := reader.ReadByte(); err != io.EOF {
		t.Errorf("after garbage: %v, want the connection closed", err)
	}
	unhurt(t, p)
}

// TestIdleAndSlowConnections: a thousand connections that send nothing, and a
// thousand that send a byte now and then, are closed in time and cost little.
func TestIdleAndSlowConnections(t *testing.T) {
	t.Parallel()
	p := hasty(t)
	var idle, slow []net.Conn
	for range 1000 {
		idle = append(idle, dialQuietly(t, p.tenant, ""))
		slow = append(slow, dialQuietly(t, p.operator, "POST /api/users HTTP/1.1\r\nHost: x\r\nX-A: "))
	}
	start := time.Now()
	var closed sync.WaitGroup
	for _, conn := range append(idle, slow...) {
		closed.Go(func() {
			if _, err := io.Copy(io.Discard, conn); err != nil && !strings.Contains(err.Error(), "reset") {
				t.Errorf("a connection was not closed: %v", err)
			}
		})
	}
	for _, conn := range slow { // one byte more does not buy time
		_, _ = io.WriteString(conn, "b")
	}
	unhurt(t, p)
	closed.Wait()
	t.Logf("all closed after %v", time.Since(start))
	if time.Since(start) > 10*time.Second {
		t.Errorf("it took %v to close all connections", time.Since(start))
	}
	unhurt(t, p)
}
