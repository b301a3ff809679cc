package forward

import "strings"

// locate reads bucket and path from a request target: the first segment is the
// bucket unless that is fixed, the rest the path. Each is decoded once.
//
// Refused is what servers disagree about: empty segments, dot segments, an
// escaped slash, a backslash, control characters, a fragment, and escapes that
// are none. Whoever strips parameters from segments (name;parameter) still
// finds the same place or one below it, so they are part of the name; but what
// is left of a segment must not be one of those.
func (r *Request) locate(target string, bucketFixed bool) error {
	target, _, _ = strings.Cut(target, "?")
	if target == "" || target[0] != '/' {
		return errPath
	}
	decoded := make([]byte, 0, len(target)-1)
	segment, first := 0, -1 // where the last segment begins; the first slash
	for i := 1; i < len(target); i++ {
		c := target[i]
		switch {
		case c == '/':
			if !isPlain(decoded[segment:]) {
				return errPath
			}
			if first < 0 {
				first = len(decoded)
			}
			segment = len(decoded) + 1
		case c == '%':
			if i+2 >= len(target) || !isHex(target[i+1]) || !isHex(target[i+2]) {
				return errPath
			}
			c = unhex(target[i+1])<<4 | unhex(target[i+2])
			i += 2
			if c == '/' || isAmbiguous(c) {
				return errPath
			}
		case c == ' ', c == '#', isAmbiguous(c):
			return errPath
		}
		decoded = append(decoded, c)
	}
	if last := decoded[segment:]; len(last) > 0 && !isPlain(last) {
		return errPath
	}
	switch {
	case bucketFixed:
		r.Path = decoded
	case first < 0:
		r.Bucket = decoded
	default:
		r.Bucket, r.Path = decoded[:first:first], decoded[first+1:]
	}
	return nil
}

// isPlain tells whether a segment names something: not the place itself, nor
// the one above, not even to those who strip parameters.
func isPlain(segment []byte) bool {
	name := segment
	for i, c := range segment {
		if c == ';' {
			name = segment[:i]
			break
		}
	}
	switch string(name) {
	case "", ".", "..":
		return false
	}
	return true
}

// isAmbiguous tells characters that no path may hold, however spelt.
func isAmbiguous(c byte) bool { return c < 0x20 || c == 0x7f || c == '\\' }

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}
