package document

import (
	"encoding/csv"
	"flag"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// hours is a gauge's quantity of so many unit-hours.
func hours(n int64) *big.Int { return new(big.Int).Mul(big.NewInt(n), big.NewInt(3_600_000_000)) }

// nasty is a statement whose texts are not meant well.
func nasty() reeve.Statement {
	first, second := reeve.ID{1}, reeve.ID{2}
	line := func(project reeve.ID, name string, m reeve.UsageMeter, month reeve.Month, n *big.Int, cents int64) reeve.StatementLine {
		return reeve.StatementLine{ProjectID: project, ProjectName: name, Meter: m, Month: month, Quantity: n, Microcents: big.NewInt(cents * 1e6), Cents: cents}
	}
	backup := `=cmd|'/c calc'!A1`
	return reeve.Statement{
		ID: reeve.ID{9}, OrganizationID: reeve.ID{8}, OrganizationName: `<script>alert("acme")</script> & Söhne`, OwnerID: reeve.ID{7},
		Month: 202602, Status: reeve.StatementFinal,
		Lines: []reeve.StatementLine{
			line(first, backup, reeve.UsageStorage, 202602, hours(1_344_000_000_000_000), 46_000),
			line(first, backup, reeve.UsageEgress, 202602, big.NewInt(2_500_000_000), 20),
			line(first, backup, reeve.UsageEgress, 202601, big.NewInt(-1_000_000), -1),
			line(second, `"Web", 日本`, reeve.UsageObjects, 202602, hours(999), 0),
			line(second, `"Web", 日本`, reeve.UsageRequests, 202602, big.NewInt(1_234_567), 123_400),
		},
		Settlements: []reeve.Settlement{
			{Kind: reeve.SettledByCoupon, SourceID: reeve.ID{5}, Description: "+welcome\nsecond line", Cents: 3000},
			{Kind: reeve.SettledByCredit, SourceID: reeve.ID{6}, Description: "</style><b>goodwill</b>", Cents: 500},
		},
		Gross: 169_419, Coupons: 3000, Credits: 500, Due: 165_919, Noted: 419,
	}
}

func uuids(_ reeve.Prefix, id reeve.ID) string        { return id.String() }
func typeIDs(prefix reeve.Prefix, id reeve.ID) string { return id.TypeID(prefix) }

// TestStatementCSV: the amounts add up to what is due, and no cell is a
// formula.
func TestStatementCSV(t *testing.T) {
	got := StatementCSV(nasty(), uuids)
	golden(t, "statement.csv", got)
	rows, err := csv.NewReader(strings.NewReader(string(got))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	sum := new(big.Int)
	for _, row := range rows[1:] {
		amount, ok := new(big.Int).SetString(row[12], 10)
		if !ok {
			t.Fatalf("no amount: %q", row)
		}
		sum.Add(sum, amount)
		for _, i := range []int{1, 7, 13} {
			if strings.ContainsAny(row[i][:min(1, len(row[i]))], "=+-@") {
				t.Errorf("a formula: %q", row[i])
			}
		}
	}
	if sum.Int64() != nasty().Due {
		t.Errorf("the amounts make %s, due is %d", sum, nasty().Due)
	}
}

// TestStatementHTML: what others have named is text, there is no script, and
// nothing is loaded.
func TestStatementHTML(t *testing.T) {
	got, err := StatementHTML(nasty(), typeIDs)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "statement.html", got)
	for _, text := range []string{"<script", "<b>", "<link", "<img", "http:", "https:", "url(", "@import", " style=", "onload"} {
		if strings.Contains(string(got), text) {
			t.Errorf("%s is in the page", text)
		}
	}
	if n := strings.Count(string(got), "<style>"); n != 1 || !strings.Contains(string(got), "<style>"+styleSheet+"</style>") {
		t.Errorf("%d style sheets; the one is changed or missing", n)
	}
	for status, want := range map[reeve.StatementStatus]string{
		reeve.StatementDraft: "may still change", reeve.StatementPaid: "Paid.", reeve.StatementVoid: "nothing is to be paid",
	} {
		s := reeve.Statement{Month: 202612, Status: status}
		got, err := StatementHTML(s, typeIDs)
		if err != nil || !strings.Contains(string(got), want) || !strings.Contains(string(got), "Nothing was used.") ||
			!strings.Contains(string(got), "1 December 2026 to 31 December 2026") {
			t.Errorf("%s: %v\n%s", status, err, got)
		}
	}
}

func TestNumbers(t *testing.T) {
	for cents, want := range map[int64]string{
		0: "$0.00", 1: "$0.01", -1: "−$0.01", 99: "$0.99", 100: "$1.00", 123_456: "$1,234.56", -100_000_000: "−$1,000,000.00",
		-1 << 63: "−$92,233,720,368,547,758.08",
	} {
		if got := Dollars(cents); got != want {
			t.Errorf("%d: %s, want %s", cents, got, want)
		}
	}
	for n, want := range map[int64]string{
		0: "", 999: "", 1000: "1.00 kB", -1500: "−1.50 kB", 999_999: "1000.00 kB", 1_000_000: "1.00 MB", 1 << 62: "4.61 EB",
	} {
		if got := Short(reeve.UsageEgress, big.NewInt(n)); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	if got := Short(reeve.UsageStorage, new(big.Int).Exp(big.NewInt(10), big.NewInt(30), nil)); got != "1000000.00 YB-hours" {
		t.Error(got)
	}
	if got := Short(reeve.UsageRequests, big.NewInt(1e9)) + Short(reeve.UsageObjects, big.NewInt(1e9)); got != "" {
		t.Error(got)
	}
}
