package server

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

// field is a Config field that is set from text and shown as text. An error
// of Set says what is allowed and never repeats the text; String masks
// secrets, and Set takes back what String gives.
type field interface {
	Set(text string) error
	String() string
}

// MasterKey encrypts secrets at rest. It hides itself when printed.
type MasterKey [32]byte

// String hides the key.
func (MasterKey) String() string { return mask }

// GoString hides the key too.
func (MasterKey) GoString() string { return mask }

type keysField struct{ keys *[]MasterKey }

func (f *keysField) Set(text string) error {
	*f.keys = nil
	if text == "" || text == mask {
		return nil
	}
	for i, part := range strings.Split(text, ",") {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(part))
		if err != nil || len(raw) != len(MasterKey{}) {
			*f.keys = nil
			return fmt.Errorf("key %d must be 32 bytes in base64, as from: openssl rand -base64 32", i+1)
		}
		*f.keys = append(*f.keys, MasterKey(raw))
	}
	return nil
}

func (f *keysField) String() string {
	if len(*f.keys) == 0 {
		return ""
	}
	return mask
}

// shortestToken is how many characters an operator's own token has at least.
const shortestToken = 16

type tokenField struct{ token *reeve.Token }

func (f *tokenField) Set(text string) error {
	for _, char := range []byte(text) {
		if char <= ' ' || char > '~' {
			return errors.New("must be printable ASCII without spaces")
		}
	}
	if text != "" && text != mask && len(text) < shortestToken {
		return fmt.Errorf("must have at least %d characters", shortestToken)
	}
	*f.token = reeve.Token(text)
	return nil
}

func (f *tokenField) String() string {
	if *f.token == "" {
		return ""
	}
	return mask
}

type databaseField struct{ database *Database }

func (f *databaseField) Set(text string) (err error) {
	*f.database, err = ParseDatabase(text)
	return err
}

func (f *databaseField) String() string { return f.database.String() }

type pathField struct{ path *string }

func (f *pathField) Set(text string) error {
	*f.path = text
	return nil
}

func (f *pathField) String() string { return *f.path }

type addressField struct{ address *string }

func (f *addressField) Set(text string) error {
	host, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil || strings.ContainsAny(host, " /") {
		return errors.New("must be HOST:PORT, the host may be empty (every address) and the port 0 (any)")
	}
	*f.address = text
	return nil
}

func (f *addressField) String() string { return *f.address }

type prefixesField struct{ prefixes *[]netip.Prefix }

func (f *prefixesField) Set(text string) error {
	*f.prefixes = nil
	if text == "" {
		return nil
	}
	for part := range strings.SplitSeq(text, ",") {
		prefix, err := parsePrefix(strings.TrimSpace(part))
		if err != nil {
			*f.prefixes = nil
			return errors.New("must be IP addresses or CIDRs, separated by commas")
		}
		*f.prefixes = append(*f.prefixes, prefix)
	}
	return nil
}

// parsePrefix takes a lone address as the prefix that holds only it.
func parsePrefix(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		prefix, err := netip.ParsePrefix(text)
		return prefix.Masked(), err
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	address = address.Unmap()
	return address.WithZone("").Prefix(address.BitLen())
}

func (f *prefixesField) String() string {
	parts := make([]string, len(*f.prefixes))
	for i, prefix := range *f.prefixes {
		parts[i] = prefix.String()
		if prefix.IsSingleIP() {
			parts[i] = prefix.Addr().String()
		}
	}
	return strings.Join(parts, ",")
}

type choiceField struct {
	chosen  *string
	choices []string
}

func (f *choiceField) Set(text string) error {
	if !slices.Contains(f.choices, text) {
		return fmt.Errorf("must be %s", strings.Join(f.choices, " or "))
	}
	*f.chosen = text
	return nil
}

func (f *choiceField) String() string { return *f.chosen }

type levelField struct{ level *slog.Level }

var levels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

func (f *levelField) Set(text string) error {
	level, known := levels[text]
	if !known {
		return errors.New("must be debug, info, warn or error")
	}
	*f.level = level
	return nil
}

func (f *levelField) String() string { return strings.ToLower(f.level.String()) }

type switchField struct{ on *bool }

func (f *switchField) Set(text string) error {
	if text != "true" && text != "false" {
		return errors.New("must be true or false")
	}
	*f.on = text == "true"
	return nil
}

func (f *switchField) String() string { return strconv.FormatBool(*f.on) }

type countField struct {
	count    *int
	min, max int
}

func (f *countField) Set(text string) error {
	count, err := strconv.Atoi(text)
	if err != nil || count < f.min || count > f.max {
		return fmt.Errorf("must be a whole number from %d to %d", f.min, f.max)
	}
	*f.count = count
	return nil
}

func (f *countField) String() string { return strconv.Itoa(*f.count) }

// limitField is a limit that is never unset: a number or unlimited.
type limitField struct {
	limit *reeve.Limit
	size  bool // of bytes, with a unit; else of things
}

func (f *limitField) Set(text string) error {
	if text == reeve.Unlimited.String() {
		*f.limit = reeve.Unlimited
		return nil
	}
	if f.size {
		n, err := reeve.ParseSize(text)
		if err != nil || n < 0 {
			return errors.New("must be unlimited or a size such as 150GB or 1TiB")
		}
		*f.limit = reeve.LimitOf(n)
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 32) // as far as a project's own limit may go
	if err != nil || n < 0 {
		return errors.New("must be unlimited or a whole number from 0 to 2147483647")
	}
	*f.limit = reeve.LimitOf(n)
	return nil
}

func (f *limitField) String() string { return f.limit.String() }

type durationField struct {
	duration *time.Duration
	zero     bool // whether 0 is allowed
}

func (f *durationField) Set(text string) error {
	duration, err := time.ParseDuration(text)
	switch {
	case f.zero && (err != nil || duration < 0):
		return errors.New("must be a duration such as 30s or 720h, or 0")
	case !f.zero && (err != nil || duration <= 0):
		return errors.New("must be a duration such as 30s or 5m, more than 0")
	}
	*f.duration = duration
	return nil
}

func (f *durationField) String() string { return f.duration.String() }
