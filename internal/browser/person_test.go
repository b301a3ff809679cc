package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The sizes of windows.
const (
	deskWidth, deskHeight   = 1280, 800
	phoneWidth, phoneHeight = 390, 844
)

// patience is how long anything may take; the machine may be busy.
const patience = 30 * time.Second

// person uses a console in a tab of a profile of their own.
type person struct {
	t    *testing.T
	tab  context.Context
	base string // of the console's listener

	blind bool // no page is judged: the test is about something else
	plain bool // the browser has no JavaScript

	mu      sync.Mutex
	loading map[network.RequestID]string
	bytes   float64 // on the wire since the last click
	warm    bool    // the browser has the style sheet and scripts
	noises  []string
	expects []string // noises that belong to what is tried
}

// visitor opens a browser at a console's listener.
func visitor(t *testing.T, base string) *person {
	t.Helper()
	tab, stop := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	p := &person{t: t, tab: tab, base: base, loading: map[network.RequestID]string{}}
	p.listen()
	return p
}

// open goes to a path, as if it were typed.
func (p *person) open(path string) *person {
	p.t.Helper()
	p.begin()
	if failed := send(p, page.Navigate, page.NavigateParams{URL: p.base + path}).ErrorText; failed != "" {
		p.t.Fatalf("open %s: %s", path, failed)
	}
	return p.settled("open " + path)
}

// click clicks a link or button by its words, or by how they begin, and waits
// for the page that comes of it.
func (p *person) click(name string) *person {
	p.t.Helper()
	p.begin()
	p.press(name)
	return p.settled("click " + name)
}

// press clicks what leads to no other page.
func (p *person) press(name string) *person {
	p.t.Helper()
	p.hit("clickable", name)
	return p
}

// fill types into a field that has a label, in place of what is in it.
func (p *person) fill(label, text string) *person {
	p.t.Helper()
	p.find("field", label)
	send(p, input.InsertText, input.InsertTextParams{Text: text})
	return p.holds(label, text)
}

// choose picks an option of a select by its words.
func (p *person) choose(label, option string) *person {
	p.t.Helper()
	p.script("choose", label, option)
	return p
}

// tick ticks a box or picks a radio button by its label.
func (p *person) tick(label string) *person {
	p.t.Helper()
	p.hit("box", label)
	return p
}

// keys types keys, wherever the focus is.
func (p *person) keys(keys string) *person {
	p.t.Helper()
	act(p, chromedp.KeyEvent(keys))
	return p
}

// tabTo moves the focus to a thing by the tab key alone.
func (p *person) tabTo(name string) *person {
	p.t.Helper()
	for range 60 {
		p.keys(kb.Tab)
		if p.script("focused") == name {
			return p
		}
	}
	p.t.Fatalf("the tab key does not lead to %q on %s", name, p.where())
	return p
}

// enter presses the enter key, and waits for the page that comes of it.
func (p *person) enter() *person {
	p.t.Helper()
	p.begin()
	p.keys(kb.Enter)
	return p.settled("enter")
}

// back is the browser's button.
func (p *person) back() *person {
	p.t.Helper()
	was := p.where()
	act(p, chromedp.Evaluate[chromedp.Void](`history.back()`))
	p.until("leave "+was, func() bool { return p.where() != was })
	p.forget()
	return p.settled("back")
}

// see waits until the page says all of some words.
func (p *person) see(words ...string) *person {
	p.t.Helper()
	for _, want := range words {
		p.until("see "+want, func() bool { return strings.Contains(p.script("text"), want) })
	}
	return p
}

// miss checks that the page says none of some words.
func (p *person) miss(words ...string) *person {
	p.t.Helper()
	got := p.script("text")
	for _, word := range words {
		if strings.Contains(got, word) {
			p.t.Errorf("%s says %q:\n%s", p.where(), word, got)
		}
	}
	return p
}

// titled checks the page's heading.
func (p *person) titled(want string) *person {
	p.t.Helper()
	if got := p.script("title"); got != want {
		p.t.Fatalf("%s is titled %q, not %q:\n%s", p.where(), got, want, p.script("text"))
	}
	return p
}

// holds checks what is in a field.
func (p *person) holds(label, want string) *person {
	p.t.Helper()
	if got := p.script("value", label); got != want {
		p.t.Errorf("%s: %q holds %q, not %q", p.where(), label, got, want)
	}
	return p
}

// secret gives what is shown once under a label.
func (p *person) secret(label string) string {
	p.t.Helper()
	return p.script("value", label)
}

// where is the path of the page.
func (p *person) where() string {
	p.t.Helper()
	return p.script("where")
}

// begin marks the page, to tell it from the one that comes.
func (p *person) begin() {
	p.t.Helper()
	p.script("mark")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes = 0
}

// forget takes the mark away.
func (p *person) forget() { p.t.Helper(); p.script("unmark") }

// settled waits until another page than the one at begin is all there, and
// judges it.
func (p *person) settled(what string) *person {
	p.t.Helper()
	p.until(what, func() bool {
		p.mu.Lock()
		busy := len(p.loading) > 0
		p.mu.Unlock()
		return !busy && p.script("settled") == "yes"
	})
	p.judge()
	return p
}

// until waits for something to be so.
func (p *person) until(what string, is func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s: waited in vain on %s, which says:\n%s\n%s\nsettled: %s, loading %q", what, p.where(), p.script("text"),
				strings.Join(p.noises, "\n"), p.script("settled"), p.loading)
		}
	}
}

// hit clicks a thing once it is on the screen where it is: clicks before that are
// lost, or hit something else.
func (p *person) hit(kind, name string) {
	p.t.Helper()
	p.find(kind, name)
	p.painted()
	x, y := p.find(kind, name)
	act(p, chromedp.MouseClickXY(x, y))
}

// painted waits until the page is on the screen as it is.
func (p *person) painted() {
	p.t.Helper()
	if p.plain {
		act(p, chromedp.CaptureScreenshot())
		return
	}
	act(p, chromedp.Evaluate[bool](`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`, chromedp.EvalAwaitPromise))
}

// download clicks a link that downloads something, and gives that.
func (p *person) download(name string) string {
	p.t.Helper()
	dir := p.t.TempDir()
	_, err := chromedp.CallBrowser(p.tab, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir, BrowserContextID: chromedp.FromContext(p.tab).BrowserContextID,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.press(name)
	var out []byte
	p.until("download "+name, func() bool {
		files, err := filepath.Glob(filepath.Join(dir, "*.csv"))
		if err != nil || len(files) != 1 {
			return false
		}
		out, err = os.ReadFile(files[0])
		return err == nil
	})
	return string(out)
}

// find finds a thing that can be seen, brings it into view and gives where it is.
func (p *person) find(kind, name string) (x, y float64) {
	p.t.Helper()
	var at struct{ X, Y float64 }
	p.until("find "+kind+" "+name, func() bool {
		found := p.script("find", kind, name)
		if strings.HasPrefix(found, "{") {
			return json.Unmarshal([]byte(found), &at) == nil
		}
		return false
	})
	return at.X, at.Y
}

// script calls a function of library. A page that is just leaving has nothing
// to say.
func (p *person) script(name string, arguments ...string) string {
	p.t.Helper()
	quoted, err := json.Marshal(append([]string{}, arguments...))
	if err != nil {
		p.t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		out, err := try(p, chromedp.Evaluate[string](fmt.Sprintf("(%s).%s(...%s)", library, name, quoted)))
		if err == nil {
			return out
		}
		if _, thrown := errors.AsType[*chromedp.ExceptionError](err); thrown || time.Now().After(deadline) {
			p.t.Fatalf("%s(%s): %v", name, quoted, err)
		}
	}
}

// act does something in the tab.
func act[T any](p *person, action chromedp.Action[T]) T {
	p.t.Helper()
	out, err := try(p, action)
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

func try[T any](p *person, action chromedp.Action[T]) (T, error) {
	ctx, stop := context.WithTimeout(p.tab, patience)
	defer stop()
	return chromedp.Run(ctx, action)
}

// send sends a command of the DevTools protocol.
func send[P, R any](p *person, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	return act(p, func(ctx context.Context, t *chromedp.Target) (R, error) { return cdp.Call(ctx, t, command, params) })
}

// host is where the console is.
func (p *person) host() string {
	u, err := url.Parse(p.base)
	if err != nil {
		p.t.Fatal(err)
	}
	return u.Host
}
