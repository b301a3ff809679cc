package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// RaiseAlert inserts an alert, and tells whether it is a new one: each is raised
// once, whoever does it. The organisation is kept.
func (tx *Tx) RaiseAlert(ctx context.Context, a reeve.Alert) (raised bool, err error) {
	rows, err := many(ctx, tx.Reader, read{
		sql: `INSERT INTO alerts (organization_id, month, subject_id, kind, threshold, created_at)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING threshold`,
		args: []any{a.OrganizationID, int64(a.Month), a.SubjectID, string(a.Kind), int64(a.Threshold), a.CreatedAt},
	}, value[int64])
	return len(rows) > 0, err
}

// Alerts lists what was raised for an organisation in a month, oldest first.
func (r Reader) Alerts(ctx context.Context, organization reeve.ID, month reeve.Month) ([]reeve.Alert, error) {
	return many(ctx, r, read{
		sql: `SELECT subject_id, kind, threshold, created_at FROM alerts WHERE organization_id = $1 AND month = $2
			ORDER BY created_at, subject_id, kind, threshold`,
		args: []any{organization, int64(month)},
	}, func(row scanner) (reeve.Alert, error) {
		a := reeve.Alert{OrganizationID: organization, Month: month}
		var kind string
		var threshold int64
		err := row.Scan(&a.SubjectID, &kind, &threshold, &a.CreatedAt)
		a.Kind, a.Threshold = reeve.AlertKind(kind), int(threshold)
		return a, err
	})
}

// DeleteAlerts removes all alerts of an organisation that is deleted.
func (tx *Tx) DeleteAlerts(organization reeve.ID) {
	tx.write(statement{sql: "DELETE FROM alerts WHERE organization_id = $1", args: []any{organization}})
}
