package store

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

// gatewayTokens are all tokens: the newest of each gateway, and those before it.
const gatewayTokens = `(SELECT COALESCE(token_id, id) AS id, id AS gateway_id, hash,
		COALESCE(token_created_at, created_at) AS created_at, CAST(NULL AS BIGINT) AS expires_at FROM gateways
	UNION ALL SELECT id, gateway_id, hash, created_at, expires_at FROM gateway_tokens) t`

const gatewayTokenColumns = "t.id, t.gateway_id, t.hash, t.created_at, t.expires_at"

func scanGatewayToken(row scanner) (t reeve.GatewayToken, err error) {
	err = row.Scan(&t.ID, &t.GatewayID, &t.Hash, &t.CreatedAt, &t.ExpiresAt)
	return t, err
}

// GatewayToken finds a token by its hash, ended ones included.
func (r Reader) GatewayToken(ctx context.Context, hash reeve.TokenHash) (reeve.GatewayToken, error) {
	return one(ctx, r, read{
		"SELECT " + gatewayTokenColumns + " FROM " + gatewayTokens + " WHERE t.hash = $1",
		[]any{hash},
		reeve.ErrUnauthenticated,
	}, scanGatewayToken)
}

// EachGatewayToken reads the tokens of all gateways or, unless ids is nil, of
// some.
func (r Reader) EachGatewayToken(ctx context.Context, ids []reeve.ID, each func(reeve.GatewayToken)) error {
	return eachOf(ctx, r, selection{"SELECT " + gatewayTokenColumns + " FROM " + gatewayTokens, "t.gateway_id", ids},
		scanGatewayToken, each)
}

// ReplaceGatewayToken gives a gateway a new token. The one before it is kept
// until it ends, unless it has ended; those before that end by then too.
func (tx *Tx) ReplaceGatewayToken(next reeve.GatewayToken, before *reeve.GatewayToken, end time.Time) {
	tx.write(statement{
		sql:  "UPDATE gateway_tokens SET expires_at = $2 WHERE gateway_id = $1 AND expires_at > $2",
		args: []any{next.GatewayID, end},
	})
	tx.write(statement{
		sql:  "UPDATE gateways SET token_id = $2, hash = $3, token_created_at = $4 WHERE id = $1",
		args: []any{next.GatewayID, next.ID, next.Hash, next.CreatedAt},
	})
	if before == nil {
		return
	}
	tx.write(statement{
		sql:  "INSERT INTO gateway_tokens (id, gateway_id, hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
		args: []any{before.ID, before.GatewayID, before.Hash, before.CreatedAt, end},
	})
}

// EndedGatewayTokens lists up to limit of the tokens that have ended.
func (r Reader) EndedGatewayTokens(ctx context.Context, now time.Time, limit int) ([]reeve.GatewayToken, error) {
	return many(ctx, r, read{
		sql:  "SELECT " + gatewayTokenColumns + " FROM gateway_tokens t WHERE t.expires_at <= $1 ORDER BY t.expires_at, t.id LIMIT $2",
		args: []any{now, limit},
	}, scanGatewayToken)
}

// DeleteGatewayToken removes a token that has ended, and tells whether it was
// there.
func (tx *Tx) DeleteGatewayToken(ctx context.Context, id reeve.ID) (bool, error) {
	gone, err := many(ctx, tx.Reader, read{
		sql: "DELETE FROM gateway_tokens WHERE id = $1 RETURNING id", args: []any{id},
	}, value[reeve.ID])
	return len(gone) > 0, err
}
