package store

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

// CreateLease inserts a lease of a project whose row is locked;
// Unauthenticated if its gateway has gone, a Conflict if another gateway has one
// of that id.
func (tx *Tx) CreateLease(l reeve.Lease) {
	for _, m := range reeve.Meters {
		amount := *l.Amounts.Of(m)
		if amount == 0 {
			continue
		}
		tx.write(statement{
			sql: `INSERT INTO leases (id, meter, project_id, gateway_id, amount, expires_at, created_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			args:  []any{l.ID, string(m), l.ProjectID, l.GatewayID, amount, l.ExpiresAt, l.CreatedAt},
			check: onViolation(conflict("another lease has that id"), reeve.ErrUnauthenticated),
		})
	}
}

// Lease finds what is not settled of a gateway's lease.
func (r Reader) Lease(ctx context.Context, id, gateway reeve.ID) (reeve.Lease, error) {
	out := reeve.Lease{ID: id, GatewayID: gateway}
	found := false
	err := r.q.query(ctx,
		"SELECT meter, project_id, amount, expires_at, created_at FROM leases WHERE id = $1 AND gateway_id = $2",
		[]any{id, gateway},
		func(row scanner) error {
			found = true
			var name string
			var amount int64
			err := row.Scan(&name, &out.ProjectID, &amount, &out.ExpiresAt, &out.CreatedAt)
			*out.Amounts.Of(reeve.Meter(name)) = amount
			return err
		})
	if err == nil && !found {
		err = missing("lease")
	}
	return out, err
}

// LockProjectOfLease guards the project of a gateway's lease: its meters and
// leases stay as they are. NotFound if the gateway has no such lease; it may
// have gone just now all the same.
func (tx *Tx) LockProjectOfLease(ctx context.Context, id, gateway reeve.ID) (reeve.Project, error) {
	return one(ctx, tx.Reader, read{
		"SELECT " + projectColumns + ` FROM projects p WHERE p.id =
			(SELECT l.project_id FROM leases l WHERE l.id = $1 AND l.gateway_id = $2 LIMIT 1)` + tx.d.lock,
		[]any{id, gateway},
		missing("lease"),
	}, scanProject)
}

// DeleteLease removes a lease whose project is locked.
func (tx *Tx) DeleteLease(id reeve.ID) {
	tx.write(statement{sql: "DELETE FROM leases WHERE id = $1", args: []any{id}})
}

// CountLeases counts the leases that a gateway holds of a project.
func (r Reader) CountLeases(ctx context.Context, project, gateway reeve.ID) (int, error) {
	return one(ctx, r, read{
		sql:  "SELECT COUNT(DISTINCT id) FROM leases WHERE gateway_id = $1 AND project_id = $2",
		args: []any{gateway, project},
	}, value[int])
}

// DeleteRateLeases removes what leases held of a locked project's rate if they
// ended before a time, and gives how much that was.
func (tx *Tx) DeleteRateLeases(ctx context.Context, project reeve.ID, before time.Time) (int64, error) {
	amounts, err := many(ctx, tx.Reader, read{
		sql:  "DELETE FROM leases WHERE project_id = $1 AND meter = 'rate' AND expires_at < $2 RETURNING amount",
		args: []any{project, before},
	}, value[int64])
	total := int64(0)
	for _, amount := range amounts {
		total += amount // never more than the meter holds
	}
	return total, err
}

// ProjectsWithRateLeases lists up to limit projects, after one by id, of which
// leases of the rate ended before a time.
func (r Reader) ProjectsWithRateLeases(ctx context.Context, before time.Time, after reeve.ID, limit int) ([]reeve.ID, error) {
	return many(ctx, r, read{
		sql: `SELECT DISTINCT project_id FROM leases WHERE meter = 'rate' AND expires_at < $1 AND project_id > $2
			ORDER BY project_id LIMIT $3`,
		args: []any{before, after, limit},
	}, value[reeve.ID])
}

// LockProjectsLeasedBy guards the projects of which a gateway holds something
// that only it can settle, in the order of their ids.
func (tx *Tx) LockProjectsLeasedBy(ctx context.Context, gateway reeve.ID) ([]reeve.ID, error) {
	return many(ctx, tx.Reader, read{
		sql: `SELECT id FROM projects WHERE id IN
			(SELECT project_id FROM leases WHERE gateway_id = $1 AND meter <> 'rate') ORDER BY id` + tx.d.lock,
		args: []any{gateway},
	}, value[reeve.ID])
}

// TakeLeases removes what a gateway's leases hold of a locked project, but for
// the rate, and gives them with those amounts, each meter's by itself.
func (tx *Tx) TakeLeases(ctx context.Context, project, gateway reeve.ID) ([]reeve.Lease, error) {
	return many(ctx, tx.Reader, read{
		sql: `DELETE FROM leases WHERE gateway_id = $1 AND project_id = $2 AND meter <> 'rate'
			RETURNING id, meter, amount, expires_at, created_at`,
		args: []any{gateway, project},
	}, func(row scanner) (reeve.Lease, error) {
		l := reeve.Lease{ProjectID: project, GatewayID: gateway}
		var name string
		var amount int64
		err := row.Scan(&l.ID, &name, &amount, &l.ExpiresAt, &l.CreatedAt)
		*l.Amounts.Of(reeve.Meter(name)) = amount
		return l, err
	})
}
