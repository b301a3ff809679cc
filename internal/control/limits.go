package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// LimitInForce is a limit with what counts against it now.
type LimitInForce struct {
	Limit reeve.Limit // the project's own or the platform's; never unset
	Own   bool        // the project's own
	Used  int64
}

// LimitsInForce are a project's limits. Of the rate, no use is told: it is over
// before it can be read.
type LimitsInForce struct{ Usage, Bandwidth, Rate, Buckets LimitInForce }

// GetLimitsInForce gives what a project may use and has used: bytes as they are
// stored, bytes of egress this month (UTC), buckets. What leases hold counts as
// used.
func (c *Control) GetLimitsInForce(ctx context.Context, id reeve.ID) (out LimitsInForce, err error) {
	caller, project, err := c.authorize(ctx, c.store.Reader, id, reeve.ReadProject)
	if err == nil && caller.tenant() { // what is authorised for tenants is a project without its limits
		project, err = c.store.Project(ctx, id)
		err = caller.veil(err) // gone just now
	}
	if err != nil {
		return out, err
	}
	for _, limit := range []struct {
		to                *LimitInForce
		own, platformsOwn reeve.Limit
	}{
		{&out.Usage, project.Limits.Usage, c.settings.DefaultLimits.Usage},
		{&out.Bandwidth, project.Limits.Bandwidth, c.settings.DefaultLimits.Bandwidth},
		{&out.Rate, project.Limits.Rate, c.settings.DefaultLimits.Rate},
		{&out.Buckets, project.Limits.Buckets, c.settings.DefaultLimits.Buckets},
	} {
		limit.to.Limit, limit.to.Own = limit.own, limit.own != reeve.Limit{}
		if !limit.to.Own {
			limit.to.Limit = limit.platformsOwn
		}
		if (limit.to.Limit == reeve.Limit{}) {
			limit.to.Limit = reeve.Unlimited
		}
	}
	if out.Buckets.Used, err = c.store.CountBuckets(ctx, id); err != nil {
		return out, err
	}
	states, err := c.store.Meters(ctx, id)
	if err != nil {
		return out, err
	}
	now := c.store.Now()
	if err := addReported(ctx, c.store.Reader, id, states, now); err != nil {
		return out, err
	}
	out.Usage.Used = states[reeve.MeterUsage].At(reeve.MeterUsage, now).Used()
	out.Bandwidth.Used = states[reeve.MeterBandwidth].At(reeve.MeterBandwidth, now).Used()
	return out, nil
}
