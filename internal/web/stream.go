package web

import (
	"context"
	"net/http"
	"time"
)

// StreamWriter writes server-sent events (HTML Living Standard 9.2).
type StreamWriter struct {
	x       *exchange
	control *http.ResponseController
	buffer  []byte
}

// streamPatience is how long a client may take to read what was sent.
const streamPatience = 10 * time.Second

// Event adds an event to what Flush sends. Neither text may hold a line break.
func (w *StreamWriter) Event(id, kind string, data []byte) {
	w.buffer = append(w.buffer, "id: "...)
	w.buffer = append(w.buffer, id...)
	w.buffer = append(w.buffer, "\nevent: "...)
	w.buffer = append(w.buffer, kind...)
	w.buffer = append(w.buffer, "\ndata: "...)
	w.buffer = append(w.buffer, data...)
	w.buffer = append(w.buffer, "\n\n"...)
}

// Flush sends the events that were added.
func (w *StreamWriter) Flush() error {
	// A writer without deadlines is a test's recorder.
	_ = w.control.SetWriteDeadline(time.Now().Add(streamPatience))
	_, err := w.x.Write(w.buffer)
	w.buffer = w.buffer[:0]
	if err == nil {
		err = w.control.Flush()
	}
	return err
}

var (
	typeEvents = []string{"text/event-stream"}
	noStore    = []string{"no-store"}
)

// stream sends a reply whose end is not known: net/http's timeouts, which are
// for requests that end, do not count. The status was a success; what ends the
// stream is in the record, if anything is wrong.
func (x *exchange) stream(status int, out *Stream) {
	control := http.NewResponseController(x.ResponseWriter)
	_ = control.SetReadDeadline(time.Time{})
	header := x.Header()
	header["Content-Type"], header["Cache-Control"] = typeEvents, noStore
	x.WriteHeader(status)
	if x.request.Method == http.MethodHead {
		return
	}
	w := &StreamWriter{x: x, control: control}
	if err := w.Flush(); err != nil { // the client sees that it is connected
		return
	}
	ctx, cancel := context.WithCancel(untimed{x.client, x.ctx})
	defer cancel()
	if err := out.Send(ctx, w); err != nil && x.client.Err() == nil {
		x.failure = x.classify(err)
	}
}

// extend gives the operation its own time instead of the face's, and the
// connection enough to tell the answer. What it answers ends that time.
func (x *exchange) extend(timeout time.Duration) context.CancelFunc {
	_ = http.NewResponseController(x.ResponseWriter).SetWriteDeadline(x.start.Add(timeout + streamPatience))
	ctx, cancel := context.WithDeadline(untimed{x.client, x.ctx}, x.start.Add(timeout))
	x.ctx = ctx
	return cancel
}
