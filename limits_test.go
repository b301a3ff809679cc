package reeve_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
)

// The sizes that the Storj satellite was seen to read.
func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "B": -1, "1000000000000": 1e12, "10 GB": 1e10, "10gb": 1e10, "1TiB": 1 << 40,
		"1.5GiB": 3 << 29, "7k": 7000, "7K": 7000, "2 tib": 2 << 40, "1e3": 1000, "+5": 5, " 6 ": 6,
		"1_000": 1000, "1.9": 1, "0.5": 0, "9EB": 9e18, "1e": 1e18, "1e B": -1, "5b": 5, "1Ki": 1024, "1kib": 1024,
		"1Mi": 1 << 20, "1m": 1e6, "1MB": 1e6, "1g": 1e9, "1Gi": 1 << 30, "1t": 1e12, "1p": 1e15, "1PiB": 1 << 50,
		"1Ei": 1 << 60, "-1": -1, "-5GB": -5e9, "\t8\tKB": 8000, "7 EiB": 7 << 60,
		// What does not fit reads as the smallest number.
		"10EB": math.MinInt64, "8EiB": math.MinInt64, "1e30": math.MinInt64, "-1e30": math.MinInt64,
		"9223372036854775807": math.MinInt64,
	} {
		got, err := reeve.ParseSize(text)
		if want == -1 && text != "-1" {
			if err == nil {
				t.Errorf("%q reads %d", text, got)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%q reads %d, %v, want %d", text, got, err, want)
		}
	}
}

func TestParseSizeErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":         "empty size",
		"1XB":      `unknown suffix "XB"`,
		"1x":       `unknown suffix "XB"`,
		"1kbb":     `unknown suffix "KBB"`,
		"abc":      `unknown suffix "ABCB"`,
		"NaN":      `unknown suffix "NANB"`,
		"Inf":      `unknown suffix "INFB"`,
		"GB":       `strconv.ParseFloat: parsing "": invalid syntax`,
		" ":        `strconv.ParseFloat: parsing "": invalid syntax`,
		"0x10":     `strconv.ParseFloat: parsing "0x10": invalid syntax`,
		"1 2":      `strconv.ParseFloat: parsing "1 2": invalid syntax`,
		"1,5GB":    `strconv.ParseFloat: parsing "1,5": invalid syntax`,
		"1GB ":     `strconv.ParseFloat: parsing "1GB": invalid syntax`,
		"--1":      `strconv.ParseFloat: parsing "--1": invalid syntax`,
		"1e999":    `strconv.ParseFloat: parsing "1e999": value out of range`,
		"1\x00":    `strconv.ParseFloat: parsing "1\x00": invalid syntax`,
		"1\u212a":  `strconv.ParseFloat: parsing "1` + "\u212a" + `": invalid syntax`,
		"nan1":     `strconv.ParseFloat: parsing "nan1": invalid syntax`,
		"infinity": `unknown suffix "INFINITYB"`,
	} {
		if got, err := reeve.ParseSize(text); err == nil || err.Error() != want {
			t.Errorf("%q reads %d, %v, want %s", text, got, err, want)
		}
	}
}

func TestFormatSize(t *testing.T) {
	for size, want := range map[int64]string{
		0: "0 B", 1: "1 B", 500: "500 B", 666: "666 B", 682: "0.7 KiB", 700: "0.7 KiB", 999: "1.0 KiB",
		1000: "1.00 KB", 1024: "1.0 KiB", 1500: "1.5 KiB", 7: "7 B", 11e9: "11.00 GB", 12e9: "12.00 GB",
		25e9: "25.00 GB", 1e9: "1.00 GB", 1e12: "1.00 TB", 1 << 40: "1.0 TiB", 1234567890: "1.1 GiB",
		666666666667: "620.9 GiB", 1e18: "1.00 EB", 1 << 60: "1.0 EiB", math.MaxInt64: "8.0 EiB",
		-1: "-1 B", -5e9: "-5.00 GB", -1024: "-1.0 KiB", math.MinInt64: "-9223372036854775808 B", 1 << 20: "1.0 MiB",
		1000 * 1024: "1.0 MiB", 1e6: "1.00 MB", 1e15: "1.00 PB", 1 << 50: "1.0 PiB", 1 << 30: "1.0 GiB",
	} {
		if got := reeve.FormatSize(size); got != want {
			t.Errorf("%d prints %s, want %s", size, got, want)
		}
	}
}

// TestSizeRoundTrip: a whole number of bytes reads as itself, as long as a
// float holds it.
func TestSizeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1<<53).Draw(t, "bytes")
		text := reeve.LimitOf(n).String()
		if got, err := reeve.ParseSize(text); err != nil || got != n {
			t.Fatalf("%s reads %d, %v", text, got, err)
		}
		if got, err := reeve.ParseSize(reeve.FormatSize(n)); err != nil || math.Abs(float64(got-n)) > float64(n)/10 {
			t.Fatalf("%d prints %s, which reads %d, %v", n, reeve.FormatSize(n), got, err)
		}
	})
}

// FuzzParseSize: no text panics, and none reads as more than was asked.
func FuzzParseSize(f *testing.F) {
	for _, text := range []string{"", "B", "GB", "NaN", "-Inf", "1.5GiB", "10EB", "0x1p-2", "1e-400", "\xff", "é"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := reeve.ParseSize(text)
		if err != nil && n != 0 {
			t.Errorf("%q: %d and %v", text, n, err)
		}
		_ = reeve.FormatSize(n)
	})
}

func TestLimit(t *testing.T) {
	for _, test := range []struct {
		limit     reeve.Limit
		text      string
		number    int64
		ok        bool
		unlimited bool
	}{
		{reeve.Limit{}, "default", 0, false, false},
		{reeve.Unlimited, "unlimited", 0, false, true},
		{reeve.LimitOf(0), "0", 0, true, false},
		{reeve.LimitOf(5), "5", 5, true, false},
	} {
		number, ok := test.limit.Number()
		if test.limit.String() != test.text || number != test.number || ok != test.ok ||
			test.limit.IsUnlimited() != test.unlimited {
			t.Errorf("%s: %d, %v, %v, want %+v", test.limit, number, ok, test.limit.IsUnlimited(), test)
		}
	}
}

// TestLimitsApply: a patch changes the fields that it names and no other.
func TestLimitsApply(t *testing.T) {
	start := reeve.Limits{Usage: reeve.LimitOf(1), Bandwidth: reeve.LimitOf(2), Rate: reeve.LimitOf(3), Buckets: reeve.LimitOf(4)}
	to, unset := reeve.LimitOf(9), reeve.Limit{}
	for _, test := range []struct {
		patch reeve.LimitsPatch
		want  reeve.Limits
	}{
		{reeve.LimitsPatch{}, start},
		{reeve.LimitsPatch{Usage: &to}, reeve.Limits{Usage: to, Bandwidth: start.Bandwidth, Rate: start.Rate, Buckets: start.Buckets}},
		{reeve.LimitsPatch{Bandwidth: &to}, reeve.Limits{Usage: start.Usage, Bandwidth: to, Rate: start.Rate, Buckets: start.Buckets}},
		{reeve.LimitsPatch{Rate: &reeve.Unlimited}, reeve.Limits{Usage: start.Usage, Bandwidth: start.Bandwidth, Rate: reeve.Unlimited, Buckets: start.Buckets}},
		{reeve.LimitsPatch{Buckets: &unset}, reeve.Limits{Usage: start.Usage, Bandwidth: start.Bandwidth, Rate: start.Rate}},
		{reeve.LimitsPatch{Usage: &to, Bandwidth: &to, Rate: &to, Buckets: &to}, reeve.Limits{Usage: to, Bandwidth: to, Rate: to, Buckets: to}},
	} {
		equal := cmp.Comparer(func(a, b reeve.Limit) bool { return a == b })
		if diff := cmp.Diff(test.want, start.Apply(test.patch), equal); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.patch, diff)
		}
	}
}
