package store

import (
	"context"
	"slices"

	"github.com/reeve-cloud/reeve"
)

// BillingMonth is a month that is closed, or being closed.
type BillingMonth struct {
	Month  reeve.Month
	Closed bool
	Prices string // as they were when closing began, JSON
}

// BillingMonths lists the months that are closed or being closed, oldest first.
func (r Reader) BillingMonths(ctx context.Context) ([]BillingMonth, error) {
	return many(ctx, r, read{
		sql: "SELECT month, closed, prices FROM billing_months ORDER BY month",
	}, func(row scanner) (m BillingMonth, err error) {
		var month int64
		err = row.Scan(&month, &m.Closed, &m.Prices)
		m.Month = reeve.Month(month)
		return m, err
	})
}

// PutBillingMonth writes how far a month has come; its prices are those of its
// first writing.
func (tx *Tx) PutBillingMonth(m BillingMonth) {
	tx.write(statement{
		sql: `INSERT INTO billing_months (month, closed, prices) VALUES ($1, $2, $3)
			ON CONFLICT (month) DO UPDATE SET closed = excluded.closed`,
		args: []any{int64(m.Month), m.Closed, m.Prices},
	})
}

// StartBilling remembers the month in which the program first ran, unless one
// is known.
func (tx *Tx) StartBilling(month reeve.Month) {
	tx.write(statement{
		sql:  "INSERT INTO billing_start (name, month) VALUES ('month', $1) ON CONFLICT DO NOTHING",
		args: []any{int64(month)},
	})
}

// BillingStart gives the month in which the program first ran; 0 while none is
// known.
func (r Reader) BillingStart(ctx context.Context) (month reeve.Month, err error) {
	err = r.q.query(ctx, "SELECT month FROM billing_start", nil, func(row scanner) error {
		var n int64
		err := row.Scan(&n)
		month = reeve.Month(n)
		return err
	})
	return month, err
}

// LockUsage keeps passes that add usage up, and whoever else asks for it, away
// until the transaction ends.
func (tx *Tx) LockUsage(ctx context.Context) error { return tx.lockName(ctx, lockUsage) }

// UsageMonths lists the months that may have usage, oldest first: the one after
// a gauge's last sample too, which starts from it.
func (r Reader) UsageMonths(ctx context.Context) ([]reeve.Month, error) {
	var out []reeve.Month
	for _, table := range []string{"usage_totals", "usage_gauges"} {
		// One month at a time: the primary key begins with it.
		months, err := many(ctx, r, read{sql: `WITH RECURSIVE used (month) AS (
				SELECT MIN(month) FROM ` + table + `
				UNION ALL SELECT (SELECT MIN(t.month) FROM ` + table + ` t WHERE t.month > used.month) FROM used WHERE used.month IS NOT NULL
			) SELECT month FROM used WHERE month IS NOT NULL`}, value[int64])
		if err != nil {
			return nil, err
		}
		for _, month := range months {
			out = append(out, reeve.Month(month))
			if table == "usage_gauges" {
				out = append(out, reeve.Month(month).Add(1))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Payer is an organisation that may have something to pay for.
type Payer struct {
	OrganizationID reeve.ID
	OwnerID        reeve.ID
	Projects       int // that may have been used
}

// Payers lists the organisations whose projects may have usage in a month, or
// late usage in it or one before, by owner and id.
func (r Reader) Payers(ctx context.Context, month reeve.Month) ([]Payer, error) {
	return many(ctx, r, read{
		sql: `SELECT o.id, o.owner_id, COUNT(*) FROM (
				SELECT project_id FROM usage_totals WHERE month = $1
				UNION SELECT project_id FROM usage_gauges WHERE month = $1
				UNION SELECT project_id FROM usage_gauges WHERE month = $2
				UNION SELECT project_id FROM usage_late WHERE month <= $1
			) used
			LEFT JOIN projects p ON p.id = used.project_id
			LEFT JOIN departed_projects d ON d.id = used.project_id
			JOIN organizations o ON o.id = COALESCE(p.organization_id, d.organization_id)
			GROUP BY o.id, o.owner_id ORDER BY o.owner_id, o.id`,
		args: []any{int64(month), int64(month.Previous())},
	}, func(row scanner) (p Payer, err error) {
		return p, row.Scan(&p.OrganizationID, &p.OwnerID, &p.Projects)
	})
}
