package console

import (
	"bytes"
	"compress/gzip"
	"slices"
	"strings"
	"sync"
)

var packers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level exists
	return w
}}

// private tells whether a page holds a secret, to be shown or in a field.
func (p *page) private() bool {
	return p.Private || slices.ContainsFunc(p.Sections, func(s section) bool { return len(s.Secrets) > 0 })
}

// packed makes a page short on the wire for a browser that takes it so; ok is
// false for one that does not. A page with a secret stays as it is: how short it
// became would tell of the secret to who chooses a part of the rest (BREACH).
func (v *visit) packed(p *page, body []byte) (out []byte, ok bool) {
	if p.private() || !strings.Contains(v.r.Header.Get("Accept-Encoding"), "gzip") {
		return nil, false
	}
	var short bytes.Buffer
	w := packers.Get().(*gzip.Writer)
	defer packers.Put(w)
	w.Reset(&short)
	_, _ = w.Write(body) // a buffer takes all
	_ = w.Close()
	return short.Bytes(), true
}
