package gateway

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// Admit takes n units of a project's limit. nil admits: the units were leased from the control plane before, so that
// all gateways and replicas together never admit more than the limit, whatever dies or is cut off. While such a lease
// is held that takes no call; the next one is fetched before it runs dry.
//
// A LimitError says that the limit is reached. ErrUnavailable, only with Config.Admit Refuse, says that no lease is
// left and no other can be had; with Serve the units are admitted then, counted, and charged when the control plane is
// back, as far as the limit goes. Other errors: NotFound for a project that does not exist, ErrToken, ErrClosed, the
// context's. It is safe to call from many goroutines.
//
// What was admitted stays so: there is no way to give units back one by one.
func (c *Client) Admit(ctx context.Context, project reeve.ID, m reeve.Meter, n int64) error {
	counted, known := meterOf(m)
	if !known || n < 0 || n > mostUnits {
		return reeve.Errorf(reeve.Invalid, "nothing can be admitted of that meter or amount")
	}
	if n == 0 {
		return nil
	}
	return c.accounts.admit(ctx, accountID{project, counted}, n)
}
