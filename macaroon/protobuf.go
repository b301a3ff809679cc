package macaroon

import (
	"encoding/binary"
	"math"
	"time"
)

// The part of protobuf's wire format that caveats use: https://protobuf.dev/programming-guides/encoding.
const (
	wireVarint = 0
	wireBytes  = 2

	// maxTagField is the largest field number the reference takes for one.
	maxTagField = math.MaxInt32
)

// fieldReader consumes a protobuf message from the front and never looks past its end.
type fieldReader struct {
	rest []byte
	wire uint64 // type of the value that comes next
}

// varint reads an unsigned number of at most ten bytes; over-long spellings are allowed, as protobuf has it.
func (r *fieldReader) varint() (uint64, error) {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		return 0, errCaveatFormat
	}
	r.rest = r.rest[n:]
	return v, nil
}

// tag reads the field number of the next value.
func (r *fieldReader) tag() (field uint64, err error) {
	v, err := r.varint()
	if err != nil {
		return 0, err
	}
	field, r.wire = v>>3, v&7
	if field == 0 || field > maxTagField {
		return 0, errCaveatFormat
	}
	return field, nil
}

// integer reads the value of an integer field.
func (r *fieldReader) integer() (uint64, error) {
	if r.wire != wireVarint {
		return 0, errCaveatFormat
	}
	return r.varint()
}

// bool reads the value of a boolean field. Protobuf takes any number but 0 for true, the reference any number but 1
// for false; a restriction must not depend on who reads it.
func (r *fieldReader) bool() (bool, error) {
	v, err := r.integer()
	if err != nil {
		return false, err
	}
	if v > 1 {
		return false, errBoolean
	}
	return v == 1, nil
}

// bytes reads a length-delimited value, which points into the message. Its capacity ends with it, so that appending
// to it harms no neighbour.
func (r *fieldReader) bytes() ([]byte, error) {
	if r.wire != wireBytes {
		return nil, errCaveatFormat
	}
	n, err := r.varint()
	if err != nil || n > uint64(len(r.rest)) {
		return nil, errCaveatFormat
	}
	value := r.rest[:n:n]
	r.rest = r.rest[n:]
	return value, nil
}

// path reads a Caveat.Path. An empty message is a path too: the bucket without a name, which no object is in.
func (r *fieldReader) path() (p Path, err error) {
	message, err := r.bytes()
	if err != nil {
		return Path{}, err
	}
	for in := (fieldReader{rest: message}); len(in.rest) > 0; {
		field, err := in.tag()
		if err != nil {
			return Path{}, err
		}
		switch field {
		case pathBucket:
			p.Bucket, err = in.bytes()
		case pathPrefix:
			p.EncryptedPathPrefix, err = in.bytes()
		default:
			err = errUnknownField
		}
		if err != nil {
			return Path{}, err
		}
	}
	return p, nil
}

// parts reads the seconds and nanoseconds of a Timestamp or Duration; the latter are not normalised.
func (r *fieldReader) parts() (seconds int64, nanos int32, err error) {
	message, err := r.bytes()
	if err != nil {
		return 0, 0, err
	}
	for in := (fieldReader{rest: message}); len(in.rest) > 0; {
		field, err := in.tag()
		if err != nil {
			return 0, 0, err
		}
		if field != timeSeconds && field != timeNanos {
			return 0, 0, errUnknownField
		}
		v, err := in.integer()
		if err != nil {
			return 0, 0, err
		}
		if field == timeSeconds {
			seconds = int64(v)
		} else {
			nanos = int32(v) // protobuf cuts an int32 that is written too long
		}
	}
	return seconds, nanos, nil
}

// time reads a Timestamp, in UTC. The zero time is refused, because [Caveat] uses it for no bound.
func (r *fieldReader) time() (time.Time, error) {
	seconds, nanos, err := r.parts()
	if err != nil {
		return time.Time{}, err
	}
	t := time.Unix(seconds, int64(nanos)).UTC()
	if t.IsZero() {
		return time.Time{}, errZeroTime
	}
	return t, nil
}

// duration reads a Duration. What does not fit, beyond 292 years, is cut to the longest that does.
func (r *fieldReader) duration() (time.Duration, error) {
	const maxSeconds = math.MaxInt64 / int64(time.Second)
	seconds, nanos, err := r.parts()
	if err != nil {
		return 0, err
	}
	whole, part := time.Duration(seconds)*time.Second, time.Duration(nanos)
	switch {
	case seconds > maxSeconds || seconds > 0 && part > 0 && whole+part < 0:
		return math.MaxInt64, nil
	case seconds < -maxSeconds || seconds < 0 && part < 0 && whole+part > 0:
		return math.MinInt64, nil
	}
	return whole + part, nil
}

// appendTag appends the number and type of a field.
func appendTag(b []byte, field int, wire uint64) []byte {
	return binary.AppendUvarint(b, uint64(field)<<3|wire)
}

// appendInt appends an integer field, nothing for zero. A negative number takes ten bytes.
func appendInt(b []byte, field int, v int64) []byte {
	if v == 0 {
		return b
	}
	return binary.AppendUvarint(appendTag(b, field, wireVarint), uint64(v))
}

// appendField appends a length-delimited field, even an empty one.
func appendField(b []byte, field int, value []byte) []byte {
	b = binary.AppendUvarint(appendTag(b, field, wireBytes), uint64(len(value)))
	return append(b, value...)
}

// appendBytes appends a length-delimited field, nothing if it is empty.
func appendBytes(b []byte, field int, value []byte) []byte {
	if len(value) == 0 {
		return b
	}
	return appendField(b, field, value)
}
