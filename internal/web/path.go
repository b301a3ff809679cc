package web

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

const (
	maxSegment  = 64   // longer path segments may be keys and are not logged
	maxPath     = 1024 // of a logged path
	tokenMark   = "reeve_"
	hiddenValue = "***"
)

// root gives what a pattern /root/{name...} covers: all that begins with
// /root/. It is "" for any other.
func root(pattern string) string {
	if !strings.HasSuffix(pattern, "...}") {
		return ""
	}
	return pattern[:strings.LastIndexByte(pattern, '{')]
}

// subtree finds the route that answers everything below a path's root.
func (api *API) subtree(path string) *route {
	for _, rt := range api.subtrees {
		if strings.HasPrefix(path, rt.root) {
			return rt
		}
	}
	return nil
}

// spelling gives the path as its segments were sent: with escapes where
// decoding would move a slash.
func spelling(u *url.URL) (path string, escaped bool) {
	if u.RawPath == "" {
		return u.Path, false
	}
	return u.EscapedPath(), true
}

// isClean tells whether a path is in the one form that is served: absolute,
// with no empty segment but the last, and none that means here or up, however
// it is escaped.
func isClean(u *url.URL) bool {
	path, escaped := spelling(u)
	if !strings.HasPrefix(path, "/") {
		return false
	}
	if !escaped && !strings.Contains(path, "//") && !strings.Contains(path, "/.") {
		return true
	}
	for rest := path[1:]; rest != ""; {
		segment, tail, more := strings.Cut(rest, "/")
		switch decodeSegment(segment, escaped) {
		case ".", "..":
			return false
		case "":
			return false // rest is not empty, so more follows
		}
		if !more {
			break
		}
		rest = tail
	}
	return true
}

// decodeSegment undoes the escapes that spelling has left.
func decodeSegment(segment string, escaped bool) string {
	if !escaped {
		return segment
	}
	out, err := url.PathUnescape(segment)
	if err != nil {
		return segment // net/http has parsed it: cannot be
	}
	return out
}

// redact gives the path for the log: without secret values, without anything
// that may be a key or a person's address, and not endless. secret tells by
// segment what the route hides; it may be nil.
func redact(u *url.URL, secret []bool) string {
	path, escaped := spelling(u)
	if !escaped && len(path) <= maxSegment && secret == nil && !isTelling(path) {
		return path
	}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		decoded := decodeSegment(segment, escaped)
		hidden := i < len(secret) && secret[i]
		if hidden || len(decoded) > maxSegment || isTelling(decoded) {
			segments[i] = hiddenValue
		}
	}
	out := strings.Join(segments, "/")
	if len(out) > maxPath {
		out = out[:maxPath] + "…"
	}
	return out
}

// isTelling tells whether a text may hold a token or an address: it may stand
// in a path that no route has matched.
func isTelling(text string) bool {
	return strings.Contains(text, tokenMark) || strings.Contains(text, "@")
}

// clientAddress is the peer's address; behind trusted proxies it is the last
// hop that no trusted proxy vouches for.
func clientAddress(r *http.Request, trusted []netip.Prefix) string {
	if len(trusted) == 0 {
		return host(r.RemoteAddr)
	}
	client, err := netip.ParseAddr(host(r.RemoteAddr))
	if err != nil {
		return host(r.RemoteAddr)
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && isTrusted(client, trusted); i-- {
		hop, err := netip.ParseAddr(host(strings.TrimSpace(hops[i])))
		if err != nil {
			break // the proxy wrote no address: it is as far as we know
		}
		client = hop
	}
	return client.Unmap().String()
}

// isTrusted compares IPv4 in IPv6 as IPv4, and disregards zones: a prefix has
// none.
func isTrusted(address netip.Addr, trusted []netip.Prefix) bool {
	address = address.Unmap().WithZone("")
	for _, prefix := range trusted {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// host takes the port from an address, and the brackets of an IPv6 one.
func host(address string) string {
	if at := strings.LastIndexByte(address, ':'); at >= 0 && strings.IndexByte(address, ':') == at {
		return address[:at]
	}
	if inner, ok := strings.CutPrefix(address, "["); ok {
		out, _, _ := strings.Cut(inner, "]")
		return out
	}
	return address
}
