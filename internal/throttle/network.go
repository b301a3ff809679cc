package throttle

import (
	"net/netip"
	"strings"
)

// Network is what a client's address counts as: of IPv6 the /64, for one
// household has as many addresses as it likes.
func Network(address string) string {
	if !strings.Contains(address, ":") {
		return address
	}
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if parsed = parsed.Unmap(); parsed.Is4() {
		return parsed.String()
	}
	prefix, err := parsed.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}
