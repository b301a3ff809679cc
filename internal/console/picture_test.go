package console

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// TestWords: amounts are told in the unit that suits them, to three digits.
func TestWords(t *testing.T) {
	for _, row := range []struct {
		in   scale
		n    float64
		want string
	}{
		{decimalSizes, 0, "0 B"},
		{decimalSizes, 999, "999 B"},
		{decimalSizes, 1000, "1 kB"},
		{decimalSizes, 1250, "1.25 kB"},
		{decimalSizes, 12_340, "12.3 kB"},
		{decimalSizes, 999_499, "999 kB"},
		{decimalSizes, 999_999, "1 MB"},
		{decimalSizes, 1e12, "1 TB"},
		{decimalSizes, 3.4e38, "340000000000000 YB"},
		{binarySizes, 1 << 40, "1 TiB"},
		{binarySizes, 1023, "1023 B"},
		{binarySizes, math.MaxInt64, "8 EiB"},
		{counts, 0, "0"},
		{counts, 1500, "1,500"},
		{counts, 999_499, "999,499"},
		{counts, 999_999, "1 million"},
		{counts, 2.5e9, "2.5 billion"},
	} {
		if got := row.in.words(row.n); got != row.want {
			t.Errorf("%g is %q, want %q", row.n, got, row.want)
		}
	}
}

// TestTop: an axis ends at a round number that nothing is above.
func TestTop(t *testing.T) {
	for most, want := range map[float64]float64{0: 4, 3: 4, 4: 4, 5: 8, 9: 20, 90: 100, 100: 100, 101: 200, 1.6e12: 2e12, 2.1e12: 4e12} {
		if got := top([]float64{0, most, 1}); got != want {
			t.Errorf("the axis for %g ends at %g, want %g", most, got, want)
		}
	}
}

// TestPictures: pictures are whole SVG with nothing in them that does anything,
// whatever they are of, and are made in time.
func TestPictures(t *testing.T) {
	values, labels := make([]float64, 31), make([]string, 31)
	for i := range values {
		values[i], labels[i] = float64(i*7919%31)*1e11, `<script>alert("&")</script>`
	}
	for name, c := range map[string]canvas{"light": {lightPalette, wideChart}, "dark": {darkPalette, narrowChart}} {
		for what, draw := range map[string]func() ([]byte, error){
			"curve":     func() ([]byte, error) { return c.curve(labels, values, decimalSizes.words) },
			"first day": func() ([]byte, error) { return c.curve(labels[:1], values[:1], counts.words) },
			"beyond":    func() ([]byte, error) { return c.curve(labels[:2], []float64{3.4e38, 0}, decimalSizes.words) },
			"bars": func() ([]byte, error) {
				return c.bars([]bar{{"<b>", 0.4, true, false}, {"over", 1, true, true}, {"unlimited", 0, false, false}})
			},
		} {
			svg, err := draw()
			if err != nil {
				t.Fatalf("%s %s: %v", name, what, err)
			}
			checkSVG(t, name+" "+what, svg)
			if back := c.back.String(); !bytes.Contains(svg, []byte("fill:"+back)) {
				t.Errorf("%s %s is not on %s", name, what, back)
			}
		}
	}
}

func checkSVG(t *testing.T, name string, svg []byte) {
	t.Helper()
	if len(svg) > 8000 {
		t.Errorf("%s has %d bytes", name, len(svg))
	}
	for _, no := range []string{"NaN", "Inf", "Roboto"} {
		if bytes.Contains(svg, []byte(no)) {
			t.Errorf("%s holds %s", name, no)
		}
	}
	reader := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := reader.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if start, ok := token.(xml.StartElement); ok && !strings.Contains(" svg path text circle ", " "+start.Name.Local+" ") {
			t.Errorf("%s holds <%s>", name, start.Name.Local)
		}
	}
}

// TestParts: how much of a limit is used is told without rounding over or under
// it.
func TestParts(t *testing.T) {
	for _, row := range []struct {
		limit       reeve.Limit
		used        int64
		part, words string
	}{
		{reeve.Unlimited, 5e9, "unlimited", "Storage: 5 GB used, unlimited."},
		{reeve.LimitOf(1e12), 0, "0 %", "Storage: 0 B of 1 TB used, 0 %."},
		{reeve.LimitOf(1e12), 1, "under 1 %", "Storage: 1 B of 1 TB used, under 1 %."},
		{reeve.LimitOf(1e12), 1e12 - 1, "99 %", "Storage: 1 TB of 1 TB used, 99 %."},
		{reeve.LimitOf(1e12), 1e12, "100 %", "Storage: 1 TB of 1 TB used, 100 %."},
		{reeve.LimitOf(1e12), 1e12 + 1, "101 %", "Storage: 1 TB used, over the limit of 1 TB."},
		{reeve.LimitOf(1 << 40), 1 << 39, "50 %", "Storage: 512 GiB of 1 TiB used, 50 %."},
		{reeve.LimitOf(1), math.MaxInt64, "over 9999 %", "Storage: 9.22 EB used, over the limit of 1 B."},
		{reeve.LimitOf(0), 0, "none allowed", "Storage: 0 B of 0 B used, none allowed."},
		{reeve.LimitOf(0), 1, "over", "Storage: 1 B used, over the limit of 0 B."},
	} {
		l := limit{LimitInForce: control.LimitInForce{Limit: row.limit, Used: row.used}, name: "Storage", bytes: true, metered: true}
		if got := l.part(); got != row.part {
			t.Errorf("%d of %v is %q, want %q", row.used, row.limit, got, row.part)
		}
		if got := l.words(); got != row.words {
			t.Errorf("%d of %v: %q, want %q", row.used, row.limit, got, row.words)
		}
	}
}

// BenchmarkCurve is to stay below 5 ms.
func BenchmarkCurve(b *testing.B) {
	values, labels := make([]float64, 31), make([]string, 31)
	for i := range values {
		values[i], labels[i] = float64(i*7919%31)*1e11, time.Unix(int64(i)*86400, 0).Format("2 Jan")
	}
	for b.Loop() {
		if _, err := (canvas{lightPalette, wideChart}).curve(labels, values, decimalSizes.words); err != nil {
			b.Fatal(err)
		}
	}
}
