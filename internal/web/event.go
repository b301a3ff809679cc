package web

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"time"
	"unicode"

	"github.com/reeve-cloud/reeve"
)

// event is what a request's one record says beyond the exchange itself.
type event struct {
	requestID string // the caller's or ours
	actor     string // who asked, once known
}

// SetActor notes in the request's record who asks: an id or a role, never a
// credential. It must be called from the request's own goroutine, and does
// nothing outside a request.
func SetActor(ctx context.Context, actor string) {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		x.actor = actor
	}
}

// ClientAddress gives the client's address, as trusted proxies name it, or ""
// outside a request.
func ClientAddress(ctx context.Context) string {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return clientAddress(x.request, x.api.opts.TrustedProxies)
	}
	return ""
}

// UserAgent gives what the client says it is, as text that can be stored, or ""
// outside a request.
func UserAgent(ctx context.Context) string {
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(x.request.UserAgent(), ""))
}

// RequestID gives the request's id, or "" outside a request.
func RequestID(ctx context.Context) string {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x.requestID
	}
	return ""
}

// requestID takes the caller's id if it can be logged and stored as it is, or
// makes one. It needs to be unique, not unguessable.
func requestID(header http.Header) string {
	if sent := header["X-Request-Id"]; len(sent) == 1 && isRequestID(sent[0]) {
		return sent[0]
	}
	var random [16]byte
	high, low := rand.Uint64(), rand.Uint64()
	for i := range 8 {
		random[i], random[8+i] = byte(high>>(8*i)), byte(low>>(8*i))
	}
	var out [32]byte
	hex.Encode(out[:], random[:])
	return string(out[:])
}

// isRequestID allows 1 to 128 of [A-Za-z0-9._-], but no token of ours, for the
// id goes into logs.
func isRequestID(text string) bool {
	if text == "" || len(text) > 128 || strings.Contains(text, tokenMark) {
		return false
	}
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// record writes the request's one record. Never in it: the query, headers,
// bodies, and path values that are or may be secrets.
func (x *exchange) record(took time.Duration) {
	level := x.level()
	logger := x.api.opts.Logger
	if !logger.Enabled(x.ctx, level) {
		return
	}
	pattern, path := "", ""
	switch {
	case x.route == nil:
		path = redact(x.request.URL, nil)
	case x.route.root != "":
		pattern, path = x.route.pattern, x.route.pattern
	default:
		pattern, path = x.route.pattern, redact(x.request.URL, x.route.secret)
	}
	var space [16]slog.Attr
	attrs := append(space[:0],
		slog.String("listener", x.api.face.Name),
		slog.String("method", shorten(x.request.Method, 16)),
		slog.String("path", path),
		slog.String("route", pattern),
		slog.Int("status", x.status),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.Int64("bytes", x.bytes),
		slog.String("request_id", x.requestID),
		slog.String("client", clientAddress(x.request, x.api.opts.TrustedProxies)),
	)
	if x.actor != "" {
		attrs = append(attrs, slog.String("actor", x.actor))
	}
	if x.failure != nil {
		attrs = append(attrs, slog.String("error_kind", x.failure.Kind.String()))
		if level > slog.LevelInfo {
			attrs = append(attrs, slog.String("error", x.scrub(x.failure.Error())))
		}
	}
	if x.panicAt != nil {
		attrs = append(attrs, slog.String("stack", string(x.panicAt)))
	}
	// Past the Logger's methods: they would look up this line for each record.
	r := slog.NewRecord(x.start.Add(took), level, "request", 0)
	r.AddAttrs(attrs...)
	// A log that cannot be written has nowhere to be reported.
	_ = logger.Handler().Handle(x.ctx, r)
}

// level is error for what is ours to mend, warn for what we depend on, info
// for the rest, and debug for what a quiet operation decides.
func (x *exchange) level() slog.Level {
	switch {
	case x.failure != nil && x.failure.Kind == reeve.Internal:
		return slog.LevelError
	case x.failure != nil && x.failure.Kind == reeve.Unavailable && x.client.Err() == nil:
		return slog.LevelWarn
	case x.operation != nil && x.operation.Quiet && (x.failure == nil || x.failure.Kind != reeve.Invalid):
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// scrub takes the request's own secrets, and whatever may be a key, out of a
// text that somebody else wrote.
func (x *exchange) scrub(text string) string {
	for _, name := range []string{"Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "Reeve-Gateway-Token"} {
		for _, value := range x.request.Header[name] {
			for word := range strings.FieldsSeq(value) {
				text = hide(text, word)
			}
		}
	}
	if x.operation != nil {
		for _, f := range x.operation.plan.path {
			if f.secret {
				text = hide(text, x.request.PathValue(f.name))
			}
		}
	}
	words := strings.FieldsFunc(text, isBreak)
	for _, word := range words {
		if len(word) > maxSegment || strings.Contains(word, tokenMark) && len(word) > 2*len(tokenMark) {
			text = strings.ReplaceAll(text, word, hiddenValue)
		}
	}
	return text
}

// hide leaves words alone that are too short to be a secret, such as TOKEN.
func hide(text, secret string) string {
	if len(secret) < 8 {
		return text
	}
	return strings.ReplaceAll(text, secret, hiddenValue)
}

// isBreak tells what stands between the words of a message.
func isBreak(r rune) bool { return strings.ContainsRune(" \t\r\n\"'`,;:()[]{}<>=", r) }

// shorten bounds what the caller makes up, such as a method.
func shorten(text string, length int) string {
	if len(text) <= length {
		return text
	}
	return text[:length] + "…"
}

// panicError says what a panic was about. A runtime.Error names itself.
func panicError(cause any) error {
	if err, ok := cause.(runtime.Error); ok {
		return err
	}
	return fmt.Errorf("panic: %v", cause)
}
