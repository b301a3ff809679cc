package console

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

// page is what a browser is shown.
type page struct {
	Title    string
	Up       []link // the way here, from the top
	Badges   []badge
	Tabs     []link // the pages of the same thing
	Lead     string // a sentence under the title
	Facts    []fact
	Actions  []link // what can be done, as links to forms
	Sections []section

	Narrow  bool // a form alone
	Private bool // it holds a token or a key, also sealed: see packed
	Refresh int  // seconds until it is asked for again, while something goes on
	Live    bool // with JavaScript its sections are, every Refresh seconds
	Status  int  // 200 if zero
}

// section is a part of a page under a title of its own. It is made of what is set.
type section struct {
	ID, Title string
	Note      string
	Bad       bool // the note tells of something wrong
	Facts     []fact
	Effects   []string
	Form      *form
	Charts    []chart
	Table     *table
	Secrets   []secret
	Actions   []link
	Live      bool   // it is asked for again every second (see page.Refresh)
	Later     string // the path of a page whose sections with IDs that begin so take its place once it is seen, with JavaScript
	Folded    bool   // only its title is seen until it is opened
}

// link leads somewhere.
type link struct {
	Text, To string // the path is whole: see at
	About    string // what the text is about, for who hears it alone: "Remove" and "Ada"
	Danger   bool   // what it leads to takes something away
	Main     bool   // it is what most have come for
}

// badge is a word about a thing's state: good, bad, warn or plain.
type badge struct{ Text, Kind string }

// fact is a thing's property.
type fact struct {
	Name  string
	Value cell
}

// secret is shown once, to be copied.
type secret struct {
	Label, Value, Hint string

	Picture bool // as a QR code, too
}

// Rows is how many lines the field that shows it has.
func (s secret) Rows() int { return max(2, strings.Count(s.Value, "\n")+1, len(s.Value)/60+1) }

// chart is a picture with what it says in words.
type chart struct {
	Title, About string // over it; "" if the section's title says all
	To           string // the picture's path: see picture
	Words        string // instead of it
	Height       int    // of wideChart and narrowChart alike
}

// at adds a parameter to a path, in place of one of that name; "" takes that
// away.
func at(path, name, value string) string {
	u, err := url.Parse(path)
	if err != nil {
		return path
	}
	query := u.Query()
	query.Set(name, value)
	if value == "" {
		query.Del(name)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// to gives a path of the console of its segments, escaped.
func to(segments ...string) string {
	out := root
	for i, segment := range segments {
		if i > 0 {
			out += "/"
		}
		out += url.PathEscape(segment)
	}
	return out
}

// shell is what stands around a page.
type shell struct {
	*page
	Face    face
	Who     *identity
	Said    string
	Here    string // the path and query of the request
	Path    string // the path alone
	Style   string // the path of the style sheet
	Scripts []string
	Icon    string
}

// answer shows a page, or one of its tables as CSV where that is asked for. An
// invalid page is one that asks for what cannot be: its form says so, and keeps
// what was filled in.
func (v *visit) answer(make func(*visit) (*page, error)) error {
	name := v.r.URL.Query().Get("csv")
	if name != "" {
		var done context.CancelFunc
		v.ctx, done = web.Extend(v.ctx, csvTime)
		defer done()
	}
	p, err := make(v)
	if p.asks() && name == "" && reeve.IsKind(err, reeve.Invalid) {
		status, shown := web.Failed(v.ctx, err)
		p.Status, p.Sections = status, []section{{Form: p.Sections[0].Form}}
		p.Sections[0].Form.Wrong = refusalWords(shown)
		err = nil
	}
	switch {
	case err != nil || p == nil: // nil: answered already
		return err
	case name != "":
		return v.sendCSV(p, name)
	}
	return v.send(p)
}

// asks tells whether the page begins with a form that asks for what it shows.
func (p *page) asks() bool {
	return p != nil && len(p.Sections) > 0 && p.Sections[0].Form != nil && p.Sections[0].Form.Get
}

// send shows a page.
func (v *visit) send(p *page) error {
	body, err := v.render(p)
	if err != nil {
		return err
	}
	header := v.w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Vary", "Accept-Encoding")
	if short, ok := v.packed(p, body); ok {
		header.Set("Content-Encoding", "gzip")
		body = short
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	status := p.Status
	if status == 0 {
		status = http.StatusOK
	}
	v.w.WriteHeader(status)
	_, _ = v.w.Write(body) // the browser has gone: nobody to tell
	return nil
}

// showError shows an error of a request that has come to no page.
func (s *site) showError(w http.ResponseWriter, r *http.Request, status int, e *reeve.Error) {
	s.secure(w, r)
	v := &visit{site: s, w: w, r: r, ctx: r.Context()}
	v.fail(status, e)
}

// fail shows an error instead of the page.
func (v *visit) fail(status int, e *reeve.Error) {
	p := &page{Title: errorTitles[status], Lead: refusalWords(e), Status: status, Narrow: true}
	if p.Title == "" {
		p.Title = http.StatusText(status)
	}
	if e.Detail != "" {
		p.Lead += " " + sentence(e.Detail)
	}
	p.Sections = []section{{Note: "Request " + web.RequestID(v.ctx), Actions: []link{{Text: "To the start page", To: root, Main: true}}}}
	if err := v.send(p); err != nil {
		http.Error(v.w, http.StatusText(status), status)
	}
}

var errorTitles = map[int]string{
	http.StatusBadRequest:          "That did not work",
	http.StatusForbidden:           "Not allowed",
	http.StatusNotFound:            "Not found",
	http.StatusInternalServerError: "Something went wrong here",
	http.StatusServiceUnavailable:  "Not available right now",
	http.StatusTooManyRequests:     "Too many attempts",
}

// Pages are made in UTC: the same for everybody who talks about them.
const timeLayout = "2006-01-02 15:04 UTC"

func timeText(at time.Time) string { return at.UTC().Format(timeLayout) }

// Tab is the path of the tab that the page belongs to.
func (s shell) Tab() (out string) {
	for _, tab := range s.Tabs {
		if (s.Path == tab.To || strings.HasPrefix(s.Path, tab.To+"/")) && len(tab.To) > len(out) {
			out = tab.To
		}
	}
	return out
}

// part is a section with where its page is.
type part struct {
	section
	Here string
}

// Heading is the id of the section's title.
func (s section) Heading() string { return "t-" + slug(s.Title) }

// ID is that of the field that shows it.
func (s secret) ID() string { return "s-" + slug(s.Label) }

// slug makes an id of a text.
func slug(s string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, s), "-")
}

var functions = template.FuncMap{
	"part":    func(in shell, s section) part { return part{s, in.Here} },
	"time":    timeText,
	"rfc3339": func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
	"at":      at,
	"picture": chart.picture,
	"qr":      newQR,
}
