package server

import (
	"fmt"
	"slices"
	"strings"
)

// setting is one thing an operator can set of a command's configuration C: a
// flag --name, a variable REEVE_NAME (and, for a secret, REEVE_NAME_FILE) and a
// key in the file.
type setting[C any] struct {
	name   string
	of     string // goes before the name in the variable's
	def    string
	usage  string // the word in backquotes is the flag's placeholder
	secret bool   // its value is in no message, and masked where it is shown
	field  func(*C) field
}

// settings is the only list of the server's settings: flags, variables, file
// keys, what Print writes and docs/configuration.md come from it.
var settings = slices.Concat(serverSettings, oidcSettings)

var serverSettings = []setting[Config]{
	{
		name: "database", def: "sqlite:reeve.db", secret: true,
		usage: "`database`: sqlite:PATH or postgres://…",
		field: func(c *Config) field { return &databaseField{&c.Database} },
	},
	{
		name: "database-max-connections", def: "20",
		usage: "most `connections` to PostgreSQL, or that read from SQLite",
		field: func(c *Config) field { return &countField{&c.DatabaseMaxConnections, 1, 10_000} },
	},
	{
		name: "tenant-listen", def: "127.0.0.1:8080",
		usage: "`address` of the tenant API",
		field: func(c *Config) field { return &addressField{&c.TenantListen} },
	},
	{
		name: "operator-listen", def: "127.0.0.1:8081",
		usage: "`address` of the operator API",
		field: func(c *Config) field { return &addressField{&c.OperatorListen} },
	},
	{
		name: "gateway-listen", def: "127.0.0.1:8082",
		usage: "`address` of the gateway API",
		field: func(c *Config) field { return &addressField{&c.GatewayListen} },
	},
	{
		name:  "tls-cert",
		usage: "PEM `file` with the certificate chain; without it, plain HTTP",
		field: func(c *Config) field { return &pathField{&c.TLSCert} },
	},
	{
		name:  "tls-key",
		usage: "PEM `file` with the certificate's key",
		field: func(c *Config) field { return &pathField{&c.TLSKey} },
	},
	{
		name:  "trusted-proxies",
		usage: "comma-separated `addresses` or CIDRs of proxies whose word on the client's address counts",
		field: func(c *Config) field { return &prefixesField{&c.TrustedProxies} },
	},
	{
		name: "auth-failures", def: "60",
		usage: "how many unknown `credentials` a minute an address may show before it is turned away; 0 turns none away",
		field: func(c *Config) field { return &countField{&c.AuthFailures, 0, 1_000_000} },
	},
	{
		name: "operator-token", secret: true,
		usage: "`token` of the operator API, at least 16 characters; better given as REEVE_OPERATOR_TOKEN_FILE",
		field: func(c *Config) field { return &tokenField{&c.OperatorToken} },
	},
	{
		name: "master-key", secret: true,
		usage: "comma-separated base64 `keys` of 32 bytes: the first encrypts API-key secrets, all decrypt; better given as REEVE_MASTER_KEY_FILE",
		field: func(c *Config) field { return &keysField{&c.MasterKeys} },
	},
	{
		name: "log-format", def: "json",
		usage: "`format` of the log: json or text",
		field: func(c *Config) field { return &choiceField{&c.LogFormat, []string{"json", "text"}} },
	},
	{
		name: "log-level", def: "info",
		usage: "lowest `level` logged: debug, info, warn or error",
		field: func(c *Config) field { return &levelField{&c.LogLevel} },
	},
	{
		name: "project-limit", def: "10",
		usage: "how many `projects` a new user may own",
		field: func(c *Config) field { return &countField{&c.ProjectLimit, 0, 1_000_000} },
	},
	{
		name: "default-usage-limit", def: "unlimited",
		usage: "most `bytes` that a project may store whose own limit is unset, such as 150GB, or unlimited",
		field: func(c *Config) field { return &limitField{&c.DefaultLimits.Usage, true} },
	},
	{
		name: "default-bandwidth-limit", def: "unlimited",
		usage: "most `bytes` of egress a month of a project whose own limit is unset, such as 1TB, or unlimited",
		field: func(c *Config) field { return &limitField{&c.DefaultLimits.Bandwidth, true} },
	},
	{
		name: "default-rate-limit", def: "unlimited",
		usage: "most `requests` a second of a project whose own limit is unset, or unlimited",
		field: func(c *Config) field { return &limitField{&c.DefaultLimits.Rate, false} },
	},
	{
		name: "default-bucket-limit", def: "unlimited",
		usage: "most `buckets` of a project whose own limit is unset, or unlimited",
		field: func(c *Config) field { return &limitField{&c.DefaultLimits.Buckets, false} },
	},
	{
		name: "changes-retention", def: "0",
		usage: "how long changes are kept, a `duration`; 0 keeps them for ever",
		field: func(c *Config) field { return &durationField{&c.ChangesRetention, true} },
	},
	{
		name: "usage-retention", def: "0",
		usage: "how many `months` usage is kept, 16 at least, for what comes late; 0 keeps it for ever",
		field: func(c *Config) field { return &countField{&c.UsageRetention, 0, 1_200} },
	},
	{
		name:  "prices",
		usage: "YAML `file` that says what usage costs; without it, nothing; the same on all replicas",
		field: func(c *Config) field { return &pathField{&c.Prices} },
	},
	{
		name: "close-after", def: "48h",
		usage: "how long after its end a month is closed, a `duration`; 0 closes none but by hand",
		field: func(c *Config) field { return &durationField{&c.CloseAfter, true} },
	},
	{
		name: "require-reason", def: "false",
		usage: "whether operators must say why they change something: true or false",
		field: func(c *Config) field { return &switchField{&c.RequireReason} },
	},
	{
		name: "restore-window", def: "720h",
		usage: "how long deleted users, projects and organisations can be restored, a `duration`; 0 deletes them for good",
		field: func(c *Config) field { return &durationField{&c.RestoreWindow, true} },
	},
	{
		name: "session-lease", def: "90s",
		usage: "how long a gateway or another replica may answer from memory without a word of the database, a `duration`; the same on all replicas",
		field: func(c *Config) field { return &durationField{&c.SessionLease, false} },
	},
	{
		name: "session-idle", def: "24h",
		usage: "how long a user stays signed in without a request, a `duration`; the same on all replicas",
		field: func(c *Config) field { return &durationField{&c.SessionIdle, false} },
	},
	{
		name: "session-lifetime", def: "720h",
		usage: "how long a user stays signed in at most, a `duration`; the same on all replicas",
		field: func(c *Config) field { return &durationField{&c.SessionLifetime, false} },
	},
	{
		name:  "public-url",
		usage: "`URL` under which users reach the tenant listener, for links; that listener's own if none is given",
		field: func(c *Config) field { return &urlField{&c.PublicURL} },
	},
	{
		name:  "operator-url",
		usage: "`URL` under which operators reach the operator listener, for its console; required with --oidc-issuer",
		field: func(c *Config) field { return &urlField{&c.OperatorURL} },
	},
	{
		name: "smtp", secret: true,
		usage: "mail `server`: smtp://USER:PASSWORD@HOST:PORT or smtps://…; without one no mail is sent",
		field: func(c *Config) field { return &smtpField{&c.SMTP} },
	},
	{
		name:  "mail-from",
		usage: "`address` that mails come from; required with --smtp",
		field: func(c *Config) field { return &fromField{&c.MailFrom} },
	},
	{
		name: "read-timeout", def: "30s",
		usage: "longest `duration` of reading a request",
		field: func(c *Config) field { return &durationField{&c.ReadTimeout, false} },
	},
	{
		name: "read-header-timeout", def: "10s",
		usage: "longest `duration` of reading a request's header",
		field: func(c *Config) field { return &durationField{&c.ReadHeaderTimeout, false} },
	},
	{
		name: "write-timeout", def: "60s",
		usage: "longest `duration` from a request's header to the end of its answer",
		field: func(c *Config) field { return &durationField{&c.WriteTimeout, false} },
	},
	{
		name: "idle-timeout", def: "120s",
		usage: "longest `duration` a connection waits for its next request",
		field: func(c *Config) field { return &durationField{&c.IdleTimeout, false} },
	},
	{
		name: "max-header-bytes", def: "65536",
		usage: "most `bytes` of a request's header",
		field: func(c *Config) field { return &countField{&c.MaxHeaderBytes, 4_096, 16 << 20} },
	},
	{
		name: "drain-timeout", def: "8s",
		usage: "longest `duration` that a stopping server waits for requests; 0 waits for none",
		field: func(c *Config) field { return &durationField{&c.DrainTimeout, true} },
	},
	{
		name: "password-hashing", def: "2",
		usage: "how many password `hashes` are computed at once",
		field: func(c *Config) field { return &countField{&c.PasswordHashing, 1, 1_024} },
	},
}

// variable is the setting's name in the environment.
func (s setting[C]) variable() string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(s.of+s.name, "-", "_"))
}

// reads tells whether the setting is taken from a variable.
func (s setting[C]) reads(key string) bool {
	return key == s.variable() || s.secret && key == s.variable()+fileSuffix
}

// number tells whether the setting is one, or a switch, which YAML shows unquoted.
func (s setting[C]) number() bool {
	var c C
	_, ok := s.field(&c).(*countField)
	return ok || s.isSwitch()
}

// isSwitch tells whether the setting is true or false: its flag needs no value
// to be true.
func (s setting[C]) isSwitch() bool {
	var c C
	_, ok := s.field(&c).(*switchField)
	return ok
}

// set parses a text into the setting's field.
func (s setting[C]) set(c *C, text string) error {
	err := s.field(c).Set(text)
	switch {
	case err == nil:
		return nil
	case s.secret:
		return fmt.Errorf("--%s: %w", s.name, err)
	default:
		return fmt.Errorf("--%s %q: %w", s.name, text, err)
	}
}
