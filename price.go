package reeve

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// PriceList is what usage costs: the prices of each meter from some month on.
// The zero list is empty: everything costs nothing. It does not change once
// made. As JSON it is exact: what is read back is the same list, and writes
// the same bytes.
type PriceList struct {
	prices []Price // by meter, then month
}

// Price is what one meter's usage costs from a month on, for each project and
// month by itself.
type Price struct {
	Meter UsageMeter
	From  Month
	Unit  PriceUnit
	Free  *big.Rat // units in a month that cost nothing; nil: none
	Tiers []PriceTier
}

// PriceTier is the price of a part of a month's units.
type PriceTier struct {
	UpTo  *big.Rat // units in the month, those before this tier and the free ones included; nil of the last tier
	Price *big.Rat // US cents a unit
}

// What a price list may hold.
const (
	MaxPrices     = 1000
	MaxPriceTiers = 50
)

// maxPriceCents is the most that a unit may cost.
var maxPriceCents = new(big.Rat).SetInt64(1e12)

// PriceFault is what is wrong with a list of prices, and where.
type PriceFault struct {
	Price  int    // of the list
	Tier   int    // of the price; -1: none
	Key    string // as a file of prices names it
	Reason string
}

// Error says what is wrong; the places are for who knows their lines.
func (f *PriceFault) Error() string { return f.Key + ": " + f.Reason }

// NewPriceList makes a list of prices in any order. The error is a PriceFault.
func NewPriceList(prices []Price) (PriceList, error) {
	if len(prices) > MaxPrices {
		return PriceList{}, &PriceFault{MaxPrices, -1, "from", fmt.Sprintf("more than %d prices", MaxPrices)}
	}
	for i, p := range prices {
		if fault := p.fault(); fault != nil {
			fault.Price = i
			return PriceList{}, fault
		}
		if slices.ContainsFunc(prices[:i], func(q Price) bool { return q.Meter == p.Meter && q.From == p.From }) {
			return PriceList{}, &PriceFault{i, -1, "from", fmt.Sprintf("%s has a price from %s already", p.Meter, p.From)}
		}
	}
	sorted := slices.Clone(prices)
	slices.SortFunc(sorted, func(a, b Price) int {
		return cmp.Or(a.Meter.order()-b.Meter.order(), cmp.Compare(a.From, b.From))
	})
	return PriceList{sorted}, nil
}

// order is the meter's place among statements' lines.
func (m UsageMeter) order() int { return slices.Index(UsageMeters, m) }

// fault gives what is wrong with a price, nil if nothing is.
func (p Price) fault() *PriceFault {
	at := func(tier int, key, format string, args ...any) *PriceFault {
		return &PriceFault{Tier: tier, Key: key, Reason: fmt.Sprintf(format, args...)}
	}
	switch {
	case p.Meter.order() < 0:
		return at(-1, "meter", "unknown meter")
	case p.From < 1_01 || MonthOf(p.From.Start()) != p.From:
		return at(-1, "from", "is no month")
	case p.Unit.size == 0 || p.Unit.gauge != p.Meter.Gauge():
		return at(-1, "unit", "is no unit of %s", p.Meter)
	case p.Free != nil && !p.whole(p.Free):
		return at(-1, "free", "must come to a whole number of %s", p.noun())
	case len(p.Tiers) == 0:
		return at(-1, "tiers", "there must be one at least")
	case len(p.Tiers) > MaxPriceTiers:
		return at(-1, "tiers", "there are more than %d", MaxPriceTiers)
	}
	below := p.Free
	for i, tier := range p.Tiers {
		last := i == len(p.Tiers)-1
		switch {
		case tier.Price == nil:
			return at(i, "price", "is missing")
		case tier.Price.Sign() < 0:
			return at(i, "price", "is negative")
		case tier.Price.Cmp(maxPriceCents) > 0:
			return at(i, "price", "is more than %s cents", FormatNumber(maxPriceCents))
		case last && tier.UpTo != nil:
			return at(i, "up-to", "the last tier must have none")
		case last:
			return nil
		case tier.UpTo == nil:
			return at(i, "up-to", "is missing: only the last tier has none")
		case below == nil && tier.UpTo.Sign() <= 0, below != nil && tier.UpTo.Cmp(below) <= 0:
			return at(i, "up-to", "must be more than the free units and the tier before")
		case !p.whole(tier.UpTo):
			return at(i, "up-to", "must come to a whole number of %s", p.noun())
		}
		below = tier.UpTo
	}
	return nil
}

// whole tells whether units come to a whole number of bytes, objects or
// requests, and to one that can be used.
func (p Price) whole(units *big.Rat) bool {
	n := new(big.Rat).Mul(units, new(big.Rat).SetInt64(p.Unit.size))
	return n.IsInt() && n.Sign() >= 0 && n.Num().BitLen() <= 100
}

// noun is what the price's unit is made of.
func (p Price) noun() string {
	if p.Meter == UsageStorage || p.Meter == UsageEgress {
		return "bytes"
	}
	return string(p.Meter)
}

// All gives the prices, by meter in the order of UsageMeters, then by month.
func (l PriceList) All() []Price { return slices.Clone(l.prices) }

// Of gives a meter's price in a month; false if it has none and so costs
// nothing.
func (l PriceList) Of(m UsageMeter, month Month) (Price, bool) {
	for _, p := range slices.Backward(l.prices) {
		if p.Meter == m && p.From <= month {
			return p, true
		}
	}
	return Price{}, false
}

// In gives the list of what is in force in a month.
func (l PriceList) In(month Month) PriceList {
	var out PriceList
	for _, m := range UsageMeters {
		if p, ok := l.Of(m, month); ok {
			out.prices = append(out.prices, p)
		}
	}
	return out
}

// Months lists the months in which a price changes, oldest first.
func (l PriceList) Months() []Month {
	var out []Month
	for _, p := range l.prices {
		out = append(out, p.From)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// The JSON of a price list: numbers are text, as ParseNumber reads it.
type (
	priceListJSON struct {
		Currency string      `json:"currency"`
		Prices   []priceJSON `json:"prices"`
	}
	priceJSON struct {
		Meter UsageMeter `json:"meter"`
		From  Month      `json:"from"`
		Unit  string     `json:"unit"`
		Free  string     `json:"free,omitempty"`
		Tiers []tierJSON `json:"tiers"`
	}
	tierJSON struct {
		UpTo  string `json:"upTo,omitempty"`
		Price string `json:"price"`
	}
)

// MarshalJSON writes the list.
func (l PriceList) MarshalJSON() ([]byte, error) {
	out := priceListJSON{Currency: "USD", Prices: []priceJSON{}}
	for _, p := range l.prices {
		price := priceJSON{Meter: p.Meter, From: p.From, Unit: p.Unit.text, Free: formatOptional(p.Free)}
		for _, tier := range p.Tiers {
			price.Tiers = append(price.Tiers, tierJSON{formatOptional(tier.UpTo), FormatNumber(tier.Price)})
		}
		out.Prices = append(out.Prices, price)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (l *PriceList) UnmarshalJSON(data []byte) error {
	var in priceListJSON
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return err
	}
	var prices []Price
	for _, p := range in.Prices {
		price, err := p.price()
		if err != nil {
			return fmt.Errorf("price of %s from %s: %w", p.Meter, p.From, err)
		}
		prices = append(prices, price)
	}
	list, err := NewPriceList(prices)
	*l = list
	return err
}

func (p priceJSON) price() (out Price, err error) {
	out = Price{Meter: p.Meter, From: p.From}
	if out.Unit, err = ParsePriceUnit(p.Meter, p.Unit); err != nil {
		return out, err
	}
	if out.Free, err = parseOptional(p.Free); err != nil {
		return out, err
	}
	for _, t := range p.Tiers {
		var tier PriceTier
		if tier.UpTo, err = parseOptional(t.UpTo); err == nil {
			tier.Price, err = ParseNumber(t.Price)
		}
		if err != nil {
			return out, err
		}
		out.Tiers = append(out.Tiers, tier)
	}
	return out, nil
}

// maxDigits is how many digits a number may have, and each part of a fraction.
const maxDigits = 30

// ParseNumber reads an exact number that is not negative: decimal (0.4) or a
// fraction (1/3). There is no exponent, no sign, no separator and no zero in
// front, which elsewhere means octal.
func ParseNumber(text string) (*big.Rat, error) {
	if strings.HasPrefix(text, "-") {
		return nil, Errorf(Invalid, "is negative")
	}
	whole, part, point := strings.Cut(text, ".")
	n, d, fraction := strings.Cut(text, "/")
	ok := integer(whole) && (!point || digits(part)) && len(whole)+len(part) <= maxDigits
	if fraction {
		ok = integer(n) && integer(d) && len(n) <= maxDigits && len(d) <= maxDigits && d != "0"
	}
	if ok {
		if out, ok := new(big.Rat).SetString(text); ok {
			return out, nil
		}
	}
	return nil, Errorf(Invalid, "must be a decimal number or a fraction, such as 0.4 or 1/3, of at most %d digits", maxDigits)
}

func integer(text string) bool { return digits(text) && (text[0] != '0' || text == "0") }

func digits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// FormatNumber writes a number as ParseNumber reads it: decimal if that is
// exact and not longer than it may be.
func FormatNumber(r *big.Rat) string {
	places, exact := r.FloatPrec()
	if text := r.FloatString(places); exact && len(text) <= maxDigits {
		return text
	}
	return r.RatString()
}

func formatOptional(r *big.Rat) string {
	if r == nil {
		return ""
	}
	return FormatNumber(r)
}

func parseOptional(text string) (*big.Rat, error) {
	if text == "" {
		return nil, nil
	}
	return ParseNumber(text)
}
