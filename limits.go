package reeve

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Limit is one limit of a project: unset (the platform's default counts),
// unlimited, or a number of which zero is one. The zero Limit is unset.
type Limit struct {
	state limitState
	value int64
}

type limitState byte

const (
	limitUnset limitState = iota
	limitUnlimited
	limitNumber
)

// Unlimited lets everything through.
var Unlimited = Limit{state: limitUnlimited}

// LimitOf is a limit of n, which is not negative.
func LimitOf(n int64) Limit { return Limit{state: limitNumber, value: n} }

// Number gives the limit's number; ok is false when it is unset or unlimited.
func (l Limit) Number() (n int64, ok bool) { return l.value, l.state == limitNumber }

// IsUnlimited tells whether the limit lets everything through.
func (l Limit) IsUnlimited() bool { return l.state == limitUnlimited }

// String gives "default", "unlimited" or the number: what a limit's text is
// on input and in the change log.
func (l Limit) String() string {
	switch l.state {
	case limitUnlimited:
		return "unlimited"
	case limitNumber:
		return strconv.FormatInt(l.value, 10)
	default:
		return "default"
	}
}

// Limits are what a project may use.
type Limits struct {
	Usage     Limit // bytes stored
	Bandwidth Limit // bytes of egress a month
	Rate      Limit // requests a second
	Buckets   Limit // buckets
}

// Of gives the limit of a meter.
func (l Limits) Of(m Meter) Limit {
	switch m {
	case MeterRate:
		return l.Rate
	case MeterBandwidth:
		return l.Bandwidth
	default:
		return l.Usage
	}
}

// Or fills the limits that are unset with the platform's.
func (l Limits) Or(defaults Limits) Limits {
	for _, field := range []struct{ to, from *Limit }{
		{&l.Usage, &defaults.Usage}, {&l.Bandwidth, &defaults.Bandwidth}, {&l.Rate, &defaults.Rate}, {&l.Buckets, &defaults.Buckets},
	} {
		if *field.to == (Limit{}) {
			*field.to = *field.from
		}
	}
	return l
}

// LimitsPatch is a change to limits; a nil field stays as it is.
type LimitsPatch struct{ Usage, Bandwidth, Rate, Buckets *Limit }

// Check refuses what no limit can be, in the original's order and words,
// spelling included.
func (p LimitsPatch) Check() error {
	for _, field := range []struct {
		limit         *Limit
		below, beyond string
		print         func(int64) string
	}{
		{p.Usage, "negative usage", "", FormatSize},
		{p.Bandwidth, "negative bandwidth", "", FormatSize},
		{p.Rate, "negative rate", "failed to update rate", decimal},
		{p.Buckets, "negative bucket coun", "failed to update bucket limit", decimal},
	} {
		if field.limit == nil {
			continue
		}
		n, _ := field.limit.Number()
		if n < 0 {
			return Errorf(Invalid, "%s", field.below).WithDetail("%s", field.print(n))
		}
		if field.beyond != "" && n > math.MaxInt32 {
			return Errorf(Invalid, "%s", field.beyond).
				WithDetail("%d is greater than maximum value for Int4", n)
		}
	}
	return nil
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// Apply gives the limits after the change.
func (l Limits) Apply(p LimitsPatch) Limits {
	for _, field := range []struct{ to, from *Limit }{
		{&l.Usage, p.Usage}, {&l.Bandwidth, p.Bandwidth}, {&l.Rate, p.Rate}, {&l.Buckets, p.Buckets},
	} {
		if field.from != nil {
			*field.to = *field.from
		}
	}
	return l
}

// The units of sizes, largest first: powers of 1000 and of 1024.
var (
	decimalUnits = []unit{{"EB", 1e18}, {"PB", 1e15}, {"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}}
	binaryUnits  = []unit{{"EiB", 1 << 60}, {"PiB", 1 << 50}, {"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}
)

type unit struct {
	name string
	size int64
}

// FormatSize prints bytes as the Storj satellite does (its memory.Size): in
// base 10 with two decimals when the number has more trailing groups of zeros
// in base 1000 than in base 1024, else in base 2 with one decimal.
func FormatSize(bytes int64) string {
	units, format := binaryUnits, "%.1f %s"
	if zeroGroups(bytes, 1000) > zeroGroups(bytes, 1024) {
		units, format = decimalUnits, "%.2f %s"
	}
	if bytes == math.MinInt64 { // which has no absolute value: what does not fit
		return strconv.FormatInt(bytes, 10) + " B"
	}
	for _, u := range units {
		// A unit is used from two thirds of itself on.
		if bytes >= u.size*2/3 || bytes <= -(u.size*2/3) {
			return fmt.Sprintf(format, float64(bytes)/float64(u.size), u.name)
		}
	}
	return strconv.FormatInt(bytes, 10) + " B"
}

func zeroGroups(n, base int64) (groups int) {
	for n != 0 && n%base == 0 {
		n /= base
		groups++
	}
	return groups
}

// ParseSize reads a number of bytes as the Storj satellite does: a float, then
// a unit in either case (K or KB is 1000, Ki or KiB 1024, and so on up to E),
// truncated to whole bytes. What does not fit 64 bits reads as the smallest
// number, as it does there, so that callers refuse it as negative.
func ParseSize(text string) (int64, error) {
	if text == "" {
		return 0, errors.New("empty size")
	}
	number := strings.TrimRightFunc(text, isLetter)
	suffix := strings.ToUpper(text[len(number):])
	if !strings.HasSuffix(suffix, "B") {
		suffix += "B"
	}
	factor, ok := sizeFactor(suffix)
	if !ok {
		return 0, fmt.Errorf("unknown suffix %q", suffix)
	}
	value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil {
		return 0, err
	}
	value *= factor
	if value >= math.MaxInt64 || value <= math.MinInt64 || math.IsNaN(value) {
		return math.MinInt64, nil
	}
	return int64(value), nil
}

func isLetter(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' }

func sizeFactor(suffix string) (float64, bool) {
	if suffix == "B" {
		return 1, true
	}
	for _, units := range [][]unit{decimalUnits, binaryUnits} {
		for _, u := range units {
			if strings.ToUpper(u.name) == suffix {
				return float64(u.size), true
			}
		}
	}
	return 0, false
}
