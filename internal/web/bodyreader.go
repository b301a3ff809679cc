package web

import (
	"hash"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	maxBody   = 1 << 20     // how much of a body is read
	freeBody  = 4 << 10     // of any body, is free: a connection costs as much
	maxPiece  = 64 << 10    // how far memory is taken ahead of what has come
	bodyUnit  = 4 << 10     // what memory is counted in
	allBodies = 32 << 20    // what all bodies of the process may take together
	patience  = time.Second // how long a body waits for memory
)

// bodyUnits holds an element for each unit of memory that bodies take beyond
// what is free. It is the process's: its listeners share one memory.
var bodyUnits = make(chan struct{}, allBodies/bodyUnit)

// firstPieces holds the buffers that every body begins with. json.Unmarshal
// copies what it keeps, and so must every UnmarshalJSON.
var firstPieces = sync.Pool{New: func() any { return new([freeBody]byte) }}

// timelyBody is a body of at most maxBody bytes that must arrive in time and
// takes memory only as it comes. Every request has one, refused or not:
// net/http reads on after a refusal, and a client that sends nothing must not
// hold the connection.
type timelyBody struct {
	io.ReadCloser
	control *http.ResponseController
	read    int   // how much has come
	room    int   // how much may come before more memory is taken
	units   int   // of bodyUnits, until the request is done with
	err     error // why it failed, if it did

	digest hash.Hash // of what has come; nil where nobody asks
}

// limitBody gives the body its time from now on.
func limitBody(w http.ResponseWriter, r *http.Request, deadline time.Time) *timelyBody {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	b := &timelyBody{ReadCloser: r.Body, control: http.NewResponseController(w), room: freeBody}
	// A writer without deadlines (a test's recorder) has its body at hand.
	_ = b.control.SetReadDeadline(deadline)
	r.Body = b
	return b
}

// Read answers errors with a kind; after the first one it repeats it.
func (b *timelyBody) Read(p []byte) (int, error) {
	if err := b.reserve(); err != nil {
		return 0, err
	}
	// What is read past maxBody tells too much from just enough.
	n, err := b.ReadCloser.Read(p[:min(len(p), b.room)])
	b.read += n
	b.room -= n
	if b.digest != nil {
		b.digest.Write(p[:n])
	}
	switch {
	case b.read > maxBody:
		n, b.err = 0, errTooLarge
	case err == io.EOF:
		// From here on net/http reads only to see the client go, and would
		// take the deadline for that.
		_ = b.control.SetReadDeadline(time.Time{})
		return n, err
	case err != nil:
		b.err = bodyError(err)
	}
	return n, b.err
}

// readAll reads the body to its end. The pieces grow with what has come, not
// with what the header promises; a body that fits into first stays there.
func (b *timelyBody) readAll(first []byte) ([]byte, error) {
	if b == nil {
		return nil, nil
	}
	pieces, last := [][]byte(nil), first[:0]
	for {
		if len(last) == cap(last) {
			if err := b.reserve(); err != nil {
				return nil, err
			}
			pieces, last = append(pieces, last), make([]byte, 0, b.room)
		}
		n, err := b.Read(last[len(last):cap(last)])
		last = last[:len(last)+n]
		switch {
		case err == io.EOF && pieces == nil:
			return last, nil
		case err == io.EOF:
			return slices.Concat(append(pieces, last)...), nil
		case err != nil:
			return nil, err
		}
	}
}

// reserve sees to it that there is room for what comes next: for as much again
// as has come, counted twice, because the pieces are put together in the end.
func (b *timelyBody) reserve() error {
	if b.err != nil || b.room > 0 {
		return b.err
	}
	piece := min(b.read, maxPiece)
	var late <-chan time.Time
	for range 2 * piece / bodyUnit {
		select {
		case bodyUnits <- struct{}{}:
			b.units++
			continue
		default:
		}
		if late == nil {
			late = time.After(patience)
		}
		select {
		case bodyUnits <- struct{}{}:
			b.units++
		case <-late:
			b.err = errManyBodies
			return b.err
		}
	}
	b.room = piece
	return nil
}

// free gives back what the body has taken.
func (b *timelyBody) free() {
	for ; b.units > 0; b.units-- {
		<-bodyUnits
	}
}
