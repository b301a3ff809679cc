package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

// Client calls one face. Tenant, Operator and Gateway have one; by itself it
// is for programs that choose operations as they run. It may be used from many
// goroutines.
type Client struct {
	face       string
	base       string
	credential Credential
	http       *http.Client
	agent      string
	attempts   int
	wait       time.Duration // before the second attempt, on average half of it
	patience   time.Duration // the longest wait
	maxReply   int64
}

// Tenant is the API of an organisation's members and programs.
type Tenant struct{ *Client }

// Operator is the API of those who run the platform.
type Operator struct{ *Client }

// Gateway is the API of programs that admit requests.
type Gateway struct{ *Client }

// Credential is what a face knows its caller by. The zero value is none, which
// suffices to sign in.
type Credential struct {
	key     string // an organisation's
	user    string // of a session
	session string
	bearer  string // an operator's or gateway's token
}

// OrganizationKey is a tenant's credential for programs.
func OrganizationKey(key string) Credential { return Credential{key: key} }

// Session is a tenant's credential for people: a user's id and the token that
// signing in answers.
func Session(userID, token string) Credential { return Credential{user: userID, session: token} }

// Token is the credential of an operator or a gateway.
func Token(token reeve.Token) Credential { return Credential{bearer: string(token)} }

// String hides the secrets.
func (Credential) String() string { return "***" }

// GoString hides them too.
func (Credential) GoString() string { return "***" }

// set puts the credential into a request's header.
func (c Credential) set(header http.Header, path string) {
	if c.key != "" {
		header.Set("X-Api-Key", c.key)
	}
	if c.session != "" {
		header.Set("X-Auth-Id", c.user)
		header.Set("X-Auth-Token", c.session)
	}
	switch {
	case c.bearer == "":
	case strings.HasPrefix(path, "/gateway/auth"): // Authorization is that of a proxy's client
		header.Set("Reeve-Gateway-Token", c.bearer)
	default:
		header.Set("Authorization", "Bearer "+c.bearer)
	}
}

// Option changes how a Client works.
type Option func(*Client)

// WithHTTPClient makes calls go through another http.Client than the one of
// the package's. It must not follow redirects: they would get the credential.
func WithHTTPClient(c *http.Client) Option { return func(to *Client) { to.http = c } }

// WithRootCAs makes calls trust servers whose certificates these have signed,
// and no others: those of a platform with a CA of its own.
func WithRootCAs(roots *x509.CertPool) Option {
	transport := defaultTransport.Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	return func(to *Client) { to.http = &http.Client{Transport: transport, CheckRedirect: stayHere} }
}

// WithUserAgent says who calls.
func WithUserAgent(agent string) Option { return func(to *Client) { to.agent = agent } }

// WithAttempts sets how often a call is made at most: 4 times by default, and
// 1 means that none is repeated.
func WithAttempts(n int) Option { return func(to *Client) { to.attempts = max(n, 1) } }

// WithPatience sets the longest wait between two attempts, 30 s by default. A
// server that wants more gets no further attempt.
func WithPatience(longest time.Duration) Option { return func(to *Client) { to.patience = longest } }

// WithMaxReply sets how many bytes of a reply are read, 64 MiB by default.
// Streams have no bound.
func WithMaxReply(bytes int64) Option { return func(to *Client) { to.maxReply = bytes } }

// NewTenant makes a client of a tenant listener, such as
// http://127.0.0.1:8080.
func NewTenant(at string, credential Credential, opts ...Option) (*Tenant, error) {
	c, err := New(FaceTenant, at, credential, opts...)
	if err != nil {
		return nil, err
	}
	return &Tenant{c}, nil
}

// NewOperator makes a client of an operator listener, such as
// http://127.0.0.1:8081.
func NewOperator(at string, token reeve.Token, opts ...Option) (*Operator, error) {
	c, err := New(FaceOperator, at, Token(token), opts...)
	if err != nil {
		return nil, err
	}
	return &Operator{c}, nil
}

// NewGateway makes a client of a gateway listener, such as
// http://127.0.0.1:8082.
func NewGateway(at string, token reeve.Token, opts ...Option) (*Gateway, error) {
	c, err := New(FaceGateway, at, Token(token), opts...)
	if err != nil {
		return nil, err
	}
	return &Gateway{c}, nil
}

// New makes a client of any face.
func New(face, at string, credential Credential, opts ...Option) (*Client, error) {
	base, err := baseURL(at)
	if err != nil {
		return nil, err
	}
	c := &Client{
		face: face, base: base, credential: credential, agent: "reeve-go", http: defaultHTTPClient,
		attempts: 4, wait: 400 * time.Millisecond, patience: 30 * time.Second, maxReply: 64 << 20,
	}
	for _, option := range opts {
		option(c)
	}
	return c, nil
}

// baseURL checks where a listener is. The error does not repeat the text,
// which may hold a password.
func baseURL(text string) (string, error) {
	at, err := url.Parse(text)
	switch {
	case err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "":
		return "", errors.New("client: the URL is not that of a server, such as https://reeve.example.com")
	case at.RawQuery != "" || at.Fragment != "" || at.User != nil:
		return "", fmt.Errorf("client: the URL of %s has more than host and path", at.Host)
	}
	return strings.TrimRight(text, "/"), nil
}

// defaultHTTPClient is shared, so that clients of one process share
// connections. It takes a credential nowhere but to the server.
var defaultHTTPClient = &http.Client{Transport: defaultTransport, CheckRedirect: stayHere}

var defaultTransport = &http.Transport{
	Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
	ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 16, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second,
}

func stayHere(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Face is which of the faces the client calls.
func (c *Client) Face() string { return c.face }

// URL is where.
func (c *Client) URL() string { return c.base }
