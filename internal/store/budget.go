package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// Budget gives what an organisation means to spend in a month, in cents;
// NotFound if it has not said.
func (r Reader) Budget(ctx context.Context, organization reeve.ID) (int64, error) {
	return one(ctx, r, read{
		"SELECT budget FROM organizations WHERE id = $1 AND budget IS NOT NULL",
		[]any{organization},
		missing("budget"),
	}, value[int64])
}

// PutBudget sets the budget of a locked organisation, in cents; nil takes it
// away.
func (tx *Tx) PutBudget(organization reeve.ID, cents *int64) {
	s := statement{sql: "UPDATE organizations SET budget = NULL WHERE id = $1", args: []any{organization}}
	if cents != nil {
		s = statement{sql: "UPDATE organizations SET budget = $2 WHERE id = $1", args: []any{organization, *cents}}
	}
	tx.write(s)
}

// OwnedBudget is an organisation's budget, in cents, and who owns it.
type OwnedBudget struct {
	OwnerID reeve.ID
	Cents   int64
}

// Budgets gives the budgets of some organisations, of those that have one.
func (r Reader) Budgets(ctx context.Context, organizations []reeve.ID) (map[reeve.ID]OwnedBudget, error) {
	out := map[reeve.ID]OwnedBudget{}
	err := r.inLists(organizations, func(list string, args []any) error {
		return r.q.query(ctx, "SELECT id, owner_id, budget FROM organizations WHERE id IN ("+list+") AND budget IS NOT NULL", args,
			func(row scanner) error {
				var id reeve.ID
				var budget OwnedBudget
				err := row.Scan(&id, &budget.OwnerID, &budget.Cents)
				out[id] = budget
				return err
			})
	})
	return out, err
}

// OrganizationsWithBudget pages through the organisations that have a budget in
// the order of their ids.
func (r Reader) OrganizationsWithBudget(ctx context.Context, after reeve.ID, limit int) ([]reeve.ID, error) {
	return many(ctx, r, read{
		sql:  "SELECT id FROM organizations WHERE id > $1 AND budget IS NOT NULL ORDER BY id LIMIT $2",
		args: []any{after, limit},
	}, value[reeve.ID])
}
