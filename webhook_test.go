package reeve_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
)

func TestCheckWebhookURL(t *testing.T) {
	const absolute = "url must be an absolute https or http URL"
	for text, want := range map[string]string{
		"https://example.com":                              "",
		"http://127.0.0.1:8080/a?b=c":                      "",
		"HTTPS://[::1]:9/x":                                "",
		"https://example.com/" + strings.Repeat("x", 2028): "",
		"https://example.com/" + strings.Repeat("x", 2029): "url is longer than 2048 characters",
		"":                               "url is not set",
		"example.com":                    absolute,
		"/path":                          absolute,
		"//example.com":                  absolute,
		"ftp://example.com":              absolute,
		"file:///etc/passwd":             absolute,
		"https:example.com":              absolute,
		"https://":                       absolute,
		"https://:443":                   absolute,
		"https://example.com:port":       absolute,
		"https://example.com/\n":         absolute,
		"https://example.com/%zz":        absolute,
		"https://u:p@example.com":        "url must not have credentials",
		"https://u@example.com":          "url must not have credentials",
		"https://@example.com":           "url must not have credentials",
		"https://example.com/a#fragment": "url must not have a fragment",
	} {
		checkMessage(t, reeve.CheckWebhookURL(text), want)
	}
	if got := reeve.WebhookOrigin("https://example.com:8443/secret?token=x"); got != "https://example.com:8443" {
		t.Errorf("origin %q", got)
	}
}

func TestWebhookSecret(t *testing.T) {
	secret := reeve.WebhookSecret([32]byte{0xff})
	if got := string(secret); got != "whsec_/wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" {
		t.Error(got)
	}
	if got := fmt.Sprintf("%v %#v", secret, secret); got != "*** ***" {
		t.Errorf("printed as %s", got)
	}
}

// TestWebhookDelay: the schedule is the specification's, spread by a fifth.
func TestWebhookDelay(t *testing.T) {
	var all time.Duration
	var got []string
	for attempt := 1; ; attempt++ {
		delay, ok := reeve.WebhookDelay(attempt, 0)
		if !ok {
			if attempt != reeve.WebhookAttempts {
				t.Errorf("%d attempts, want %d", attempt, reeve.WebhookAttempts)
			}
			break
		}
		if most, _ := reeve.WebhookDelay(attempt, 1); most != delay+delay/5 {
			t.Errorf("attempt %d: up to %s", attempt, most)
		}
		all += delay
		got = append(got, delay.String())
	}
	if text := strings.Join(got, " "); text != "5s 5m0s 30m0s 2h0m0s 5h0m0s 10h0m0s 14h0m0s 20h0m0s 24h0m0s" || all != 75*time.Hour+35*time.Minute+5*time.Second {
		t.Errorf("%s, %s in all", text, all)
	}
	if _, ok := reeve.WebhookDelay(0, 0); ok {
		t.Error("a pause before the first attempt")
	}
}
