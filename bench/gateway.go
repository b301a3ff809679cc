package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/macaroon"
)

// What verifying has to reach, against a handler that only answers.
var (
	targetVerify    = []float64{0.60, 0.70}
	targetVerifyCPU = []float64{2.0}
	targetAuth      = []float64{0.65}
	targetKeyBytes  = []float64{400}
	targetBeside    = []float64{2.0}
)

const (
	gatewayProjects = 100_000
	gatewayKeys     = gatewayProjects * keysEach
	derivedShare    = 10 // one request in so many is of a key never seen
)

// gatewayWorld is a reeve that holds a million keys, and a gateway's token.
type gatewayWorld struct {
	*instance
	data    *dataset
	gateway reeve.Token
	asked   []string // a request for each key, by its body's head
	derived []string // bodies for keys that are shown once
	next    atomic.Int64
}

// newGatewayWorld loads a database with keys that can be verified, and starts
// reeve on it. A small one serves for a look at where the time goes.
func (b *bench) newGatewayWorld(ctx context.Context, projects int) (*gatewayWorld, error) {
	database, err := b.database(ctx, fmt.Sprintf("gateway_%d", projects))
	if err != nil {
		return nil, err
	}
	token, err := b.migrate(database)
	if err != nil {
		return nil, err
	}
	data := newDataset(projects)
	if data.seal, err = newSealer(); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := data.load(ctx, database); err != nil {
		return nil, err
	}
	b.say("loaded %d API keys in %s", projects*keysEach, time.Since(began).Round(time.Millisecond))
	w := &gatewayWorld{instance: &instance{database: database, token: token}, data: data}
	w.prepare(projects * keysEach)
	return w, nil
}

// prepare spells all keys, so that the driver need not while it measures.
func (w *gatewayWorld) prepare(keys int) {
	w.asked = make([]string, keys)
	for n := range w.asked {
		w.asked[n] = minted(n).Serialize()
	}
	w.derived = make([]string, max(keys/4, 1))
	for i := range w.derived {
		key, err := minted(rand.IntN(keys)).Attenuate(macaroon.Caveat{Nonce: binary.BigEndian.AppendUint64(nil, uint64(i))})
		if err != nil {
			panic(err) // a caveat of eight bytes fits any key
		}
		w.derived[i] = key.Serialize()
	}
}

// start runs reeve on the world's database until the run is over, and waits
// until it holds all keys.
func (b *bench) startGatewayWorld(ctx context.Context, w *gatewayWorld) (err error) {
	cmd := b.reeveCommand(w.database, w.data.seal.setting(), serveArgs()...)
	began := time.Now()
	if w.process, err = launch(b.dir, cmd, listeners...); err != nil {
		return err
	}
	b.atEnd(w.process.stop)
	if err := awaitReady(ctx, w.addresses["operator"]); err != nil {
		return err
	}
	b.say("ready with %d keys %s after the start", len(w.asked), time.Since(began).Round(time.Millisecond))
	w.gateway, err = w.makeGateway(ctx)
	return err
}

// readyWait is how long a reeve may take to load millions of keys.
const readyWait = 2 * time.Minute

// awaitReady asks until the answer is that all is ready.
func awaitReady(ctx context.Context, address string) error {
	for began := time.Now(); time.Since(began) < readyWait; {
		reply, err := http.Get("http://" + address + "/readyz")
		if err == nil {
			_ = reply.Body.Close()
			if reply.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	return errors.New("reeve does not get ready")
}

// makeGateway makes the gateway that asks, and gives its token.
func (i *instance) makeGateway(ctx context.Context) (reeve.Token, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+i.addresses["operator"]+"/api/gateways",
		strings.NewReader(`{"name":"bench"}`))
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", string(i.token))
	var made struct{ Token reeve.Token }
	err = answerJSON(request, &made)
	return made.Token, err
}

// key picks a key: any of all with the same chance, or one never seen.
func (w *gatewayWorld) key(by *worker) string {
	if by.random.IntN(derivedShare) == 0 {
		return w.derived[int(w.next.Add(1))%len(w.derived)]
	}
	return w.asked[by.random.IntN(len(w.asked))]
}

// verify asks POST /gateway/verify.
func (w *gatewayWorld) verify() source {
	head := "POST /gateway/verify HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " + string(w.gateway) +
		"\r\nContent-Type: application/json\r\nContent-Length: "
	const before, after = `{"key":"`, `","action":"read","bucket":"photos","path":"2026/11/cat.jpg"}`
	return func(by *worker, buf []byte) ([]byte, int, int) {
		key := w.key(by)
		buf = append(buf, head...)
		buf = strconv.AppendInt(buf, int64(len(before)+len(key)+len(after)), 10)
		buf = append(buf, "\r\n\r\n"+before...)
		buf = append(buf, key...)
		return append(buf, after...), 0, 200
	}
}

// auth asks /gateway/auth as nginx does.
func (w *gatewayWorld) auth() source {
	head := "GET /gateway/auth?proxy=nginx HTTP/1.1\r\nHost: bench\r\nReeve-Gateway-Token: " + string(w.gateway) +
		"\r\nX-Original-Method: GET\r\nX-Original-URI: /photos/2026/11/cat.jpg\r\nAuthorization: Bearer "
	return func(by *worker, buf []byte) ([]byte, int, int) {
		buf = append(buf, head...)
		buf = append(buf, w.key(by)...)
		return append(buf, "\r\n\r\n"...), 0, 200
	}
}

// measureVerify compares verifying with a handler that only answers.
func (b *bench) measureVerify(ctx context.Context) error {
	w, err := b.newGatewayWorld(ctx, gatewayProjects)
	if err != nil {
		return err
	}
	if err := b.startGatewayWorld(ctx, w); err != nil {
		return err
	}
	if err := b.measureKeyBytes(ctx, w); err != nil {
		return err
	}
	verify, err := b.againstAnswer(ctx, w, "verify", w.verify())
	if err != nil {
		return err
	}
	const other = "net/http, a constant answer"
	b.addRatio(row{Measure: "POST /gateway/verify, 1000000 keys", Other: other, Targets: targetVerify}, verify.ours, verify.theirs)
	b.report.add(row{
		Measure: "its processor time for a request", Other: other, Unit: unitTimes, Value: verify.cpu, Targets: targetVerifyCPU,
	})
	auth, err := b.againstAnswer(ctx, w, "auth", w.auth())
	if err != nil {
		return err
	}
	b.addRatio(row{Measure: "/gateway/auth, 1000000 keys", Other: other, Targets: targetAuth}, auth.ours, auth.theirs)
	return b.measureBeside(ctx, w)
}

// comparison is what a contest with the bare answer found.
type comparison struct {
	ours, theirs series
	cpu          float64 // ratio of processor time for a request
}

// againstAnswer puts a load on reeve and on a handler that answers as much.
func (b *bench) againstAnswer(ctx context.Context, w *gatewayWorld, name string, asks source) (out comparison, err error) {
	size, err := answerSize(ctx, w.addresses["gateway"], asks)
	if err != nil {
		return out, err
	}
	self, err := os.Executable()
	if err != nil {
		return out, err
	}
	bare, err := launch(b.dir, exec.Command(self, "-answer", strconv.Itoa(size)), "bare")
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()
	var cpu [2][]float64 // seconds for a request, by side
	measured := func(side int, of *process, c contender) contender {
		return contender{c.name, func(ctx context.Context, duration time.Duration) (sample, error) {
			before, err := of.processorTime()
			if err != nil {
				return sample{}, err
			}
			found, err := c.run(ctx, duration)
			if err != nil {
				return found, err
			}
			after, err := of.processorTime()
			cpu[side] = append(cpu[side], (after-before).Seconds()/float64(found.answers))
			return found, err
		}}
	}
	rounds, err := b.contest(ctx, []contender{
		measured(0, w.process, load(name, w.addresses["gateway"], asks)),
		measured(1, bare, load("constant answer", bare.addresses["bare"], asks)),
	})
	if err != nil {
		return out, err
	}
	out.ours, out.theirs = rounds[0], rounds[1]
	ratios := make([]float64, len(out.ours))
	for i := range ratios { // the first round is not counted
		first := len(cpu[0]) - len(ratios)
		ratios[i] = cpu[0][first+i] / cpu[1][first+i]
	}
	out.cpu = median(ratios)
	b.say("%s: %.1f µs of processor for a request, the bare handler %.1f µs", name, median(cpu[0])*1e6, median(cpu[1])*1e6)
	return out, nil
}

// answerSize asks once and gives how long the answer's body is.
func answerSize(ctx context.Context, address string, asks source) (int, error) {
	w, err := newWorker(ctx, 0, plan{addresses: []string{address}})
	if err != nil {
		return 0, err
	}
	defer w.close()
	request, _, _ := asks(w, nil)
	if _, err := w.conns[0].Write(request); err != nil {
		return 0, err
	}
	n, err := w.conns[0].Read(w.in)
	if err != nil {
		return 0, err
	}
	status, total, err := parseReply(w.in[:n])
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s", w.in[:n])
	}
	_, body, _ := strings.Cut(string(w.in[:n]), "\r\n\r\n")
	return min(len(body), total), err
}

// serveAnswer is what verifying is compared with: it reads the body and writes
// a constant one.
func serveAnswer(ctx context.Context, size int) error {
	body := []byte(strings.Repeat("x", size))
	return serveHandler(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		buffer := make([]byte, 4<<10)
		for {
			if _, err := r.Body.Read(buffer); err != nil {
				break
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body) // the client has gone: nobody to tell
	}))
}
