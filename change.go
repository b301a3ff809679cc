package reeve

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"time"
)

// Change is one row of the record of every change of identity, key, limit or
// money. It never holds a secret, and of personal fields only that they
// changed.
type Change struct {
	Number    int64 // given after the commit, without gaps, in an order all readers agree on
	At        time.Time
	Actor     string // Actor.String of who did it
	Action    string // noun.verb
	Target    ID     // the thing; a membership's is its project or organisation
	Before    Fields // nil when there was nothing
	After     Fields // nil when nothing is left
	Reason    string
	RequestID string

	// OrganizationID is whose change it is to see; zero where no organisation is
	// meant.
	OrganizationID ID

	Hash ChangeHash // chains the row to the one before
}

// Fields are what a change tells of a thing, as a JSON object.
type Fields json.RawMessage

// MarshalJSON gives the object, or null.
func (f Fields) MarshalJSON() ([]byte, error) { return json.RawMessage(f).MarshalJSON() }

// ChangeHash is the SHA-256 of a change and its predecessor's hash.
type ChangeHash [sha256.Size]byte

// Chain computes the hash of a numbered change after the one before it (zero
// for the first). Every field is hashed with its length before it, so that no
// two rows hash alike.
func (c Change) Chain(previous ChangeHash) ChangeHash {
	h := sha256.New()
	h.Write(previous[:])
	number := func(n int64) { h.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) }
	field := func(text []byte) { number(int64(len(text))); h.Write(text) }
	number(c.Number)
	number(c.At.UnixMicro())
	h.Write(c.Target[:])
	for _, text := range []string{
		c.Actor, c.Action, string(c.Before), string(c.After), c.Reason, c.RequestID,
	} {
		field([]byte(text))
	}
	if c.OrganizationID != Zero {
		field(c.OrganizationID[:])
	}
	return ChangeHash(h.Sum(nil))
}

// Changed stands in the record for a personal field's value.
const Changed = "changed"
