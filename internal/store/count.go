package store

import (
	"context"
	"fmt"
)

// MostCounted is up to where things are counted one by one.
const MostCounted = 10_000

// Count is how many things there are.
type Count struct {
	N    int
	More bool // there are N or more: counting stopped there
}

// count counts the rows of a SELECT, and stops after MostCounted.
func (r Reader) count(ctx context.Context, rows string, args ...any) (Count, error) {
	return one(ctx, r, read{
		sql: fmt.Sprintf("SELECT COUNT(*) FROM (%s LIMIT %d) c", rows, MostCounted+1), args: args,
	}, scanCount)
}

func scanCount(row scanner) (Count, error) {
	n, err := value[int](row)
	return Count{min(n, MostCounted), n > MostCounted}, err
}
