package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// NewLease is what a gateway asks to be allowed to admit on its own.
type NewLease struct {
	ID        reeve.ID // of the gateway's choice, so that it can ask again; zero: any
	ProjectID reeve.ID
	TTL       time.Duration
	Amounts   reeve.Amounts
}

// maxLeases is how many leases of one project a gateway may leave unsettled.
const maxLeases = 10_000

// How long to wait before another try at what is used up: the rate comes back
// by the second; of the rest one can only tell that leases may be settled.
const (
	rateWait  = time.Second
	otherWait = time.Minute
)

// ReserveLease gives a gateway a lease of all that it asks for, or of nothing:
// Exhausted where one of the amounts does not fit under its limit beside what
// is committed and leased. The lease ends TTL after a time that is not before
// the call, so that a holder who counts from then never holds it for longer. A
// lease of that ID that the gateway holds already is given again, and is a
// Conflict if it is another.
func (c *Control) ReserveLease(ctx context.Context, in NewLease) (out reeve.Lease, err error) {
	by, err := gatewayProgram(ctx)
	if err != nil {
		return out, err
	}
	if in.TTL <= 0 || in.TTL > reeve.MaxLease {
		return out, reeve.Errorf(reeve.Invalid, "ttl must be more than 0 and at most %d seconds", reeve.MaxLease/time.Second)
	}
	if err := in.Amounts.Check(); err != nil {
		return out, err
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		id := in.ID
		if id == reeve.Zero {
			id = newID()
		}
		out = reeve.Lease{
			ID: id, ProjectID: in.ProjectID, GatewayID: by.Actor.ID, Amounts: in.Amounts,
			ExpiresAt: tx.Now().Add(in.TTL), CreatedAt: tx.Now(),
		}
		out, err = c.reserve(ctx, tx, out)
		return err
	})
	c.admissions.changed(in.ProjectID)
	if err != nil {
		return reeve.Lease{}, err
	}
	return out, nil
}

// reserve checks and writes a lease, unless it is there; the project's row
// guards its meters.
func (c *Control) reserve(ctx context.Context, tx *store.Tx, lease reeve.Lease) (reeve.Lease, error) {
	project, err := tx.LockProject(ctx, lease.ProjectID)
	if err != nil {
		return lease, err
	}
	states, err := metersNow(ctx, tx, project.ID)
	if err != nil {
		return lease, err
	}
	held, err := tx.Lease(ctx, lease.ID, lease.GatewayID)
	switch {
	case reeve.IsKind(err, reeve.NotFound):
		frozen, err := tx.IsFrozen(ctx, project.ID, project.OrganizationID, project.OwnerID)
		if err != nil {
			return lease, err
		}
		if frozen {
			return lease, reeve.Errorf(reeve.Conflict, "the project is frozen")
		}
		return lease, reserveNew(ctx, tx, project.Limits.Or(c.settings.DefaultLimits), states, lease)
	case err == nil && (held.ProjectID != lease.ProjectID || held.Amounts != lease.Amounts):
		err = reeve.Errorf(reeve.Conflict, "another lease has that id")
	case err == nil && !held.ExpiresAt.After(tx.Now()):
		err = reeve.Errorf(reeve.Conflict, "the lease has ended")
	}
	held.Left = held.ExpiresAt.Sub(tx.Now())
	return held, err
}

func reserveNew(ctx context.Context, tx *store.Tx, limits reeve.Limits, states store.MeterStates, lease reeve.Lease) error {
	for _, m := range reeve.Meters {
		amount := *lease.Amounts.Of(m)
		if amount == 0 {
			continue
		}
		state := states[m]
		if free := state.Free(limits.Of(m)); amount > free {
			return exhausted(m, free)
		}
		tx.PutMeter(lease.ProjectID, m, state.Lease(amount))
	}
	held, err := tx.CountLeases(ctx, lease.ProjectID, lease.GatewayID)
	if err != nil {
		return err
	}
	if held >= maxLeases {
		return reeve.Errorf(reeve.Exhausted, "%d leases of the project are not settled", held).WithRetryAfter(otherWait)
	}
	tx.CreateLease(lease)
	return nil
}

// exhausted answers that a meter has not enough left.
func exhausted(m reeve.Meter, free int64) error {
	wait := otherWait
	if m == reeve.MeterRate {
		wait = rateWait
	}
	return reeve.Errorf(reeve.Exhausted, "%s limit reached: %d left", m, free).WithRetryAfter(wait)
}

// metersNow gives the meters of a locked project as they are at the
// transaction's time: in the periods of that time, and without what leases held
// of the rate whose second is over.
func metersNow(ctx context.Context, tx *store.Tx, project reeve.ID) (store.MeterStates, error) {
	states, err := tx.Meters(ctx, project)
	if err != nil {
		return nil, err
	}
	for _, m := range reeve.Meters {
		states[m] = states[m].At(m, tx.Now())
	}
	if err := addReported(ctx, tx.Reader, project, states, tx.Now()); err != nil {
		return nil, err
	}
	rate := states[reeve.MeterRate]
	if rate.Leased == 0 {
		return states, nil
	}
	lapsed, err := tx.DeleteRateLeases(ctx, project, time.Unix(rate.Period, 0))
	if err != nil || lapsed == 0 {
		return states, err
	}
	rate.Leased -= lapsed
	states[reeve.MeterRate] = rate
	tx.PutMeter(project, reeve.MeterRate, rate)
	return states, nil
}

// addReported adds what gateways have reported to the meters of a time.
func addReported(ctx context.Context, r store.Reader, project reeve.ID, states store.MeterStates, at time.Time) error {
	month := reeve.MonthOf(at)
	counted, err := r.UsageCounters(ctx, []reeve.ID{project}, month)
	bandwidth := states[reeve.MeterBandwidth].At(reeve.MeterBandwidth, at)
	if len(counted) > 0 && bandwidth.Period == int64(month) {
		bandwidth.Reported = counted[0].Egress.Int64()
	}
	states[reeve.MeterBandwidth] = bandwidth
	if err != nil {
		return err
	}
	stored, reportedAt, err := r.Stored(ctx, project, at)
	states[reeve.MeterUsage] = states[reeve.MeterUsage].Report(stored, reportedAt)
	return err
}

// SettleLease ends a gateway's lease: what it has used is charged, the rest is
// free again. NotFound if the gateway has no such lease, or not any more.
func (c *Control) SettleLease(ctx context.Context, id reeve.ID, used reeve.Amounts) error {
	by, err := gatewayProgram(ctx)
	if err != nil {
		return err
	}
	var project reeve.ID
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		locked, err := tx.LockProjectOfLease(ctx, id, by.Actor.ID)
		if err != nil {
			return err
		}
		project = locked.ID
		states, err := metersNow(ctx, tx, project)
		if err != nil {
			return err
		}
		lease, err := tx.Lease(ctx, id, by.Actor.ID)
		if err != nil {
			return err
		}
		return settle(tx, lease, used, states)
	})
	c.admissions.changed(project)
	return err
}

// settle writes what becomes of a lease. Of the rate a lease that has lapsed
// holds nothing any more; what was used of it counted in time.
func settle(tx *store.Tx, lease reeve.Lease, used reeve.Amounts, states store.MeterStates) error {
	for _, m := range reeve.Meters {
		held, n := *lease.Amounts.Of(m), *used.Of(m)
		if m == reeve.MeterRate && lease.Lapsed(states[m].Period) {
			n = min(n, held)
		}
		if n < 0 || n > held {
			return reeve.Errorf(reeve.Invalid, "%s must be 0 to %d", m, held)
		}
		if held > 0 {
			tx.PutMeter(lease.ProjectID, m, states[m].Settle(m, held, n, lease.ExpiresAt, tx.Now()))
		}
	}
	tx.DeleteLease(lease.ID)
	return nil
}

// ReleaseLease ends a gateway's lease of which nothing was used.
func (c *Control) ReleaseLease(ctx context.Context, id reeve.ID) error {
	return c.SettleLease(ctx, id, reeve.Amounts{})
}

// chargeLeases settles all leases of a gateway that is deleted as if it had
// used them up, for nobody is left who could say what it did use. Those of the
// rate stay until they lapse.
func chargeLeases(ctx context.Context, tx *store.Tx, gateway reeve.ID) ([]reeve.ID, error) {
	projects, err := tx.LockProjectsLeasedBy(ctx, gateway)
	if err != nil {
		return nil, err
	}
	for _, project := range projects {
		states, err := tx.Meters(ctx, project)
		if err != nil {
			return nil, err
		}
		leases, err := tx.TakeLeases(ctx, project, gateway)
		if err != nil {
			return nil, err
		}
		for _, m := range []reeve.Meter{reeve.MeterUsage, reeve.MeterBandwidth} {
			state := states[m].At(m, tx.Now())
			for i := range leases {
				held := *leases[i].Amounts.Of(m)
				state = state.Settle(m, held, held, leases[i].ExpiresAt, tx.Now())
			}
			tx.PutMeter(project, m, state)
		}
	}
	return projects, nil
}

// lapseLeases removes leases of the rate that ended and that nobody came upon
// since, for a project that is not used any more.
func (c *Control) lapseLeases(ctx context.Context) error {
	before := c.store.Now().Add(-time.Minute)
	after := reeve.Zero
	for {
		projects, err := c.store.ProjectsWithRateLeases(ctx, before, after, retentionBatch)
		if err != nil || len(projects) == 0 {
			return err
		}
		for _, project := range projects {
			after = project
			if err := c.lapseLeasesOf(ctx, project); err != nil && !reeve.IsKind(err, reeve.NotFound) {
				return err
			}
		}
	}
}

func (c *Control) lapseLeasesOf(ctx context.Context, project reeve.ID) error {
	ctx, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	return c.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockProject(ctx, project); err != nil {
			return err
		}
		_, err := metersNow(ctx, tx, project)
		return err
	})
}
