package macaroon

import (
	"fmt"
	"io"
	"log/slog"
)

// What keys and secrets print as, whatever the verb.
const (
	redactedKey    = "macaroon.Key([redacted])"
	redactedSecret = "macaroon.Secret([redacted])"
)

// String returns a placeholder; [Key.Serialize] returns the text of the key.
func (Key) String() string { return redactedKey }

// Format writes the placeholder under every verb and flag.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedKey) }

// LogValue returns the placeholder.
func (Key) LogValue() slog.Value { return slog.StringValue(redactedKey) }

// MarshalText returns the placeholder, so that JSON and the like hold no key.
func (Key) MarshalText() ([]byte, error) { return []byte(redactedKey), nil }

// String returns a placeholder.
func (Secret) String() string { return redactedSecret }

// Format writes the placeholder under every verb and flag.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedSecret) }

// LogValue returns the placeholder.
func (Secret) LogValue() slog.Value { return slog.StringValue(redactedSecret) }

// MarshalText returns the placeholder, so that JSON and the like hold no secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(redactedSecret), nil }
