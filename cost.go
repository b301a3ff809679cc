package reeve

import "math/big"

// MicrocentsInCent is what amounts are counted in between.
const MicrocentsInCent = 1_000_000

// Cost is what a quantity costs.
type Cost struct {
	Microcents *big.Int // the exact cost, rounded half to even, once
	Tiers      []TierCost
}

// TierCost is a tier's part of a cost. The parts add up: each is the cost of
// all up to its end, rounded, less that of all before.
type TierCost struct {
	From       *big.Int // as Quantity counts
	UpTo       *big.Int // nil: without end
	Quantity   *big.Int // how much of what was used lies in between
	Price      *big.Rat // US cents a unit; 0 of the free allowance
	Microcents *big.Int
}

// Cost gives what a month's quantity, as Quantity counts, costs at the price;
// nothing if it is negative. All tiers are listed, the free allowance first.
func (p Price) Cost(q *big.Int, month Month) Cost {
	per := p.Unit.In(month)
	out := Cost{Microcents: new(big.Int)}
	sum, from := new(big.Rat), new(big.Int)
	add := func(upTo *big.Rat, price *big.Rat) {
		tier := TierCost{From: from, Price: price, Quantity: new(big.Int).Sub(q, from)}
		if upTo != nil {
			tier.UpTo = quantityOf(upTo, per)
			if tier.Quantity.Cmp(new(big.Int).Sub(tier.UpTo, from)) > 0 {
				tier.Quantity.Sub(tier.UpTo, from)
			}
			from = tier.UpTo
		}
		if tier.Quantity.Sign() < 0 {
			tier.Quantity.SetInt64(0)
		}
		sum.Add(sum, tier.exact(per))
		total := divideHalfEven(sum.Num(), sum.Denom())
		tier.Microcents = new(big.Int).Sub(total, out.Microcents)
		out.Microcents, out.Tiers = total, append(out.Tiers, tier)
	}
	if p.Free != nil && p.Free.Sign() > 0 {
		add(p.Free, new(big.Rat))
	}
	for _, tier := range p.Tiers {
		add(tier.UpTo, tier.Price)
	}
	return out
}

// exact gives the tier's cost in micro-cents.
func (t TierCost) exact(per *big.Int) *big.Rat {
	out := new(big.Rat)
	if t.Quantity.Sign() == 0 || t.Price.Sign() == 0 {
		return out
	}
	n := new(big.Int).Mul(t.Quantity, t.Price.Num())
	n.Mul(n, big.NewInt(MicrocentsInCent))
	return out.SetFrac(n, new(big.Int).Mul(per, t.Price.Denom()))
}

// quantityOf gives units as a quantity: a whole number, as NewPriceList has
// checked.
func quantityOf(units *big.Rat, per *big.Int) *big.Int {
	out := new(big.Int).Mul(units.Num(), per)
	return out.Quo(out, units.Denom())
}

// Cents gives micro-cents as cents, rounded half to even.
func Cents(microcents *big.Int) *big.Int {
	return divideHalfEven(microcents, big.NewInt(MicrocentsInCent))
}
