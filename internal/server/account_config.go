package server

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/mail"
)

type urlField struct{ url *string }

func (f *urlField) Set(text string) error {
	*f.url = ""
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" ||
		u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("must be an http or https URL without credentials, path, query and fragment: the console is at its /console/")
	}
	*f.url = strings.TrimRight(text, "/")
	return nil
}

func (f *urlField) String() string { return *f.url }

type smtpField struct{ server *reeve.Token }

func (f *smtpField) Set(text string) error {
	if text != "" && text != mask {
		if _, err := mail.ParseServer(text); err != nil {
			*f.server = ""
			return err
		}
	}
	*f.server = reeve.Token(text)
	return nil
}

func (f *smtpField) String() string {
	if *f.server == "" {
		return ""
	}
	return mask
}

type fromField struct{ from *string }

func (f *fromField) Set(text string) error {
	*f.from = ""
	if text != "" {
		if err := mail.CheckFrom(text); err != nil {
			return err
		}
	}
	*f.from = text
	return nil
}

func (f *fromField) String() string { return *f.from }

// sender gives what sends mails, nil where none is sent.
func sender(cfg Config) func(context.Context, reeve.Mail) error {
	if cfg.SMTP == "" || cfg.SMTP == mask {
		return nil
	}
	server, err := mail.ParseServer(string(cfg.SMTP))
	if err != nil {
		return nil // Load has refused it
	}
	return mail.NewSender(server, cfg.MailFrom).Send
}

// publicURL is where users reach the tenant listener; one that listens on every
// address is taken to be on this machine.
func publicURL(cfg Config) string {
	if cfg.PublicURL != "" {
		return cfg.PublicURL
	}
	scheme := "http"
	if cfg.TLSCert != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(cfg.TenantListen)
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
