package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
)

// Outage says what a use does when the control plane cannot be reached.
type Outage int

const (
	// Refuse stops at once: within 12 s of the control plane's last word, and when a connection to it breaks before
	// that.
	Refuse Outage = iota
	// Serve goes on as long as that is safe or, for limits, asked for.
	Serve
)

// Config says how a Client works. URLs and Token are required.
type Config struct {
	URLs  []string    // gateway listeners of the replicas, such as http://127.0.0.1:8082; any answers for all
	Token reeve.Token // the gateway's
	Name  string      // of this process, as operators see it in a revocation's receipt

	// Verify: with Serve, keys that are known are judged without the control plane until the session's lease ends,
	// 90 s by the server's default. With Refuse they are refused.
	Verify Outage
	// Admit: with Serve, what no lease covers is admitted without the control plane, for as long as it is away: limits
	// can be exceeded then. With Refuse it is refused.
	Admit Outage

	CacheSize int // bytes that keys may take; 64 MiB if zero
	Lookups   int // questions to the control plane at once; 64 if zero

	SpoolDir string        // where Report keeps usage until it is delivered; "": there is no Report
	Spool    SpoolSettings // how

	HTTPClient *http.Client  // one of its own if nil; its Timeout must be zero, since the feed has no end
	Timeout    time.Duration // of one call to one replica; 3 s if zero
	Logger     *slog.Logger  // silent if nil
}

const (
	defaultCacheSize = 64 << 20
	defaultLookups   = 64
	defaultTimeout   = 3 * time.Second
	maxName          = 200
)

// prepare checks the settings and fills the defaults in.
func (c *Config) prepare() error {
	if len(c.URLs) == 0 {
		return errors.New("gateway: no URL of a control plane")
	}
	urls := make([]string, len(c.URLs))
	for i, text := range c.URLs {
		at, err := url.Parse(text)
		if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" || at.RawQuery != "" || at.Fragment != "" || at.User != nil {
			return fmt.Errorf("gateway: URL %d is not that of a control plane, such as https://reeve.internal:8082", i+1) // it may hold a password
		}
		urls[i] = strings.TrimSuffix(text, "/")
	}
	c.URLs = urls
	if _, ok := reeve.ParseToken(reeve.TokenGateway, string(c.Token)); !ok {
		return errors.New("gateway: the token is no gateway's, which begins with reeve_gw_")
	}
	if len(c.Name) > maxName {
		return fmt.Errorf("gateway: the name is longer than %d bytes", maxName)
	}
	if c.CacheSize == 0 {
		c.CacheSize = defaultCacheSize
	}
	if c.Lookups == 0 {
		c.Lookups = defaultLookups
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.HTTPClient == nil {
		c.HTTPClient = newHTTPClient(c.Lookups)
	}
	return nil
}

// newHTTPClient makes a client that keeps connections for all questions, and takes the token nowhere else.
func newHTTPClient(connections int) *http.Client {
	dialer := &net.Dialer{Timeout: 2 * time.Second, KeepAlive: 15 * time.Second}
	return &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
			MaxIdleConnsPerHost: connections, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 2 * time.Second,
			DisableCompression: true,
			// A connection that went silent is found out, for all calls share it.
			HTTP2: &http.HTTP2Config{SendPingTimeout: 5 * time.Second, PingTimeout: 3 * time.Second},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Client verifies keys and enforces limits on the control plane's word. Make one with New, once in a process, and
// Close it. Its methods may be called from many goroutines.
type Client struct {
	config   Config
	clock    *clock
	remote   *remote
	cache    *cache
	refusals *refusals
	lookups  *lookups
	used     *used
	keyUses  keyUses
	session  *session
	accounts *accounts
	spool    *Spool // nil: none

	life     context.Context // of all that goes on beside calls
	stop     func()
	work     sync.WaitGroup
	end      func() // of the session
	sessions sync.WaitGroup
}

// New makes a Client and opens its session. A control plane that cannot be reached is no error: the Client goes on
// trying, and Ready tells. A token that is refused is (ErrToken). ctx bounds this call only.
func New(ctx context.Context, config Config) (*Client, error) { return open(ctx, config, newClock()) }

func open(ctx context.Context, config Config, clock *clock) (*Client, error) {
	if err := config.prepare(); err != nil {
		return nil, err
	}
	life, stop := context.WithCancel(context.Background())
	c := &Client{
		config: config, clock: clock, life: life, stop: stop, used: newUsed(),
		remote:   newRemote(config, clock),
		cache:    newCache(config.CacheSize),
		refusals: newRefusals(),
		lookups:  newLookups(life, config.Lookups),
	}
	c.session = &session{
		remote: c.remote, clock: clock, cache: c.cache, name: config.Name, logger: config.Logger,
		changed: make(chan struct{}, 1),
	}
	c.remote.lost = c.session.wake // it finds out whether any replica answers
	c.accounts = newAccounts(life, c.remote, config.Admit)
	if config.SpoolDir != "" {
		if err := c.openSpool(); err != nil {
			stop()
			return nil, err
		}
	}
	first, err := c.session.open(ctx)
	if errors.Is(err, ErrToken) {
		stop()
		c.work.Wait()
		return nil, errors.Join(err, c.closeSpool())
	}
	session, end := context.WithCancel(life)
	c.end = end
	c.sessions.Go(func() { c.session.run(session, first) })
	c.work.Go(c.accounts.run)
	c.work.Go(c.tellUses)
	return c, nil
}

// now gives the time by the control plane's clock.
func (c *Client) now() time.Time {
	if !c.clock.synced.Load() {
		return c.clock.wall()
	}
	return c.clock.at(c.clock.ticks())
}

// Ready tells whether keys are judged from memory now: nil if so, else why not. It is what a health check asks.
func (c *Client) Ready() error {
	now := c.clock.ticks()
	if now < c.servable() {
		return nil
	}
	c.session.lapsed(now)
	return ErrUnavailable
}

// Close gives back what is held of limits, delivers what was reported, tells which keys were used and ends the session,
// so that no revocation waits for this gateway. What is asked after it is refused. ctx bounds the goodbye: what is not
// said by then the control plane finds out when leases end, and what is not delivered stays in the spool's directory
// for the next Client. The error is that of the spool.
func (c *Client) Close(ctx context.Context) error {
	var delivered sync.WaitGroup
	if c.spool != nil {
		delivered.Go(func() { _ = c.spool.Drain(ctx) }) // what is left is on disk
	}
	c.accounts.close(ctx)
	c.flushUses(ctx)
	c.end()
	c.sessions.Wait()
	c.session.leave(ctx)
	delivered.Wait()
	c.stop()
	c.work.Wait()
	return c.closeSpool()
}

func (c *Client) closeSpool() error {
	if c.spool == nil {
		return nil
	}
	return c.spool.Close()
}
