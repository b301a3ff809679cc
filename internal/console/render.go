package console

import (
	"bytes"
	"embed"
	"html/template"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed templates
var files embed.FS

var templates = template.Must(template.New("").Funcs(functions).ParseFS(files, "templates/*.html"))

// render makes the HTML of a page before any of it is sent.
func (v *visit) render(p *page) ([]byte, error) {
	assets := loadAssets()
	var out bytes.Buffer
	err := templates.ExecuteTemplate(&out, "page.html", shell{
		page: p, Face: v.face, Who: v.who, Said: v.said(), Here: v.r.URL.RequestURI(), Path: v.r.URL.Path,
		Style: assets["console.css"].path, Icon: assets["icon.svg"].path,
		Scripts: []string{assets["htmx.min.js"].path, assets["console.js"].path},
	})
	return out.Bytes(), err
}

// sentence makes one of an error's message, which begins small and has no end.
func sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return ""
	}
	s = string(unicode.ToUpper(first)) + s[size:]
	if !strings.ContainsAny(s[len(s)-1:], ".!?") {
		s += "."
	}
	return s
}
