package control

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// keepReplies is how long a reply is kept for who asks again.
const keepReplies = 24 * time.Hour

// Work does what a request asks for, in the context that it is given, and
// answers. All that it writes there is one transaction with the reply. Work
// that goes on after its change is made calls settle, once, with the answer as
// it is by then: that commits, and what Work answers in the end takes the place
// of that answer.
type Work = func(ctx context.Context, settle func(reeve.Reply) error) (reeve.Reply, error)

// Once does what a request asks for, or gives the reply that was kept when it
// was done before (replayed). A reply is kept for a day in the transaction of
// what it tells of; an error undoes everything and keeps nothing. ErrRunning
// while the request is being worked on, here or on another replica, and
// ErrMismatch if its key came with another. Without a key nothing is kept.
func (c *Control) Once(ctx context.Context, request reeve.Repeatable, work Work) (out reeve.Reply, replayed bool, err error) {
	caller := callerOf(ctx)
	if !caller.tenant() && !caller.Actor.May(reeve.Look) {
		return out, false, reeve.ErrDenied
	}
	if request.Key == "" {
		if request.Resumable {
			out, err = work(ctx, func(reeve.Reply) error { return nil })
		} else {
			out, err = c.together(ctx, work)
		}
		return out, false, err
	}
	o := &once{Control: c, request: request, id: replyID(request)}
	if !c.running.enter(o.id) {
		return out, false, reeve.ErrRunning
	}
	defer c.running.leave(o.id)
	if out, err = o.kept(ctx); !reeve.IsKind(err, reeve.NotFound) {
		return out, err == nil, err
	}
	if request.Resumable {
		out, err = o.resume(ctx, work)
	} else {
		out, err = o.enclosed(ctx, work)
	}
	if err == nil || o.settled {
		return out, false, err
	}
	// Another replica may have been quicker: what failed here succeeded there.
	if again, keptErr := o.kept(ctx); keptErr == nil {
		return again, true, nil
	}
	return out, false, err
}

// KeptReply gives the reply that is kept of a request, or tells that this replica
// works on it. NotFound if neither is so, ErrMismatch as Once.
func (c *Control) KeptReply(ctx context.Context, request reeve.Repeatable) (out reeve.Reply, running bool, err error) {
	if caller := callerOf(ctx); !caller.tenant() && !caller.Actor.May(reeve.Look) {
		return out, false, reeve.ErrDenied
	}
	o := &once{Control: c, request: request, id: replyID(request)}
	if c.running.has(o.id) {
		return out, true, nil
	}
	out, err = o.kept(ctx)
	return out, false, err
}

// errEnclosed is a fault of reeve's own: what is done in many transactions, or
// waits for others, must not be a part of one.
var errEnclosed = errors.New("inside a transaction")

// replyID names a reply by who asks, where, and under which key.
func replyID(r reeve.Repeatable) reeve.ID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", r.Face, r.Actor, r.Key))
	return reeve.ID(sum[:])
}

// together makes one transaction of a work that is not repeatable.
func (c *Control) together(ctx context.Context, work Work) (reeve.Reply, error) {
	ctx, enclosure := c.store.Enclose(ctx, nil)
	defer enclosure.End()
	settled := false
	out, err := work(ctx, func(reeve.Reply) error {
		settled = true
		return enclosure.Commit(ctx, nil)
	})
	if err != nil || settled {
		return out, err
	}
	return out, enclosure.Commit(ctx, nil)
}

// once is one repeatable request as it is done.
type once struct {
	*Control
	request reeve.Repeatable
	id      reeve.ID
	settled bool
}

// kept gives the reply that is kept; NotFound if there is none.
func (o *once) kept(ctx context.Context) (out reeve.Reply, err error) {
	found, err := o.store.KeptReply(ctx, o.id)
	if err != nil {
		return out, err
	}
	if !found.CreatedAt.After(o.stale()) {
		return out, errNotKept
	}
	if found.Request != o.request.Digest {
		return out, reeve.ErrMismatch
	}
	text, err := o.keys.openReply(found)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		return out, fmt.Errorf("read a kept reply: %w", err)
	}
	return out, nil
}

var errNotKept = reeve.Errorf(reeve.NotFound, "reply not found")

// stale is when a reply was kept that is none any more.
func (o *once) stale() time.Time { return o.store.Now().Add(-keepReplies) }

// row makes what is kept of a reply.
func (o *once) row(out reeve.Reply) store.KeptReply {
	text, err := json.Marshal(out)
	if err != nil {
		panic(fmt.Sprintf("control: a reply: %v", err)) // numbers, text and bytes
	}
	kept := store.KeptReply{ID: o.id, Request: o.request.Digest, CreatedAt: o.store.Now()}
	o.keys.sealReply(&kept, text)
	return kept
}

// keep writes a reply at the end of a transaction.
func (o *once) keep(out reeve.Reply) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		tx.KeepReply(o.row(out), o.stale())
		return nil
	}
}

// enclosed does the work and keeps its reply, in one transaction.
func (o *once) enclosed(ctx context.Context, work Work) (reeve.Reply, error) {
	ctx, enclosure := o.store.Enclose(ctx, o.lock)
	defer enclosure.End()
	out, err := work(ctx, func(so reeve.Reply) error {
		o.settled = true
		return o.commit(enclosure.Commit(ctx, o.keep(so)))
	})
	switch {
	case err != nil:
		return out, err
	case !o.settled:
		return out, o.commit(enclosure.Commit(ctx, o.keep(out)))
	}
	// The change is made and its reply kept: a later one is only better.
	_ = o.store.Write(ctx, func(tx *store.Tx) error {
		tx.ReplaceReply(o.row(out))
		return nil
	})
	return out, nil
}

// commit words a failure of the commit.
func (o *once) commit(err error) error {
	if err == nil {
		return nil
	}
	o.settled = false
	if errors.Is(err, store.ErrKept) {
		return reeve.ErrRunning.Wrap(err) // it was: its reply is looked for
	}
	return err
}

// lock sees to it that no other replica does the same meanwhile.
func (o *once) lock(ctx context.Context, tx *store.Tx) error {
	free, err := tx.TryLockReply(ctx, o.id)
	if err == nil && !free {
		err = reeve.ErrRunning
	}
	return err
}

// resume does work of many transactions. Where it broke off before its reply
// was kept, who asks again has it begun again.
func (o *once) resume(ctx context.Context, work Work) (reeve.Reply, error) {
	out, err := work(ctx, func(reeve.Reply) error { return nil })
	if err != nil {
		return out, err
	}
	return out, o.commit(o.store.Write(ctx, o.keep(out)))
}

// running are the requests that this replica works on.
type running struct {
	mu  sync.Mutex
	ids map[reeve.ID]bool
}

func (r *running) enter(id reeve.ID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ids[id] {
		return false
	}
	r.ids[id] = true
	return true
}

func (r *running) has(id reeve.ID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ids[id]
}

func (r *running) leave(id reeve.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.ids, id)
}
