package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// FindMember finds one user's membership with the user's own fields, as Members
// has them; NotFound when there is none.
func (r Reader) FindMember(ctx context.Context, of MemberOf, user reeve.ID) (reeve.Member, error) {
	return one(ctx, r, read{
		`SELECT m.user_id, u.email, u.full_name, m.role, m.disabled, m.created_at
			FROM ` + of.table + ` m JOIN users u ON u.id = m.user_id
			WHERE m.` + of.column + ` = $1 AND m.user_id = $2`,
		[]any{of.id, user},
		missing("member"),
	}, func(row scanner) (m reeve.Member, err error) {
		err = row.Scan(&m.UserID, &m.Email, &m.FullName, &m.Role, &m.Disabled, &m.CreatedAt)
		return m, err
	})
}
