package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// UsageTotal gives what a project used in a month; zeros when nothing.
func (r Reader) UsageTotal(ctx context.Context, project reeve.ID, month reeve.Month) (reeve.UsageTotal, error) {
	out, err := one(ctx, r, read{
		sql:  "SELECT storage, objects, egress, requests FROM usage_totals WHERE project_id = $1 AND month = $2",
		args: []any{project, int64(month)},
	}, func(row scanner) (u reeve.UsageTotal, err error) {
		err = row.Scan(&u.Storage, &u.Objects, &u.Egress, &u.Requests)
		return u, err
	})
	out.ProjectID, out.Month = project, month
	return out, err
}

// PutUsageTotal writes what a project used in a month; NotFound if there is no
// such project.
func (tx *Tx) PutUsageTotal(u reeve.UsageTotal) {
	tx.write(statement{
		sql: `INSERT INTO usage_totals (project_id, month, storage, objects, egress, requests)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (project_id, month) DO UPDATE
			SET storage = excluded.storage, objects = excluded.objects, egress = excluded.egress,
				requests = excluded.requests`,
		args:  []any{u.ProjectID, int64(u.Month), u.Storage, u.Objects, u.Egress, u.Requests},
		check: onViolation(nil, missing("project")),
	})
}

// BillingRecord finds a project's record of a month; nil when there is none.
func (r Reader) BillingRecord(ctx context.Context, project reeve.ID, month reeve.Month) (*reeve.BillingRecord, error) {
	return one(ctx, r, read{
		sql:  "SELECT state FROM billing_records WHERE project_id = $1 AND month = $2",
		args: []any{project, int64(month)},
	}, func(row scanner) (*reeve.BillingRecord, error) {
		record := reeve.BillingRecord{ProjectID: project, Month: month}
		return &record, row.Scan(&record.State)
	})
}

// PutBillingRecord writes a project's record of a month.
func (tx *Tx) PutBillingRecord(b reeve.BillingRecord) {
	tx.write(statement{
		sql: `INSERT INTO billing_records (project_id, month, state) VALUES ($1, $2, $3)
			ON CONFLICT (project_id, month) DO UPDATE SET state = excluded.state`,
		args: []any{b.ProjectID, int64(b.Month), int64(b.State)},
	})
}

// Outstanding gives what is known of a project's usage this month and last.
func (r Reader) Outstanding(ctx context.Context, project reeve.ID, now reeve.Month) (o reeve.Outstanding, err error) {
	if o.Current, err = r.UsageTotal(ctx, project, now); err != nil {
		return o, err
	}
	if o.Last, err = r.UsageTotal(ctx, project, now.Previous()); err != nil {
		return o, err
	}
	o.Record, err = r.BillingRecord(ctx, project, now.Previous())
	return o, err
}

// DeleteUsageBefore removes up to limit totals and billing records of months
// before one, and gives how many went: the setting for their retention.
func (tx *Tx) DeleteUsageBefore(ctx context.Context, month reeve.Month, limit int) (int, error) {
	removed := 0
	for _, table := range []string{"usage_totals", "billing_records"} {
		gone, err := many(ctx, tx.Reader, read{
			sql: "DELETE FROM " + table + " WHERE (project_id, month) IN (SELECT project_id, month FROM " +
				table + " WHERE month < $1 LIMIT $2) RETURNING month",
			args: []any{int64(month), limit},
		}, value[int64])
		if err != nil {
			return 0, err
		}
		removed += len(gone)
	}
	return removed, nil
}
