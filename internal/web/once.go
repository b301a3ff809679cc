package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/reeve-cloud/reeve"
)

// idempotencyKey is draft-ietf-httpapi-idempotency-key-header's, as a plain
// value: quotes are part of it.
const idempotencyKey = "Idempotency-Key"

const longestKey = 255

var (
	errKey = reeve.Errorf(reeve.Invalid, "Idempotency-Key must be 1 to %d printable ASCII characters", longestKey)

	replayedTrue = []string{"true"}
)

// care is what a request asks for beside its operation.
type care struct {
	preconditions
	key string // "" without one
}

// readCare reads what the operation's face offers; nil if nothing is asked for.
func (op *operation) readCare(header http.Header) (*care, *reeve.Error) {
	if !op.careful {
		return nil, nil
	}
	preconditions, err := readPreconditions(header)
	if err != nil {
		return nil, err
	}
	out := &care{preconditions: preconditions}
	if sent := header[idempotencyKey]; op.Method == http.MethodPost && len(sent) > 0 {
		if len(sent) > 1 || !isKey(sent[0]) {
			return nil, errKey
		}
		out.key = sent[0]
	}
	if out.key == "" && !out.given() {
		return nil, nil
	}
	return out, nil
}

func isKey(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return text != "" && len(text) <= longestKey
}

// beginCare confirms who asks before anything is done for it, and has the body
// digested as it is read. It answers false if the request is answered.
func (x *exchange) beginCare(c *care) bool {
	if err := x.confirm(); err != nil {
		if x.body != nil {
			x.Header()["Connection"] = closing
		}
		x.fail(err)
		return false
	}
	if c.key != "" && x.body != nil {
		x.body.digest = sha256.New()
	}
	return true
}

// digest is of all that the request says: two that differ in a byte are two.
// What of the body was not read is read.
func (x *exchange) digest() (out [sha256.Size]byte, err error) {
	var body []byte
	if x.body != nil {
		if _, err := io.Copy(io.Discard, x.body); err != nil {
			return out, err
		}
		body = x.body.digest.Sum(nil)
	}
	r := x.request
	path, _ := spelling(r.URL)
	return sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %x", r.Method, path, r.URL.RawQuery, r.Header["Content-Type"], body)), nil
}

// carefully does an operation as its request asks, in one transaction. The
// reply goes out when that is over.
func (x *exchange) carefully(c *care, status int, call func(context.Context) (any, error)) {
	if before := x.operation.Before; before != nil {
		if err := before(x.ctx); err != nil {
			x.fail(err)
			return
		}
	}
	request := reeve.Repeatable{Face: x.api.face.Name, Actor: x.actor, Resumable: x.operation.Resumable}
	if c.key != "" && x.actor != "" {
		digest, err := x.digest()
		if err != nil {
			x.fail(asKind(err, x.api.face.BadBody))
			return
		}
		request.Key, request.Digest = c.key, digest
	}
	reply, replayed, err := x.api.face.Once(x.ctx, request, func(ctx context.Context, settle func(reeve.Reply) error) (reeve.Reply, error) {
		if c.given() {
			if err := x.hold(ctx, c.preconditions); err != nil {
				return reeve.Reply{}, err
			}
		}
		x.settle = func(out any) error {
			reply, err := capture(status, out)
			if err != nil {
				return err
			}
			return settle(reply)
		}
		out, err := call(ctx)
		if err != nil {
			return reeve.Reply{}, err
		}
		return capture(status, out)
	})
	if err != nil {
		x.fail(err)
		return
	}
	if replayed {
		x.Header()["Idempotency-Replayed"] = replayedTrue
	}
	x.reply(reply.Status, []string{reply.ContentType}, reply.Body)
}

// Settle says that an operation that goes on has made its change, and what it
// would answer now: who sends the request again after this process has died
// gets that answer. Where the change waits for the reply it is committed. It
// must be called from the request's own goroutine, with a pointer.
func Settle(ctx context.Context, out any) error {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok && x.settle != nil {
		return x.settle(out)
	}
	return nil
}

var errUncaptured = errors.New("web: a reply that goes on cannot be kept")

// capture makes a whole reply of an operation's output.
func capture(status int, out any) (reeve.Reply, error) {
	reply := reeve.Reply{Status: status}
	if either, ok := out.(formatted); ok {
		value, document := either.choice()
		if document != nil {
			return reply, errUncaptured
		}
		out = value
	}
	switch out := out.(type) {
	case *Empty:
		return reply, nil
	case *Raw:
		reply.Body = *out
	case *Stream, HeaderSetter:
		return reply, errUncaptured
	default:
		buffer := newEncoder()
		defer buffer.free()
		body, err := buffer.any(out)
		if err != nil {
			return reply, err
		}
		reply.Body = bytes.Clone(body)
	}
	reply.ContentType = jsonType
	return reply, nil
}
