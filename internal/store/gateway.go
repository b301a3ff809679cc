package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

const gatewayColumns = "id, name, created_at"

func scanGateway(row scanner) (g reeve.Gateway, err error) {
	err = row.Scan(&g.ID, &g.Name, &g.CreatedAt)
	return g, err
}

// Gateways lists the gateways, oldest first.
func (r Reader) Gateways(ctx context.Context) ([]reeve.Gateway, error) {
	return many(ctx, r, read{
		sql: "SELECT " + gatewayColumns + " FROM gateways ORDER BY created_at, id",
	}, scanGateway)
}

// Gateway finds a gateway by its id.
func (r Reader) Gateway(ctx context.Context, id reeve.ID) (reeve.Gateway, error) {
	return one(ctx, r, read{
		"SELECT " + gatewayColumns + " FROM gateways WHERE id = $1", []any{id}, missing("gateway"),
	}, scanGateway)
}

// LockGateway guards a gateway's row, and with it how many sessions it has.
func (tx *Tx) LockGateway(ctx context.Context, id reeve.ID) (reeve.Gateway, error) {
	return one(ctx, tx.Reader, read{
		"SELECT " + gatewayColumns + " FROM gateways WHERE id = $1" + tx.d.lock,
		[]any{id},
		reeve.ErrUnauthenticated,
	}, scanGateway)
}

// LockGatewayForDelete finds a gateway and guards it against another deletion.
func (tx *Tx) LockGatewayForDelete(ctx context.Context, id reeve.ID) (reeve.Gateway, error) {
	return one(ctx, tx.Reader, read{
		"SELECT " + gatewayColumns + " FROM gateways WHERE id = $1" + tx.d.lockDrop,
		[]any{id},
		missing("gateway"),
	}, scanGateway)
}

// CreateGateway inserts a gateway.
func (tx *Tx) CreateGateway(g reeve.Gateway, hash reeve.TokenHash) {
	tx.write(statement{
		sql:  "INSERT INTO gateways (id, name, hash, created_at) VALUES ($1, $2, $3, $4)",
		args: []any{g.ID, g.Name, hash, g.CreatedAt},
	})
}

// DeleteGateway deletes a gateway: its token stops working with the commit.
func (tx *Tx) DeleteGateway(id reeve.ID) {
	tx.write(statement{sql: "DELETE FROM gateways WHERE id = $1", args: []any{id}})
}
