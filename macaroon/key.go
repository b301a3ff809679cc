package macaroon

import (
	"bytes"
	"crypto/subtle"
)

const (
	// Size is the length in bytes of a head, a tail and a secret.
	Size = 32
	// MaxLength is the most characters a serialised key may have. It leaves about 2900 bytes for caveats, a hundred
	// plain ones, and keeps decoding, which is quadratic, at about a tenth of a millisecond.
	MaxLength = 4096
	// MaxCaveats is the most caveats a key may have; it bounds the hashing that a forged key can cause.
	MaxCaveats = 128
)

// Secret is what tails are derived from. It belongs to one root key and never leaves the server. It prints as a
// placeholder, except inside another type's unexported field, where fmt and reflection see the bytes.
type Secret [Size]byte

// Key is a parsed key. It cannot be changed; narrowing returns another one. A Key proves nothing until
// [Key.Verify] was asked. The zero Key has no form and verifies under no secret.
//
// Whoever sees a key can use it, so a Key prints as a placeholder under every verb and in logs; [Key.Serialize] is
// the only way to its text.
type Key struct {
	// The pointer keeps fmt from printing the bytes when a Key stands in an unexported field.
	form *form
}

// form is the checked wire form, never changed once made.
type form struct {
	wire    []byte
	caveats int
}

// Mint returns the unrestricted key of secret and head. Both must be 32 fresh random bytes: the head is public and
// names the key, the secret is kept to verify it.
func Mint(secret Secret, head [Size]byte) Key {
	tail := sign((*[Size]byte)(&secret), head[:])
	wire := make([]byte, 0, headerLen+trailerLen)
	wire = append(wire, wireVersion, fieldIdentifier, Size)
	wire = append(wire, head[:]...)
	wire = append(wire, fieldEnd)
	return Key{&form{wire: appendTrailer(wire, &tail)}}
}

// Parse reads a serialised key. It checks the form only: not the tail, and not that the caveats can be understood,
// which [Key.Check] and [Key.Caveats] do. Its errors are ErrFormat.
func Parse(s string) (Key, error) {
	if len(s) > MaxLength {
		return Key{}, errTooLong
	}
	wire, ok := checkDecode(s)
	if !ok {
		return Key{}, errKeyFormat
	}
	caveats, err := checkWire(wire)
	if err != nil {
		return Key{}, err
	}
	return Key{&form{wire: wire, caveats: caveats}}, nil
}

// Serialize returns the key as its holder writes it, at most [MaxLength] characters; "" for the zero Key. The text
// is a credential: it belongs into the one answer that shows a new key and nowhere else.
func (k Key) Serialize() string {
	if k.form == nil {
		return ""
	}
	return checkEncode(k.form.wire)
}

// IsZero reports whether k is the zero Key.
func (k Key) IsZero() bool { return k.form == nil }

// Head returns the public name of the root key, the same for all keys narrowed from it. Zeros for the zero Key.
func (k Key) Head() (head [Size]byte) {
	if k.form != nil {
		copy(head[:], k.form.wire[3:])
	}
	return head
}

// Tail returns the name of this very key. It is secret: with head and caveats it makes up the key. Zeros for the
// zero Key.
func (k Key) Tail() (tail [Size]byte) {
	if k.form != nil {
		copy(tail[:], k.form.wire[len(k.form.wire)-Size:])
	}
	return tail
}

// packets returns the caveats in wire form, one after the other.
func (k Key) packets() []byte {
	if k.form == nil {
		return nil
	}
	return k.form.wire[headerLen : len(k.form.wire)-trailerLen]
}

// Attenuate returns k narrowed by one more caveat. It needs no secret and cannot be undone. ErrFormat if the caveat
// cannot be written or the key would exceed [MaxLength] or [MaxCaveats].
func (k Key) Attenuate(c Caveat) (Key, error) {
	if k.form == nil {
		return Key{}, errZeroKey
	}
	raw, err := c.AppendBinary(nil)
	if err != nil {
		return Key{}, err
	}
	size := len(k.form.wire) + packetLen(len(raw))
	switch {
	case k.form.caveats == MaxCaveats:
		return Key{}, errTooMany
	case size > maxWire:
		return Key{}, errTooLong
	}
	tail := k.Tail()
	tail = sign(&tail, raw)
	wire := append(make([]byte, 0, size), k.form.wire[:len(k.form.wire)-trailerLen]...)
	wire = appendTrailer(appendCaveat(wire, raw), &tail)
	return Key{&form{wire: wire, caveats: k.form.caveats + 1}}, nil
}

// Verify reports whether the key was made from secret and narrowed only. The comparison takes the same time
// wherever the tails differ; nothing is allocated.
func (k Key) Verify(secret Secret) bool {
	if k.form == nil {
		return false
	}
	want, tail := k.chain(secret, nil), k.Tail()
	return subtle.ConstantTimeCompare(want[:], tail[:]) == 1
}

// Tails returns the tail of every ancestor of the key, the root's first and the key's own last, as they follow from
// secret: one more than there are caveats. A key is revoked if any of them is. nil for the zero Key.
//
// They belong to the key only if it verifies. [Key.VerifyTails] answers both.
func (k Key) Tails(secret Secret) [][Size]byte {
	tails, _ := k.VerifyTails(secret, nil)
	return tails
}

// VerifyTails is [Key.Verify] and [Key.Tails] in one pass. The tails are appended to dst, so that a caller with room
// for them allocates nothing; they are appended even when the verdict is false.
func (k Key) VerifyTails(secret Secret, dst [][Size]byte) (tails [][Size]byte, ok bool) {
	if k.form == nil {
		return dst, false
	}
	if need := len(dst) + k.form.caveats + 1; need > cap(dst) {
		dst = append(make([][Size]byte, 0, need), dst...)
	}
	want, tail := k.chain(secret, &dst), k.Tail()
	return dst, subtle.ConstantTimeCompare(want[:], tail[:]) == 1
}

// chain computes the tail that follows from secret, and appends every tail on the way to all unless that is nil.
func (k Key) chain(secret Secret, all *[][Size]byte) [Size]byte {
	head := k.Head()
	tail := sign((*[Size]byte)(&secret), head[:])
	for packets := k.packets(); ; {
		if all != nil {
			*all = append(*all, tail)
		}
		if len(packets) == 0 {
			return tail
		}
		var raw []byte
		raw, packets = nextCaveat(packets)
		tail = sign(&tail, raw)
	}
}

// Caveats returns the caveats in the order in which they were added; the caller owns them. ErrFormat if one of them
// cannot be understood, since a restriction unread is a restriction ignored.
func (k Key) Caveats() ([]Caveat, error) {
	if k.form == nil || k.form.caveats == 0 {
		return nil, nil
	}
	caveats := make([]Caveat, k.form.caveats)
	packets := bytes.Clone(k.packets())
	for i := range caveats {
		var (
			raw []byte
			err error
		)
		raw, packets = nextCaveat(packets)
		if caveats[i], err = decodeCaveat(raw, nil); err != nil {
			return nil, err
		}
	}
	return caveats, nil
}
