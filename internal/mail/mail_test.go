package mail_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/mail"
)

// server is a mail server on loopback that says what it is told to.
type server struct {
	address  string
	starttls bool   // it offers STARTTLS, and cannot do it
	rcpt     string // its answer to RCPT
	got      chan string
}

func serve(t *testing.T, s *server) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	s.address, s.got = listener.Addr().String(), make(chan string, 10)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go s.talk(connection)
		}
	}()
	return s
}

// talk speaks as much SMTP as a mail needs.
func (s *server) talk(connection net.Conn) {
	defer func() { _ = connection.Close() }()
	in := bufio.NewReader(connection)
	say := func(text string) { _, _ = fmt.Fprintf(connection, "%s\r\n", text) }
	say("220 test")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			if s.starttls {
				say("250-test")
				say("250 STARTTLS")
			} else {
				say("250 test")
			}
		case "STARTTLS":
			say("454 not now")
		case "RCPT":
			say(s.rcpt)
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				text.WriteString(line)
			}
			s.got <- text.String()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func send(t *testing.T, s *server, m reeve.Mail) error {
	t.Helper()
	where, err := mail.ParseServer("smtp://" + s.address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return mail.NewSender(where, "Reeve <reeve@mail.test>").Send(ctx, m)
}

var letter = reeve.Mail{To: "ada@mail.test", Subject: "Grüße\r\nBcc: eve@mail.test", Text: "open https://cloud.test/x#secret\n.\nend"}

// TestSend: a mail arrives whole, and no text of it becomes a header.
func TestSend(t *testing.T) {
	s := serve(t, &server{rcpt: "250 ok"})
	if err := send(t, s, letter); err != nil {
		t.Fatal(err)
	}
	got := <-s.got
	head, body, _ := strings.Cut(got, "\r\n\r\n")
	for _, want := range []string{"From: \"Reeve\" <reeve@mail.test>\r\n", "To: <ada@mail.test>\r\n", "Date: ", "Message-ID: ", "Subject: "} {
		if !strings.Contains(head+"\r\n", want) {
			t.Errorf("no %q in %s", want, head)
		}
	}
	for line := range strings.Lines(head) {
		if strings.HasPrefix(line, "Bcc") {
			t.Error(head)
		}
	}
	if !strings.Contains(body, "open https://cloud.test/x#secret\r\n..\r\nend") { // a dot is doubled on the way
		t.Errorf("%q", body)
	}
}

// TestRefusals: what a server says for good is the end, all else is worth
// another try; no error names an address or a text.
func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		name    string
		server  server
		to      string
		forGood bool
		says    string
	}{
		{"no such user", server{rcpt: "550 no ada@mail.test here"}, "ada@mail.test", true, "the server answered 550"},
		{"grey list", server{rcpt: "450 later, ada@mail.test"}, "ada@mail.test", false, "the mail server answered 450"},
		{"no address", server{rcpt: "250 ok"}, "not an address", true, "the address cannot be used"},
		{"header in the address", server{rcpt: "250 ok"}, "ada@mail.test\r\nBcc: eve@mail.test", true, "the address cannot be used"},
		{"broken STARTTLS", server{rcpt: "250 ok", starttls: true}, "ada@mail.test", false, ""},
	} {
		s := serve(t, &test.server)
		m := letter
		m.To = test.to
		err := send(t, s, m)
		if err == nil || errors.Is(err, reeve.ErrRefusedMail) != test.forGood || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", test.name, err)
		}
		if err != nil && (strings.Contains(err.Error(), "@") || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: tells %v", test.name, err)
		}
	}
	nobody := &server{address: "127.0.0.1:1"}
	if err := send(t, nobody, letter); err == nil || errors.Is(err, reeve.ErrRefusedMail) {
		t.Errorf("no server: %v", err)
	}
}

// TestParseServer: what a server may be written as; no error repeats a password.
func TestParseServer(t *testing.T) {
	for text, want := range map[string]mail.Server{
		"smtp://mail.test":                    {Host: "mail.test", Port: 587},
		"smtps://mail.test":                   {Host: "mail.test", Port: 465, TLS: true},
		"smtp://ada:p%40ss@mail.test:25":      {Host: "mail.test", Port: 25, User: "ada", Password: "p@ss"},
		"smtps://ada%40mail.test:x@[::1]:99/": {Host: "::1", Port: 99, TLS: true, User: "ada@mail.test", Password: "x"},
	} {
		if got, err := mail.ParseServer(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "mail.test", "mail.test:25", "http://u:hush@mail.test", "smtp://", "smtp:mail.test", "smtp://u:hush@mail.test:0",
		"smtp://u:hush@mail.test:x", "smtp://u:hush@mail.test/path", "smtp://u:hush@mail.test?x=y", "smtp://u:hu/sh@mail.test",
	} {
		if got, err := mail.ParseServer(text); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

// TestNothingInTheClear: a server that is not reached by loopback is told
// nothing without TLS.
func TestNothingInTheClear(t *testing.T) {
	s := serve(t, &server{rcpt: "250 ok"})
	_, port, err := net.SplitHostPort(s.address)
	if err != nil {
		t.Fatal(err)
	}
	s.address = "0.0.0.0:" + port // which Linux connects to this machine
	if err := send(t, s, letter); err == nil || errors.Is(err, reeve.ErrRefusedMail) {
		t.Error(err)
	}
	if len(s.got) > 0 {
		t.Error("the mail was sent")
	}
}
