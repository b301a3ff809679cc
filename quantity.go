package reeve

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"math/bits"
	"time"
)

// Quantity is an exact sum of usage: of a counter what it has counted, of a
// gauge its value times the microseconds for which it held. It has 128 bits,
// so that the largest value held for a month fits two million times over; what
// is more stays at the largest quantity and never wraps.
type Quantity struct{ hi, lo uint64 }

// Count gives what a counter has counted; nothing if it is negative.
func Count(n int64) Quantity { return Quantity{lo: uint64(max(n, 0))} }

// Hold gives what a gauge's value makes in a time; nothing if either is negative.
func Hold(value int64, d time.Duration) Quantity {
	if value <= 0 || d <= 0 {
		return Quantity{}
	}
	hi, lo := bits.Mul64(uint64(value), uint64(d.Microseconds()))
	return Quantity{hi, lo}
}

// Add gives the sum.
func (q Quantity) Add(other Quantity) Quantity {
	lo, carry := bits.Add64(q.lo, other.lo, 0)
	hi, carry := bits.Add64(q.hi, other.hi, carry)
	if carry != 0 {
		return Quantity{^uint64(0), ^uint64(0)}
	}
	return Quantity{hi, lo}
}

// Sub gives the difference to a quantity that is not larger; nothing if it is.
func (q Quantity) Sub(other Quantity) Quantity {
	lo, borrow := bits.Sub64(q.lo, other.lo, 0)
	hi, borrow := bits.Sub64(q.hi, other.hi, borrow)
	if borrow != 0 {
		return Quantity{}
	}
	return Quantity{hi, lo}
}

// Equal tells whether both are the same.
func (q Quantity) Equal(other Quantity) bool { return q == other }

// IsZero tells whether nothing was used.
func (q Quantity) IsZero() bool { return q == Quantity{} }

// Int64 gives the quantity, at most the largest int64.
func (q Quantity) Int64() int64 {
	if q.hi != 0 || q.lo > 1<<63-1 {
		return 1<<63 - 1
	}
	return int64(q.lo)
}

// Big gives the quantity as an integer of its own.
func (q Quantity) Big() *big.Int {
	out := new(big.Int).SetUint64(q.hi)
	return out.Lsh(out, 64).Or(out, new(big.Int).SetUint64(q.lo))
}

// String is the quantity in decimal.
func (q Quantity) String() string { return q.Big().String() }

// Bytes gives the quantity big-endian, without zeros in front; nothing is no
// bytes.
func (q Quantity) Bytes() []byte {
	out := binary.BigEndian.AppendUint64(make([]byte, 0, 16), q.hi)
	out = binary.BigEndian.AppendUint64(out, q.lo)
	for len(out) > 0 && out[0] == 0 {
		out = out[1:]
	}
	return out
}

// QuantityFromBytes reads what Bytes gave.
func QuantityFromBytes(data []byte) (Quantity, error) {
	if len(data) > 16 {
		return Quantity{}, fmt.Errorf("a quantity of %d bytes", len(data))
	}
	var full [16]byte
	copy(full[16-len(data):], data)
	return Quantity{binary.BigEndian.Uint64(full[:8]), binary.BigEndian.Uint64(full[8:])}, nil
}

// microsecondsInHour is what a gauge's quantity is divided by to give
// unit-hours.
var microsecondsInHour = big.NewInt(time.Hour.Microseconds())

// UnitHours gives a gauge's quantity as whole unit-hours (byte-hours,
// object-hours), rounded half to even.
func UnitHours(q *big.Int) *big.Int { return divideHalfEven(q, microsecondsInHour) }

// divideHalfEven divides by a positive number and rounds to the nearest
// integer, of two equally near ones to the even one: the one rounding rule.
func divideHalfEven(n, d *big.Int) *big.Int {
	quotient, rest := new(big.Int).DivMod(n, d, new(big.Int)) // 0 <= rest < d
	switch twice := rest.Lsh(rest, 1); twice.Cmp(d) {
	case 1:
		quotient.Add(quotient, big.NewInt(1))
	case 0:
		quotient.Add(quotient, big.NewInt(int64(quotient.Bit(0))))
	}
	return quotient
}
