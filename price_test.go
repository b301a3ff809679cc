package reeve_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
)

// TestPriceUnit is the grammar, and what a unit is in a month.
func TestPriceUnit(t *testing.T) {
	const february, leap, july = 202602, 202802, 202607
	for _, test := range []struct {
		meter reeve.UsageMeter
		text  string
		month reeve.Month
		want  string // "" if it is refused
	}{
		{reeve.UsageRequests, "request", july, "1"},
		{reeve.UsageRequests, "1 request", july, "1"},
		{reeve.UsageRequests, "1000 requests", july, "1000"},
		{reeve.UsageRequests, "10K requests", july, "10000"},
		{reeve.UsageRequests, "1M requests", july, "1000000"},
		{reeve.UsageEgress, "B", july, "1"},
		{reeve.UsageEgress, "GB", july, "1000000000"},
		{reeve.UsageEgress, "PiB", july, "1125899906842624"},
		{reeve.UsageEgress, "100 GB", july, "100000000000"},
		{reeve.UsageStorage, "B-hour", july, "3600000000"},
		{reeve.UsageStorage, "GiB-hour", july, "3865470566400000000"},
		{reeve.UsageStorage, "B-month", february, "2419200000000"},
		{reeve.UsageStorage, "B-month", leap, "2505600000000"},
		{reeve.UsageStorage, "B-month", july, "2678400000000"},
		{reeve.UsageObjects, "object-hour", july, "3600000000"},
		{reeve.UsageObjects, "1000 objects-month", february, "2419200000000000"},
		{meter: reeve.UsageRequests, text: ""},
		{meter: reeve.UsageRequests, text: "requests"},
		{meter: reeve.UsageRequests, text: "1 requests"},
		{meter: reeve.UsageRequests, text: "1000 request"},
		{meter: reeve.UsageRequests, text: "0 requests"},
		{meter: reeve.UsageRequests, text: "010 requests"},
		{meter: reeve.UsageRequests, text: "-1 requests"},
		{meter: reeve.UsageRequests, text: "+1 requests"},
		{meter: reeve.UsageRequests, text: "K requests"},
		{meter: reeve.UsageRequests, text: "1.5K requests"},
		{meter: reeve.UsageRequests, text: "1_000 requests"},
		{meter: reeve.UsageRequests, text: " requests"},
		{meter: reeve.UsageRequests, text: "1000  requests"},
		{meter: reeve.UsageRequests, text: "requests-month"},
		{meter: reeve.UsageRequests, text: "GB"},
		{meter: reeve.UsageEgress, text: "gb"},
		{meter: reeve.UsageEgress, text: "GB-month"},
		{meter: reeve.UsageEgress, text: "EB"},
		{meter: reeve.UsageEgress, text: "9999999 PiB"},
		{meter: reeve.UsageEgress, text: "99999999999999999999 B"},
		{meter: reeve.UsageStorage, text: "GB"},
		{meter: reeve.UsageStorage, text: "GB-day"},
		{meter: reeve.UsageStorage, text: "GB-month-month"},
		{meter: reeve.UsageStorage, text: "object-month"},
		{meter: reeve.UsageObjects, text: "objects-month"},
		{meter: reeve.UsageObjects, text: "B-month"},
		{meter: "cpu", text: "B"},
	} {
		unit, err := reeve.ParsePriceUnit(test.meter, test.text)
		switch {
		case test.want == "" && !reeve.IsKind(err, reeve.Invalid):
			t.Errorf("%q of %s: %v, want it refused", test.text, test.meter, err)
		case test.want != "" && (err != nil || unit.In(test.month).String() != test.want || unit.String() != test.text):
			t.Errorf("%q of %s in %s: %v, %v, want %s", test.text, test.meter, test.month, unit, err, test.want)
		}
	}
}

// TestNumber: what is read is what was written, and nothing is a float.
func TestNumber(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "0.0": "0", "0.4": "0.4", "2.30": "2.3", "1/3": "1/3", "2/6": "1/3", "1/4": "0.25", "10/5": "2", "007": "", "010/1": "", "1/010": "", "00": "", "00.1": "",
		"123456789012345678901234567890":  "123456789012345678901234567890",
		"0.00000000000000000000000000001": "1/100000000000000000000000000000",
		"-1":                              "", "+1": "", "": "", ".": "", ".5": "", "5.": "", "1e3": "", "0x10": "", "1_000": "", " 1": "",
		"1/0": "", "1/00": "", "1/-3": "", "1/3/4": "", "1.5/2": "", "1/2.5": "", "NaN": "", "Inf": "", "1,5": "",
		"1234567890123456789012345678901": "", "1/1234567890123456789012345678901": "",
	} {
		got, err := reeve.ParseNumber(text)
		switch {
		case want == "" && !reeve.IsKind(err, reeve.Invalid):
			t.Errorf("%q: %v, want it refused", text, err)
		case want != "" && (err != nil || reeve.FormatNumber(got) != want):
			t.Errorf("%q: %v, %v, want %s", text, got, err, want)
		}
	}
}

// number reads a number that is one.
func number(text string) *big.Rat {
	out, err := reeve.ParseNumber(text)
	if err != nil {
		panic(err)
	}
	return out
}

// price makes a price: "10:0.5" is up to ten units at half a cent, a number
// alone is the last tier.
func price(m reeve.UsageMeter, from reeve.Month, unit, free string, tiers ...string) reeve.Price {
	out := reeve.Price{Meter: m, From: from}
	var err error
	if out.Unit, err = reeve.ParsePriceUnit(m, unit); err != nil {
		panic(err)
	}
	if free != "" {
		out.Free = number(free)
	}
	for _, text := range tiers {
		upTo, cents, bounded := strings.Cut(text, ":")
		if !bounded {
			out.Tiers = append(out.Tiers, reeve.PriceTier{Price: number(upTo)})
			continue
		}
		out.Tiers = append(out.Tiers, reeve.PriceTier{UpTo: number(upTo), Price: number(cents)})
	}
	return out
}

func list(prices ...reeve.Price) reeve.PriceList {
	out, err := reeve.NewPriceList(prices)
	if err != nil {
		panic(err)
	}
	return out
}

// TestCost: tiers at their borders, and the one rounding.
func TestCost(t *testing.T) {
	const month = 202611 // 720 hours
	hour := big.NewInt(3_600_000_000)
	tiered := price(reeve.UsageRequests, 202601, "10 requests", "1", "2:3", "5:2", "1")
	for _, test := range []struct {
		price    reeve.Price
		quantity *big.Int
		want     string   // micro-cents
		tiers    []string // quantity@micro-cents
	}{
		{tiered, big.NewInt(0), "0", []string{"0@0", "0@0", "0@0", "0@0"}},
		{tiered, big.NewInt(-5), "0", []string{"0@0", "0@0", "0@0", "0@0"}},
		{tiered, big.NewInt(10), "0", []string{"10@0", "0@0", "0@0", "0@0"}},
		{tiered, big.NewInt(11), "300000", []string{"10@0", "1@300000", "0@0", "0@0"}},
		{tiered, big.NewInt(20), "3000000", []string{"10@0", "10@3000000", "0@0", "0@0"}},
		{tiered, big.NewInt(21), "3200000", []string{"10@0", "10@3000000", "1@200000", "0@0"}},
		{tiered, big.NewInt(50), "9000000", []string{"10@0", "10@3000000", "30@6000000", "0@0"}},
		{tiered, big.NewInt(53), "9300000", []string{"10@0", "10@3000000", "30@6000000", "3@300000"}},
		// Half a micro-cent goes to the even one, more than half up.
		{price(reeve.UsageRequests, 202601, "request", "", "0.0000005"), big.NewInt(1), "0", []string{"1@0"}},
		{price(reeve.UsageRequests, 202601, "request", "", "0.0000005"), big.NewInt(3), "2", []string{"3@2"}},
		{price(reeve.UsageRequests, 202601, "request", "", "0.00000051"), big.NewInt(1), "1", []string{"1@1"}},
		// Each of three tiers is a third of a micro-cent: together they are one.
		{
			price(reeve.UsageRequests, 202601, "1M requests", "", "0.000001:1/3", "0.000002:1/3", "1/3"), big.NewInt(3), "1",
			[]string{"1@0", "1@1", "1@0"},
		},
		// A gigabyte that is kept all month, and half of it.
		{price(reeve.UsageStorage, 202601, "GB-month", "", "2.3"), times(hour, 720, 1e9), "2300000", []string{"2592000000000000000000@2300000"}},
		{price(reeve.UsageStorage, 202601, "GB-month", "0.5", "2.3"), times(hour, 720, 1e9), "1150000", []string{"1296000000000000000000@0", "1296000000000000000000@1150000"}},
		{price(reeve.UsageStorage, 202601, "GB-hour", "", "2.3"), times(hour, 720, 1e9), "1656000000", []string{"2592000000000000000000@1656000000"}},
		// Whatever fits a quantity is priced exactly.
		{
			price(reeve.UsageEgress, 202601, "B", "", "1"), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(1)),
			"340282366920938463463374607431768211455000000",
			[]string{"340282366920938463463374607431768211455@340282366920938463463374607431768211455000000"},
		},
	} {
		got := test.price.Cost(test.quantity, month)
		var tiers []string
		for _, tier := range got.Tiers {
			tiers = append(tiers, tier.Quantity.String()+"@"+tier.Microcents.String())
		}
		if diff := cmp.Diff(test.tiers, tiers); got.Microcents.String() != test.want || diff != "" {
			t.Errorf("%s of %s: %s, want %s (-want +got):\n%s", test.quantity, test.price.Unit, got.Microcents, test.want, diff)
		}
	}
}

func times(n *big.Int, by ...int64) *big.Int {
	out := new(big.Int).Set(n)
	for _, factor := range by {
		out.Mul(out, big.NewInt(factor))
	}
	return out
}

// TestPriceListOf: a price holds from its month on, until the next.
func TestPriceListOf(t *testing.T) {
	l := list(
		price(reeve.UsageEgress, 202701, "GB", "", "3"),
		price(reeve.UsageStorage, 202603, "GB-month", "", "2"),
		price(reeve.UsageEgress, 202603, "GB", "", "1"),
		price(reeve.UsageEgress, 202612, "GB", "", "2"),
	)
	for month, want := range map[reeve.Month]string{
		202602: "", 202603: "1", 202611: "1", 202612: "2", 202701: "3", 209912: "3",
	} {
		got, ok := l.Of(reeve.UsageEgress, month)
		if ok != (want != "") || ok && reeve.FormatNumber(got.Tiers[0].Price) != want {
			t.Errorf("in %s: %v %v, want %q", month, ok, got.Tiers, want)
		}
		if inForce := l.In(month); (len(inForce.All()) > 0) != ok {
			t.Errorf("in %s: %v in force", month, inForce.All())
		}
	}
	if got, want := l.Months(), []reeve.Month{202603, 202612, 202701}; !slices.Equal(got, want) {
		t.Errorf("changes in %v, want %v", got, want)
	}
	if _, ok := (reeve.PriceList{}).Of(reeve.UsageEgress, 202611); ok {
		t.Error("an empty list has a price")
	}
}

// TestPriceListFaults: each fault says where it is.
func TestPriceListFaults(t *testing.T) {
	good := func() reeve.Price { return price(reeve.UsageEgress, 202601, "GB", "1", "2:3", "4:2", "1") }
	for name, test := range map[string]struct {
		spoil func(*reeve.Price)
		want  reeve.PriceFault
	}{
		"meter":         {func(p *reeve.Price) { p.Meter = "cpu" }, reeve.PriceFault{Tier: -1, Key: "meter", Reason: "unknown meter"}},
		"month":         {func(p *reeve.Price) { p.From = 202613 }, reeve.PriceFault{Tier: -1, Key: "from", Reason: "is no month"}},
		"no month":      {func(p *reeve.Price) { p.From = 0 }, reeve.PriceFault{Tier: -1, Key: "from", Reason: "is no month"}},
		"no unit":       {func(p *reeve.Price) { p.Unit = reeve.PriceUnit{} }, reeve.PriceFault{Tier: -1, Key: "unit", Reason: "is no unit of egress"}},
		"other's unit":  {func(p *reeve.Price) { p.Meter = reeve.UsageStorage }, reeve.PriceFault{Tier: -1, Key: "unit", Reason: "is no unit of storage"}},
		"free fraction": {func(p *reeve.Price) { p.Free = number("1/3") }, reeve.PriceFault{Tier: -1, Key: "free", Reason: "must come to a whole number of bytes"}},
		"free absurd": {
			func(p *reeve.Price) { p.Free = number("999999999999999999999999999999") },
			reeve.PriceFault{Tier: -1, Key: "free", Reason: "must come to a whole number of bytes"},
		},
		"no tiers": {func(p *reeve.Price) { p.Tiers = nil }, reeve.PriceFault{Tier: -1, Key: "tiers", Reason: "there must be one at least"}},
		"many tiers": {
			func(p *reeve.Price) { p.Tiers = slices.Repeat(p.Tiers, 17) },
			reeve.PriceFault{Tier: -1, Key: "tiers", Reason: "there are more than 50"},
		},
		"no price": {func(p *reeve.Price) { p.Tiers[1].Price = nil }, reeve.PriceFault{Tier: 1, Key: "price", Reason: "is missing"}},
		"negative": {func(p *reeve.Price) { p.Tiers[2].Price = big.NewRat(-1, 2) }, reeve.PriceFault{Tier: 2, Key: "price", Reason: "is negative"}},
		"dear": {
			func(p *reeve.Price) { p.Tiers[0].Price = number("1000000000000.1") },
			reeve.PriceFault{Tier: 0, Key: "price", Reason: "is more than 1000000000000 cents"},
		},
		"bounded":   {func(p *reeve.Price) { p.Tiers[2].UpTo = number("9") }, reeve.PriceFault{Tier: 2, Key: "up-to", Reason: "the last tier must have none"}},
		"unbounded": {func(p *reeve.Price) { p.Tiers[1].UpTo = nil }, reeve.PriceFault{Tier: 1, Key: "up-to", Reason: "is missing: only the last tier has none"}},
		"descending": {
			func(p *reeve.Price) { p.Tiers[1].UpTo = number("2") },
			reeve.PriceFault{Tier: 1, Key: "up-to", Reason: "must be more than the free units and the tier before"},
		},
		"within free": {
			func(p *reeve.Price) { p.Tiers[0].UpTo = number("1") },
			reeve.PriceFault{Tier: 0, Key: "up-to", Reason: "must be more than the free units and the tier before"},
		},
		"fraction": {func(p *reeve.Price) { p.Tiers[0].UpTo = number("4/3") }, reeve.PriceFault{Tier: 0, Key: "up-to", Reason: "must come to a whole number of bytes"}},
	} {
		bad := good()
		test.spoil(&bad)
		first := good()
		first.From = 202512
		test.want.Price = 1
		_, err := reeve.NewPriceList([]reeve.Price{first, bad})
		var got *reeve.PriceFault
		if !errors.As(err, &got) || *got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
	_, err := reeve.NewPriceList([]reeve.Price{good(), good()})
	if err == nil || err.Error() != "from: egress has a price from 2026-01 already" {
		t.Errorf("twice: %v", err)
	}
	if _, err := reeve.NewPriceList(make([]reeve.Price, reeve.MaxPrices+1)); err == nil || !strings.Contains(err.Error(), "more than 1000") {
		t.Errorf("too many: %v", err)
	}
}

// TestPriceListJSON: a list that is written, read and written again is the same
// list and the same bytes, in whatever order it was made.
func TestPriceListJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prices := drawPrices(t)
		l := list(prices...)
		text, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		var back reeve.PriceList
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		slices.Reverse(prices)
		for _, same := range []reeve.PriceList{back, list(prices...)} {
			if again, err := json.Marshal(same); err != nil || string(again) != string(text) {
				t.Fatalf("%s became %s, %v", text, again, err)
			}
		}
		for _, p := range prices {
			q := new(big.Int).SetUint64(rapid.Uint64().Draw(t, "quantity"))
			got, _ := back.Of(p.Meter, p.From)
			if want := p.Cost(q, p.From); got.Cost(q, p.From).Microcents.Cmp(want.Microcents) != 0 {
				t.Fatalf("%s %s cost %s, was %s", q, p.Meter, got.Cost(q, p.From).Microcents, want.Microcents)
			}
		}
	})
	const written = `{"currency":"USD","prices":[{"meter":"egress","from":"2026-01","unit":"GB","free":"1","tiers":[{"upTo":"2.5","price":"1/3"},{"price":"0.1"}]}]}`
	text, err := json.Marshal(list(price(reeve.UsageEgress, 202601, "GB", "1", "2.5:1/3", "0.1")))
	if string(text) != written || err != nil {
		t.Errorf("%s, %v, want %s", text, err, written)
	}
	if text, err := json.Marshal(reeve.PriceList{}); string(text) != `{"currency":"USD","prices":[]}` || err != nil {
		t.Errorf("nothing is %s, %v", text, err)
	}
	for _, bad := range []string{
		`[]`, `{"price":[]}`,
		strings.Replace(written, "GB", "GB-month", 1), strings.Replace(written, `"0.1"`, `"x"`, 1), strings.Replace(written, `"0.1"`, `0.1`, 1),
		strings.Replace(written, `"1",`, `"x",`, 1), strings.Replace(written, "2.5", "0.5", 1), strings.Replace(written, "2026-01", "2026-13", 1),
	} {
		if err := json.Unmarshal([]byte(bad), &reeve.PriceList{}); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// drawPrices makes prices of every sort.
func drawPrices(t *rapid.T) []reeve.Price {
	units := map[reeve.UsageMeter][]string{
		reeve.UsageStorage: {"GB-month", "GiB-hour", "10 TB-month"}, reeve.UsageObjects: {"object-hour", "1000 objects-month"},
		reeve.UsageEgress: {"GB", "TiB", "100 MB"}, reeve.UsageRequests: {"request", "10K requests", "1M requests"},
	}
	var out []reeve.Price
	for _, m := range reeve.UsageMeters {
		from := reeve.Month(202601)
		for range rapid.IntRange(0, 2).Draw(t, "versions") {
			var tiers []string
			bound := rapid.Int64Range(0, 3).Draw(t, "free")
			free := big.NewInt(bound).String()
			for range rapid.IntRange(0, 3).Draw(t, "tiers") {
				bound += rapid.Int64Range(1, 1000).Draw(t, "width")
				tiers = append(tiers, big.NewInt(bound).String()+":"+drawNumber(t))
			}
			out = append(out, price(m, from, rapid.SampledFrom(units[m]).Draw(t, "unit"), free, append(tiers, drawNumber(t))...))
			from = from.Add(rapid.IntRange(1, 3).Draw(t, "months"))
		}
	}
	return out
}

func drawNumber(t *rapid.T) string {
	return rapid.OneOf(
		rapid.StringMatching(`(0|[1-9][0-9]{0,3})(\.[0-9]{1,12})?`), rapid.StringMatching(`[1-9][0-9]{0,3}/[1-9][0-9]{0,6}`), rapid.Just("0"),
	).Draw(t, "number")
}
