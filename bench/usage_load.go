package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/reeve-cloud/reeve"
)

const (
	usageConnections = 4
	usageRecords     = 1000 // in a batch
	usageVariants    = 25   // bodies of each connection
)

// The places of a body that change from request to request are of fixed
// widths, so that a request is a copy of nothing: they are written over.
const (
	firstSequence = 100_000_000_000_000
	stampForm     = "2006-01-02T15:04:05.000000Z"
	blankStamp    = "0000-00-00T00:00:00.000000Z"
	blankID       = "00000000000000000000000000000000"
)

// prepared is a request that was made before the clock started.
type prepared struct {
	text     []byte
	sequence int   // where it is; 0: there is none
	stamps   []int // where the times are
	ids      []int // where random ids are
	egress   int64 // what is in it
	requests int64
}

// usageLoad is a load of usage, by worker. What it sent is counted.
type usageLoad struct {
	variants [usageConnections][]prepared
	sent     [usageConnections]int64
	egress   [usageConnections]int64
	requests [usageConnections]int64
}

// next gives a worker's next request, brought up to date.
func (l *usageLoad) next(by *worker, _ []byte) (request []byte, to, status int) {
	of := by.number
	r := &l.variants[of][l.sent[of]%int64(len(l.variants[of]))]
	l.sent[of]++
	l.egress[of] += r.egress
	l.requests[of] += r.requests
	r.refresh(by.random, firstSequence+l.sent[of])
	return r.text, 0, 200
}

// refresh writes the sequence, the time and random ids.
func (p *prepared) refresh(random *rand.Rand, sequence int64) {
	if p.sequence > 0 {
		for at := p.sequence + len("100000000000000") - 1; at >= p.sequence; at-- {
			p.text[at] = byte('0' + sequence%10)
			sequence /= 10
		}
	}
	var stamp [len(stampForm)]byte
	now := time.Now().UTC().AppendFormat(stamp[:0], stampForm)
	for _, at := range p.stamps {
		copy(p.text[at:], now)
	}
	var id [len(blankID) / 2]byte
	for _, at := range p.ids {
		for i := range 2 {
			n := random.Uint64()
			for j := range 8 {
				id[8*i+j] = byte(n >> (8 * j))
			}
		}
		hex.Encode(p.text[at:], id[:])
	}
}

// head begins a request of usage.
func (w *usageWorld) head(contentType string, length int) string {
	return fmt.Sprintf("POST /gateway/usage HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: %s\r\nContent-Length: %d\r\n\r\n", string(w.gateway), contentType, length)
}

// project spells the n-th project's id.
func (w *usageWorld) project(n int) string { return reeve.ID(w.data.id(kindProject, n)).String() }

// The mix of meters: of twenty records nine are of egress, nine of requests and
// two are samples of storage. The storage of a project is reported on one
// connection, as by the one program that counts it, so that its samples come in
// order.
const mixText = "45 % egress, 45 % requests, 10 % storage (in order), one bucket a project"

func (w *usageWorld) record(random *rand.Rand, connection, place int) (text string, egress, requests int64) {
	project, meter, value := random.IntN(usageProjects), "egress", random.Int64N(1<<20)
	switch n := place % 20; {
	case n < 9:
		egress = value
	case n < 18:
		meter, requests = "requests", value
	default:
		meter = "storage"
		project = project/usageConnections*usageConnections + connection
	}
	return fmt.Sprintf(`{"projectId":"%s","bucket":"data","meter":"%s","at":"%s","value":%d}`,
		w.project(project), meter, blankStamp, value), egress, requests
}

// batches prepares batches of records.
func (w *usageWorld) batches() *usageLoad {
	l := &usageLoad{}
	for connection := range usageConnections {
		random := rand.New(rand.NewPCG(1, uint64(connection)))
		for range usageVariants {
			var r prepared
			body := fmt.Appendf(nil, `{"gateway":"w%d","sequence":`, connection)
			r.sequence = len(body)
			body = fmt.Appendf(body, `%d,"records":[`, int64(firstSequence))
			for i := range usageRecords {
				text, egress, requests := w.record(random, connection, i)
				body = r.appendPiece(body, i, text)
				r.egress, r.requests = r.egress+egress, r.requests+requests
			}
			l.variants[connection] = append(l.variants[connection], r.finish(w, "application/json", append(body, "]}"...)))
		}
	}
	return l
}

// events prepares batches of CloudEvents, of egress.
func (w *usageWorld) events() *usageLoad {
	l := &usageLoad{}
	for connection := range usageConnections {
		random := rand.New(rand.NewPCG(2, uint64(connection)))
		for range usageVariants {
			var r prepared
			body := []byte{'['}
			for i := range usageRecords {
				value := random.Int64N(1 << 20)
				r.egress += value
				body = r.appendPiece(body, i, fmt.Sprintf(`{"specversion":"1.0","id":"%s","source":"/edge/%d","type":"cloud.reeve.usage.egress",`+
					`"time":"%s","subject":"%s/data","data":{"value":%d}}`,
					blankID, connection, blankStamp, w.project(random.IntN(usageProjects)), value))
			}
			l.variants[connection] = append(l.variants[connection], r.finish(w, "application/cloudevents-batch+json", append(body, ']')))
		}
	}
	return l
}

// appendPiece appends an element of a list and notes what in it changes.
func (p *prepared) appendPiece(body []byte, place int, text string) []byte {
	if place > 0 {
		body = append(body, ',')
	}
	start := len(body)
	body = append(body, text...)
	for at := range len(text) - len(blankStamp) {
		if text[at:at+len(blankStamp)] == blankStamp {
			p.stamps = append(p.stamps, start+at)
		}
		if at+len(blankID) < len(text) && text[at-min(at, 1):at+len(blankID)] == `"`+blankID {
			p.ids = append(p.ids, start+at)
		}
	}
	return body
}

// finish puts the head before the body.
func (p prepared) finish(w *usageWorld, contentType string, body []byte) prepared {
	if !json.Valid(body) {
		panic("a prepared body is no JSON")
	}
	head := w.head(contentType, len(body))
	p.text = append([]byte(head), body...)
	if p.sequence > 0 {
		p.sequence += len(head)
	}
	for i := range p.stamps {
		p.stamps[i] += len(head)
	}
	for i := range p.ids {
		p.ids[i] += len(head)
	}
	return p
}
