package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// source appends a worker's next request to buf, and says which of the plan's
// addresses it is for and which status it must get.
type source func(w *worker, buf []byte) (request []byte, to, status int)

// plan is a load: a closed loop on each of its connections.
type plan struct {
	addresses   []string
	connections int // to each address
	next        source
	duration    time.Duration // how long, unless requests is set
	requests    int64         // how many in all
	rate        float64       // a second on each connection, 0 for as many as it takes
}

// worker is one connection to each address. It does one thing at a time.
type worker struct {
	number int
	random *rand.Rand
	conns  []net.Conn
	out    []byte
	in     []byte
	took   []time.Duration
}

const (
	replyBuffer = 32 << 10
	patience    = 30 * time.Second // beyond a load's duration, for any answer
)

// drive puts a load on and gives its figures. It shares the processors with
// what it measures, so it writes prepared bytes and reads no more of a reply
// than its status and length. Any unexpected answer fails the whole load.
func drive(ctx context.Context, p plan) (sample, error) {
	workers := make([]*worker, p.connections)
	defer func() {
		for _, w := range workers {
			w.close()
		}
	}()
	for i := range workers {
		w, err := newWorker(ctx, i, p)
		if err != nil {
			return sample{}, err
		}
		workers[i] = w
	}
	var group sync.WaitGroup
	var failures atomic.Int64
	left := &atomic.Int64{}
	left.Store(p.requests)
	failed := make([]error, len(workers))
	start := time.Now()
	for i, w := range workers {
		group.Go(func() {
			if failed[i] = w.work(ctx, p, start, left, &failures); failed[i] != nil {
				failures.Add(1)
			}
		})
	}
	group.Wait()
	elapsed := time.Since(start)
	if err := errors.Join(failed...); err != nil {
		return sample{}, fmt.Errorf("%d connections failed: %w", failures.Load(), err)
	}
	return summarize(workers, elapsed)
}

func newWorker(ctx context.Context, number int, p plan) (*worker, error) {
	w := &worker{
		number: number, random: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),
		in: make([]byte, replyBuffer), took: make([]time.Duration, 0, 1<<16),
	}
	for _, address := range p.addresses {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			w.close()
			return nil, err
		}
		w.conns = append(w.conns, conn)
	}
	return w, nil
}

func (w *worker) close() {
	if w == nil {
		return // it was never connected
	}
	for _, conn := range w.conns {
		_ = conn.Close()
	}
}

// work sends requests until the plan's end, or the first failure of any worker.
func (w *worker) work(ctx context.Context, p plan, start time.Time, left, failures *atomic.Int64) error {
	if p.requests == 0 {
		for _, conn := range w.conns {
			if err := conn.SetDeadline(start.Add(p.duration + patience)); err != nil {
				return err
			}
		}
	}
	end := start.Add(p.duration)
	began := time.Now()
	for failures.Load() == 0 && ctx.Err() == nil {
		if p.requests > 0 && left.Add(-1) < 0 || p.requests == 0 && began.After(end) {
			return nil
		}
		if p.rate > 0 {
			began = w.await(start, p.rate)
		}
		request, to, want := p.next(w, w.out[:0])
		w.out = request
		status, err := w.exchange(w.conns[to], request)
		if err == nil && status != want {
			err = fmt.Errorf("status %d, not %d", status, want)
		}
		if err != nil {
			line, _, _ := bytes.Cut(request, []byte(" HTTP/1.1"))
			return fmt.Errorf("%s: %w", line, err)
		}
		now := time.Now()
		w.took = append(w.took, now.Sub(began))
		began = now
	}
	return ctx.Err()
}

// await waits for the time of the next request at a steady rate, and gives it:
// a request that is late because the one before took long has waited.
func (w *worker) await(start time.Time, rate float64) time.Time {
	due := start.Add(time.Duration((float64(len(w.took)) + float64(w.number%connections)/connections) / rate * float64(time.Second)))
	time.Sleep(time.Until(due))
	return due
}

// exchange sends one request and reads its reply whole.
func (w *worker) exchange(conn net.Conn, request []byte) (status int, err error) {
	if _, err := conn.Write(request); err != nil {
		return 0, err
	}
	have, total := 0, 0
	for total == 0 {
		if have == len(w.in) {
			return 0, errors.New("the reply's header is too long")
		}
		n, err := conn.Read(w.in[have:])
		if err != nil {
			return 0, err
		}
		have += n
		if status, total, err = parseReply(w.in[:have]); err != nil {
			return 0, err
		}
	}
	for have < total {
		n, err := conn.Read(w.in)
		if err != nil {
			return 0, err
		}
		have += n
	}
	if have > total {
		return 0, fmt.Errorf("%d bytes beyond the reply", have-total)
	}
	return status, nil
}

var (
	headerEnd     = []byte("\r\n\r\n")
	contentLength = []byte("\r\nContent-Length: ")
	errReply      = errors.New("the reply is not what the driver reads")
)

// parseReply gives a reply's status and its length with the header, 0 as long
// as the header is not whole. The server spells the header as net/http does.
func parseReply(in []byte) (status, total int, err error) {
	end := bytes.Index(in, headerEnd)
	if end < 0 {
		return 0, 0, nil
	}
	if end < len("HTTP/1.1 200") || !bytes.HasPrefix(in, []byte("HTTP/1.1 ")) {
		return 0, 0, errReply
	}
	if status, err = strconv.Atoi(string(in[9:12])); err != nil {
		return 0, 0, errReply
	}
	total = end + len(headerEnd)
	at := bytes.Index(in[:end], contentLength)
	switch {
	case at >= 0:
		value, _, _ := bytes.Cut(in[at+len(contentLength):end+2], []byte("\r\n"))
		length, err := strconv.Atoi(string(value))
		if err != nil || length < 0 {
			return 0, 0, errReply
		}
		return status, total + length, nil
	case status == 204:
		return status, total, nil
	}
	return 0, 0, errReply
}

// summarize joins what the workers measured.
func summarize(workers []*worker, elapsed time.Duration) (sample, error) {
	var took []time.Duration
	for _, w := range workers {
		took = append(took, w.took...)
	}
	if len(took) == 0 {
		return sample{}, errors.New("nothing was answered")
	}
	slices.Sort(took)
	return sample{
		rate: float64(len(took)) / elapsed.Seconds(),
		p50:  percentile(took, 0.50), p99: percentile(took, 0.99), answers: len(took),
	}, nil
}
