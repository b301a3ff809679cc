package macaroon

import (
	"bytes"
	"time"
)

// Caveat is a restriction; its zero value restricts nothing. A key allows what all its caveats allow.
type Caveat struct {
	// Disallow holds the operations that are forbidden everywhere. OpProjectInfo cannot be forbidden.
	Disallow OpSet
	// AllowedPaths, unless empty, are the only places where the key may act.
	AllowedPaths []Path
	// NotAfter and NotBefore bound the time of use, both inclusive; the zero time is no bound.
	NotAfter, NotBefore time.Time
	// MaxObjectTTL is the longest life an object stored with the key may have; nil is no bound, zero is zero.
	MaxObjectTTL *time.Duration
	// Nonce restricts nothing. It makes equal caveats give different keys, so that one can be revoked alone.
	Nonce []byte
}

// Path is a bucket and, within it, all objects whose encrypted path begins with the prefix. The prefix is compared
// bytewise; an empty one is the whole bucket.
type Path struct {
	Bucket              []byte
	EncryptedPathPrefix []byte
}

// Fields of the protobuf messages Caveat, Caveat.Path, and Google's Timestamp and Duration (storj.io/common,
// macaroon/types.proto).
const (
	caveatPaths     = 10
	caveatNotAfter  = 20
	caveatNotBefore = 21
	caveatTTL       = 22
	caveatNonce     = 30

	pathBucket = 1
	pathPrefix = 2

	timeSeconds = 1
	timeNanos   = 2
)

// disallowFields maps the fields 1 to 15, which are booleans except for the paths, to what they forbid.
var disallowFields = [...]Op{
	1:  OpRead,
	2:  OpWrite,
	3:  OpList,
	4:  OpDelete,
	5:  OpLock,
	6:  OpPutRetention,
	7:  OpGetRetention,
	8:  OpPutLegalHold,
	9:  OpGetLegalHold,
	11: OpBypassGovernance,
	12: OpPutBucketObjectLock,
	13: OpGetBucketObjectLock,
	14: OpPutBucketNotify,
	15: OpGetBucketNotify,
}

// disallowable is what the fields can say.
var disallowable = Ops(disallowFields[:]...)

// ParseCaveat reads the wire form of a caveat, any protobuf encoding of it; the result shares no memory with data.
// As everywhere in protobuf, of a repeated single field the last one counts. Its errors are ErrFormat.
func ParseCaveat(data []byte) (Caveat, error) {
	return decodeCaveat(bytes.Clone(data), nil)
}

// AppendBinary appends the wire form: ascending fields, nothing that has its default value, the bytes that
// storj.io/common writes. ErrFormat if Disallow holds something that has no field.
func (c Caveat) AppendBinary(b []byte) ([]byte, error) {
	if c.Disallow&^disallowable != 0 {
		return nil, errNoField
	}
	for field := 1; field < len(disallowFields); field++ {
		if field == caveatPaths {
			for _, p := range c.AllowedPaths {
				b = appendField(b, caveatPaths, p.append(nil))
			}
		} else if c.Disallow.Has(disallowFields[field]) {
			b = appendInt(b, field, 1)
		}
	}
	b = appendTime(b, caveatNotAfter, c.NotAfter)
	b = appendTime(b, caveatNotBefore, c.NotBefore)
	if c.MaxObjectTTL != nil {
		whole, part := *c.MaxObjectTTL/time.Second, *c.MaxObjectTTL%time.Second
		b = appendParts(b, caveatTTL, int64(whole), int64(part))
	}
	return appendBytes(b, caveatNonce, c.Nonce), nil
}

// MarshalBinary returns the wire form; see [Caveat.AppendBinary].
func (c Caveat) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

func (p Path) append(b []byte) []byte {
	b = appendBytes(b, pathBucket, p.Bucket)
	return appendBytes(b, pathPrefix, p.EncryptedPathPrefix)
}

// appendTime appends a Timestamp, nothing for the zero time.
func appendTime(b []byte, field int, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return appendParts(b, field, t.Unix(), int64(t.Nanosecond()))
}

// appendParts appends a Timestamp or Duration of seconds and nanoseconds.
func appendParts(b []byte, field int, seconds, nanos int64) []byte {
	var space [24]byte // two tags and two varints of at most ten bytes
	parts := appendInt(space[:0], timeSeconds, seconds)
	return appendField(b, field, appendInt(parts, timeNanos, nanos))
}

// decodeCaveat reads a wire form. The result points into raw, and its paths are in room as long as they fit. Both
// the argument and the result are values, because what is reached through a pointer would be moved to the heap.
func decodeCaveat(raw []byte, room []Path) (Caveat, error) {
	c := Caveat{AllowedPaths: room[:0]}
	for r := (fieldReader{rest: raw}); len(r.rest) > 0; {
		field, err := r.tag()
		if err != nil {
			return Caveat{}, err
		}
		switch field {
		case caveatPaths:
			var p Path
			if p, err = r.path(); err == nil {
				c.AllowedPaths = append(c.AllowedPaths, p)
			}
		case caveatNotAfter:
			c.NotAfter, err = r.time()
		case caveatNotBefore:
			c.NotBefore, err = r.time()
		case caveatTTL:
			var ttl time.Duration
			ttl, err = r.duration()
			c.MaxObjectTTL = &ttl
		case caveatNonce:
			c.Nonce, err = r.bytes()
		default:
			c.Disallow, err = r.disallow(c.Disallow, field)
		}
		if err != nil {
			return Caveat{}, err
		}
	}
	return c, nil
}

// disallow reads one of the booleans into the set, and refuses the fields that nobody knows.
func (r *fieldReader) disallow(set OpSet, field uint64) (OpSet, error) {
	if field >= uint64(len(disallowFields)) {
		return 0, errUnknownField
	}
	forbidden, err := r.bool()
	if err != nil {
		return 0, err
	}
	bit := Ops(disallowFields[field])
	if forbidden {
		return set | bit, nil
	}
	return set &^ bit, nil
}
