//go:build soak

package soak

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// workerVariable makes the test binary a worker process: a gateway that admits
// what it may, and can be killed.
const workerVariable = "SOAK_WORKER"

// job is what a worker process is told.
type job struct {
	URLs    string // a file with the gateway listeners, one a line; it changes
	Log     string // where it writes what it admits, each line before the next step
	Token   string
	Key     string
	Project string
	Seed    uint64
}

// workersEach is how many workers are in a process.
const workersEach = 16

// startWorker starts a worker process.
func startWorker(t *testing.T, j job) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(j)
	check(t, err)
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = environment(workerVariable + "=" + string(text))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	check(t, cmd.Start())
	return cmd
}

// work is a worker process. It runs until it is killed.
func work(text string) {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		panic(err)
	}
	log, err := os.OpenFile(j.Log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		panic(err)
	}
	p := &gatewayProcess{job: j, log: log}
	var group sync.WaitGroup
	for i := range workersEach {
		group.Go(func() {
			w := &gatewayWorker{p, rand.New(rand.NewPCG(j.Seed, uint64(i)))}
			for {
				w.step()
			}
		})
	}
	group.Wait()
}

type gatewayProcess struct {
	job
	mu  sync.Mutex
	log *os.File
}

// note writes a line of the log. It outlives the process, not the machine.
func (p *gatewayProcess) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := fmt.Fprintf(p.log, format+"\n", args...); err != nil {
		panic(err)
	}
}

type gatewayWorker struct {
	*gatewayProcess
	chance *rand.Rand
}

// exchange is a call with its answer and when it was; status 0 is no answer.
type exchange struct {
	status         int
	body           []byte
	sent, received time.Time
}

func (w *gatewayWorker) call(method, path string, body any) (out exchange) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	urls, err := os.ReadFile(w.URLs)
	if err != nil {
		panic(err)
	}
	bases := strings.Fields(string(urls))
	r, err := http.NewRequest(method, bases[w.chance.IntN(len(bases))]+path, bytes.NewReader(text))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.Token)
	out.sent = time.Now()
	reply, err := clients.Do(r)
	if err == nil {
		out.body, err = io.ReadAll(reply.Body)
		_ = reply.Body.Close()
	}
	if err != nil {
		time.Sleep(10 * time.Millisecond)
		return out
	}
	out.received, out.status = time.Now(), reply.StatusCode
	return out
}

// step does one random thing that a gateway does.
func (w *gatewayWorker) step() {
	switch n := w.chance.IntN(100); {
	case n < 55:
		w.verify()
	case n < 70:
		w.admitRate()
	case n < 90:
		w.admitBytes()
	default:
		w.bucket()
	}
	time.Sleep(time.Duration(w.chance.IntN(20)) * time.Millisecond)
}

// verify asks for each request.
func (w *gatewayWorker) verify() {
	cost := 1 + w.chance.IntN(3)
	got := w.call("POST", "/gateway/verify", object{"key": w.Key, "action": "list", "cost": cost})
	var verdict struct{ Valid bool }
	if got.status == http.StatusOK && json.Unmarshal(got.body, &verdict) == nil && verdict.Valid {
		w.note("r %d %d %d", got.sent.UnixMicro(), got.received.UnixMicro(), cost)
	}
}

// reserve takes a lease; "" is none.
func (w *gatewayWorker) reserve(amounts object) (id string, deadline time.Time) {
	ttl := 0.2 + w.chance.Float64()
	amounts["project"], amounts["ttl"] = w.Project, ttl
	got := w.call("POST", "/gateway/leases", amounts)
	var lease struct{ ID string }
	if got.status != http.StatusOK || json.Unmarshal(got.body, &lease) != nil {
		return "", deadline
	}
	w.note("l %s", lease.ID)
	return lease.ID, got.sent.Add(time.Duration(ttl * float64(time.Second)))
}

// settle ends a lease, unless the worker forgets about it.
func (w *gatewayWorker) settle(id string, used object) {
	if w.chance.IntN(4) == 0 {
		return
	}
	got := w.call("PUT", "/gateway/leases/"+id, used)
	if got.status == http.StatusOK || got.status == http.StatusNotFound {
		w.note("s %s", id)
	}
}

// admitRate admits units on its own while its lease lasts.
func (w *gatewayWorker) admitRate() {
	n := 1 + w.chance.IntN(12)
	id, deadline := w.reserve(object{"rate": n})
	if id == "" {
		return
	}
	used := 0
	for ; used < n; used++ {
		now := time.Now()
		if !now.Before(deadline) {
			break
		}
		w.note("r %d %d 1", now.UnixMicro(), now.UnixMicro())
		time.Sleep(time.Duration(w.chance.IntN(60)) * time.Millisecond)
	}
	w.settle(id, object{"rate": used})
}

// admitBytes moves bytes on its own, and says how many when it is done.
func (w *gatewayWorker) admitBytes() {
	usage, bandwidth := w.chance.IntN(20), 1+w.chance.IntN(20)
	id, _ := w.reserve(object{"usage": usage, "bandwidth": bandwidth})
	if id == "" {
		return
	}
	stored, sent := 0, 0
	for range 3 {
		more, out := w.chance.IntN(usage-stored+1), w.chance.IntN(bandwidth-sent+1)
		w.note("b %s %d %d", id, more, out)
		stored, sent = stored+more, sent+out
		time.Sleep(time.Duration(w.chance.IntN(10)) * time.Millisecond)
	}
	w.settle(id, object{"usage": stored, "bandwidth": sent})
}

// bucket takes a place and mostly gives it back.
func (w *gatewayWorker) bucket() {
	name := fmt.Sprintf("b%d", w.chance.Uint64())
	path := "/gateway/projects/" + w.Project + "/buckets/" + name
	if w.call("PUT", path, nil).status != http.StatusOK {
		return
	}
	w.note("k %s", name)
	if w.chance.IntN(20) > 0 {
		w.note("d %s", name)
		w.call("DELETE", path, nil)
	}
}
