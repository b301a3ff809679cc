package reeve

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// PriceUnit is what a price is for: a number of bytes, requests or objects,
// and of a gauge how long they are kept. Its spelling is
//
//	[COUNT " "] NOUN ["-hour" | "-month"]
//
// NOUN is B, KB to PB (powers of 1000) or KiB to PiB (powers of 1024) of storage
// and egress, request of requests, object of objects; the last two are plural
// after a COUNT but 1. COUNT is a whole number, which may end in K (thousand)
// or M (million). Gauges need the span and counters have none. A month is as
// long as it is: 1 GB that is kept all February is 1 GB-month.
type PriceUnit struct {
	text    string
	size    int64 // bytes, requests or objects
	gauge   bool
	monthly bool // of a gauge: not hourly
}

// byteSizes are the nouns of bytes.
var byteSizes = map[string]int64{
	"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "PiB": 1 << 50,
}

// ParsePriceUnit reads a unit in which a meter can be priced.
func ParsePriceUnit(m UsageMeter, text string) (PriceUnit, error) {
	out := PriceUnit{text: text, gauge: m.Gauge()}
	noun, count, number := text, int64(1), ""
	if before, after, found := strings.Cut(text, " "); found {
		var ok bool
		if count, ok = parseCount(before); !ok {
			return PriceUnit{}, Errorf(Invalid, "%q is not a whole number such as 1000, 10K or 1M", before)
		}
		number, noun = before, after
	}
	if out.gauge {
		kept, span, _ := strings.Cut(noun, "-")
		if noun = kept; span != "hour" && span != "month" {
			return PriceUnit{}, Errorf(Invalid, "the unit of %s must end in -hour or -month", m)
		}
		out.monthly = span == "month"
	}
	size, err := nounSize(m, noun, number != "" && number != "1")
	if err != nil {
		return PriceUnit{}, err
	}
	if count > math.MaxInt64/size {
		return PriceUnit{}, Errorf(Invalid, "the unit is too large")
	}
	out.size = count * size
	return out, nil
}

// parseCount reads a count of units.
func parseCount(text string) (int64, bool) {
	digits, factor := text, int64(1)
	if kilo, ok := strings.CutSuffix(text, "K"); ok {
		digits, factor = kilo, 1e3
	} else if mega, ok := strings.CutSuffix(text, "M"); ok {
		digits, factor = mega, 1e6
	}
	n, err := strconv.ParseUint(digits, 10, 40)
	if err != nil || digits[0] == '0' {
		return 0, false
	}
	return int64(n) * factor, true
}

// nounSize gives what a noun stands for.
func nounSize(m UsageMeter, noun string, plural bool) (int64, error) {
	switch m {
	case UsageStorage, UsageEgress:
		if size, ok := byteSizes[noun]; ok {
			return size, nil
		}
		return 0, Errorf(Invalid, "the unit of %s must be of bytes, such as GB or GiB", m)
	case UsageObjects, UsageRequests:
		want := strings.TrimSuffix(string(m), "s")
		if plural {
			want += "s"
		}
		if noun == want {
			return 1, nil
		}
		return 0, Errorf(Invalid, "the unit of %s must be of %s", m, want)
	default:
		return 0, Errorf(Invalid, "unknown meter")
	}
}

// String gives the unit as it was written.
func (u PriceUnit) String() string { return u.text }

// In gives the quantity, as Quantity counts, that one unit is in a month.
func (u PriceUnit) In(month Month) *big.Int {
	out := big.NewInt(u.size)
	if !u.gauge {
		return out
	}
	span := time.Hour.Microseconds()
	if u.monthly {
		span *= month.Hours()
	}
	return out.Mul(out, big.NewInt(span))
}
