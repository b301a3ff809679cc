package gateway

import (
	"context"
	"errors"
	"fmt"

	"github.com/reeve-cloud/reeve"
)

// errNoSpool is Report's without a spool.
var errNoSpool error = reeve.Errorf(reeve.Invalid, "the client has no spool: Config.SpoolDir is not set")

// Report takes a record of what was used for delivery to the control plane; see [Spool.Report]. The value of a counter
// adds up, that of a gauge (storage, objects) is a sample, which holds until the next. A record without a time has that
// of now, by the control plane's clock.
func (c *Client) Report(ctx context.Context, r reeve.UsageRecord) error {
	if c.spool == nil {
		return errNoSpool
	}
	return c.spool.Report(ctx, r)
}

// Spool gives the spool of Config.SpoolDir, nil if there is none: for its Stats, and for Flush where it is buffered.
func (c *Client) Spool() *Spool { return c.spool }

// openSpool opens the spool and begins to deliver what is in it.
func (c *Client) openSpool() error {
	settings := c.config.Spool
	if settings.Now == nil {
		settings.Now = c.now
	}
	if settings.Notify == nil {
		settings.Notify = func(err error) { c.config.Logger.Warn("usage", "error", err) }
	}
	spool, err := OpenSpool(c.config.SpoolDir, settings)
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	c.spool = spool
	c.work.Go(func() { _ = spool.Deliver(c.life, c.deliver) }) // it ends with the client
	return nil
}

// deliver sends a batch to a replica that takes it: each knows what the others have counted.
func (c *Client) deliver(ctx context.Context, batch Batch) (refusals []Refusal, err error) {
	for _, at := range c.remote.order(call{patient: true}) {
		refusals, err = DeliverTo(c.config.HTTPClient, c.config.URLs[at], string(c.config.Token))(ctx, batch)
		_, conflict := errors.AsType[*ConflictError](err)
		_, refused := errors.AsType[*BatchRefusedError](err)
		if err == nil || conflict || refused {
			break
		}
	}
	return refusals, err
}
