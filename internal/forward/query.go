package forward

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/reeve-cloud/reeve/macaroon"
)

// settings are what the auth URL's query says. The proxy's operator wrote it.
type settings struct {
	given  uint8 // which parameters are there
	proxy  string
	op     macaroon.Op
	bucket string
	cost   int64
}

const (
	givenProxy = 1 << iota
	givenAction
	givenBucket
	givenCost
)

// parseQuery reads the auth URL's query. What is none of ours is refused: a
// proxy that passes its client's query on must be noticed, for then the
// client says what is judged.
func parseQuery(query string) (out settings, err error) {
	out.cost = 1
	for query != "" {
		var part string
		part, query, _ = strings.Cut(query, "&")
		name, value, _ := strings.Cut(part, "=")
		if strings.IndexByte(part, ';') >= 0 {
			return out, errQuery
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return out, errQuery
		}
		if err := out.set(name, value); err != nil {
			return out, err
		}
	}
	return out, nil
}

// set takes one parameter up.
func (s *settings) set(name, value string) error {
	before, ok := s.given, true
	switch name {
	case "proxy":
		s.given |= givenProxy
		s.proxy = value
	case "action":
		s.given |= givenAction
		s.op, ok = ParseAction(value)
		if !ok {
			return errAction
		}
	case "bucket":
		s.given |= givenBucket
		s.bucket = value
	case "cost":
		s.given |= givenCost
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil || n > MaxCost {
			return errCost
		}
		s.cost = int64(n)
	}
	if s.given == before {
		return errParameter
	}
	return nil
}

// ParseAction reads the name of one of the four actions that requests ask for.
func ParseAction(name string) (macaroon.Op, bool) {
	for _, op := range [...]macaroon.Op{macaroon.OpRead, macaroon.OpWrite, macaroon.OpList, macaroon.OpDelete} {
		if op.String() == name {
			return op, true
		}
	}
	return 0, false
}

// family gives the headers to read; the zero family if there are none to read.
func (s *settings) family(header Header) (family, error) {
	if s.given&givenProxy != 0 {
		switch s.proxy {
		case "nginx":
			return original, nil
		case "caddy", "traefik":
			return forwarded, nil
		case "envoy":
			return family{}, errSuffix
		}
		return family{}, errProxy
	}
	if s.given&givenAction != 0 && s.given&givenBucket != 0 {
		return family{}, nil
	}
	one, other := original.in(header), forwarded.in(header)
	switch {
	case one && other:
		return family{}, errFamilies
	case one:
		return original, nil
	case other:
		return forwarded, nil
	}
	return family{}, errNoRequest
}

// in tells whether a header of the family is there.
func (f family) in(header Header) bool { return len(header[f.method]) > 0 || len(header[f.uri]) > 0 }
