package server

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPrintReadsBack prints a configuration, loads what was printed, and
// prints it again.
func TestPrintReadsBack(t *testing.T) {
	var args []string
	for name, text := range everything() {
		args = append(args, "--"+name, text)
	}
	for name, args := range map[string][]string{"defaults": nil, "everything": args} {
		t.Run(name, func(t *testing.T) {
			first, err := load(t, args, nil)
			if err != nil {
				t.Fatal(err)
			}
			second, err := load(t, []string{"--config", write(t, first.String())}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(first.String(), second.String()); diff != "" {
				t.Errorf("printed again (-first +second):\n%s", diff)
			}
		})
	}
}

// TestMaskIsNoSecret checks that a printed configuration runs only once its
// secrets are supplied again.
func TestMaskIsNoSecret(t *testing.T) {
	for name, secret := range map[string]string{
		"operator-token": "hush-0123456789ab", "master-key": key(7), "database": "postgres://reeve:hush@db/reeve",
	} {
		given := []string{"--" + name, secret}
		first, err := load(t, given, nil)
		if err != nil {
			t.Fatal(err)
		}
		file := []string{"--config", write(t, first.String())}
		printed, err := load(t, file, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := printed.Runnable(); err == nil || !strings.Contains(err.Error(), "--"+name) {
			t.Errorf("%s: Runnable() = %v, want an error naming it", name, err)
		}
		supplied, err := load(t, append(file, given...), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := supplied.Runnable(); err != nil {
			t.Error(err)
		}
		sameConfig(t, supplied, first)
	}
}

// TestNothingShowsSecrets prints a configuration in every way that comes by
// accident.
func TestNothingShowsSecrets(t *testing.T) {
	secrets := []string{"hush", "s3cret", key(9)}
	c, err := load(t, []string{
		"--database", "postgres://u:hush@h/db?sslpassword=hush", "--operator-token", "s3cret-s3cret-s3cret", "--master-key", key(9),
		"--smtp", "smtps://u:hush@h", "--mail-from", "u@h",
		"--oidc-issuer", "https://id.test", "--oidc-client-id", "x", "--oidc-client-secret", "hush", "--oidc-roles", "a=viewer", "--operator-url", "https://h",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "config", c)
	for _, shown := range []string{
		fmt.Sprintf("%v %+v %s", c, c, c), fmt.Sprintf("%#v", c), log.String(),
	} {
		for _, secret := range secrets {
			if strings.Contains(shown, secret) {
				t.Errorf("shows %s: %s", secret, shown)
			}
		}
	}
}
