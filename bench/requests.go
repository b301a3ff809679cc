package main

import (
	"encoding/hex"
	"fmt"
	"sync/atomic"

	"github.com/reeve-cloud/reeve"
)

// operatorHead ends a request line for operators and begins its header.
func operatorHead(token reeve.Token) string {
	return " HTTP/1.1\r\nHost: bench\r\nAuthorization: " + string(token) + "\r\n"
}

// getProject asks operators' API for a random project.
func (d *dataset) getProject(token reeve.Token) source {
	head := operatorHead(token) + "\r\n"
	return func(w *worker, buf []byte) ([]byte, int, int) {
		buf = append(buf, "GET /api/projects/"...)
		buf = appendID(buf, d.id(kindProject, w.random.IntN(d.projects)))
		return append(buf, head...), 0, 200
	}
}

// getTenantProject asks the tenants' API for a random project with the key of
// its organisation.
func (d *dataset) getTenantProject() source {
	return func(w *worker, buf []byte) ([]byte, int, int) {
		n := w.random.IntN(d.projects)
		buf = append(buf, "GET /project/"...)
		buf = appendID(buf, d.id(kindProject, n))
		buf = append(buf, " HTTP/1.1\r\nHost: bench\r\nX-Api-Key: "...)
		buf = append(buf, d.tokens[n/projectsEach]...)
		return append(buf, "\r\n\r\n"...), 0, 200
	}
}

// created numbers what this process creates: names are unique.
var created atomic.Int64

// createAPIKey adds a key to a random project.
func (d *dataset) createAPIKey(token reeve.Token) source {
	return func(w *worker, buf []byte) ([]byte, int, int) {
		buf = append(buf, "POST /api/projects/"...)
		buf = appendID(buf, d.id(kindProject, w.random.IntN(d.projects)))
		return appendKeyBody(buf, token), 0, 200
	}
}

// appendKeyBody ends a request line that adds a key, with a name of its own.
func appendKeyBody(buf []byte, token reeve.Token) []byte {
	buf = append(buf, "/apikeys"...)
	return appendBody(buf, operatorHead(token), fmt.Sprintf(`{"name":"bench-%012d"}`, created.Add(1)))
}

func appendBody(buf []byte, head, body string) []byte {
	buf = append(buf, head...)
	return fmt.Appendf(buf, "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// appendID spells an id as a UUID.
func appendID(buf []byte, id [16]byte) []byte {
	from := 0
	for _, to := range []int{4, 6, 8, 10, 16} {
		if from > 0 {
			buf = append(buf, '-')
		}
		buf = hex.AppendEncode(buf, id[from:to])
		from = to
	}
	return buf
}
