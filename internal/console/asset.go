package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

//go:embed static
var static embed.FS

// asset is a file that browsers keep for good: its name changes with it.
type asset struct {
	path, kind  string
	plain, gzip []byte
}

// loadAssets reads what is embedded, once for both consoles, by name.
var loadAssets = sync.OnceValue(func() map[string]asset {
	out := map[string]asset{}
	for name, kind := range map[string]string{
		"console.css": "text/css; charset=utf-8", "console.js": "text/javascript; charset=utf-8",
		"htmx.min.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml",
	} {
		data, err := static.ReadFile("static/" + name)
		if err != nil {
			panic("console: " + err.Error()) // embedded
		}
		var packed bytes.Buffer
		w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level exists
		_, _ = w.Write(data)                                       // nor does a buffer fail
		_ = w.Close()
		sum := sha256.Sum256(data)
		ending := path.Ext(name)
		out[name] = asset{
			path: root + "static/" + strings.TrimSuffix(name, ending) + "." + hex.EncodeToString(sum[:6]) + ending,
			kind: kind, plain: data, gzip: packed.Bytes(),
		}
	}
	return out
})

// assets serves the files.
func (s *site) assets() {
	byPath := map[string]asset{}
	for _, a := range loadAssets() {
		byPath[a.path] = a
	}
	s.pages.Handle(root+"static/{file}", map[string]web.Page{http.MethodGet: func(w http.ResponseWriter, r *http.Request) error {
		a, ok := byPath[r.URL.Path]
		if !ok {
			return reeve.Errorf(reeve.NotFound, "not found")
		}
		s.secure(w, r)
		a.send(w, r)
		return nil
	}})
}

func (a asset) send(w http.ResponseWriter, r *http.Request) {
	header, body := w.Header(), a.plain
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Content-Type", a.kind)
	header.Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		body = a.gzip
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the browser has gone: nobody to tell
}
