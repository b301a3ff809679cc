package reeve

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"strings"
)

// Token is a bearer secret of ours: a prefix that says what it opens, 43
// base62 digits that hold 256 random bits, and the CRC-32 (IEEE) of those
// digits as 6 more, so that a leak scanner can tell one from noise offline.
// Only its Hash is ever stored.
type Token string

// TokenPrefix says what a token opens.
type TokenPrefix string

// The kinds of token.
const (
	TokenOrganization TokenPrefix = "reeve_org_"
	TokenGateway      TokenPrefix = "reeve_gw_"
	TokenOperator     TokenPrefix = "reeve_op_"
	TokenSession      TokenPrefix = "reeve_ses_"
	TokenConsole      TokenPrefix = "reeve_con_" // an operator's session

	// Of signed links, which are no tokens of ParseToken's form.
	TokenPasswordReset TokenPrefix = "reeve_rst_"
	TokenInvitation    TokenPrefix = "reeve_inv_"
)

const (
	base62Digits   = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	secretDigits   = 43 // 62^43 > 2^256
	checksumDigits = 6  // 62^6 > 2^32

	// 256 one bits. The digits are in the order of their bytes, so that
	// numbers compare as their texts do.
	largestSecret = "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1"
)

// NewToken spells 256 random bits as a token of a kind.
func NewToken(prefix TokenPrefix, random [32]byte) Token {
	secret := base62(random[:], secretDigits)
	return Token(string(prefix) + secret + checksum(secret))
}

// ParseToken checks a token's form and checksum; ok is false for anything
// that NewToken could not have made with this prefix. A token that parses
// need not exist.
func ParseToken(prefix TokenPrefix, text string) (token Token, ok bool) {
	rest, ok := strings.CutPrefix(text, string(prefix))
	if !ok || len(rest) != secretDigits+checksumDigits {
		return "", false
	}
	secret, sum := rest[:secretDigits], rest[secretDigits:]
	for i := range len(secret) {
		if strings.IndexByte(base62Digits, secret[i]) < 0 {
			return "", false
		}
	}
	// The checksum is no secret: it is computed from the text at hand.
	if secret > largestSecret || sum != checksum(secret) {
		return "", false
	}
	return Token(text), true
}

// Hash gives the SHA-256 of the token's text: what is stored and looked up.
// 256 random bits need no slow hash.
func (t Token) Hash() TokenHash { return sha256.Sum256([]byte(t)) }

// TokenHash is the stored form of a token.
type TokenHash [sha256.Size]byte

// String hides the token, so that none is printed by accident; convert to
// string to hand it to its owner.
func (t Token) String() string { return "***" }

// GoString hides the token too.
func (t Token) GoString() string { return "***" }

func checksum(secret string) string {
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(secret)))
	return base62(sum, checksumDigits)
}

// base62 spells a big-endian number, most significant digit first, with
// leading zeros. It uses number up.
func base62(number []byte, digits int) string {
	out := make([]byte, digits)
	for i := digits - 1; i >= 0; i-- {
		remainder := 0
		for at, value := range number {
			remainder = remainder<<8 | int(value)
			number[at] = byte(remainder / len(base62Digits))
			remainder %= len(base62Digits)
		}
		out[i] = base62Digits[remainder]
	}
	return string(out)
}
