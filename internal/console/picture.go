package console

import (
	"bytes"
	"compress/gzip"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-analyze/charts"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

// palette are the colours of pictures: those of static/console.css.
type palette struct{ back, text, line, curve, over charts.Color }

var (
	lightPalette = palette{
		back: charts.ColorFromHex("#ffffff"), text: charts.ColorFromHex("#555c68"), line: charts.ColorFromHex("#d5d9e0"),
		curve: charts.ColorFromHex("#1d5bbf"), over: charts.ColorFromHex("#7a5200"),
	}
	darkPalette = palette{
		back: charts.ColorFromHex("#14161a"), text: charts.ColorFromHex("#a7aeba"), line: charts.ColorFromHex("#383d47"),
		curve: charts.ColorFromHex("#7fb0ff"), over: charts.ColorFromHex("#f0c36a"),
	}
)

func (p palette) theme() charts.ColorPalette {
	return charts.MakeTheme(charts.ThemeOption{
		BackgroundColor: p.back, TextColor: p.text, AxisStrokeColor: p.line, AxisSplitLineColor: p.line,
		SeriesColors: []charts.Color{p.curve, p.over, p.line},
	})
}

// Pictures are made for two widths, so that their texts stay as large as the
// page's.
const (
	wideChart, narrowChart = 560, 330
	curveHeight            = 210
)

// image is one variant of a picture, and for which pages it is.
type image struct {
	To, Media     string
	Width, Height int
}

// picture gives the variants of a chart's picture; the last is for all others.
func (c chart) picture() []image {
	dark, narrow := "(prefers-color-scheme: dark)", "(max-width: 40rem)"
	return []image{
		{at(at(c.To, themeField, "dark"), sizeField, "narrow"), dark + " and " + narrow, narrowChart, c.Height},
		{at(c.To, themeField, "dark"), dark, wideChart, c.Height},
		{at(c.To, sizeField, "narrow"), narrow, narrowChart, c.Height},
		{c.To, "", wideChart, c.Height},
	}
}

// The parameters of pictures.
const themeField, sizeField = "theme", "size"

// picture serves a picture to who is signed in.
func (s *site) picture(path string, draw func(*visit) ([]byte, error)) {
	s.pages.Handle(root+path, map[string]web.Page{http.MethodGet: s.visited(func(v *visit) error {
		svg, err := draw(v)
		if err != nil {
			return err
		}
		return v.sendPicture(svg)
	})})
}

// canvas is what a picture is drawn on.
type canvas struct {
	palette
	width int
}

// canvas reads what sort of picture is asked for.
func (v *visit) canvas() canvas {
	query := v.r.URL.Query()
	out := canvas{palette: lightPalette, width: wideChart}
	if query.Get(themeField) == "dark" {
		out.palette = darkPalette
	}
	if query.Get(sizeField) == "narrow" {
		out.width = narrowChart
	}
	return out
}

const labelSize = 9 // points

// curve draws a value for each step.
func (c canvas) curve(labels []string, values []float64, say func(float64) string) ([]byte, error) {
	p := c.painter(curveHeight)
	theme := c.theme()
	option := charts.NewLineChartOptionWithData([][]float64{values})
	option.Theme = theme
	option.Padding = charts.NewBox(10, 14, 18, 8)
	option.Legend.Show = charts.Ptr(false)
	option.FillArea, option.FillOpacity = charts.Ptr(true), 28
	option.Symbol.Shape = charts.SymbolNone
	option.LineStrokeWidth = 2
	option.XAxis.Labels = labels
	option.XAxis.LabelCount = c.width / 90
	option.XAxis.LabelFontStyle.FontSize = labelSize
	option.XAxis.BoundaryGap = charts.Ptr(false)
	axis := &option.YAxis[0]
	axis.Min, axis.Max, axis.LabelCount = charts.Ptr(0.0), charts.Ptr(top(values)), curveSteps+1
	axis.LabelFontStyle.FontSize = labelSize
	option.ValueFormatter = say
	if err := p.LineChart(option); err != nil {
		return nil, err
	}
	return finish(p)
}

// curveSteps are the steps of a curve's axis.
const curveSteps = 4

// top is where a curve's axis ends: at round numbers, the largest value within.
func top(values []float64) float64 {
	most := slices.Max(values)
	if most <= curveSteps {
		return curveSteps
	}
	unit := math.Pow(10, math.Floor(math.Log10(most/curveSteps)))
	for _, round := range []float64{1, 2, 2.5, 5, 10} {
		if step := unit * round; step*curveSteps >= most && (step == math.Trunc(step)) {
			return step * curveSteps
		}
	}
	return most
}

// bar is a part of a whole.
type bar struct {
	name  string
	part  float64 // of the bar's length, 1 at most
	whole bool    // there is one
	over  bool
}

// barHeight is how high a picture of bars is.
func barHeight(n int) int { return 12 + 34*n }

// bars draws parts of wholes, one below the other.
func (c canvas) bars(all []bar) ([]byte, error) {
	p := c.painter(barHeight(len(all)))
	var names []string
	var within, over, rest []float64
	for _, b := range slices.Backward(all) { // the library begins at the bottom
		part, excess, free := b.part, 0.0, 0.0
		if b.over {
			part, excess = excess, part
		}
		if b.whole {
			free = 1 - b.part
		}
		names, within, over, rest = append(names, b.name), append(within, part), append(over, excess), append(rest, free)
	}
	option := charts.NewBarChartOptionWithData([][]float64{within, over, rest})
	option.Theme = c.theme().WithYAxisColor(c.back)
	option.Horizontal = true
	option.StackSeries = charts.Ptr(true)
	option.Padding = charts.NewBox(10, 6, 8, 6)
	option.Legend.Show = charts.Ptr(false)
	option.BarSize = 0.45
	option.CategoryAxis.Labels = names
	option.CategoryAxis.LabelFontStyle = charts.FontStyle{FontSize: labelSize, FontColor: c.text}
	option.CategoryAxis.LabelOffset.Left = -6
	axis := &option.ValueAxis[0]
	axis.Show, axis.SplitLineShow = charts.Ptr(false), charts.Ptr(false)
	axis.Min, axis.Max, axis.LabelCount = charts.Ptr(0.0), charts.Ptr(1.0), 2
	if err := p.BarChart(option); err != nil {
		return nil, err
	}
	return finish(p)
}

func (c canvas) painter(height int) *charts.Painter {
	return charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputSVG, Width: c.width, Height: height, Theme: c.theme()})
}

// finish gives the SVG, with the reader's own sans-serif.
func finish(p *charts.Painter) ([]byte, error) {
	out, err := p.Bytes()
	return bytes.ReplaceAll(out, []byte("font-family:'Roboto Medium',sans-serif"), []byte("font-family:system-ui,sans-serif")), err
}

// sendPicture sends an SVG. It may hold styles, and nothing else that does
// anything.
func (v *visit) sendPicture(svg []byte) error {
	header := v.w.Header()
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	header.Set("Content-Type", "image/svg+xml")
	header.Set("Vary", "Accept-Encoding")
	if strings.Contains(v.r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = w.Write(svg) // a buffer does not fail
		_ = w.Close()
		svg = packed.Bytes()
	}
	header.Set("Content-Length", strconv.Itoa(len(svg)))
	v.w.WriteHeader(http.StatusOK)
	_, _ = v.w.Write(svg) // the browser has gone: nobody to tell
	return nil
}

var errNoPicture = reeve.Errorf(reeve.NotFound, "there is no such picture")
