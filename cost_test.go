package reeve_test

import (
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
)

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
