package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// MeterStates are a project's meters; one that was never used is zero.
type MeterStates map[reeve.Meter]reeve.MeterState

// Meters gives what counts against a project's limits. Who is going to write
// one has locked the project before.
func (r Reader) Meters(ctx context.Context, project reeve.ID) (MeterStates, error) {
	out := MeterStates{}
	err := r.q.query(ctx, "SELECT meter, period, committed, leased, committed_at, earlier, earlier_at FROM meters WHERE project_id = $1", []any{project},
		func(row scanner) error {
			var name string
			var s reeve.MeterState
			err := row.Scan(&name, &s.Period, &s.Committed, &s.Leased, &s.CommittedAt, &s.Earlier, &s.EarlierAt)
			out[reeve.Meter(name)] = s
			return err
		})
	return out, err
}

// PutMeter writes what counts against a limit of a project, whose row is
// locked.
func (tx *Tx) PutMeter(project reeve.ID, m reeve.Meter, s reeve.MeterState) {
	tx.write(statement{
		sql: `INSERT INTO meters (project_id, meter, period, committed, leased, committed_at, earlier, earlier_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (project_id, meter) DO UPDATE
			SET period = excluded.period, committed = excluded.committed, leased = excluded.leased,
				committed_at = excluded.committed_at, earlier = excluded.earlier, earlier_at = excluded.earlier_at`,
		args: []any{project, string(m), s.Period, s.Committed, s.Leased, s.CommittedAt, s.Earlier, s.EarlierAt},
	})
}
