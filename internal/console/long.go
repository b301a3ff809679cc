package console

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

// atOnce is how long a browser waits for something long before it is shown how
// far that has come.
const atOnce = time.Second

// lateTime is how long it may take to keep why something long has failed.
const lateTime = 10 * time.Second

// runField names, in a page's query, what it tells the progress of.
const runField = "run"

// doLong carries out what may take long. If it does, the browser is sent to the
// page that tells how far it has come, and it goes on whatever the browser does.
func (v *visit) doLong(a action, in values) error {
	if key := in.Get(keyField); key == "" || len(key) > maxKey {
		in.Set(keyField, newKey())
	}
	request := v.repeatable(true)
	request.Key, request.Digest = in.Get(keyField), in.digest(v.r.URL.Path)
	path := at(a.Long(v, in), runField, runName(request))

	asked := v.ctx
	ctx, cancel := context.WithTimeout(context.WithoutCancel(asked), a.Timeout)
	defer cancel()
	v.ctx = ctx
	left := make(chan struct{})
	early := time.AfterFunc(atOnce, func() {
		defer close(left)
		v.leave(path)
	})
	waits := sync.OnceValue(func() bool { // whether the browser still does: its answer is not touched by two
		if early.Stop() {
			return true
		}
		<-left
		return false
	})
	defer waits()
	_, err := v.once(a, in)
	v.ctx = asked
	if waits() {
		if err != nil && !errors.Is(err, reeve.ErrRunning) { // sent again, it leads there too
			return v.refuse(a, in, err)
		}
		return v.redirect(path)
	}
	if err != nil && !errors.Is(err, reeve.ErrRunning) {
		v.keepFailure(request, err)
	}
	return nil
}

// leave sends the browser to another page, although the request goes on. Its
// connection is no good for another one meanwhile.
func (v *visit) leave(path string) {
	header := v.w.Header()
	header.Set("Connection", "close")
	header.Set("Content-Length", "0")
	_ = v.redirect(path)
	_ = http.NewResponseController(v.w).Flush() // the browser may have gone: it goes on all the same
}

// keepFailure keeps why something failed, in place of what would have come of it.
func (v *visit) keepFailure(request reeve.Repeatable, err error) {
	_, shown := web.Failed(v.ctx, err)
	failed := sentence(shown.Message)
	if shown.Detail != "" {
		failed += " " + sentence(shown.Detail)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(v.ctx), lateTime)
	defer cancel()
	// What cannot be kept is told as if it had been interrupted.
	_, _, _ = v.control.Once(ctx, request, func(context.Context, func(reeve.Reply) error) (reeve.Reply, error) {
		body, err := json.Marshal(outcome{Failed: failed})
		return reeve.Reply{Status: http.StatusOK, Body: body}, err
	})
}

// run is something long: one of Running, Lost and what came of it.
type run struct {
	outcome
	Running bool // by the server that is asked
	Lost    bool // it was interrupted, or another server does it
}

// runName names a run, for who has begun it.
func runName(request reeve.Repeatable) string {
	return request.Key + "." + hex.EncodeToString(request.Digest[:])
}

// run finds the run that the page is asked about; nil if it is about none.
func (v *visit) run() (*run, error) {
	key, digest, ok := strings.Cut(v.r.URL.Query().Get(runField), ".")
	sum, err := hex.DecodeString(digest)
	if !ok || key == "" || len(key) > maxKey || err != nil {
		return nil, nil
	}
	request := v.repeatable(true)
	if request.Key = key; copy(request.Digest[:], sum) != len(request.Digest) || len(sum) != len(request.Digest) {
		return nil, nil
	}
	reply, running, err := v.control.KeptReply(v.ctx, request)
	out := &run{Running: running}
	switch {
	case running:
		return out, nil
	case reeve.IsKind(err, reeve.NotFound), reeve.IsKind(err, reeve.Mismatch):
		out.Lost = true
		return out, nil
	case err != nil:
		return nil, err
	}
	return out, json.Unmarshal(reply.Body, &out.outcome)
}

// Over tells whether something has come of it.
func (r *run) Over() bool { return r != nil && !r.Running && !r.Lost }

// polled tells whether a part of the page asks for itself again, as it is now.
func (v *visit) polled() bool {
	return v.r.Header.Get("HX-Request") != "" && v.r.Header.Get("HX-Boosted") == ""
}

// anew has the browser load the page again, whole.
func (v *visit) anew() (*page, error) {
	v.w.Header().Set("HX-Redirect", v.r.URL.RequestURI())
	v.w.WriteHeader(http.StatusNoContent)
	return nil, nil
}
