package console

import (
	"math/big"
	"strings"

	"github.com/reeve-cloud/reeve"
)

var errDollars = reeve.Errorf(reeve.Invalid, "an amount is written in dollars, such as 25 or 12.50")

// parseDollars reads an amount as people write it, in cents: "$1,234.5" is
// 123450. None is negative.
func parseDollars(text string) (cents int64, err error) {
	text = strings.ReplaceAll(strings.TrimPrefix(strings.TrimSpace(text), "$"), ",", "")
	whole, part, dotted := strings.Cut(text, ".")
	if whole == "" || len(part) > 2 || dotted && part == "" || strings.Trim(whole+part, "0123456789") != "" {
		return 0, errDollars
	}
	n, ok := new(big.Int).SetString(whole+(part + "00")[:2], 10)
	if !ok || !n.IsInt64() {
		return 0, errDollars
	}
	return n.Int64(), nil
}
