package macaroon

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
)

// HMAC's pads, RFC 2104 section 2.
var (
	innerPad = [sha256.BlockSize]byte(bytes.Repeat([]byte{0x36}, sha256.BlockSize))
	outerPad = [sha256.BlockSize]byte(bytes.Repeat([]byte{0x5c}, sha256.BlockSize))
)

// sign is HMAC-SHA256 for a key of 32 bytes. crypto/hmac gives the same and allocates half a kilobyte each time; a
// verification does this once and again for each caveat, so it is written out. The differential tests compare both.
func sign(key *[Size]byte, message []byte) [Size]byte {
	block := innerPad
	subtle.XORBytes(block[:Size], innerPad[:Size], key[:])
	inner := sha256.New()
	inner.Write(block[:])
	inner.Write(message)

	var outer [sha256.BlockSize + Size]byte
	copy(outer[:], outerPad[:])
	subtle.XORBytes(outer[:Size], outerPad[:Size], key[:])
	inner.Sum(outer[:sha256.BlockSize])
	return sha256.Sum256(outer[:])
}
