package document

import (
	"bytes"
	"math/big"
	"strconv"
	"strings"

	"github.com/reeve-cloud/reeve"
)

// IDs spells the ids of a document, as its face does elsewhere.
type IDs func(reeve.Prefix, reeve.ID) string

// StatementCSV writes a statement: a row for each line and for each coupon and
// credit. Their amounts, in cents, add up to what is due.
func StatementCSV(s reeve.Statement, ids IDs) []byte {
	t := newTable(
		"statement", "organization", "month", "status", "kind", "number",
		"project", "project_name", "meter", "usage_month", "quantity", "unit", "amount", "description",
	)
	row := func(kind string, number int, cells ...string) {
		t.row(append([]string{
			ids(reeve.PrefixStatement, s.ID), Guarded(s.OrganizationName), s.Month.String(), string(s.Status), kind, strconv.Itoa(number),
		}, cells...)...)
	}
	for i, l := range s.Lines {
		kind := "usage"
		if l.Month != s.Month {
			kind = "adjustment"
		}
		row(kind, i+1, ids(reeve.PrefixProject, l.ProjectID), Guarded(l.ProjectName), string(l.Meter), l.Month.String(),
			l.Meter.Units(l.Quantity).String(), l.Meter.Unit(), strconv.FormatInt(l.Cents, 10), "")
	}
	for i, part := range s.Settlements {
		row(string(part.Kind), i+1, "", "", "", "", "", "", strconv.FormatInt(-part.Cents, 10), Guarded(part.Description))
	}
	return t.bytes()
}

// Dollars writes cents as $1,234.56.
func Dollars(cents int64) string {
	sign := ""
	abs := new(big.Int).Abs(big.NewInt(cents)).String()
	if cents < 0 {
		sign = "−"
	}
	for len(abs) < 3 {
		abs = "0" + abs
	}
	point := len(abs) - 2
	return sign + "$" + Thousands(abs[:point]) + "." + abs[point:]
}

// Thousands puts commas between the digits of a whole number.
func Thousands(text string) string {
	sign := ""
	if digits, ok := strings.CutPrefix(text, "-"); ok {
		sign, text = "−", digits
	}
	var out bytes.Buffer
	for i, digit := range text {
		if i > 0 && (len(text)-i)%3 == 0 {
			out.WriteByte(',')
		}
		out.WriteRune(digit)
	}
	return sign + out.String()
}

// Short writes a large number of bytes or objects in a larger unit, such as
// 1.23 TB-hours; "" where there is no need for that. It only shows: the exact
// number stands beside it.
func Short(m reeve.UsageMeter, n *big.Int) string {
	const prefixes = "kMGTPEZY"
	symbol, abs := "", new(big.Int).Abs(n)
	switch m {
	case reeve.UsageStorage:
		symbol = "B-hours"
	case reeve.UsageEgress:
		symbol = "B"
	default:
		return ""
	}
	scale, at := big.NewInt(1000), -1
	divisor := big.NewInt(1)
	for next := new(big.Int).Set(scale); abs.Cmp(next) >= 0 && at+1 < len(prefixes); next.Mul(next, scale) {
		divisor.Set(next)
		at++
	}
	if at < 0 {
		return ""
	}
	text := new(big.Rat).SetFrac(abs, divisor).FloatString(2)
	if n.Sign() < 0 {
		text = "−" + text
	}
	return text + " " + prefixes[at:at+1] + symbol
}
