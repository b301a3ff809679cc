package console

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/document"
)

// The units of bytes and of what is counted. Counts are written out below a
// million.
var (
	decimalSizes = scale{1000, []string{"B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}}
	binarySizes  = scale{1024, []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}}
	counts       = scale{1000, []string{"", "", "million", "billion", "trillion", "quadrillion", "quintillion"}}
)

// scale are units, of which each is so many of the one before.
type scale struct {
	step  float64
	units []string
}

// words writes a number, not below zero, to three digits in the unit that suits it.
func (s scale) words(n float64) string {
	if s.units[1] == "" && n < 999_500 {
		return document.Thousands(strconv.FormatFloat(n, 'f', 0, 64))
	}
	at := 0
	for n >= s.step*0.9995 && at+1 < len(s.units) { // what rounds to a whole step is one
		n /= s.step
		at++
	}
	digits := 2
	switch {
	case at == 0, n >= 99.95:
		digits = 0
	case n >= 9.995:
		digits = 1
	}
	out := strconv.FormatFloat(n, 'f', digits, 64)
	if digits > 0 {
		out = strings.TrimRight(strings.TrimRight(out, "0"), ".")
	}
	return out + " " + s.units[at]
}

// meterScale is what a meter's amounts are told in.
func meterScale(m reeve.UsageMeter) scale {
	if m == reeve.UsageStorage || m == reeve.UsageEgress {
		return decimalSizes
	}
	return counts
}

// asFloat is a number to draw or to round, not to reckon with.
func asFloat(n *big.Int) float64 {
	out, _ := new(big.Float).SetInt(n).Float64()
	return out
}
