package console

import (
	"math/big"
	"regexp"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/document"
)

var errDollars = reeve.Errorf(reeve.Invalid, "an amount is written in dollars, such as 25 or 12.50")

// dollars have commas between thousands or none: one anywhere else may be meant
// as a point.
var dollars = regexp.MustCompile(`^([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{1,2})?$`)

// parseDollars reads an amount as people write it, in cents: "$1,234.5" is
// 123450. None is negative.
func parseDollars(text string) (cents int64, err error) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "$")
	if !dollars.MatchString(text) {
		return 0, errDollars
	}
	whole, part, _ := strings.Cut(strings.ReplaceAll(text, ",", ""), ".")
	n, ok := new(big.Int).SetString(whole+(part + "00")[:2], 10)
	if !ok || !n.IsInt64() {
		return 0, errDollars
	}
	return n.Int64(), nil
}

// moneyCell is an amount of cents, in a CSV a number of dollars.
func moneyCell(cents int64) cell {
	return cell{Text: document.Dollars(cents), Plain: new(big.Rat).SetFrac64(cents, 100).FloatString(2)}
}

// quantityCell is a meter's quantity as it is counted, in a CSV a plain number.
func quantityCell(m reeve.UsageMeter, quantity *big.Int) cell {
	n := m.Units(quantity).String()
	return cell{Text: document.Thousands(n), Plain: n}
}

// microMoneyCell is an exact amount, in cents.
func microMoneyCell(microcents *big.Int) cell {
	sign := ""
	if microcents.Sign() < 0 {
		sign = "−"
	}
	cents := new(big.Rat).SetFrac(new(big.Int).Abs(microcents), big.NewInt(reeve.MicrocentsInCent))
	return number(sign + reeve.FormatNumber(cents) + " ¢")
}
