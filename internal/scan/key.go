package scan

import (
	"math/big"
	"slices"
	"sync"

	"github.com/reeve-cloud/reeve/macaroon"
)

// An API key is a number in base 58 whose first bytes are always the same
// (package macaroon describes them). So its first digits tell how many there
// are, and keys are found without looking for where they end: in the middle of
// other digits, too.
const (
	alphabet  = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	zeroDigit = '1' // the version byte 0, which all keys and grants begin with
	noDigit   = 0xff

	prefixDigits = 5 // after zeroDigit
	// first are the first three bytes of a key after its version.
	first = 0x020220
	// minWire and maxWire are how long a key without its version and checksum
	// can be, in bytes.
	minWire     = 71
	maxWire     = 2995
	checksumLen = 4
	// minGrant is less than any access grant has.
	minGrant = 103
)

// digitOf gives what a character counts.
var digitOf = func() (out [256]byte) {
	for i := range out {
		out[i] = noDigit
	}
	for i := range len(alphabet) {
		out[alphabet[i]] = byte(i)
	}
	return out
}()

// span are the first digits, as a number, that keys of a length begin with.
type span struct{ low, high, length int }

// spans are those of all lengths, by low; they hardly overlap. widest is the
// most that one reaches up.
var spans = sync.OnceValue(func() []span {
	const precision = 256 // bits; the error after three thousand steps is far below one digit
	number := func(n float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(n) }
	base, octet, ratio := number(58), number(256), number(first+1)
	ratio.Quo(ratio, number(first))
	scale := number(58 * 58 * 58 * 58) // a number below 58 becomes one of prefixDigits digits
	var out []span
	low, digits := number(first), 1
	for bytes := 3; bytes <= maxWire+checksumLen; bytes++ {
		if bytes > 3 {
			low.Mul(low, octet)
		}
		for ; low.Cmp(base) >= 0; digits++ {
			low.Quo(low, base)
		}
		if bytes < minWire+checksumLen {
			continue
		}
		at, _ := new(big.Float).Mul(low, scale).Int64()
		to, _ := new(big.Float).Mul(new(big.Float).Mul(low, ratio), scale).Int64()
		if limit := int64(58 * 58 * 58 * 58 * 58); to >= limit { // the longest of them have a digit more
			out = append(out, span{int(limit / 58), int(to / 58), digits + 2})
			to = limit - 1
		}
		out = append(out, span{int(at), int(to), digits + 1}) // and zeroDigit
	}
	slices.SortFunc(out, func(a, b span) int { return a.low - b.low })
	return out
})

var widest = sync.OnceValue(func() int {
	most := 0
	for _, s := range spans() {
		most = max(most, s.high-s.low)
	}
	return most
})

// key gives the API key that begins at a place of text.
func (s *scanner) key(text []byte, at int) Found {
	if len(text)-at < 1+prefixDigits || s.offset+int64(at) < s.notBefore {
		return Found{}
	}
	number := 0
	for _, c := range text[at+1 : at+1+prefixDigits] {
		if digitOf[c] == noDigit {
			return Found{}
		}
		number = number*58 + int(digitOf[c])
	}
	all := spans()
	from, _ := slices.BinarySearchFunc(all, number-widest(), func(s span, low int) int { return s.low - low })
	for _, candidate := range all[from:] {
		switch {
		case candidate.low > number:
			return Found{}
		case candidate.high < number || candidate.length > len(text)-at || candidate.length > macaroon.MaxLength:
			continue
		}
		word := text[at : at+candidate.length]
		if !endsAsKey(word) {
			continue
		}
		if _, err := macaroon.Parse(string(word)); err == nil {
			return Found{Kind: APIKey, Text: string(word), Key: string(word)}
		}
		// Only a damaged key comes here. Reading it was work for its whole
		// length, so the next one is tried behind it.
		s.notBefore = s.offset + int64(at+candidate.length)
	}
	return Found{}
}

// endsAsKey tells whether digits are all of base 58 and the number's end is
// that of a key: before the tail and the checksum stand an end marker and the
// tail's field and length. It takes a time proportional to the length, where
// reading the key takes its square.
func endsAsKey(word []byte) bool {
	const limbs = 5 // of 64 bits: checksum, tail and the three bytes before
	var number [limbs]uint64
	for len(word) > 0 {
		n := min(len(word), 5)
		carry, power := uint64(0), uint64(1)
		for _, c := range word[:n] {
			digit := digitOf[c]
			if digit == noDigit {
				return false
			}
			carry, power = carry*58+uint64(digit), power*58 // below 2^30
		}
		for i := range number {
			carry = multiplyAdd(&number[i], power, carry)
		}
		word = word[n:]
	}
	const marker = 0x000620                // ends 36 bytes before the number's end
	return number[4]>>32&0xffffff == marker // of 32 bits and 24
}

// multiplyAdd makes *limb its product with factor plus carry and gives what
// is above 64 bits. Both are below 2^32.
func multiplyAdd(limb *uint64, factor, carry uint64) uint64 {
	low := *limb&0xffffffff*factor + carry
	high := *limb>>32*factor + low>>32
	*limb = high<<32 | low&0xffffffff
	return high >> 32
}

// grant gives the access grant that a run of base58 digits ends with, if it
// begins with it, but for what is glued to its front. Its Offset is from at on.
func (s *scanner) grant(text []byte, at int) Found {
	run := text[at:min(len(text), at+lookahead)]
	if end := slices.IndexFunc(run, func(c byte) bool { return digitOf[c] == noDigit }); end >= 0 {
		run = run[:end]
	}
	tries := 0
	for begin := 0; begin <= glued && len(run)-begin >= minGrant && tries < 4; begin++ {
		if run[begin] != zeroDigit || len(run)-begin > macaroon.MaxGrantLength {
			continue
		}
		tries++
		word := string(run[begin:])
		if key, err := macaroon.ParseGrant(word); err == nil {
			return Found{Kind: Grant, Offset: int64(begin), Text: word, Key: key.Serialize()}
		}
	}
	return Found{}
}

