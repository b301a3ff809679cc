package store

import (
	"context"
	"fmt"
	"strings"
)

// MostCounted is up to where things are counted one by one.
const MostCounted = 10_000

// Count is how many things there are.
type Count struct {
	N    int
	More bool // there are N or more: counting stopped there
}

// countOf is a number that was counted up to MostCounted + 1.
func countOf(n int) Count { return Count{min(n, MostCounted), n > MostCounted} }

// counts counts the rows of some SELECTs, which share their arguments, and stops
// after MostCounted of each.
func (r Reader) counts(ctx context.Context, args []any, rows ...string) ([]Count, error) {
	parts, n := make([]string, len(rows)), make([]int, len(rows))
	to := make([]any, len(rows))
	for i := range rows {
		parts[i], to[i] = fmt.Sprintf("(SELECT COUNT(*) FROM (%s LIMIT %d) c)", rows[i], MostCounted+1), &n[i]
	}
	_, err := one(ctx, r, read{sql: "SELECT " + strings.Join(parts, ", "), args: args}, func(row scanner) (struct{}, error) {
		return struct{}{}, row.Scan(to...)
	})
	out := make([]Count, len(rows))
	for i := range n {
		out[i] = countOf(n[i])
	}
	return out, err
}
