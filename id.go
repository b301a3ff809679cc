package reeve

import (
	"encoding/hex"
	"errors"
	"strings"

	"github.com/google/uuid"
)

// ID names one thing: a UUIDv7 (RFC 9562), so ids sort by the time they were
// made. Operators and gateways read it as a UUID (36 characters, lower case),
// tenants as a TypeID: a prefix and 26 characters of Crockford base32
// (https://github.com/jetify-com/typeid, specification 0.3). Both spellings
// are the same bits.
type ID uuid.UUID

// Prefix is the part of a TypeID that tells the kind of thing.
type Prefix string

// The prefixes in use.
const (
	PrefixUser            Prefix = "usr"
	PrefixOrganization    Prefix = "org"
	PrefixProject         Prefix = "prj"
	PrefixServiceAccount  Prefix = "srvacc"
	PrefixAPIKey          Prefix = "key"
	PrefixOrganizationKey Prefix = "orgkey"
	PrefixGateway         Prefix = "gw"
	PrefixCoupon          Prefix = "cpn"
	PrefixStatement       Prefix = "stm"
	PrefixCredit          Prefix = "crd"
	PrefixMessage         Prefix = "msg"
	PrefixOperator        Prefix = "op"
	PrefixUserSession     Prefix = "ses"
	PrefixInvitation      Prefix = "inv"
)

var prefixes = []Prefix{
	PrefixUser, PrefixOrganization, PrefixProject, PrefixServiceAccount, PrefixAPIKey,
	PrefixOrganizationKey, PrefixGateway, PrefixCoupon, PrefixStatement, PrefixCredit, PrefixMessage,
	PrefixOperator, PrefixUserSession, PrefixInvitation,
}

// ErrMalformedID is what parsing answers for text that is no id in either
// spelling, or a TypeID with another prefix than the one asked for.
var ErrMalformedID = errors.New("malformed id")

// The alphabet of TypeID's base32: Crockford's, lower case, strict.
const base32Digits = "0123456789abcdefghjkmnpqrstvwxyz"

const (
	uuidLength   = 36
	suffixLength = 26
)

// Zero is the id of nothing. No thing ever has it.
var Zero ID

// String gives the UUID spelling.
func (id ID) String() string { return uuid.UUID(id).String() }

// MarshalText gives the UUID spelling.
func (id ID) MarshalText() ([]byte, error) { return uuid.UUID(id).MarshalText() }

// Append appends the UUID spelling.
func (id ID) Append(b []byte) []byte {
	for i, part := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return b
}

// TypeID gives the spelling that tenants read, such as
// prj_01h2xcejqtf2nbrexx3vqjhp41.
func (id ID) TypeID(prefix Prefix) string {
	out := make([]byte, 0, len(prefix)+1+suffixLength)
	out = append(append(out, prefix...), '_')
	// 128 bits in 26 digits of 5: the first digit holds the top 3 bits.
	for digit := range suffixLength {
		low := (suffixLength - 1 - digit) * 5
		out = append(out, base32Digits[id.bits(low)])
	}
	return string(out)
}

// bits gives the five bits whose lowest is bit low, counted from the right.
func (id ID) bits(low int) byte {
	at := 15 - low/8
	window := uint16(id[at])
	if at > 0 {
		window |= uint16(id[at-1]) << 8
	}
	return byte(window>>(low%8)) & 31
}

// ParseID reads an id of one kind in either spelling: a UUID of exactly 36
// characters, hexadecimal in either case, or a TypeID with that prefix. It
// answers ErrMalformedID for anything else.
func ParseID(prefix Prefix, text string) (ID, error) {
	if len(text) == uuidLength {
		id, err := uuid.Parse(text)
		if err != nil {
			return ID{}, ErrMalformedID
		}
		return ID(id), nil
	}
	suffix, ok := strings.CutPrefix(text, string(prefix)+"_")
	if !ok {
		return ID{}, ErrMalformedID
	}
	return parseSuffix(suffix)
}

// FindID reads an id as people paste one into a search: beside what ParseID
// reads, a UUID without hyphens, in braces or as a URN (RFC 9562 4), in any case
// a TypeID, too, and with white space around.
func FindID(prefix Prefix, text string) (ID, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	text = strings.TrimPrefix(text, "urn:uuid:")
	if inner, ok := strings.CutPrefix(text, "{"); ok {
		if text, ok = strings.CutSuffix(inner, "}"); !ok {
			return ID{}, ErrMalformedID
		}
	}
	var id ID
	if len(text) == hex.EncodedLen(len(id)) {
		if _, err := hex.Decode(id[:], []byte(text)); err == nil {
			return id, nil
		}
	}
	return ParseID(prefix, text)
}

// ParseAnyID reads an id of any kind in either spelling, for filters that do
// not know what kind of thing they will name.
func ParseAnyID(text string) (ID, error) {
	for _, prefix := range prefixes {
		if id, err := ParseID(prefix, text); err == nil {
			return id, nil
		}
	}
	return ID{}, ErrMalformedID
}

// parseSuffix reads the 26 digits of a TypeID; the first is at most 7, or
// they would hold more than 128 bits.
func parseSuffix(suffix string) (ID, error) {
	if len(suffix) != suffixLength || suffix[0] > '7' {
		return ID{}, ErrMalformedID
	}
	var id ID
	for digit := range suffixLength {
		value := strings.IndexByte(base32Digits, suffix[digit])
		if value < 0 {
			return ID{}, ErrMalformedID
		}
		low := (suffixLength - 1 - digit) * 5
		at := 15 - low/8
		window := uint16(value) << (low % 8)
		id[at] |= byte(window)
		if at > 0 {
			id[at-1] |= byte(window >> 8)
		}
	}
	return id, nil
}
