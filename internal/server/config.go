package server

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v4"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/console"
)

// Config is everything an operator can set. Load makes one; each field is
// valid by itself and with the others.
type Config struct {
	Database               Database
	DatabaseMaxConnections int

	TenantListen   string // host:port
	OperatorListen string
	GatewayListen  string

	TLSCert        string // path; set together with TLSKey or not at all
	TLSKey         string
	TrustedProxies []netip.Prefix
	AuthFailures   int // unknown credentials from an address a minute; 0: any number

	OperatorToken reeve.Token // "" when none is given; any printable text
	MasterKeys    []MasterKey // none when not given; the first seals, all open

	LogFormat string // "json" or "text"
	LogLevel  slog.Level

	ProjectLimit     int           // of a new user
	DefaultLimits    reeve.Limits  // of projects for which they are unset
	ChangesRetention time.Duration // 0: for ever
	UsageRetention   int           // months; 0: for ever
	Prices           string        // path; "": everything costs nothing
	CloseAfter       time.Duration // a month's end; 0: never by itself
	SessionLease     time.Duration
	RequireReason    bool          // of operators, for what they change
	RestoreWindow    time.Duration // of what is deleted; 0: none

	SessionIdle     time.Duration // of users
	SessionLifetime time.Duration
	PublicURL       string      // without a slash at the end; "": the tenant listener's
	OperatorURL     string      // the same of the operator listener
	SMTP            reeve.Token // a URL; "": no mail is sent
	MailFrom        string

	ReadTimeout       time.Duration
	ReadHeaderTimeout time.Duration
	WriteTimeout      time.Duration
	IdleTimeout       time.Duration
	MaxHeaderBytes    int
	DrainTimeout      time.Duration

	PasswordHashing int // argon2id hashes computed at once

	OIDC console.OIDCSettings // how operators sign in to the console; off: with tokens alone

	masked []string // secrets that were given as the mask
}

// mask stands for a secret wherever a configuration is shown.
const mask = "***"

// AddFlags adds the settings and --config to a command's flags.
func AddFlags(flags *pflag.FlagSet) { addFlags(flags, settings) }

func addFlags[C any](flags *pflag.FlagSet, settings []setting[C]) {
	flags.String("config", "", "read settings from this YAML `file`")
	for _, s := range settings {
		flags.String(s.name, s.def, s.usage)
		if s.isSwitch() {
			flags.Lookup(s.name).NoOptDefVal = "true"
		}
	}
}

// Load reads the configuration: flags over environ (KEY=value pairs, as
// os.Environ gives them) over the --config file over defaults. AddFlags has
// been called on flags. Errors are one line and show no secret.
func Load(flags *pflag.FlagSet, environ []string) (Config, error) {
	out, masked, err := loadSettings(settings, flags, environ)
	if err != nil {
		return Config{}, err
	}
	out.masked = masked
	return out, out.validate()
}

// loadSettings reads a configuration, and gives the secrets that are masked.
func loadSettings[C any](settings []setting[C], flags *pflag.FlagSet, environ []string) (out C, masked []string, err error) {
	values := map[string]string{}
	if path := flags.Lookup("config").Value.String(); path != "" {
		found, err := readFile(settings, path)
		if err != nil {
			return out, nil, err
		}
		maps.Copy(values, found)
	}
	found, err := readEnvironment(settings, environ)
	if err != nil {
		return out, nil, err
	}
	maps.Copy(values, found)
	flags.Visit(func(flag *pflag.Flag) { values[flag.Name] = flag.Value.String() })

	for _, s := range settings {
		text, given := values[s.name]
		if !given {
			text = s.def
		}
		if err := s.set(&out, text); err != nil {
			return out, nil, err
		}
		if s.secret && strings.Contains(text, mask) {
			masked = append(masked, s.name)
		}
	}
	return out, masked, nil
}

// validate checks the rules that span settings.
func (c Config) validate() error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return fmt.Errorf("--tls-cert and --tls-key: give both or neither")
	}
	if c.SMTP != "" && c.MailFrom == "" {
		return fmt.Errorf("--smtp: give --mail-from too")
	}
	if err := c.validateOIDC(); err != nil {
		return err
	}
	listeners := map[string]string{}
	for _, l := range []struct{ flag, address string }{
		{"--tenant-listen", c.TenantListen},
		{"--operator-listen", c.OperatorListen},
		{"--gateway-listen", c.GatewayListen},
	} {
		other, taken := listeners[l.address]
		if taken && !strings.HasSuffix(l.address, ":0") {
			return fmt.Errorf("%s %q: must differ from %s", l.flag, l.address, other)
		}
		listeners[l.address] = l.flag
	}
	return nil
}

// Runnable fails if a secret is the mask that Print writes: what Print wrote
// can be loaded and printed again, but not run until another source supplies
// the secrets.
func (c Config) Runnable() error {
	if len(c.masked) == 0 {
		return nil
	}
	return fmt.Errorf("--%s: is masked (%s), give the secret itself", c.masked[0], mask)
}

// Print writes the configuration as YAML that --config reads back, secrets
// masked.
func (c Config) Print(w io.Writer) error {
	document := &yaml.Node{Kind: yaml.MappingNode}
	for _, s := range settings {
		text := s.field(&c).String()
		if slices.Contains(c.masked, s.name) && text == "" {
			text = mask
		}
		value := &yaml.Node{Kind: yaml.ScalarNode, Value: text}
		if !s.number() {
			value.Tag = "!!str" // quoted where it would read as something else
		}
		if text == "" || text == mask {
			value.Style = yaml.DoubleQuotedStyle
		}
		document.Content = append(document.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: s.name}, value)
	}
	out, err := yaml.Dump(document, yaml.WithLineWidth(-1))
	if err != nil {
		return fmt.Errorf("print configuration: %w", err)
	}
	_, err = w.Write(out)
	return err
}

// String is what Print writes, so that no format verb shows a secret.
func (c Config) String() string {
	var out strings.Builder
	if err := c.Print(&out); err != nil {
		return err.Error()
	}
	return out.String()
}

// LogValue keeps the secrets out of logs too.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }
