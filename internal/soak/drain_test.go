//go:build soak

package soak

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// drainLimit is how long a stopping server may take, whatever clients do.
const drainLimit = 10 * time.Second

// endsInTime tells the process to stop and checks that it does, with success.
func endsInTime(t *testing.T, p *process) {
	t.Helper()
	p.signal(syscall.SIGTERM)
	took := p.wait(2 * drainLimit)
	if took > drainLimit {
		t.Errorf("the end took %v", took)
	}
	if p.code() != 0 {
		t.Errorf("exit code %d, want 0: %s", p.code(), tail(p.stderr(), 2000))
	}
	t.Logf("ended after %v", took)
}

var inFlightLine = regexp.MustCompile(`(?m)^reeve_http_requests_in_flight\{listener="\w+"\} (\d+)$`)

// inFlight counts the requests being answered, but for its own.
func inFlight(t *testing.T, p *process) int {
	t.Helper()
	total := -1
	for _, line := range inFlightLine.FindAllStringSubmatch(string(must(t, request{url: p.operator + "/metrics"}).body), -1) {
		n, err := strconv.Atoi(line[1])
		check(t, err)
		total += n
	}
	return total
}

// dial opens a raw connection to a listener and sends text.
func dial(t *testing.T, base, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	check(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	check(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = io.WriteString(conn, text)
	check(t, err)
	return conn
}

// reply reads one reply from a raw connection.
func reply(conn net.Conn) (answer, error) {
	got, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = got.Body.Close() }()
	body, err := io.ReadAll(got.Body)
	return answer{status: got.StatusCode, header: got.Header, body: body}, err
}

// creation is a request that creates a user, its body in two parts.
func creation(token, email string) (head, rest string) {
	body := fmt.Sprintf(`{"email":%q,"fullName":"Ada","password":"correct horse"}`, email)
	return fmt.Sprintf("POST /api/users HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n%s",
		token, len(body), body[:10]), body[10:]
}

// TestDrain: a server told to stop finishes what runs and takes nothing new.
func TestDrain(t *testing.T) {
	t.Parallel()
	p := serve(t, "--database", "sqlite:"+filepath.Join(t.TempDir(), "reeve.db"), "--password-hashing", "1")
	head, rest := creation(p.token, "slow@example.com")
	slow := dial(t, p.operator, head)
	var hashing []net.Conn
	for i := range 4 {
		head, rest := creation(p.token, fmt.Sprintf("u%d@example.com", i))
		hashing = append(hashing, dial(t, p.operator, head+rest))
	}
	idle := dial(t, p.tenant, "")
	eventually(t, startLimit, "requests run", func() bool { return inFlight(t, p) >= 1 })
	p.signal(syscall.SIGTERM)
	eventually(t, startLimit, "new connections are refused", func() bool {
		for _, base := range []string{p.tenant, p.operator, p.gateway} {
			conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
			if err == nil {
				_ = conn.Close()
				return false
			}
			// Reset: it stood in the queue of a socket that was just closed.
			if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.ECONNRESET) {
				t.Fatalf("a new connection: %v", err)
			}
		}
		return true
	})
	_, err := io.WriteString(slow, rest)
	check(t, err)
	for _, conn := range append(hashing, slow) {
		got, err := reply(conn)
		if err != nil || got.status != http.StatusOK {
			t.Errorf("a running request: %d %s %v", got.status, got.body, err)
		}
	}
	if n, _ := idle.Read(make([]byte, 1)); n != 0 {
		t.Error("an idle connection is told something")
	}
	took := p.wait(drainLimit)
	if p.code() != 0 {
		t.Errorf("exit code %d, want 0", p.code())
	}
	t.Logf("ended %v after the last reply", took)
}

// TestDrainWithoutEnd: a client that never finishes holds nothing up.
func TestDrainWithoutEnd(t *testing.T) {
	t.Parallel()
	p := serve(t, "--database", "sqlite:"+filepath.Join(t.TempDir(), "reeve.db"))
	head, _ := creation(p.token, "never@example.com")
	dial(t, p.operator, head)
	dial(t, p.tenant, "GET /livez HTTP/1.1\r\nHo")
	eventually(t, startLimit, "the request runs", func() bool { return inFlight(t, p) >= 1 })
	endsInTime(t, p)
}

// TestSecondSignal ends the process at once.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	p := serve(t, "--database", "sqlite:"+filepath.Join(t.TempDir(), "reeve.db"))
	head, _ := creation(p.token, "never@example.com")
	dial(t, p.operator, head)
	eventually(t, startLimit, "the request runs", func() bool { return inFlight(t, p) >= 1 })
	p.signal(syscall.SIGTERM)
	eventually(t, startLimit, "it drains", func() bool { return strings.Contains(p.stderr(), `"msg":"draining"`) })
	p.signal(syscall.SIGTERM)
	if took := p.wait(drainLimit); took > time.Second {
		t.Errorf("the second signal took %v", took)
	}
}
