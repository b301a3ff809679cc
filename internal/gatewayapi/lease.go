package gatewayapi

import (
	"context"
	"math"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) leases(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/gateway/leases", ID: "reserveLease", Tag: "limits",
		Summary: "Reserve slices of a project's limits",
		Description: "The gateway may then admit so much in total, on its own, until the lease ends: ttl seconds after it sent " +
			"this request, by a clock that runs while it sleeps. It gets all that it asks for or nothing. What a lease holds counts against the limits: " +
			"of the rate until the end of the second in which the lease ends, of bandwidth and usage until it is settled, however late.",
		Errors: []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict, reeve.Exhausted},
	}, a.reserveLease)
	web.Handle(out, web.Op{
		Method: "PUT", Path: "/gateway/leases/{lease}", ID: "settleLease", Tag: "limits",
		Summary: "Settle a lease: charge what was used, give back the rest",
		Description: "A lease that is settled is gone. Who got no answer and asks again may take 404 for done. " +
			"What was used of the rate is not charged once the lease has lapsed.",
		Errors: []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.settleLease)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/gateway/leases/{lease}", ID: "releaseLease", Tag: "limits",
		Summary: "Give a lease back of which nothing was used",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.releaseLease)
}

// amounts are of each meter; what is absent is 0.
type amounts struct {
	Rate      int64 `json:"rate,omitempty" doc:"Units of requests."`
	Bandwidth int64 `json:"bandwidth,omitempty" doc:"Bytes of egress."`
	Usage     int64 `json:"usage,omitempty" doc:"Bytes stored."`
}

func (in amounts) amounts() reeve.Amounts {
	return reeve.Amounts{Rate: in.Rate, Bandwidth: in.Bandwidth, Usage: in.Usage}
}

type reserveIn struct {
	Body struct {
		ID      *leaseID   `json:"id" doc:"The lease's, a new UUID of the gateway's: who got no answer can ask again, or give back what it may hold."`
		Project *projectID `json:"project"`
		TTL     *float64   `json:"ttl" doc:"Seconds: 10 if absent, 3600 at most."`
		amounts
	} `body:""`
}

type leaseOut struct {
	ID        reeve.ID  `json:"id"`
	ProjectID reeve.ID  `json:"projectId"`
	TTL       float64   `json:"ttl" doc:"Seconds, from when the request was sent."`
	ExpiresAt time.Time `json:"expiresAt" doc:"By the server's clock."`
	Rate      int64     `json:"rate"`
	Bandwidth int64     `json:"bandwidth"`
	Usage     int64     `json:"usage"`
}

// defaultLease is how long a lease lasts if its holder does not say.
const defaultLease = 10 * time.Second

func (a *api) reserveLease(ctx context.Context, in *reserveIn) (leaseOut, error) {
	if in.Body.Project == nil {
		return leaseOut{}, reeve.Errorf(reeve.Invalid, "project is missing")
	}
	ask := control.NewLease{ProjectID: in.Body.Project.id, TTL: defaultLease, Amounts: in.Body.amounts.amounts()}
	if in.Body.ID != nil {
		ask.ID = in.Body.ID.id
	}
	if in.Body.TTL != nil {
		ask.TTL = lifetime(*in.Body.TTL)
	}
	lease, err := a.control.ReserveLease(ctx, ask)
	if lease.Left > 0 {
		ask.TTL = lease.Left
	}
	return leaseOut{
		ID: lease.ID, ProjectID: lease.ProjectID, TTL: ask.TTL.Seconds(), ExpiresAt: lease.ExpiresAt,
		Rate: lease.Amounts.Rate, Bandwidth: lease.Amounts.Bandwidth, Usage: lease.Amounts.Usage,
	}, err
}

// lifetime reads seconds, rounded up to the microseconds that are kept, so that
// a lease does not end before its holder thinks. What is too long stays so.
func lifetime(seconds float64) time.Duration {
	seconds = min(max(seconds, 0), 2*reeve.MaxLease.Seconds())
	return time.Duration(math.Ceil(seconds*1e6)) * time.Microsecond
}

// leaseID is a UUID: no other API speaks of leases.
type leaseID struct{ id reeve.ID }

// UnmarshalText reads the 36 characters.
func (l *leaseID) UnmarshalText(text []byte) error {
	id, err := uuid.ParseBytes(text)
	if err != nil || len(text) != len(id.String()) {
		return reeve.Errorf(reeve.Invalid, "malformed lease id")
	}
	l.id = reeve.ID(id)
	return nil
}

func (leaseID) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: "uuid"}
}

type leasePath struct {
	Lease leaseID `path:"lease"`
}

type settleIn struct {
	leasePath
	Body amounts `body:""`
}

func (a *api) settleLease(ctx context.Context, in *settleIn) (web.Empty, error) {
	return web.Empty{}, a.control.SettleLease(ctx, in.Lease.id, in.Body.amounts())
}

func (a *api) releaseLease(ctx context.Context, in *leasePath) (web.Empty, error) {
	return web.Empty{}, a.control.ReleaseLease(ctx, in.Lease.id)
}
