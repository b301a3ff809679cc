package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// CheckMonth tells what is wrong with the text of a month.
func CheckMonth(text string) error {
	_, err := reeve.ParseMonth(text)
	return err
}

// CloseMonth closes a month, given as 2006-01, and says so. One that has usage is
// not closed without any price, unless all is to be free. Where another process
// holds the SQLite database it asks that server to, whose prices count.
func CloseMonth(ctx context.Context, cfg Config, text string, free bool, out io.Writer) error {
	month, err := reeve.ParseMonth(text)
	if err != nil {
		return err
	}
	if err := mustExist(cfg); err != nil {
		return StartError{err}
	}
	c, s, err := openControl(ctx, cfg)
	if cfg.Database.Kind == SQLite && reeve.IsKind(err, reeve.Conflict) {
		return askToClose(ctx, cfg, month, out)
	} else if err != nil {
		return err
	}
	defer s.Close()
	if !free {
		if err := checkPriced(ctx, c, month); err != nil {
			return err
		}
	}
	closed, err := c.CloseMonth(asSystem(ctx), month)
	if err != nil {
		return err
	}
	return announceClosed(out, month, closed.Statements)
}

func checkPriced(ctx context.Context, c *control.Control, month reeve.Month) error {
	err := c.CheckPriced(asSystem(ctx), month)
	if reeve.IsKind(err, reeve.Conflict) {
		return fmt.Errorf("%s has usage and there are no prices: give --prices, or --without-prices if all of it is free", month)
	}
	return err
}

func announceClosed(out io.Writer, month reeve.Month, statements int) error {
	plural := "s"
	if statements == 1 {
		plural = ""
	}
	_, err := fmt.Fprintf(out, "%s is closed: %d statement%s\n", month, statements, plural)
	return err
}

// askToClose has the running server close a month. It asks again while the
// server has not done all of it.
func askToClose(ctx context.Context, cfg Config, month reeve.Month, out io.Writer) error {
	if cfg.OperatorToken == "" {
		return errors.New("the database is in use by another reeve process: give its --operator-token, for it to close the month")
	}
	client, base, err := ownServer(cfg)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	for {
		reply, err := requestClose(ctx, client, base+"/api/months/"+month.String()+"/close", cfg.OperatorToken)
		if err != nil {
			return fmt.Errorf("ask the running server: %w", err)
		}
		if reply.Status == "closed" {
			return announceClosed(out, month, reply.Statements)
		}
	}
}

// closeReply is what the server answers, be it a refusal.
type closeReply struct {
	Status     string
	Statements int
	Error      string
	Detail     string
}

func requestClose(ctx context.Context, client *http.Client, url string, token reeve.Token) (out closeReply, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return out, err
	}
	request.Header.Set("Authorization", string(token))
	reply, err := client.Do(request)
	if err != nil {
		return out, err
	}
	defer func() { _ = reply.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(reply.Body, 1<<16))
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(body, &out); err != nil || reply.StatusCode == http.StatusOK && out.Status == "" {
		return out, fmt.Errorf("%s is no answer of reeve's (status %d)", url, reply.StatusCode)
	}
	switch {
	case reply.StatusCode == http.StatusForbidden:
		return out, errors.New("it does not know the configured --operator-token")
	case reply.StatusCode != http.StatusOK && out.Detail != "":
		return out, fmt.Errorf("%s: %s", out.Error, out.Detail)
	case reply.StatusCode != http.StatusOK:
		return out, errors.New(out.Error)
	}
	return out, nil
}

// ownServer gives where the server of this configuration listens to operators,
// and a client that trusts the configured certificate and no other.
func ownServer(cfg Config) (*http.Client, string, error) {
	host, port, err := net.SplitHostPort(cfg.OperatorListen)
	if err != nil {
		return nil, "", err
	}
	switch address, err := netip.ParseAddr(host); {
	case host == "" || err == nil && address.IsUnspecified() && address.Is4():
		host = "127.0.0.1"
	case err == nil && address.IsUnspecified():
		host = "::1"
	}
	address := net.JoinHostPort(host, port)
	if cfg.TLSCert == "" {
		return &http.Client{Transport: &http.Transport{}}, "http://" + address, nil
	}
	own, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey)
	if err != nil {
		return nil, "", fmt.Errorf("--tls-cert, --tls-key: %w", err)
	}
	pin := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // its name need not be this address: it is compared whole
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			if len(raw) == 0 || !bytes.Equal(raw[0], own.Certificate[0]) {
				return errors.New("another certificate than the configured one")
			}
			return nil
		},
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: pin}}, "https://" + address, nil
}
