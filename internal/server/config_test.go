package server

import (
	"bytes"
	"encoding/base64"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/console"
)

var update = flag.Bool("update", false, "write the golden files anew")

// load runs Load on a command line and an environment.
func load(t *testing.T, args, environ []string) (Config, error) {
	t.Helper()
	flags := pflag.NewFlagSet("reeve", pflag.ContinueOnError)
	AddFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return Load(flags, environ)
}

// write makes a file and gives its path.
func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func key(fill byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, 32))
}

// sameConfig compares two configurations whole.
func sameConfig(t *testing.T, got, want Config) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Config{}), cmpopts.EquateComparable(netip.Prefix{}, reeve.Limits{})); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

func TestLoadDefaults(t *testing.T) {
	got, err := load(t, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	sameConfig(t, got, Config{
		Database:               Database{Kind: SQLite, Source: "reeve.db"},
		DatabaseMaxConnections: 20,
		TenantListen:           "127.0.0.1:8080",
		OperatorListen:         "127.0.0.1:8081",
		GatewayListen:          "127.0.0.1:8082",
		AuthFailures:           60,
		LogFormat:              "json",
		ProjectLimit:           10,
		DefaultLimits: reeve.Limits{
			Usage: reeve.Unlimited, Bandwidth: reeve.Unlimited, Rate: reeve.Unlimited, Buckets: reeve.Unlimited,
		},
		CloseAfter:        48 * time.Hour,
		SessionLease:      90 * time.Second,
		RestoreWindow:     720 * time.Hour,
		OIDC:              console.OIDCSettings{Scopes: []string{"openid", "profile", "groups"}, GroupsClaim: "groups"},
		SessionIdle:       24 * time.Hour,
		SessionLifetime:   720 * time.Hour,
		ReadTimeout:       30 * time.Second,
		ReadHeaderTimeout: 10 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    65536,
		DrainTimeout:      8 * time.Second,
		PasswordHashing:   2,
	})
}

// everything sets each setting to something that is not its default.
func everything() map[string]string {
	return map[string]string{
		"database":                 "postgres://reeve:hush@db:5432/reeve?sslmode=disable",
		"database-max-connections": "7",
		"tenant-listen":            ":80",
		"operator-listen":          "[::1]:0",
		"gateway-listen":           "localhost:0",
		"tls-cert":                 "cert.pem",
		"tls-key":                  "key.pem",
		"trusted-proxies":          "10.0.0.1, 192.168.7.1/16,::ffff:1.2.3.4",
		"auth-failures":            "0",
		"operator-token":           "0123456789012345",
		"master-key":               key(1) + "," + key(2),
		"log-format":               "text",
		"log-level":                "warn",
		"project-limit":            "0",
		"default-usage-limit":      "1.5GB",
		"default-bandwidth-limit":  "0",
		"default-rate-limit":       "100",
		"default-bucket-limit":     "7",
		"changes-retention":        "720h",
		"usage-retention":          "24",
		"prices":                   "prices.yaml",
		"close-after":              "24h",
		"session-lease":            "2m",
		"require-reason":           "true",
		"restore-window":           "48h",
		"session-idle":             "1h",
		"session-lifetime":         "48h",
		"public-url":               "https://cloud.test/",
		"operator-url":             "https://ops.test/",
		"oidc-issuer":              "https://id.test/realms/staff/",
		"oidc-client-id":           "reeve",
		"oidc-client-secret":       "hush of the client",
		"oidc-scopes":              "openid, email",
		"oidc-groups-claim":        "https://id.test/claims/groups",
		"oidc-roles":               "/on call=support, cn=boss=admin",
		"smtp":                     "smtp://reeve:hush@mail.test:2525",
		"mail-from":                "Reeve <reeve@mail.test>",
		"read-timeout":             "1s",
		"read-header-timeout":      "2s",
		"write-timeout":            "3s",
		"idle-timeout":             "4s",
		"max-header-bytes":         "8192",
		"drain-timeout":            "0",
		"password-hashing":         "4",
	}
}

func TestLoadFromEachSource(t *testing.T) {
	var args, environ []string
	var file strings.Builder
	for _, s := range settings {
		text, ok := everything()[s.name]
		if !ok || text == s.def {
			t.Fatalf("everything() sets no %s", s.name)
		}
		args = append(args, "--"+s.name, text)
		environ = append(environ, s.variable()+"="+text)
		if strings.HasPrefix(text, "[") {
			text = "'" + text + "'" // else YAML takes it for a list
		}
		fmt.Fprintf(&file, "%s: %s\n", s.name, text)
	}
	want := Config{
		Database:               Database{Kind: Postgres, Source: "postgres://reeve:hush@db:5432/reeve?sslmode=disable"},
		DatabaseMaxConnections: 7,
		TenantListen:           ":80",
		OperatorListen:         "[::1]:0",
		GatewayListen:          "localhost:0",
		TLSCert:                "cert.pem",
		TLSKey:                 "key.pem",
		TrustedProxies: []netip.Prefix{
			netip.MustParsePrefix("10.0.0.1/32"), netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("1.2.3.4/32"),
		},
		OperatorToken: "0123456789012345",
		MasterKeys: []MasterKey{
			MasterKey(bytes.Repeat([]byte{1}, 32)), MasterKey(bytes.Repeat([]byte{2}, 32)),
		},
		LogFormat: "text",
		LogLevel:  slog.LevelWarn,
		DefaultLimits: reeve.Limits{
			Usage: reeve.LimitOf(1_500_000_000), Bandwidth: reeve.LimitOf(0), Rate: reeve.LimitOf(100), Buckets: reeve.LimitOf(7),
		},
		ChangesRetention: 720 * time.Hour,
		UsageRetention:   24,
		Prices:           "prices.yaml",
		CloseAfter:       24 * time.Hour,
		SessionLease:     2 * time.Minute,
		RequireReason:    true,
		RestoreWindow:    48 * time.Hour,
		SessionIdle:      time.Hour,
		SessionLifetime:  48 * time.Hour,
		PublicURL:        "https://cloud.test",
		OperatorURL:      "https://ops.test",
		OIDC: console.OIDCSettings{
			Issuer: "https://id.test/realms/staff/", ClientID: "reeve", ClientSecret: "hush of the client",
			Scopes: []string{"openid", "email"}, GroupsClaim: "https://id.test/claims/groups",
			Roles: []console.GroupRole{{Group: "/on call", Role: reeve.OperatorSupport}, {Group: "cn=boss", Role: reeve.OperatorAdmin}},
		},
		SMTP:              "smtp://reeve:hush@mail.test:2525",
		MailFrom:          "Reeve <reeve@mail.test>",
		ReadTimeout:       time.Second,
		ReadHeaderTimeout: 2 * time.Second,
		WriteTimeout:      3 * time.Second,
		IdleTimeout:       4 * time.Second,
		MaxHeaderBytes:    8192,
		PasswordHashing:   4,
	}
	for name, source := range map[string]struct{ args, environ []string }{
		"flags":       {args: args},
		"environment": {environ: environ},
		"file":        {args: []string{"--config", write(t, file.String())}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := load(t, source.args, source.environ)
			if err != nil {
				t.Fatal(err)
			}
			sameConfig(t, got, want)
		})
	}
}

func TestLoadPrecedence(t *testing.T) {
	file := []string{"--config", write(t, "project-limit: 1")}
	environ := []string{"REEVE_PROJECT_LIMIT=2"}
	for _, test := range []struct {
		name          string
		args, environ []string
		want          int
	}{
		{"default", nil, nil, 10},
		{"file over default", file, nil, 1},
		{"environment over file", file, environ, 2},
		{"an empty variable is not given", file, []string{"REEVE_PROJECT_LIMIT="}, 1},
		{"flag over environment", append([]string{"--project-limit", "3"}, file...), environ, 3},
		{"a flag that repeats the default counts", append([]string{"--project-limit", "10"}, file...), environ, 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := load(t, test.args, test.environ)
			if err != nil {
				t.Fatal(err)
			}
			if got.ProjectLimit != test.want {
				t.Errorf("ProjectLimit = %d, want %d", got.ProjectLimit, test.want)
			}
		})
	}
}

func TestLoadSecretFiles(t *testing.T) {
	got, err := load(t, nil, []string{
		"REEVE_OPERATOR_TOKEN_FILE=" + write(t, "from-file-of-the-operator\n"),
		"REEVE_MASTER_KEY_FILE=" + write(t, key(3)+"\r\n"),
		"REEVE_DATABASE_FILE=" + write(t, "sqlite:/var/lib/reeve.db"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.OperatorToken != "from-file-of-the-operator" || len(got.MasterKeys) != 1 || got.Database.Source != "/var/lib/reeve.db" {
		t.Errorf("got token %q, %d keys, database %s", string(got.OperatorToken), len(got.MasterKeys), got.Database)
	}
}

// TestLoadIgnores covers variables with our prefix that are none of ours.
func TestLoadIgnores(t *testing.T) {
	_, err := load(t, nil, []string{
		"REEVE_TEST_POSTGRES=postgres://localhost", "REEVE_SERVICE_HOST=10.0.0.1", "REEVE_SERVICE_PORT_HTTP=80",
		"REEVE_PORT=tcp://10.0.0.1:80", "REEVE_TENANT_PORT_80_TCP_ADDR=10.0.0.1", "HOME=/root",
	})
	if err != nil {
		t.Error(err)
	}
}

// TestReference keeps docs/configuration.md in step with the settings.
func TestReference(t *testing.T) {
	var out strings.Builder
	out.WriteString("# Configuration\n\nFlags win over variables, variables over the YAML file of `--config`, the file over defaults.\n" +
		"The file's keys are the flags' names. Made from the settings by `make golden`.\n\n" +
		"## Of `reeve serve`\n\nAnd of the commands that open its database.\n\n")
	reference(&out, settings)
	out.WriteString("\n## Of `reeve gateway`\n\n")
	reference(&out, sidecarSettings)
	const path = "../../docs/configuration.md"
	if *update {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("docs/configuration.md is stale, run make golden (-there +now):\n%s", diff)
	}
}

func reference[C any](out *strings.Builder, settings []setting[C]) {
	out.WriteString("| flag | variable | default | meaning |\n|---|---|---|---|\n")
	for _, s := range settings {
		variable := "`" + s.variable() + "`"
		if s.secret {
			variable += " or `" + s.variable() + fileSuffix + "`"
		}
		def := "none"
		if s.def != "" {
			def = "`" + s.def + "`"
		}
		fmt.Fprintf(out, "| `--%s` | %s | %s | %s |\n", s.name, variable, def, strings.ReplaceAll(s.usage, "`", ""))
	}
}
