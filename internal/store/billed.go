package store

import (
	"context"
	"math/big"
	"strconv"
	"time"

	"github.com/reeve-cloud/reeve"
)

// PayerProject is a project as its organisation's statements name it. One that
// is deleted is among them for as long as usage of it may come to light.
type PayerProject struct {
	ID             reeve.ID
	OrganizationID reeve.ID
	Name           string
	Departed       bool
}

// PayerProjects lists the projects that some organisations have and had, in no
// order.
func (r Reader) PayerProjects(ctx context.Context, organizations []reeve.ID) ([]PayerProject, error) {
	var out []PayerProject
	err := r.inLists(organizations, func(list string, args []any) error {
		found, err := many(ctx, r, read{
			sql: "SELECT id, organization_id, name, 0 AS gone FROM projects WHERE organization_id IN (" + list +
				") UNION ALL SELECT id, organization_id, name, 1 FROM departed_projects WHERE organization_id IN (" + list + ")",
			args: args,
		}, func(row scanner) (p PayerProject, err error) {
			var gone int64
			err = row.Scan(&p.ID, &p.OrganizationID, &p.Name, &gone)
			p.Departed = gone != 0
			return p, err
		})
		out = append(out, found...)
		return err
	})
	return out, err
}

// DepartProject notes whose a project was that is being deleted: its last
// usage is billed to them.
func (tx *Tx) DepartProject(p reeve.Project) {
	tx.write(statement{
		sql: `INSERT INTO departed_projects (id, organization_id, name, deleted_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT DO NOTHING`,
		args: []any{p.ID, p.OrganizationID, p.Name, tx.Now()},
	})
}

// ReturnProject undoes what DepartProject noted of a project that is restored:
// its usage is billed as that of any project again.
func (tx *Tx) ReturnProject(id reeve.ID) {
	tx.write(statement{sql: "DELETE FROM departed_projects WHERE id = $1", args: []any{id}})
}

// ForgetDepartedBefore forgets projects that were deleted before a time.
func (tx *Tx) ForgetDepartedBefore(before time.Time) {
	tx.write(statement{sql: "DELETE FROM departed_projects WHERE deleted_at < $1", args: []any{before}})
}

// DepartedOf lists the deleted projects of an organisation.
func (r Reader) DepartedOf(ctx context.Context, organization reeve.ID) ([]reeve.ID, error) {
	return many(ctx, r, read{
		sql: "SELECT id FROM departed_projects WHERE organization_id = $1", args: []any{organization},
	}, value[reeve.ID])
}

// OrganizationsOf lists the organisations of some owners, in no order.
func (r Reader) OrganizationsOf(ctx context.Context, owners []reeve.ID) ([]reeve.Organization, error) {
	return r.organizationsOf(ctx, owners, "")
}

// KeepOrganizationsOf lists the organisations of some owners, and keeps owners
// and organisations from being deleted until the transaction ends.
func (tx *Tx) KeepOrganizationsOf(ctx context.Context, owners []reeve.ID) ([]reeve.Organization, error) {
	err := tx.inLists(owners, func(list string, args []any) error {
		_, err := many(ctx, tx.Reader, read{
			sql: "SELECT id FROM users WHERE id IN (" + list + ") ORDER BY id" + tx.d.lockShare, args: args,
		}, value[reeve.ID])
		return err
	})
	if err != nil {
		return nil, err
	}
	return tx.organizationsOf(ctx, owners, " ORDER BY id"+tx.d.lockShare)
}

func (r Reader) organizationsOf(ctx context.Context, owners []reeve.ID, suffix string) ([]reeve.Organization, error) {
	return manyIn(ctx, r, owners, "SELECT "+organizationColumns+" FROM organizations WHERE owner_id IN (", ")"+suffix, scanOrganization)
}

// UsageLate gives, of some projects, the months up to one for which usage came
// when they were closed.
func (r Reader) UsageLate(ctx context.Context, projects []reeve.ID, through reeve.Month) (map[reeve.ID][]reeve.Month, error) {
	out := map[reeve.ID][]reeve.Month{}
	err := r.inLists(projects, func(list string, args []any) error {
		args = append(args, int64(through))
		return r.q.query(ctx, "SELECT project_id, month FROM usage_late WHERE project_id IN ("+list+
			") AND month <= $"+strconv.Itoa(len(args))+" ORDER BY project_id, month", args, func(row scanner) error {
			var project reeve.ID
			var month int64
			err := row.Scan(&project, &month)
			out[project] = append(out[project], reeve.Month(month))
			return err
		})
	})
	return out, err
}

// OldestUsageLate gives the first month of which UsageLate knows; 0 if of none.
func (r Reader) OldestUsageLate(ctx context.Context) (reeve.Month, error) {
	month, err := one(ctx, r, read{sql: "SELECT COALESCE(MIN(month), 0) FROM usage_late"}, value[int64])
	return reeve.Month(month), err
}

// DeleteUsageLate forgets what UsageLate gives: it is billed.
func (tx *Tx) DeleteUsageLate(ctx context.Context, projects []reeve.ID, through reeve.Month) error {
	return tx.inLists(projects, func(list string, args []any) error {
		args = append(args, int64(through))
		tx.write(statement{
			sql:  "DELETE FROM usage_late WHERE project_id IN (" + list + ") AND month <= $" + strconv.Itoa(len(args)),
			args: args,
		})
		return nil
	})
}

// BilledUsage gives what statements have billed of some projects' month so far.
// The lines of void ones count: what is void is not billed again.
func (r Reader) BilledUsage(ctx context.Context, projects []reeve.ID, month reeve.Month) (map[reeve.ID]map[reeve.UsageMeter]reeve.Billed, error) {
	out := map[reeve.ID]map[reeve.UsageMeter]reeve.Billed{}
	err := r.inLists(projects, func(list string, args []any) error {
		args = append(args, int64(month))
		return r.q.query(ctx, `SELECT l.project_id, l.meter, l.quantity, l.microcents, l.cents, s.status
			FROM statement_lines l JOIN statements s ON s.id = l.statement_id WHERE l.project_id IN (`+list+
			") AND l.month = $"+strconv.Itoa(len(args)), args, func(row scanner) error {
			var project reeve.ID
			var meter reeve.UsageMeter
			var more reeve.Billed
			var cents int64
			var status reeve.StatementStatus
			if err := row.Scan(&project, &meter, &more.Quantity, &more.Microcents, &cents, &status); err != nil {
				return err
			}
			more.Cents, more.Void = big.NewInt(cents), status == reeve.StatementVoid
			if out[project] == nil {
				out[project] = map[reeve.UsageMeter]reeve.Billed{}
			}
			if sum, ok := out[project][meter]; ok {
				more.Quantity.Add(more.Quantity, sum.Quantity)
				more.Microcents.Add(more.Microcents, sum.Microcents)
				more.Cents.Add(more.Cents, sum.Cents)
				more.Void = more.Void || sum.Void
			}
			out[project][meter] = more
			return nil
		})
	})
	return out, err
}

// BilledBefore gives what the statements of earlier months than one's have billed
// of a line's project, meter and month. They were made earlier, unless months from
// before the program first ran were closed by hand, later ones first.
func (r Reader) BilledBefore(ctx context.Context, statement reeve.ID, line reeve.StatementLine) (quantity, microcents *big.Int, err error) {
	quantity, microcents = new(big.Int), new(big.Int)
	err = r.q.query(ctx, `SELECT quantity, microcents FROM statement_lines
			WHERE project_id = $1 AND month = $2 AND meter = $3 AND statement_id < $4`,
		[]any{line.ProjectID, int64(line.Month), string(line.Meter), statement}, func(row scanner) error {
			var q, m *big.Int
			if err := row.Scan(&q, &m); err != nil {
				return err
			}
			quantity.Add(quantity, q)
			microcents.Add(microcents, m)
			return nil
		})
	return quantity, microcents, err
}
