package store

import (
	"context"

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
