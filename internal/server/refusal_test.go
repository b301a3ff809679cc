package server

import (
	"strings"
	"testing"
)

func TestLoadRefuses(t *testing.T) {
	missing := t.TempDir() + "/missing"
	for _, test := range []struct {
		name          string
		args, environ []string
		file          string
		want          string // all of the error; FILE stands for the file's path
	}{
		{name: "unknown variable", environ: []string{"REEVE_LOG_COLOR=x"}, want: "unknown configuration key REEVE_LOG_COLOR in the environment"},
		{name: "no file variable but for secrets", environ: []string{"REEVE_LOG_LEVEL_FILE=x"}, want: "unknown configuration key REEVE_LOG_LEVEL_FILE in the environment"},
		{name: "unknown key", file: "log-level: info\nlog-color: x\n", want: `--config FILE: unknown configuration key "log-color" in line 2`},
		{name: "key twice", file: "log-level: info\nlog-level: warn\n", want: `--config FILE: log-level is given again in line 2`},
		{name: "nested value", file: "database:\n  path: x\n", want: `--config FILE: database in line 2: must be a plain value`},
		{name: "no mapping", file: "hush\n", want: `--config FILE: must be a list of settings, each NAME: VALUE`},
		{name: "missing config", args: []string{"--config", missing}, want: "--config: open " + missing + ": no such file or directory"},
		{name: "secret twice", environ: []string{"REEVE_OPERATOR_TOKEN=a", "REEVE_OPERATOR_TOKEN_FILE=b"}, want: "REEVE_OPERATOR_TOKEN and REEVE_OPERATOR_TOKEN_FILE: give one of them"},
		{name: "secret file missing", environ: []string{"REEVE_MASTER_KEY_FILE=" + missing}, want: "REEVE_MASTER_KEY_FILE: open " + missing + ": no such file or directory"},
		{name: "empty secret file", environ: []string{"REEVE_MASTER_KEY_FILE=/dev/null"}, want: "REEVE_MASTER_KEY_FILE: /dev/null is empty"},

		{name: "database", args: []string{"--database", "mysql://u:hush@h"}, want: "--database: must be sqlite:PATH or postgres://USER@HOST/NAME"},
		{name: "memory", args: []string{"--database", "sqlite::memory:"}, want: "--database: a database in memory would forget everything, give sqlite:PATH"},
		{name: "sqlite parameters", args: []string{"--database", "sqlite:a.db?mode=ro"}, want: "--database: must be sqlite: and the path of a file, without parameters"},
		{name: "sqlite without path", args: []string{"--database", "sqlite:"}, want: "--database: must be sqlite: and the path of a file, without parameters"},
		{name: "postgres URL", args: []string{"--database", "postgres://u:hu/sh@h/db"}, want: "--database: must be a URL postgres://USER@HOST/NAME, special characters of a password percent-encoded"},
		{name: "postgres raw password", args: []string{"--database", "postgres://u:1/hush@h/db"}, want: "--database: the characters / ? # @ of a password must be percent-encoded"},
		{name: "connections", args: []string{"--database-max-connections", "0"}, want: `--database-max-connections "0": must be a whole number from 1 to 10000`},
		{name: "listen", args: []string{"--tenant-listen", "8080"}, want: `--tenant-listen "8080": must be HOST:PORT, the host may be empty (every address) and the port 0 (any)`},
		{name: "port", args: []string{"--gateway-listen", ":65536"}, want: `--gateway-listen ":65536": must be HOST:PORT, the host may be empty (every address) and the port 0 (any)`},
		{name: "same listener", args: []string{"--gateway-listen", "127.0.0.1:8080"}, want: `--gateway-listen "127.0.0.1:8080": must differ from --tenant-listen`},
		{name: "certificate alone", args: []string{"--tls-cert", "c"}, want: "--tls-cert and --tls-key: give both or neither"},
		{name: "key alone", args: []string{"--tls-key", "k"}, want: "--tls-cert and --tls-key: give both or neither"},
		{name: "proxies", args: []string{"--trusted-proxies", "10.0.0.1,proxy"}, want: `--trusted-proxies "10.0.0.1,proxy": must be IP addresses or CIDRs, separated by commas`},
		{name: "token", args: []string{"--operator-token", "hu sh"}, want: "--operator-token: must be printable ASCII without spaces"},
		{name: "short token", args: []string{"--operator-token", "hush56789012345"}, want: "--operator-token: must have at least 16 characters"},
		{name: "short key", args: []string{"--master-key", key(1) + ",aHVzaA=="}, want: "--master-key: key 2 must be 32 bytes in base64, as from: openssl rand -base64 32"},
		{name: "key without base64", args: []string{"--master-key", "hush!"}, want: "--master-key: key 1 must be 32 bytes in base64, as from: openssl rand -base64 32"},
		{name: "format", args: []string{"--log-format", "xml"}, want: `--log-format "xml": must be json or text`},
		{name: "level", args: []string{"--log-level", "INFO"}, want: `--log-level "INFO": must be debug, info, warn or error`},
		{name: "count", environ: []string{"REEVE_PROJECT_LIMIT=ten"}, want: `--project-limit "ten": must be a whole number from 0 to 1000000`},
		{name: "limit", environ: []string{"REEVE_DEFAULT_RATE_LIMIT=default"}, want: `--default-rate-limit "default": must be unlimited or a whole number from 0 to 2147483647`},
		{name: "limit too large", args: []string{"--default-bucket-limit", "2147483648"}, want: `--default-bucket-limit "2147483648": must be unlimited or a whole number from 0 to 2147483647`},
		{name: "size too large", args: []string{"--default-usage-limit", "20EB"}, want: `--default-usage-limit "20EB": must be unlimited or a size such as 150GB or 1TiB`},
		{name: "size below zero", args: []string{"--default-bandwidth-limit", "-1"}, want: `--default-bandwidth-limit "-1": must be unlimited or a size such as 150GB or 1TiB`},
		{name: "duration", args: []string{"--read-timeout", "0"}, want: `--read-timeout "0": must be a duration such as 30s or 5m, more than 0`},
		{name: "public URL", args: []string{"--public-url", "cloud.test"}, want: `--public-url "cloud.test": must be an http or https URL without credentials, path, query and fragment: the console is at its /console/`},
		{name: "public URL with a query", args: []string{"--public-url", "https://cloud.test?x"}, want: `--public-url "https://cloud.test?x": must be an http or https URL without credentials, path, query and fragment: the console is at its /console/`},
		{name: "public URL with a path", args: []string{"--public-url", "https://cloud.test/reeve"}, want: `--public-url "https://cloud.test/reeve": must be an http or https URL without credentials, path, query and fragment: the console is at its /console/`},
		{name: "mail server", args: []string{"--smtp", "hush"}, want: "--smtp: must be smtp://USER:PASSWORD@HOST:PORT or smtps://…, special characters percent-encoded"},
		{name: "raw password of a mail server", args: []string{"--smtp", "smtp://u:hu/sh@h"}, want: "--smtp: must be smtp://USER:PASSWORD@HOST:PORT or smtps://…, special characters percent-encoded"},
		{name: "sender", args: []string{"--mail-from", "reeve"}, want: `--mail-from "reeve": must be an address, such as reeve@example.com or Reeve <reeve@example.com>`},
		{name: "mail server alone", args: []string{"--smtp", "smtp://u:hush@h"}, want: "--smtp: give --mail-from too"},
		{name: "operator URL", args: []string{"--operator-url", "ops.test"}, want: `--operator-url "ops.test": must be an http or https URL without credentials, path, query and fragment: the console is at its /console/`},
		{name: "issuer", args: []string{"--oidc-issuer", "http://id.test"}, want: `--oidc-issuer "http://id.test": must be an https URL without credentials and fragment; http is for loopback alone`},
		{name: "client", args: []string{"--oidc-client-id", "a b"}, want: `--oidc-client-id "a b": must be printable, without spaces`},
		{name: "client's secret", args: []string{"--oidc-client-secret", "hu\nsh"}, want: "--oidc-client-secret: must be printable"},
		{name: "scopes", args: []string{"--oidc-scopes", "openid,,email"}, want: `--oidc-scopes "openid,,email": must be words, separated by commas`},
		{name: "roles", args: []string{"--oidc-roles", "staff"}, want: `--oidc-roles "staff": must be GROUP=ROLE, separated by commas`},
		{name: "no group", args: []string{"--oidc-roles", " =admin"}, want: `--oidc-roles " =admin": must be GROUP=ROLE, separated by commas`},
		{name: "unknown role", args: []string{"--oidc-roles", "staff=boss"}, want: `--oidc-roles "staff=boss": role must be admin, support, finance or viewer`},
		{name: "group twice", args: []string{"--oidc-roles", "a=viewer,a=admin"}, want: `--oidc-roles "a=viewer,a=admin": has the group "a" twice`},
		{name: "issuer alone", args: []string{"--oidc-issuer", "https://id.test"}, want: "--oidc-issuer: give --oidc-client-id too"},
		{name: "no secret", args: []string{"--oidc-issuer", "https://id.test", "--oidc-client-id", "x"}, want: "--oidc-issuer: give --oidc-client-secret too"},
		{name: "no roles", args: []string{"--oidc-issuer", "https://id.test", "--oidc-client-id", "x", "--oidc-client-secret", "hush"}, want: "--oidc-issuer: give --oidc-roles too"},
		{name: "roles alone", args: []string{"--oidc-roles", "a=viewer"}, want: "--oidc-roles: give --oidc-issuer too"},
		{name: "secret alone", args: []string{"--oidc-client-secret", "hush"}, want: "--oidc-client-secret: give --oidc-issuer too"},
		{name: "no operator URL", args: oidc(), want: "--oidc-issuer: give --operator-url too, where the identity provider sends operators back to"},
		{name: "open operator URL", args: oidc("--operator-url", "http://ops.test"), want: `--operator-url "http://ops.test": must be an https URL for operators to sign in through an identity provider; http is for loopback alone`},
		{name: "no groups claim", args: oidc("--operator-url", "https://ops.test", "--oidc-groups-claim", ""), want: "--oidc-issuer: the claim that has the groups is needed"},
		{name: "no openid", args: oidc("--operator-url", "https://ops.test", "--oidc-scopes", "profile"), want: "--oidc-issuer: openid must be one of the scopes"},
		{name: "retention", args: []string{"--changes-retention", "-1h"}, want: `--changes-retention "-1h": must be a duration such as 30s or 720h, or 0`},
	} {
		t.Run(test.name, func(t *testing.T) {
			args, want := test.args, test.want
			if test.file != "" {
				path := write(t, test.file)
				args = append([]string{"--config", path}, args...)
				want = strings.Replace(want, "FILE", path, 1)
			}
			_, err := load(t, args, test.environ)
			if err == nil || err.Error() != want {
				t.Errorf("error:\n got %v\nwant %s", err, want)
			}
		})
	}
}

func TestBadYAMLIsRefused(t *testing.T) {
	for _, content := range []string{"database: [", "\tdatabase: x", "database: a: b"} {
		if _, err := load(t, []string{"--config", write(t, content)}, nil); err == nil {
			t.Errorf("%q is read", content)
		}
	}
}

func TestFileLeavesOut(t *testing.T) {
	for _, content := range []string{"", "# nothing\n", "project-limit:\n", "project-limit: null\n", "--- {}\n"} {
		got, err := load(t, []string{"--config", write(t, content)}, nil)
		if err != nil || got.ProjectLimit != 10 {
			t.Errorf("%q: project limit %d, error %v", content, got.ProjectLimit, err)
		}
	}
}

func TestFileTakesLists(t *testing.T) {
	got, err := load(t, []string{"--config", write(t, "trusted-proxies:\n- 10.0.0.0/8\n- ::1\n")}, nil)
	if err != nil || len(got.TrustedProxies) != 2 {
		t.Errorf("proxies %v, error %v", got.TrustedProxies, err)
	}
}

func TestDatabaseString(t *testing.T) {
	for text, want := range map[string]string{
		"sqlite:var/reeve.db":                         "sqlite:var/reeve.db",
		"sqlite:/var/reeve.db":                        "sqlite:/var/reeve.db",
		"postgres://h/db":                             "postgres://h/db",
		"postgresql://u@h/db":                         "postgresql://u@h/db",
		"postgres://u:hush@h":                         "postgres://u:***@h",
		"postgres://u:hu%40sh@h:1/db?sslmode=disable": "postgres://u:***@h:1/db?sslmode=disable",
		"postgres://u:hush@h1:1,h2:2/db":              "postgres://u:***@h1:1,h2:2/db",
		"postgres://u:hu@sh@h/db":                     "postgres://u:***@h/db",
		"postgres:///db?user=u&password=hush&host=s":  "postgres:///db?user=u&password=***&host=s",
		"postgres:///db?p%61ssword=hush":              "postgres:///db?p%61ssword=***",
	} {
		database, err := ParseDatabase(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := database.String(); got != want {
			t.Errorf("%s is shown as %s, want %s", text, got, want)
		}
	}
}

// oidc gives the flags of an identity provider, and more.
func oidc(more ...string) []string {
	return append([]string{
		"--oidc-issuer", "https://id.test", "--oidc-client-id", "x", "--oidc-client-secret", "hush", "--oidc-roles", "a=viewer",
	}, more...)
}
