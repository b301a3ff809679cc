package console_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// browser is one without JavaScript, of one person.
type browser struct {
	t      *testing.T
	base   string // of the listener
	client *http.Client
	jar    *cookiejar.Jar
}

func newBrowser(t *testing.T, s *reevetest.Server, face string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, base: s.URL(face), jar: jar, client: &http.Client{Jar: jar}}
}

// tenant opens a server with the tenants of the tests, and a browser that a
// user of theirs has signed in with.
func tenant(t *testing.T, user string) (*reevetest.Server, *browser) {
	t.Helper()
	s := reevetest.Open(t)
	s.Tenants(t)
	return s, signedIn(t, s, user)
}

// signedIn is a browser that a bound user has signed in with.
func signedIn(t *testing.T, s *reevetest.Server, user string) *browser {
	t.Helper()
	s.GivePassword(t, user)
	b := newBrowser(t, s, "tenant")
	b.get("sign-in").send(fields{"email": user + "@mail.test", "password": reevetest.Password}).titled("Your organisations")
	return b
}

// shown is a page as a browser has it.
type shown struct {
	*browser
	status int
	header http.Header
	url    *url.URL
	text   string
	root   *html.Node
}

// get opens a page below /console/, or a whole path.
func (b *browser) get(path string) *shown {
	b.t.Helper()
	return b.do(http.MethodGet, path, nil, nil)
}

// fields are what is filled in.
type fields map[string]string

func (b *browser) do(method, path string, in url.Values, header http.Header) *shown {
	b.t.Helper()
	if !strings.HasPrefix(path, "/") {
		path = "/console/" + path
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, strings.NewReader(in.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.base)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	maps.Copy(r.Header, header)
	reply, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	out := &shown{browser: b, status: reply.StatusCode, header: reply.Header, url: reply.Request.URL, text: string(body)}
	if out.root, err = html.Parse(strings.NewReader(out.text)); err != nil {
		b.t.Fatal(err)
	}
	return out
}

// send fills the page's form in, the first one in main, and sends it.
func (p *shown) send(in fields) *shown {
	p.t.Helper()
	return p.sendTo("", in)
}

// sendTo is send for the form that goes to a path; "" is any.
func (p *shown) sendTo(to string, in fields) *shown {
	p.t.Helper()
	main := find(p.root, func(n *html.Node) bool { return n.Data == "main" })
	var form *html.Node
	if main != nil {
		form = find(main, func(n *html.Node) bool { return n.Data == "form" && (to == "" || attribute(n, "action") == to) })
	}
	if form == nil {
		p.t.Fatalf("no form to %q on %s:\n%s", to, p.url, p.text)
	}
	values := url.Values{}
	for n := range form.Descendants() {
		name := attribute(n, "name")
		switch {
		case n.Type != html.ElementNode || name == "":
		case n.Data == "select":
			for option := range n.Descendants() {
				if _, chosen := lookup(option, "selected"); option.Data == "option" && (chosen || !values.Has(name)) {
					values.Set(name, attribute(option, "value"))
				}
			}
		case n.Data == "textarea":
			values.Set(name, words(n))
		case attribute(n, "type") == "checkbox":
			if _, checked := lookup(n, "checked"); checked {
				values.Add(name, attribute(n, "value"))
			}
		default:
			values.Set(name, attribute(n, "value"))
		}
	}
	for name, value := range in {
		values[name] = strings.Split(value, "\x1f") // several of checks
	}
	path := attribute(form, "action")
	if path == "" {
		path = p.url.RequestURI()
	}
	method := strings.ToUpper(attribute(form, "method"))
	if method == http.MethodGet {
		path, _, _ = strings.Cut(path, "?")
		return p.get(path + "?" + values.Encode())
	}
	return p.do(method, path, values, nil)
}

// follow opens what a link of the page leads to, by its words.
func (p *shown) follow(text string) *shown {
	p.t.Helper()
	found := find(p.root, func(n *html.Node) bool { return n.Data == "a" && words(n) == text })
	if found == nil {
		p.t.Fatalf("no link %q on %s; there are %q", text, p.url, p.links())
	}
	return p.get(attribute(found, "href"))
}

func (p *shown) links() (out []string) {
	for n := range p.root.Descendants() {
		if n.Data == "a" {
			out = append(out, words(n))
		}
	}
	return out
}

// titled checks the page's title and that it is no error.
func (p *shown) titled(want string) *shown {
	p.t.Helper()
	return p.answered(http.StatusOK, want)
}

// answered checks the page's status and title.
func (p *shown) answered(status int, title string) *shown {
	p.t.Helper()
	heading := find(p.root, func(n *html.Node) bool { return n.Data == "h1" })
	if p.status != status || heading == nil || words(heading) != title {
		p.t.Fatalf("%s is %d, not %d %q:\n%s", p.url, p.status, status, title, p.main())
	}
	return p
}

// says checks that the page's words hold all of some.
func (p *shown) says(want ...string) *shown {
	p.t.Helper()
	got := p.main()
	for _, text := range want {
		if !strings.Contains(got, text) {
			p.t.Errorf("%s does not say %q:\n%s", p.url, text, got)
		}
	}
	return p
}

// silent checks that the page's words hold none of some.
func (p *shown) silent(of ...string) *shown {
	p.t.Helper()
	for _, text := range of {
		if strings.Contains(p.main(), text) {
			p.t.Errorf("%s says %q:\n%s", p.url, text, p.main())
		}
	}
	return p
}

// main gives the words of the page's main part.
func (p *shown) main() string {
	if found := find(p.root, func(n *html.Node) bool { return n.Data == "main" }); found != nil {
		return words(found)
	}
	return p.text
}

func find(n *html.Node, is func(*html.Node) bool) *html.Node {
	for child := range n.Descendants() {
		if child.Type == html.ElementNode && is(child) {
			return child
		}
	}
	return nil
}

// words gives a node's text as one line.
func words(n *html.Node) string {
	var out []string
	for child := range n.Descendants() {
		if child.Type == html.TextNode && (child.Parent == nil || !slices.Contains([]string{"script", "style", "noscript"}, child.Parent.Data)) {
			out = append(out, strings.Fields(child.Data)...)
		}
	}
	return strings.Join(out, " ")
}

func attribute(n *html.Node, name string) string {
	value, _ := lookup(n, name)
	return value
}

func lookup(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}
