package reeve

import "time"

// Mail is one message to one address.
type Mail struct {
	To      string
	Subject string
	Text    string
}

// ErrRefusedMail is a mail server's last word on a message: another try is of
// no use.
var ErrRefusedMail = Errorf(Invalid, "the mail was refused for good")

// MailKind says what a mail is about.
type MailKind string

// The kinds of mail.
const (
	MailPasswordReset MailKind = "password_reset" // the subject is an address, perhaps nobody's
	MailInvitation    MailKind = "invitation"     // the subject is the invitation's id
)

// QueuedMail is a mail that is to be made and sent.
type QueuedMail struct {
	ID        ID
	Kind      MailKind
	Subject   string
	Attempts  int // that were begun
	NextAt    time.Time
	CreatedAt time.Time
}

// MailLife is how long a mail is tried.
const MailLife = 24 * time.Hour

// mailDelays are the pauses after each attempt that failed; the last one is
// made again and again.
var mailDelays = []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 20 * time.Minute, time.Hour}

// MailDelay gives how long to wait after so many failed attempts. A number from
// 0 to 1, drawn by the caller, spreads the pause over a fifth of itself.
func MailDelay(attempts int, spread float64) time.Duration {
	delay := mailDelays[min(max(attempts, 1), len(mailDelays))-1]
	return delay + time.Duration(float64(delay)/5*spread)
}
