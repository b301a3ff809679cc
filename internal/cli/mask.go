package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/reeve-cloud/reeve/internal/scan"
)

const masked = "***"

// name tells secrets apart without telling them: the first 8 hexadecimal
// digits of their SHA-256.
func name(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:4])
}

// secretField tells whether a field holds what must not be shown or stand on a
// command line.
func secretField(field string) bool {
	lower := strings.ToLower(field)
	for _, part := range []string{"password", "secret", "token", "apikey", "passphrase"} {
		if strings.Contains(lower, part) {
			return true
		}
	}
	return lower == "key" || lower == "keys" || lower == "code"
}

// maskText hides the credentials within a text.
func maskText(text string) string {
	var out strings.Builder
	end := 0
	_ = scan.Find(strings.NewReader(text), func(f scan.Found) error { // neither the reader nor the function fails
		out.WriteString(text[end:f.Offset] + masked)
		end = int(f.Offset) + len(f.Text)
		return nil
	})
	return out.String() + text[end:]
}

// maskValue hides secret fields, and credentials in all others.
func maskValue(value any) any {
	switch v := value.(type) {
	case object:
		out := make(object, len(v))
		for i, m := range v {
			out[i] = member{m.key, maskValue(m.value)}
			if secretField(m.key) && m.value != nil {
				out[i].value = masked
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = maskValue(v[i])
		}
		return out
	case string:
		return maskText(v)
	}
	return value
}

// maskBody hides the secrets of a body; one that is no JSON shows nothing.
func maskBody(body []byte) any {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	value, err := parseJSON(body)
	if err != nil {
		return masked
	}
	return maskValue(value)
}
