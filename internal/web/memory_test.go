package web_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/web"
)

// post is the head of a request whose body is to be so long.
func post(key string, length int) string {
	return fmt.Sprintf("POST /api/things HTTP/1.1\r\nHost: h\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n", key, length)
}

// A caller whose key is not valid is told so while the body is still on its
// way, however short it is, and once.
func TestUnconfirmedBodyIsNotRead(t *testing.T) {
	face := lateFace()
	confirm := face.Confirm
	var confirmed atomic.Int32
	face.Confirm = func(ctx context.Context) error {
		confirmed.Add(1)
		return confirm(ctx)
	}
	server := serve(t, newAPI(face, web.Options{}))
	for _, length := range []int{10, 1 << 20} {
		confirmed.Store(0)
		_, reader := dial(t, server, post("wrong", length)+"{")
		began := time.Now()
		reply, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(reply.Body)
		if took := time.Since(began); reply.StatusCode != 401 || took > 5*time.Second || !reply.Close {
			t.Errorf("%d bytes: got %d %s after %v, close %v", length, reply.StatusCode, body, took, reply.Close)
		}
		if n := confirmed.Load(); n != 1 {
			t.Errorf("%d bytes: confirmed %d times", length, n)
		}
	}
	// A valid key is not looked up again to refuse what it has sent.
	confirmed.Store(0)
	_, reader := dial(t, server, post(token, 1)+"{")
	reply, err := http.ReadResponse(reader, nil)
	if err != nil || reply.StatusCode != 400 || confirmed.Load() != 1 {
		t.Error(reply, err, confirmed.Load())
	}
}

// heap is how much memory is in use.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// Bodies that do not end hold no more memory than all of them may together;
// what is too much is told to come back, and short bodies pass all the while.
func TestStalledBodies(t *testing.T) {
	server := serve(t, newAPI(testFace(), web.Options{BodyTimeout: time.Minute, Timeout: time.Minute}))
	const stalled = 100
	before := heap()
	almost := strings.Repeat(" ", 1<<20-1)
	var refused atomic.Int32
	var sending, answered sync.WaitGroup
	var conns []net.Conn
	for range stalled {
		conn, reader := dial(t, server, post(token, 1<<20))
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		conns = append(conns, conn)
		sending.Go(func() { _, _ = io.WriteString(conn, almost) })
		answered.Go(func() {
			reply, err := http.ReadResponse(reader, nil)
			if err != nil {
				return // it was closed below
			}
			if reply.StatusCode != 503 || reply.Header.Get("Retry-After") == "" || !reply.Close {
				t.Errorf("got %d, close %v", reply.StatusCode, reply.Close)
			}
			refused.Add(1)
		})
	}
	sending.Wait()
	// Those that are left hold what there is, and no longer ask for more.
	for last, since := int32(-1), time.Now(); time.Since(since) < 2*time.Second; time.Sleep(50 * time.Millisecond) {
		if n := refused.Load(); n != last {
			last, since = n, time.Now()
		}
	}
	held := heap() - before
	t.Logf("%d of %d refused, %d KiB held", refused.Load(), stalled, held>>10)
	if held > 40<<20 {
		t.Errorf("stalled bodies hold %d MiB", held>>20)
	}
	if n := refused.Load(); n == 0 || n == stalled {
		t.Errorf("%d of %d were refused", n, stalled)
	}
	for _, s := range []scenario{
		{method: "GET", path: "/api/things/x", status: 200},
		{method: "POST", path: "/api/things", body: `{"name":"` + strings.Repeat("a", 4000) + `"}`, status: 200},
	} {
		if reply, body := send(t, server, s); reply.StatusCode != s.status {
			t.Errorf("%s beside them: %d %s", s.method, reply.StatusCode, body)
		}
	}
	for _, conn := range conns {
		_ = conn.Close()
	}
	answered.Wait()
	long := scenario{method: "POST", path: "/api/things", body: `{"name":"` + strings.Repeat("a", 1<<20-11) + `"}`, status: 200}
	for deadline := time.Now().Add(20 * time.Second); ; {
		reply, body := send(t, server, long)
		if reply.StatusCode == long.status {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("after them: %d %s", reply.StatusCode, body)
		}
	}
}
