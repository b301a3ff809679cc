// Package mail sends mails by SMTP (RFC 5321).
package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/reeve-cloud/reeve"
)

// Timeout bounds one attempt, from the connection to the server's last word.
const Timeout = 30 * time.Second

// Server says which mail server takes mails, and who sends them.
type Server struct {
	Host           string
	Port           int
	TLS            bool // from the first byte on, as smtps
	User, Password string
}

// The usual ports (RFC 8314).
const (
	submission  = 587
	submissions = 465
)

// ParseServer reads smtp://user:password@host:port or smtps://…; user, password
// and port may be left out. Its errors do not repeat the text, which may hold a
// password.
func ParseServer(text string) (Server, error) {
	wrong := errors.New("must be smtp://USER:PASSWORD@HOST:PORT or smtps://…, special characters percent-encoded")
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Opaque != "" || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return Server{}, wrong
	}
	out := Server{Host: u.Hostname(), User: u.User.Username()}
	out.Password, _ = u.User.Password()
	switch u.Scheme {
	case "smtp":
		out.Port = submission
	case "smtps":
		out.Port, out.TLS = submissions, true
	default:
		return Server{}, wrong
	}
	if port := u.Port(); port != "" {
		if out.Port, err = strconv.Atoi(port); err != nil || out.Port < 1 || out.Port > 65535 {
			return Server{}, wrong
		}
	}
	return out, nil
}

// Sender sends mails through one server.
type Sender struct {
	server Server
	from   string
}

// NewSender makes a Sender of mails from an address.
func NewSender(server Server, from string) *Sender { return &Sender{server, from} }

// CheckFrom refuses what cannot be a sender's address.
func CheckFrom(from string) error {
	if err := gomail.NewMsg().From(from); err != nil {
		return errors.New("must be an address, such as reeve@example.com or Reeve <reeve@example.com>")
	}
	return nil
}

// Send makes one attempt. It wraps reeve.ErrRefusedMail if the server, or the
// form of the address, refuses the mail for good. No error repeats an address or
// a text: both are personal, and the text holds a secret.
func (s *Sender) Send(ctx context.Context, m reeve.Mail) error {
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := message.From(s.from); err != nil {
		return errors.New("the sender's address cannot be used")
	}
	if err := message.To(m.To); err != nil {
		return fmt.Errorf("%w: the address cannot be used", reeve.ErrRefusedMail)
	}
	message.Subject(m.Subject)
	message.SetDate()
	message.SetMessageID()
	message.SetBodyString(gomail.TypeTextPlain, m.Text)
	client, err := gomail.NewClient(s.server.Host, s.options()...)
	if err != nil {
		return errors.New("the mail server's settings cannot be used")
	}
	return cause(client.DialAndSendWithContext(ctx, message))
}

// options are TLS from the first byte, or STARTTLS: without it nothing is said
// to a server on another machine.
func (s *Sender) options() []gomail.Option {
	out := []gomail.Option{gomail.WithTimeout(Timeout), gomail.WithPort(s.server.Port)}
	switch {
	case s.server.TLS:
		out = append(out, gomail.WithSSL())
	case loopback(s.server.Host):
		out = append(out, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		out = append(out, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.server.User != "" {
		out = append(out, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(s.server.User), gomail.WithPassword(s.server.Password))
	}
	return out
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// cause tells in words of our own why a mail was not taken: the server's quote
// addresses.
func cause(err error) error {
	if err == nil {
		return nil
	}
	var refused *gomail.SendError
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &refused) && refused.ErrorCode() >= 500:
		return fmt.Errorf("%w: the server answered %d", reeve.ErrRefusedMail, refused.ErrorCode())
	case errors.As(err, &refused) && refused.ErrorCode() > 0:
		return fmt.Errorf("the mail server answered %d", refused.ErrorCode())
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return errors.New("the mail server timed out")
	}
	return errors.New("the mail server cannot be used")
}
