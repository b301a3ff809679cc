package reeve

import (
	"encoding/base64"
	"net/url"
	"time"
)

// Webhook is where an organisation is told of its alerts.
type Webhook struct {
	OrganizationID ID
	URL            string
	Secret         []byte  // sealed by the master key of the id SealedBy
	SealedBy       [8]byte // see control.Keyring
	CreatedAt      time.Time
}

// MaxWebhookURL is how long a webhook's URL may be, in bytes.
const MaxWebhookURL = 2048

// CheckWebhookURL refuses what messages cannot be posted to.
func CheckWebhookURL(text string) error {
	if text == "" {
		return Errorf(Invalid, "url is not set")
	}
	if len(text) > MaxWebhookURL {
		return Errorf(Invalid, "url is longer than %d characters", MaxWebhookURL)
	}
	u, err := url.Parse(text) // which refuses control characters
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "" || u.Scheme != "https" && u.Scheme != "http":
		return Errorf(Invalid, "url must be an absolute https or http URL")
	case u.User != nil:
		return Errorf(Invalid, "url must not have credentials")
	case u.Fragment != "" || u.RawFragment != "":
		return Errorf(Invalid, "url must not have a fragment")
	}
	return nil
}

// WebhookOrigin gives a webhook's URL without its path and query, which may
// hold secrets of the receiver's: what may be logged.
func WebhookOrigin(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// WebhookSecret writes a secret as Standard Webhooks does.
func WebhookSecret(secret [32]byte) Token {
	return Token("whsec_" + base64.StdEncoding.EncodeToString(secret[:]))
}

// WebhookMessage is a message that is to be delivered; those of an organisation
// are delivered in the order of their sequences.
type WebhookMessage struct {
	Sequence       int64
	ID             ID
	OrganizationID ID
	Payload        string // JSON
	Attempts       int    // that were begun
	NextAt         time.Time
	CreatedAt      time.Time
}

// Delivery is one attempt at a message.
type Delivery struct {
	URL     string
	Secret  []byte // the key of the signature
	ID      string // the same at each attempt
	At      time.Time
	Payload string
}

// ErrGone is an endpoint's word that it wants no more messages.
var ErrGone = Errorf(NotFound, "the endpoint is gone")

// webhookDelays are the pauses after each attempt at a message that failed, as
// the Standard Webhooks specification recommends: three days and a few hours in
// all.
var webhookDelays = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// WebhookAttempts is how often a message is tried before it is given up.
const WebhookAttempts = 10

// WebhookDelay gives how long to wait after so many failed attempts; ok is
// false when that was the last. A number from 0 to 1, drawn by the caller,
// spreads the pause over a fifth of itself, so that messages that failed
// together do not all come back at once.
func WebhookDelay(attempts int, spread float64) (delay time.Duration, ok bool) {
	if attempts < 1 || attempts > len(webhookDelays) {
		return 0, false
	}
	delay = webhookDelays[attempts-1]
	return delay + time.Duration(float64(delay)/5*spread), true
}
