package prices_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/prices"
)

// TestExample: the file that people begin with is right, and means what it
// says.
func TestExample(t *testing.T) {
	content, err := os.ReadFile("../../examples/prices.yaml")
	if err != nil {
		t.Fatal(err)
	}
	list, err := prices.Parse(content)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(list.All()); got != 5 {
		t.Errorf("%d prices", got)
	}
	price, ok := list.Of(reeve.UsageRequests, 202611)
	if got := price.Cost(big.NewInt(4_000_000), 202611).Microcents; !ok || got.String() != "100000000" {
		t.Errorf("3 million requests and a free one cost %s, %v", got, ok)
	}
}

// TestParse: numbers are exact, and a file of nothing is an empty list.
func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"":          `[]`,
		"# later\n": `[]`,
		"---\n":     `[]`,
		"null":      `[]`,
		"egress: [{from: 2026-01, unit: GB, price: 0.1}]":     `[{"meter":"egress","from":"2026-01","unit":"GB","tiers":[{"price":"0.1"}]}]`,
		"egress: [{from: 2026-01-01, unit: GB, price: 1/3}]":  `[{"meter":"egress","from":"2026-01","unit":"GB","tiers":[{"price":"1/3"}]}]`,
		"egress: [{from: '2026-01', unit: 'GB', price: '0'}]": `[{"meter":"egress","from":"2026-01","unit":"GB","tiers":[{"price":"0"}]}]`,
		// More digits than a float has.
		"egress: [{from: 2026-01, unit: GB, price: 0.12345678901234567890123}]":                                      `[{"meter":"egress","from":"2026-01","unit":"GB","tiers":[{"price":"0.12345678901234567890123"}]}]`,
		"egress:\n- from: 2026-01\n  unit: GB\n  free: 1.5\n  tiers:\n  - up-to: 2.5\n    price: 1.10\n  - price: 1": `[{"meter":"egress","from":"2026-01","unit":"GB","free":"1.5","tiers":[{"upTo":"2.5","price":"1.1"},{"price":"1"}]}]`,
	} {
		list, err := prices.Parse([]byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got, err := json.Marshal(list)
		if want := `{"currency":"USD","prices":` + want + `}`; string(got) != want || err != nil {
			t.Errorf("%q: %s, %v, want %s", text, got, err, want)
		}
	}
}

// TestParseRefuses: each fault is one line that says where it is.
func TestParseRefuses(t *testing.T) {
	// entry is a price of egress, its keys on lines of their own from line 2.
	entry := func(keys ...string) string { return "egress:\n- from: 2026-01\n  " + strings.Join(keys, "\n  ") }
	tiers := func(tiers ...string) string { return entry("unit: GB", "tiers:", "- "+strings.Join(tiers, "\n  - ")) }
	for text, want := range map[string]string{
		"egress: [":                      "",
		"a: *b":                          "",
		"- egress":                       "line 1: the file must be a mapping from meters to their prices",
		"egress":                         "line 1: the file must be a mapping from meters to their prices",
		"a: 1\n---\nb: 2":                "the file holds more than one YAML document",
		"\ncpu: []":                      `line 2: "cpu": is no meter`,
		strings.Repeat("x", 50) + ": []": `line 1: "` + strings.Repeat("x", 40) + `": is no meter`,
		"[a]: 1":                         "line 1: a key must be a word",
		entry("unit: GB", "price: 1") + "\nrequests:\n- from: 2026-01\n  unit: request\n  price: 1\negress: []": `line 9: "egress": is there twice`,
		"egress: 5":                                                     "line 1: egress: must be a list of prices",
		"egress: []":                                                    "line 1: egress: must be a list of prices",
		"egress:\n- 5":                                                  "line 2: egress: must be a mapping",
		entry("unit: GB", "prize: 1"):                                   `line 4: egress: unknown key "prize"`,
		entry("unit: GB", "unit: GB"):                                   `line 4: "unit": is there twice`,
		"egress:\n- unit: GB\n  price: 1":                               "line 2: egress: from: is missing",
		entry("price: 1"):                                               "line 2: egress: unit: is missing",
		entry("unit:", "price: 1"):                                      "line 3: egress: unit: must have a value",
		entry("unit: [GB]", "price: 1"):                                 "line 3: egress: unit: must have a value",
		entry("unit: GB", "price: ~"):                                   "line 4: egress: price: must have a value",
		entry("unit: GB-month", "price: 1"):                             "line 3: egress: unit: the unit of egress must be of bytes, such as GB or GiB",
		entry("unit: GB"):                                               "line 2: egress: give either price or tiers",
		entry("unit: GB", "price: 1", "tiers: []"):                      "line 2: egress: give either price or tiers",
		entry("unit: GB", "price: -1"):                                  "line 4: egress: price: is negative",
		entry("unit: GB", "price: 1e3"):                                 "line 4: egress: price: must be a decimal number or a fraction, such as 0.4 or 1/3, of at most 30 digits",
		entry("unit: GB", "price: .inf"):                                "line 4: egress: price: must be a decimal number or a fraction, such as 0.4 or 1/3, of at most 30 digits",
		entry("unit: GB", "price: "+strings.Repeat("9", 30)):            "line 4: egress: price: is more than 1000000000000 cents",
		entry("unit: GB", "free: -1", "price: 1"):                       "line 4: egress: free: is negative",
		entry("unit: B", "free: 0.5", "price: 1"):                       "line 4: egress: free: must come to a whole number of bytes",
		entry("unit: GB", "free: "+strings.Repeat("9", 30), "price: 1"): "line 4: egress: free: must come to a whole number of bytes",
		"egress:\n- from: 2026-01-02\n  unit: GB\n  price: 1":           "line 2: egress: from: must be the first day of a month: prices hold for whole months",
		"egress:\n- from: 2026\n  unit: GB\n  price: 1":                 "line 2: egress: from: must be a month such as 2026-01, or its first day",
		"egress:\n- from: 2026-13-01\n  unit: GB\n  price: 1":           "line 2: egress: from: must be a month such as 2026-01, or its first day",
		entry("unit: GB", "price: 1") + "\n- from: 2026-01-01\n  unit: GB\n  price: 2": "line 5: egress: from: egress has a price from 2026-01 already",
		entry("unit: GB", "tiers: 5"):   "line 4: egress: tiers: must be a list",
		entry("unit: GB", "tiers: []"):  "line 4: egress: tiers: there must be one at least",
		tiers("5"):                      "line 5: egress: must be a mapping",
		tiers("price: 1\n    upto: 5"):  `line 6: egress: unknown key "upto"`,
		tiers("up-to: 5"):               "line 5: egress: price: is missing",
		tiers("up-to: 5\n    price: 1"): "line 5: egress: up-to: the last tier must have none",
		tiers("price: 1", "price: 1"):   "line 5: egress: up-to: is missing: only the last tier has none",
		tiers("up-to: 5\n    price: 1", "up-to: 5\n    price: 2", "price: 1"):                         "line 7: egress: up-to: must be more than the free units and the tier before",
		tiers("up-to: 0\n    price: 1", "price: 1"):                                                   "line 5: egress: up-to: must be more than the free units and the tier before",
		tiers(strings.Repeat("price: 1\n  - ", 50) + "price: 1"):                                      "line 5: egress: tiers: there are more than 50",
		strings.Repeat("#", prices.MaxFile+1):                                                         "the file is larger than 1048576 bytes",
		"egress: [" + strings.Repeat("{from: 2026-01, unit: GB, price: 1},", reeve.MaxPrices+1) + "]": "line 1: egress: there are more than 1000 prices in the file",
	} {
		_, err := prices.Parse([]byte(text))
		switch {
		case err == nil:
			t.Errorf("%.200q is taken", text)
		case want != "" && err.Error() != want:
			t.Errorf("%.200q: %q, want %q", text, err, want)
		}
	}
}

// TestPrint: what is in force each time that something changes, and how an
// amount comes about.
func TestPrint(t *testing.T) {
	for text, want := range map[string]string{
		"": "no prices: everything costs nothing\n",
		`
storage: [{from: 2026-02, unit: GiB-month, free: 10, tiers: [{up-to: 20, price: 1/3}, {price: 0.25}]}]
requests: [{from: 2026-01, unit: request, price: 2}, {from: 2026-02, unit: 1M requests, price: 40}]
`: `FROM     METER     UNIT         UNITS A MONTH  US CENTS A UNIT
2026-01  storage                               no price
         objects                               no price
         egress                                no price
         requests  request      all            2
2026-02  storage   GiB-month    up to 10       free
                                up to 20       1/3
                                beyond 20      0.25
         objects                               no price
         egress                                no price
         requests  1M requests  all            40

Example: a project in 2026-02, which has 672 hours

METER     USED               UNITS × US CENTS               MICRO-CENTS  CENTS
storage   30 × GiB-month     10 × 0 + 10 × 1/3 + 10 × 0.25  5833333      6
requests  1.5 × 1M requests  1.5 × 40                       60000000     60
total                                                                    66
`,
	} {
		list, err := prices.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := prices.Print(&out, list); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// FuzzParse: whatever the file holds, it is a list that can be written and
// read, or refused in one line.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("../../examples/prices.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte("egress: [{from: 2026-01, unit: GB, price: 1/3}]"))
	f.Add([]byte("&a [*a]"))
	f.Fuzz(func(t *testing.T, content []byte) {
		list, err := prices.Parse(content)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("%q", err)
			}
			return
		}
		text, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		var back reeve.PriceList
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if again, err := json.Marshal(back); err != nil || !bytes.Equal(again, text) {
			t.Fatalf("%s became %s, %v", text, again, err)
		}
	})
}
