package browser

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// What a page may weigh on the wire, in bytes: the first of all, and each
// after it.
const (
	firstWeight = 150_000
	laterWeight = 30_000
)

// look is a way in which pages are looked at, with the rules of axe-core that
// may be broken in it alone.
type look struct {
	name          string
	dark          bool
	width, height int64
	rules         string // as axe.run takes them
}

// All rules, best practices too, but those of AAA and those that are experiments,
// are tried on the light page. A dark page differs from it by its colours, a
// narrow one by what has room.
var looks = []look{
	{"light", false, deskWidth, deskHeight, `rules: {'target-size': {enabled: true}}`},
	{"dark", true, deskWidth, deskHeight, `runOnly: ['cat.color'], rules: {'color-contrast-enhanced': {enabled: false}}`},
	{
		"phone", false, phoneWidth, phoneHeight,
		`runOnly: {type: 'rule', values: ['target-size', 'scrollable-region-focusable', 'link-name', 'button-name', 'label', 'select-name', 'image-alt']}`,
	},
}

// look has the tab shown in a way.
func (p *person) look(l look) {
	p.t.Helper()
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	send(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	p.size(l.width, l.height)
}

func (p *person) size(width, height int64) {
	p.t.Helper()
	send(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1})
}

// listen notes what the browser has to say of the pages.
func (p *person) listen() {
	err := chromedp.Listen(p.tab, func(event any) {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if e.Type == network.ResourceTypeDocument {
				clear(p.loading) // what the page before still loads is nobody's
			}
			p.loading[e.RequestID] = e.Request.URL
			if u, err := url.Parse(e.Request.URL); err != nil || u.Host != p.host() && u.Scheme != "data" {
				p.noises = append(p.noises, "asks another host: "+e.Request.URL)
			}
		case *network.EventLoadingFinished:
			delete(p.loading, e.RequestID)
			p.bytes += e.EncodedDataLength
		case *network.EventLoadingFailed:
			delete(p.loading, e.RequestID)
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
				p.noises = append(p.noises, fmt.Sprintf("log: %s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
			}
		case *runtime.EventConsoleAPICalled:
			var words []string
			for _, a := range e.Args {
				words = append(words, string(a.Value)+a.Description)
			}
			p.noises = append(p.noises, fmt.Sprintf("console.%s: %s", e.Type, strings.Join(words, " ")))
		case *runtime.EventExceptionThrown:
			p.noises = append(p.noises, fmt.Sprintf("exception: %s %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
		case *audits.EventIssueAdded:
			details, _ := json.Marshal(e.Issue.Details)
			// judge asks for the cookies, and nobody touches a page that is only passed.
			if e.Issue.Code != audits.InspectorIssueCodePerformanceIssue && !strings.Contains(string(details), "NavigationEntryMarkedSkippable") {
				p.noises = append(p.noises, fmt.Sprintf("issue: %s %s", e.Issue.Code, details))
			}
		case *page.EventJavascriptDialogOpening:
			p.noises = append(p.noises, "a dialog opens: "+e.Message)
			go func() { _, _ = chromedp.Call(p.tab, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{}) }()
		}
	})
	if err != nil {
		p.t.Fatal(err)
	}
	send(p, network.Enable, network.EnableParams{})
	send(p, log.Enable, cdp.Empty{})
	send(p, audits.Enable, cdp.Empty{})
	send(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}) // each tab is typed into
	p.look(looks[0])
}

// loaded waits for what the page still loads.
func (p *person) loaded() {
	p.t.Helper()
	p.until("load pictures", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.loading) == 0
	})
}

// judged are the parts of pages that were looked at, in all tests.
var judged sync.Map

// fresh tells whether a page has a part that no page of its name had before.
// Badges and what was just done look the same everywhere.
func fresh(name, shape string) bool {
	out := false
	for part := range strings.FieldsSeq(shape) {
		if !strings.HasPrefix(part, "span.badge") && part != "p.said" {
			part = name + " " + part
		}
		_, before := judged.LoadOrStore(part, true)
		out = out || !before
	}
	return out
}

// judge checks the page that is open; what it looks like, only if no such page
// was looked at before.
func (p *person) judge() {
	p.t.Helper()
	p.quiet()
	where := p.where()
	p.mu.Lock()
	weight, limit := p.bytes, float64(laterWeight)
	if !p.warm {
		limit = firstWeight
	}
	p.warm = true
	p.mu.Unlock()
	if weight > limit {
		p.t.Errorf("%s weighs %.0f bytes, more than %.0f", where, weight, limit)
	}
	if cookies := p.script("cookies"); cookies != "" {
		p.t.Errorf("%s: scripts can read the cookies %s", where, cookies)
	}
	if p.blind {
		return
	}
	name := p.face() + nameOf(where)
	if !fresh(name, p.script("shape")) {
		return
	}
	wrong := map[string]string{}
	for _, l := range looks {
		p.look(l)
		for _, v := range p.axe(l) {
			wrong[v.ID+": "+v.Help] = fmt.Sprintf("%s, %d times, such as %s\n%s", l.name, len(v.Nodes), v.Nodes[0].HTML, v.Nodes[0].FailureSummary)
		}
		p.shoot(name, l)
	}
	for rule, text := range wrong {
		p.t.Errorf("%s: %s\n%s", name, rule, text)
	}
	p.look(looks[0])
	p.loaded()
}

// quiet fails for what the browser has said that nobody expects.
func (p *person) quiet() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
noises:
	for _, noise := range p.noises {
		for _, expected := range p.expects {
			if strings.Contains(noise, expected) {
				continue noises
			}
		}
		p.t.Errorf("%s: %s", p.base, noise)
	}
	p.noises = nil
}

// expect says what the browser will complain of, because it is tried.
func (p *person) expect(noise string) *person {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expects = append(p.expects, noise)
	return p
}

// violation is one of axe's.
type violation struct {
	ID, Help string
	Nodes    []struct{ HTML, FailureSummary string }
}

// axe has axe-core look at the page.
func (p *person) axe(l look) []violation {
	p.t.Helper()
	if !act(p, chromedp.Evaluate[bool](`typeof axe === 'object'`)) {
		act(p, chromedp.Evaluate[chromedp.Void](axe()))
	}
	return act(p, chromedp.Evaluate[[]violation](
		`axe.run(document, {resultTypes: ['violations'], `+l.rules+`}).then((r) => r.violations)`, chromedp.EvalAwaitPromise))
}

// shoot saves a picture of the page where that is wanted.
func (p *person) shoot(name string, l look) {
	p.t.Helper()
	dir := os.Getenv("REEVE_SCREENSHOTS")
	if dir == "" {
		return
	}
	p.size(l.width, 500)
	content := send(p, page.GetLayoutMetrics, cdp.Empty{}).CSSContentSize
	p.size(l.width, min(max(int64(content.Height), 400), 6000))
	p.loaded()
	act(p, chromedp.Evaluate[bool](`Promise.all([...document.images].map((i) => i.decode().catch(() => {}))).then(() => true)`, chromedp.EvalAwaitPromise))
	png := act(p, chromedp.CaptureScreenshot())
	file := filepath.Join(dir, strings.Trim(slugs.ReplaceAllString(name, "-"), "-"))
	for n := 1; ; n++ {
		path := fmt.Sprintf("%s.%d.%s.png", file, n, l.name)
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if os.IsExist(err) {
			continue
		}
		if err != nil {
			p.t.Fatal(err)
		}
		_, err = f.Write(png)
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			p.t.Fatal(err)
		}
		return
	}
}

var (
	slugs = regexp.MustCompile(`[^A-Za-z0-9]+`)
	ids   = regexp.MustCompile(`^([a-z]+_[0-9a-z]{26}|[0-9a-f-]{36}|[0-9-]+)$`)
)

// nameOf is a path without what it is of.
func nameOf(where string) string {
	path, _, _ := strings.Cut(where, "?")
	segments := strings.Split(path, "/")
	for i := range segments {
		segments[i] = ids.ReplaceAllString(segments[i], "it")
	}
	return strings.Join(segments, "/")
}

func (p *person) face() string {
	if strings.Contains(p.script("brand"), "operators") {
		return "operator "
	}
	return "tenant "
}
