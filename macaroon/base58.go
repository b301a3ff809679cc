package macaroon

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
)

// Base58check as Bitcoin defines it: version byte, payload and the first four bytes of a double SHA-256, read as one
// big-endian number and written in base 58; each leading zero byte is one leading '1'. The work grows with the square
// of the length, which is why callers bound the length first; ten digits at a time keep the square small.
const (
	base58Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	base58Version  = 0
	checksumLen    = 4
	chunkDigits    = 10
	notADigit      = 0xff
)

var (
	// base58Digits maps a character to its value.
	base58Digits = func() (t [256]byte) {
		for i := range t {
			t[i] = notADigit
		}
		for i, c := range []byte(base58Alphabet) {
			t[c] = byte(i)
		}
		return t
	}()

	// base58Powers[n] is 58^n; 58^10 is the largest power below 2^59.
	base58Powers = func() (p [chunkDigits + 1]uint64) {
		p[0] = 1
		for i := 1; i < len(p); i++ {
			p[i] = p[i-1] * 58
		}
		return p
	}()
)

// checksum is the first four bytes of SHA-256(SHA-256(b)).
func checksum(b []byte) [checksumLen]byte {
	h := sha256.Sum256(b)
	h = sha256.Sum256(h[:])
	return [checksumLen]byte(h[:checksumLen])
}

// checkEncode returns payload in base58check with version byte 0.
func checkEncode(payload []byte) string {
	b := make([]byte, 0, 1+len(payload)+checksumLen)
	b = append(b, base58Version)
	b = append(b, payload...)
	sum := checksum(b)
	return base58Encode(append(b, sum[:]...))
}

// checkDecode is the inverse of checkEncode. It reports false for a foreign character, a wrong checksum and another
// version. The payload is freshly allocated.
func checkDecode(s string) (payload []byte, ok bool) {
	b, ok := base58Decode(s)
	if !ok || len(b) < 1+checksumLen {
		return nil, false
	}
	body, sum := b[:len(b)-checksumLen], b[len(b)-checksumLen:]
	if checksum(body) != [checksumLen]byte(sum) || body[0] != base58Version {
		return nil, false
	}
	return body[1:], true
}

// base58Decode reads s, which the caller has bounded. It reports false for a foreign character; every other text is
// a number, so that no two texts decode to the same bytes.
func base58Decode(s string) ([]byte, bool) {
	var space [16]uint64 // enough for a key with a few caveats
	limbs := space[:0]   // the number so far, least significant limb first
	zeros := 0
	for zeros < len(s) && s[zeros] == base58Alphabet[0] {
		zeros++
	}
	for rest := s[zeros:]; len(rest) > 0; {
		n := min(len(rest), chunkDigits)
		var carry uint64
		for i := range n {
			digit := base58Digits[rest[i]]
			if digit == notADigit {
				return nil, false
			}
			carry = carry*58 + uint64(digit)
		}
		for i, limb := range limbs {
			hi, lo := bits.Mul64(limb, base58Powers[n])
			lo, c := bits.Add64(lo, carry, 0)
			limbs[i], carry = lo, hi+c
		}
		if carry > 0 {
			limbs = append(limbs, carry)
		}
		rest = rest[n:]
	}

	size := 0 // bytes of the number without leading zeros
	if n := len(limbs); n > 0 {
		size = 8*n - bits.LeadingZeros64(limbs[n-1])/8
	}
	out := make([]byte, zeros+size)
	for i := range size {
		out[len(out)-1-i] = byte(limbs[i/8] >> (8 * (i % 8)))
	}
	return out, true
}

// base58Encode writes b, which the caller has bounded.
func base58Encode(b []byte) string {
	zeros := 0
	for zeros < len(b) && b[zeros] == 0 {
		zeros++
	}
	// The number in base 2^64, most significant limb first, is divided by 58^10 until nothing is left; each
	// remainder is ten more digits, from the right.
	limbs := make([]uint64, 0, len(b)/8+1)
	for rest := b[zeros:]; len(rest) > 0; {
		var word [8]byte
		n := (len(rest)-1)%8 + 1
		copy(word[8-n:], rest[:n])
		limbs = append(limbs, binary.BigEndian.Uint64(word[:]))
		rest = rest[n:]
	}

	out := make([]byte, zeros+len(b)*7/5+chunkDigits) // 7/5 > log 256 / log 58
	at := len(out)
	for len(limbs) > 0 {
		var rem uint64
		for i, limb := range limbs {
			limbs[i], rem = bits.Div64(rem, limb, base58Powers[chunkDigits])
		}
		for len(limbs) > 0 && limbs[0] == 0 {
			limbs = limbs[1:]
		}
		// The last chunk has no leading zero digits, all others have ten digits.
		for n := 0; n < chunkDigits && (rem > 0 || len(limbs) > 0); n++ {
			at--
			out[at] = base58Alphabet[rem%58]
			rem /= 58
		}
	}
	for range zeros {
		at--
		out[at] = base58Alphabet[0]
	}
	return string(out[at:])
}
