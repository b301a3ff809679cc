package tenantapi

import (
	"context"

	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) limits(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/project/{project}/limits", ID: "getProjectLimits", Tag: "usage",
		Summary: "Retrieve what a project may use, and what it uses now",
	}, a.getLimits)
}

// limitOut is one limit. The platform's default shows where the project has none
// of its own.
type limitOut struct {
	Limit *int64 `json:"limit" doc:"null: unlimited."`
	Own   bool   `json:"own" doc:"The project's own, and not the platform's default."`
	Unit  string `json:"unit"`
}

type usedLimitOut struct {
	limitOut
	Used int64 `json:"used" doc:"With what gateways hold and have not settled yet."`
}

type limitsOut struct {
	Usage     usedLimitOut `json:"usage" doc:"What is stored."`
	Bandwidth usedLimitOut `json:"bandwidth" doc:"Egress of this month (UTC)."`
	Rate      limitOut     `json:"rate"`
	Buckets   usedLimitOut `json:"buckets"`
}

func newLimitOut(l control.LimitInForce, unit string) limitOut {
	out := limitOut{Own: l.Own, Unit: unit}
	if n, ok := l.Limit.Number(); ok {
		out.Limit = &n
	}
	return out
}

func newUsedLimitOut(l control.LimitInForce, unit string) usedLimitOut {
	return usedLimitOut{newLimitOut(l, unit), l.Used}
}

func (a *api) getLimits(ctx context.Context, in *projectPath) (envelope[limitsOut], error) {
	l, err := a.control.GetLimitsInForce(ctx, in.Project.id)
	return success(limitsOut{
		Usage: newUsedLimitOut(l.Usage, "bytes"), Bandwidth: newUsedLimitOut(l.Bandwidth, "bytes"),
		Rate: newLimitOut(l.Rate, "requests/s"), Buckets: newUsedLimitOut(l.Buckets, "buckets"),
	}), err
}
