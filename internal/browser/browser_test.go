// Package browser does in a browser what people do with the two consoles, by
// clicking and typing, and judges each page on the way: axe-core finds nothing
// wrong with it in light, in dark and on a phone, it asks no other host for
// anything, breaks no policy, says nothing to the console of the browser, and is
// small. It needs the Chromium that REEVE_TEST_CHROMIUM names
// (scripts/with-chromium finds one), and saves pictures of the pages in the
// directory that REEVE_SCREENSHOTS names.
package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// chromium is the one browser of all tests, in which each person has a profile.
var chromium context.Context

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	path := os.Getenv("REEVE_TEST_CHROMIUM")
	if path == "" {
		return m.Run() // the tests skip themselves
	}
	options := append(
		chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		// Only pages of our own are opened; root and containers have no sandbox.
		chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WindowSize(deskWidth, deskHeight),
	)
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	defer end()
	var stop context.CancelFunc
	chromium, stop = chromedp.NewContext(allocator)
	defer stop()
	if err := chromedp.Do(chromium); err != nil {
		fmt.Fprintln(os.Stderr, "browser:", path, "does not start:", err)
		return 1
	}
	return m.Run()
}

// needsChromium skips a test where there is none.
func needsChromium(t *testing.T) {
	t.Helper()
	if chromium == nil {
		t.Skip("REEVE_TEST_CHROMIUM is not set: scripts/with-chromium finds a Chromium and sets it")
	}
	t.Parallel()
}

// axe is axe-core, read once.
var axe = sync.OnceValue(func() string {
	source, err := os.ReadFile(filepath.Join("testdata", "axe.min.js"))
	if err != nil {
		panic(err)
	}
	return string(source)
})
