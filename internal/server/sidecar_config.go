package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/gateway"
)

// SidecarConfig is everything that can be set of `reeve gateway`. LoadSidecar
// makes one.
type SidecarConfig struct {
	Servers      []string // URLs of the replicas' gateway listeners
	Token        reeve.Token
	Name         string
	Listen       string // HOST:PORT on loopback, or unix:PATH
	SocketMode   os.FileMode
	Outage       gateway.Outage
	LimitsOutage gateway.Outage
	Spool        string // directory; "" takes no usage
	DrainTimeout time.Duration

	LogFormat string // "json" or "text"
	LogLevel  slog.Level
}

// sidecarSettings are those of `reeve gateway`, as settings are the server's.
// Their variables begin with REEVE_GATEWAY_ where the server has none of the
// name.
var sidecarSettings = []setting[SidecarConfig]{
	{
		name: "server", of: "gateway-",
		usage: "comma-separated `URLs` of the gateway listeners of a server's replicas; required",
		field: func(c *SidecarConfig) field { return &urlsField{&c.Servers} },
	},
	{
		name: "token", of: "gateway-", secret: true,
		usage: "the gateway's `token`; required, better given as REEVE_GATEWAY_TOKEN_FILE",
		field: func(c *SidecarConfig) field { return &tokenField{&c.Token} },
	},
	{
		name: "name", of: "gateway-",
		usage: "what the receipts of revocations call this process, a `text`; the machine's name if none is given",
		field: func(c *SidecarConfig) field { return &pathField{&c.Name} },
	},
	{
		name: "listen", of: "gateway-", def: "127.0.0.1:8083",
		usage: "`address` to listen on: of this machine alone, or unix:PATH",
		field: func(c *SidecarConfig) field { return &localField{&c.Listen} },
	},
	{
		name: "socket-mode", of: "gateway-", def: "0600",
		usage: "`mode` of a Unix socket: 0600, or 0660 for its group too",
		field: func(c *SidecarConfig) field { return &modeField{&c.SocketMode} },
	},
	{
		name: "outage", of: "gateway-", def: "refuse",
		usage: "`what` becomes of requests while no server can be reached: refuse, or serve those with known keys until the session's lease ends",
		field: func(c *SidecarConfig) field { return &outageField{&c.Outage} },
	},
	{
		name: "limits-outage", of: "gateway-", def: "refuse",
		usage: "`what` becomes, with --outage serve, of requests that no lease on their project's rate covers: refuse, or serve them beyond the limit",
		field: func(c *SidecarConfig) field { return &outageField{&c.LimitsOutage} },
	},
	{
		name: "spool", of: "gateway-",
		usage: "`directory` that keeps reported usage until a server has counted it; without one none is taken",
		field: func(c *SidecarConfig) field { return &pathField{&c.Spool} },
	},
	{
		name: "drain-timeout", def: "8s",
		usage: "longest `duration` that a stopping sidecar waits for requests; 0 waits for none",
		field: func(c *SidecarConfig) field { return &durationField{&c.DrainTimeout, true} },
	},
	{
		name: "log-format", def: "json",
		usage: "`format` of the log: json or text",
		field: func(c *SidecarConfig) field { return &choiceField{&c.LogFormat, []string{"json", "text"}} },
	},
	{
		name: "log-level", def: "info",
		usage: "lowest `level` logged: debug, info, warn or error",
		field: func(c *SidecarConfig) field { return &levelField{&c.LogLevel} },
	},
}

// AddSidecarFlags adds the settings and --config to a command's flags.
func AddSidecarFlags(flags *pflag.FlagSet) { addFlags(flags, sidecarSettings) }

// LoadSidecar reads the configuration as Load does.
func LoadSidecar(flags *pflag.FlagSet, environ []string) (SidecarConfig, error) {
	out, masked, err := loadSettings(sidecarSettings, flags, environ)
	switch {
	case err != nil:
		return SidecarConfig{}, err
	case len(masked) > 0:
		return SidecarConfig{}, fmt.Errorf("--%s: is masked (%s), give the secret itself", masked[0], mask)
	case len(out.Servers) == 0:
		return SidecarConfig{}, errors.New("--server: give the URL of a server's gateway listener, such as http://127.0.0.1:8082")
	case out.Token == "":
		return SidecarConfig{}, errors.New("--token: give the gateway's token, as by REEVE_GATEWAY_TOKEN_FILE")
	}
	if _, ok := reeve.ParseToken(reeve.TokenGateway, string(out.Token)); !ok {
		return SidecarConfig{}, errors.New("--token: is not the token of a gateway, which begins with reeve_gw_")
	}
	if out.Name == "" {
		out.Name, _ = os.Hostname()
	}
	return out, nil
}

// socket gives the path of a Unix socket.
func (c SidecarConfig) socket() (path string, ok bool) {
	return strings.CutPrefix(c.Listen, socketPrefix)
}

const socketPrefix = "unix:"

type urlsField struct{ urls *[]string }

func (f *urlsField) Set(text string) error {
	*f.urls = nil
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" && text == "" {
			return nil
		}
		at, err := url.Parse(part)
		if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" || at.User != nil || at.RawQuery != "" || at.Fragment != "" {
			*f.urls = nil
			return errors.New("must be http:// or https:// URLs, separated by commas")
		}
		*f.urls = append(*f.urls, part)
	}
	return nil
}

func (f *urlsField) String() string { return strings.Join(*f.urls, ",") }

// localField is an address that only this machine reaches.
type localField struct{ address *string }

func (f *localField) Set(text string) error {
	if path, ok := strings.CutPrefix(text, socketPrefix); ok {
		if !filepath.IsAbs(path) {
			return errors.New("must be unix: and an absolute path")
		}
		*f.address = text
		return nil
	}
	if err := (&addressField{f.address}).Set(text); err != nil {
		return errors.New("must be HOST:PORT on loopback, or unix:PATH")
	}
	host, _, _ := net.SplitHostPort(text)
	if address, err := netip.ParseAddr(host); err != nil || !address.IsLoopback() {
		return errors.New("must be an address of this machine alone, such as 127.0.0.1:8083 or [::1]:8083: whoever reaches it needs no token")
	}
	return nil
}

func (f *localField) String() string { return *f.address }

type modeField struct{ mode *os.FileMode }

func (f *modeField) Set(text string) error {
	modes := map[string]os.FileMode{"0600": 0o600, "0660": 0o660}
	mode, ok := modes[text]
	if !ok {
		return errors.New("must be 0600 or 0660")
	}
	*f.mode = mode
	return nil
}

func (f *modeField) String() string { return fmt.Sprintf("%04o", *f.mode) }

type outageField struct{ outage *gateway.Outage }

var outages = []string{gateway.Refuse: "refuse", gateway.Serve: "serve"}

func (f *outageField) Set(text string) error {
	at := slices.Index(outages, text)
	if at < 0 {
		return errors.New("must be refuse or serve")
	}
	*f.outage = gateway.Outage(at)
	return nil
}

func (f *outageField) String() string { return outages[*f.outage] }
