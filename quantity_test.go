package reeve_test

import (
	"bytes"
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
)

// largest is the largest quantity: 2^128-1.
var largest = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(1))

// quantityOf gives a number of at most 128 bits as a quantity.
func quantityOf(t rapid.TB, n *big.Int) reeve.Quantity {
	t.Helper()
	q, err := reeve.QuantityFromBytes(n.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// drawQuantity draws a number that is often at the edge of its 64-bit halves.
func drawQuantity(t *rapid.T, name string) *big.Int {
	half := rapid.OneOf(rapid.SampledFrom([]uint64{0, 1, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64 - 1, math.MaxUint64}), rapid.Uint64())
	out := new(big.Int).SetUint64(half.Draw(t, name+" high"))
	return out.Or(out.Lsh(out, 64), new(big.Int).SetUint64(half.Draw(t, name+" low")))
}

// holds checks that a quantity is a number, or the largest if that is more.
func holds(t rapid.TB, what string, want *big.Int, got reeve.Quantity) {
	t.Helper()
	if want.Cmp(largest) > 0 {
		want = largest
	}
	if got.Big().Cmp(want) != 0 || got.String() != want.String() || got.IsZero() != (want.Sign() == 0) {
		t.Fatalf("%s: %s (%s, zero: %t), want %s", what, got.Big(), got, got.IsZero(), want)
	}
	atMost := int64(math.MaxInt64)
	if want.IsInt64() {
		atMost = want.Int64()
	}
	if got.Int64() != atMost {
		t.Fatalf("%s: %d as an int64, want %d", what, got.Int64(), atMost)
	}
}

// TestQuantityArithmetic: quantities are what the same numbers of any length are.
func TestQuantityArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawQuantity(t, "a"), drawQuantity(t, "b")
		p, q := quantityOf(t, a), quantityOf(t, b)
		holds(t, "a + b", new(big.Int).Add(a, b), p.Add(q))
		holds(t, "b + a", new(big.Int).Add(a, b), q.Add(p))
		if p.Equal(q) != (a.Cmp(b) == 0) {
			t.Fatalf("%s equals %s: %t", p, q, p.Equal(q))
		}
		value := rapid.Int64().Draw(t, "value")
		holds(t, "count", big.NewInt(max(value, 0)), reeve.Count(value))
		d := time.Duration(rapid.Int64().Draw(t, "duration"))
		held := new(big.Int).Mul(big.NewInt(max(value, 0)), big.NewInt(max(d.Microseconds(), 0)))
		holds(t, "hold", held, reeve.Hold(value, d))
	})
}

// TestQuantityEdges: nothing wraps, and nothing is negative.
func TestQuantityEdges(t *testing.T) {
	one, top := reeve.Count(1), quantityOf(t, largest)
	almost := quantityOf(t, new(big.Int).Sub(largest, big.NewInt(1)))
	low := quantityOf(t, new(big.Int).SetUint64(math.MaxUint64))
	most := big.NewInt(math.MaxInt64)
	for _, test := range []struct {
		what string
		want *big.Int
		got  reeve.Quantity
	}{
		{"the largest but one, and one", largest, almost.Add(one)},
		{"the largest and nothing", largest, top.Add(reeve.Quantity{})},
		{"the largest and one", largest, top.Add(one)},
		{"one and the largest", largest, one.Add(top)},
		{"the largest twice", largest, top.Add(top)},
		{"a carry", new(big.Int).Lsh(big.NewInt(1), 64), low.Add(one)},
		{"nothing", new(big.Int), reeve.Quantity{}},
		{"a negative count", new(big.Int), reeve.Count(-1)},
		{"the least count", new(big.Int), reeve.Count(math.MinInt64)},
		{"a negative value that is held", new(big.Int), reeve.Hold(math.MinInt64, time.Hour)},
		{"a negative time", new(big.Int), reeve.Hold(1, -time.Hour)},
		{"both negative", new(big.Int), reeve.Hold(-1, -time.Hour)},
		{"less than a microsecond", new(big.Int), reeve.Hold(1, time.Microsecond-1)},
		{"a microsecond", most, reeve.Hold(math.MaxInt64, time.Microsecond)},
		{"the most held longest", new(big.Int).Mul(most, big.NewInt(math.MaxInt64/1000)), reeve.Hold(math.MaxInt64, math.MaxInt64)},
	} {
		t.Run(test.what, func(t *testing.T) { holds(t, "quantity", test.want, test.got) })
	}
}

// TestQuantityBytes: bytes are the shortest form, and what is read is what was
// written.
func TestQuantityBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawQuantity(t, "n")
		data := quantityOf(t, n).Bytes()
		if !bytes.Equal(data, n.Bytes()) {
			t.Fatalf("%s: %x, want %x", n, data, n.Bytes())
		}
		padded := make([]byte, rapid.IntRange(0, 16-len(data)).Draw(t, "zeros"), 16)
		got, err := reeve.QuantityFromBytes(append(padded, data...))
		if err != nil {
			t.Fatal(err)
		}
		holds(t, "again", n, got)
	})
	for _, data := range [][]byte{make([]byte, 17), bytes.Repeat([]byte{1}, 17), make([]byte, 1000)} {
		if q, err := reeve.QuantityFromBytes(data); err == nil || !q.IsZero() {
			t.Errorf("%d bytes: %s, %v, want an error", len(data), q, err)
		}
	}
}

// TestUnitHours: half goes to the even one, on both sides of zero.
func TestUnitHours(t *testing.T) {
	const hour = 3_600_000_000
	for _, test := range []struct{ quantity, want int64 }{
		{0, 0},
		{1, 0},
		{hour/2 - 1, 0},
		{hour / 2, 0},
		{hour/2 + 1, 1},
		{hour, 1},
		{3*hour/2 - 1, 1},
		{3 * hour / 2, 2},
		{3*hour/2 + 1, 2},
		{5 * hour / 2, 2},
		{5*hour/2 + 1, 3},
		{-1, 0},
		{-hour/2 + 1, 0},
		{-hour / 2, 0},
		{-hour/2 - 1, -1},
		{-hour, -1},
		{-3 * hour / 2, -2},
		{-3*hour/2 + 1, -1},
		{-5 * hour / 2, -2},
		{-5*hour/2 - 1, -3},
		{-7 * hour / 2, -4},
	} {
		q := big.NewInt(test.quantity)
		if got := reeve.UnitHours(q); got.Cmp(big.NewInt(test.want)) != 0 {
			t.Errorf("%d: %s, want %d", test.quantity, got, test.want)
		}
		if q.Cmp(big.NewInt(test.quantity)) != 0 {
			t.Errorf("%d has become %s", test.quantity, q)
		}
	}
}
