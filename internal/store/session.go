package store

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

const sessionColumns = "id, gateway_id, name, applied, renewals, lease, created_at"

func scanSession(row scanner) (s reeve.Session, err error) {
	var lease int64
	err = row.Scan(&s.ID, &s.GatewayID, &s.Name, &s.Applied, &s.Renewals, &lease, &s.CreatedAt)
	s.Lease = time.Duration(lease) * time.Microsecond
	return s, err
}

// Sessions lists the sessions, oldest first.
func (r Reader) Sessions(ctx context.Context) ([]reeve.Session, error) {
	return many(ctx, r, read{
		sql: "SELECT " + sessionColumns + " FROM sessions ORDER BY created_at, id",
	}, scanSession)
}

// CountSessions counts a gateway's sessions.
func (r Reader) CountSessions(ctx context.Context, gateway reeve.ID) (int, error) {
	return one(ctx, r, read{
		sql: "SELECT COUNT(*) FROM sessions WHERE gateway_id = $1", args: []any{gateway},
	}, value[int])
}

// CreateSession inserts a session.
func (tx *Tx) CreateSession(s reeve.Session) {
	tx.write(statement{
		sql: "INSERT INTO sessions (" + sessionColumns + ") VALUES ($1, $2, $3, $4, $5, $6, $7)",
		args: []any{
			s.ID, s.GatewayID, s.Name, s.Applied, s.Renewals, s.Lease.Microseconds(), s.CreatedAt,
		},
	})
}

// RenewSession begins a session's lease anew and notes what it has taken in;
// NotFound if it is over. A nil GatewayID is a replica's. The lease may get
// longer, not shorter: its holder may not have heard of that.
func (tx *Tx) RenewSession(ctx context.Context, s reeve.Session) error {
	text := `UPDATE sessions SET renewals = renewals + 1,
		applied = CASE WHEN applied > $2 THEN applied ELSE $2 END,
		lease = CASE WHEN lease > $3 THEN lease ELSE $3 END WHERE id = $1`
	args := []any{s.ID, s.Applied, s.Lease.Microseconds()}
	if s.GatewayID != nil {
		text += " AND gateway_id = $4"
		args = append(args, *s.GatewayID)
	}
	_, err := one(ctx, tx.Reader, read{text + " RETURNING renewals", args, missing("session")}, value[int64])
	return err
}

// EndSession ends a session of a gateway, or of a replica if that is nil;
// NotFound if it is over already.
func (tx *Tx) EndSession(ctx context.Context, id reeve.ID, gateway *reeve.ID) error {
	text, args := "DELETE FROM sessions WHERE id = $1 AND gateway_id IS NULL", []any{id}
	if gateway != nil {
		text, args = "DELETE FROM sessions WHERE id = $1 AND gateway_id = $2", []any{id, *gateway}
	}
	_, err := one(ctx, tx.Reader, read{text + " RETURNING renewals", args, missing("session")}, value[int64])
	return err
}

// ExpireSession ends a session that was not renewed since it was read; NotFound
// if it was, or is over already.
func (tx *Tx) ExpireSession(ctx context.Context, s reeve.Session) error {
	_, err := one(ctx, tx.Reader, read{
		"DELETE FROM sessions WHERE id = $1 AND renewals = $2 RETURNING renewals",
		[]any{s.ID, s.Renewals},
		missing("session"),
	}, value[int64])
	return err
}
