package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/reeve-cloud/reeve"
)

const statementColumns = `s.id, s.organization_id, s.organization_name, s.owner_id, s.month, s.status,
	s.gross, s.coupons, s.credits, s.due, s.noted`

func scanStatement(row scanner) (s reeve.Statement, err error) {
	var month int64
	err = row.Scan(
		&s.ID, &s.OrganizationID, &s.OrganizationName, &s.OwnerID, &month, &s.Status,
		&s.Gross, &s.Coupons, &s.Credits, &s.Due, &s.Noted,
	)
	s.Month = reeve.Month(month)
	return s, err
}

// CreateStatements inserts statements with their lines and settlements. Each
// organisation has one a month: the caller, who holds the usage lock, has
// looked.
func (tx *Tx) CreateStatements(statements []reeve.Statement) {
	var heads, lines, settlements [][]any
	for _, s := range statements {
		heads = append(heads, []any{
			s.ID, s.OrganizationID, s.OrganizationName, s.OwnerID, int64(s.Month), string(s.Status),
			s.Gross, s.Coupons, s.Credits, s.Due, s.Noted,
		})
		for i, l := range s.Lines {
			lines = append(lines, []any{
				s.ID, i + 1, l.ProjectID, l.ProjectName, string(l.Meter), int64(l.Month), l.Quantity, l.Microcents, l.Cents,
			})
		}
		for i, part := range s.Settlements {
			settlements = append(settlements, []any{s.ID, i + 1, string(part.Kind), part.SourceID, part.Description, part.Cents})
		}
	}
	tx.writeRows(`INSERT INTO statements (id, organization_id, organization_name, owner_id, month, status,
		gross, coupons, credits, due, noted) VALUES `, "", heads)
	tx.writeRows(`INSERT INTO statement_lines (statement_id, number, project_id, project_name, meter, month,
		quantity, microcents, cents) VALUES `, "", lines)
	tx.writeRows(`INSERT INTO statement_settlements (statement_id, number, kind, source_id, description, cents) VALUES `, "", settlements)
}

// Statement finds a statement with its lines and settlements.
func (r Reader) Statement(ctx context.Context, id reeve.ID) (reeve.Statement, error) {
	out, err := one(ctx, r, statementByID(id, ""), scanStatement)
	if err != nil {
		return out, err
	}
	return out, r.fillStatement(ctx, &out)
}

// LockStatement finds a statement with its settlements, without its lines, and
// guards it against another change.
func (tx *Tx) LockStatement(ctx context.Context, id reeve.ID) (reeve.Statement, error) {
	out, err := one(ctx, tx.Reader, statementByID(id, tx.d.lock), scanStatement)
	if err != nil {
		return out, err
	}
	out.Settlements, err = tx.settlements(ctx, id)
	return out, err
}

func statementByID(id reeve.ID, lock string) read {
	return read{
		"SELECT " + statementColumns + " FROM statements s WHERE s.id = $1" + lock,
		[]any{id},
		missing("statement"),
	}
}

// fillStatement reads a statement's lines and settlements.
func (r Reader) fillStatement(ctx context.Context, s *reeve.Statement) (err error) {
	s.Lines, err = many(ctx, r, read{
		sql: `SELECT project_id, project_name, meter, month, quantity, microcents, cents
			FROM statement_lines WHERE statement_id = $1 ORDER BY number`,
		args: []any{s.ID},
	}, func(row scanner) (l reeve.StatementLine, err error) {
		var month int64
		err = row.Scan(&l.ProjectID, &l.ProjectName, &l.Meter, &month, &l.Quantity, &l.Microcents, &l.Cents)
		l.Month = reeve.Month(month)
		return l, err
	})
	if err == nil {
		s.Settlements, err = r.settlements(ctx, s.ID)
	}
	return err
}

func (r Reader) settlements(ctx context.Context, id reeve.ID) ([]reeve.Settlement, error) {
	return many(ctx, r, read{
		sql: `SELECT kind, source_id, description, cents
			FROM statement_settlements WHERE statement_id = $1 ORDER BY number`,
		args: []any{id},
	}, func(row scanner) (s reeve.Settlement, err error) {
		return s, row.Scan(&s.Kind, &s.SourceID, &s.Description, &s.Cents)
	})
}

// UpdateStatement writes a statement's status and what credit notes have taken
// back: all that changes of it.
func (tx *Tx) UpdateStatement(s reeve.Statement) {
	tx.write(statement{
		sql:  "UPDATE statements SET status = $2, noted = $3 WHERE id = $1",
		args: []any{s.ID, string(s.Status), s.Noted},
	})
}

// StatementFilter picks statements; empty fields pick all.
type StatementFilter struct {
	Month          reeve.Month
	Status         reeve.StatementStatus
	OrganizationID reeve.ID
	OwnerID        reeve.ID
	Before         reeve.ID // only ids below it; zero for all
	Limit          int      // 0 for all
	Offset         int      // only with Limit
}

// Statements lists statements without lines and settlements, newest first.
func (r Reader) Statements(ctx context.Context, f StatementFilter) ([]reeve.Statement, error) {
	where, args := f.where()
	text := "SELECT " + statementColumns + " FROM statements s" + where + " ORDER BY s.id DESC"
	if f.Limit > 0 {
		args = append(args, f.Limit, f.Offset)
		text += fmt.Sprintf(" LIMIT $%d OFFSET $%d", len(args)-1, len(args))
	}
	return many(ctx, r, read{sql: text, args: args}, scanStatement)
}

// CountStatements counts what a filter picks.
func (r Reader) CountStatements(ctx context.Context, f StatementFilter) (int, error) {
	where, args := f.where()
	return one(ctx, r, read{sql: "SELECT COUNT(*) FROM statements s" + where, args: args}, value[int])
}

func (f StatementFilter) where() (text string, args []any) {
	var conditions []string
	where := func(condition string, arg any) {
		args = append(args, arg)
		conditions = append(conditions, condition+" $"+strconv.Itoa(len(args)))
	}
	if f.Month != 0 {
		where("s.month =", int64(f.Month))
	}
	if f.Status != "" {
		where("s.status =", string(f.Status))
	}
	if f.OrganizationID != reeve.Zero {
		where("s.organization_id =", f.OrganizationID)
	}
	if f.OwnerID != reeve.Zero {
		where("s.owner_id =", f.OwnerID)
	}
	if f.Before != reeve.Zero {
		where("s.id <", f.Before)
	}
	if conditions == nil {
		return "", nil
	}
	return " WHERE " + strings.Join(conditions, " AND "), args
}

// StatementsIn gives, by organisation, which of some organisations have their
// statement of a month.
func (r Reader) StatementsIn(ctx context.Context, organizations []reeve.ID, month reeve.Month) (map[reeve.ID]reeve.Statement, error) {
	out := map[reeve.ID]reeve.Statement{}
	err := inLists(organizations, func(list string, args []any) error {
		found, err := many(ctx, r, read{
			sql: "SELECT " + statementColumns + " FROM statements s WHERE s.organization_id IN (" + list +
				") AND s.month = $" + strconv.Itoa(len(args)+1),
			args: append(args, int64(month)),
		}, scanStatement)
		for _, s := range found {
			out[s.OrganizationID] = s
		}
		return err
	})
	return out, err
}

// HasOpenStatement tells whether a final statement that the filter picks is
// not paid, be it in part.
func (r Reader) HasOpenStatement(ctx context.Context, f StatementFilter) (bool, error) {
	f.Status = reeve.StatementFinal
	where, args := f.where()
	return one(ctx, r, read{
		sql: "SELECT EXISTS (SELECT 1 FROM statements s" + where + " AND s.due > s.noted)", args: args,
	}, value[bool])
}

// KeyAndStatement is an organisation key and, if it is of the key's
// organisation, a statement without lines and settlements.
type KeyAndStatement struct {
	Key       reeve.OrganizationKey // without its name and date
	Statement *reeve.Statement
}

// OrganizationKeyAndStatement looks a key and a statement up in one query. A
// statement of another organisation and one that does not exist are both nil.
func (r Reader) OrganizationKeyAndStatement(ctx context.Context, hash reeve.TokenHash, id reeve.ID) (KeyAndStatement, error) {
	return one(ctx, r, read{
		`SELECT k.id, k.organization_id, k.role, k.expires_at,
			s.organization_name, s.owner_id, s.month, s.status, s.gross, s.coupons, s.credits, s.due, s.noted
			FROM organization_keys k
			LEFT JOIN statements s ON s.id = $2 AND s.organization_id = k.organization_id
			WHERE k.hash = $1`,
		[]any{hash, id},
		reeve.ErrUnauthenticated,
	}, func(row scanner) (out KeyAndStatement, err error) {
		k := &out.Key
		var name, status *string
		var owner *reeve.ID
		var month, gross, coupons, credits, due, noted *int64
		err = row.Scan(&k.ID, &k.OrganizationID, &k.Role, &k.ExpiresAt, &name, &owner, &month, &status,
			&gross, &coupons, &credits, &due, &noted)
		if err == nil && name != nil {
			out.Statement = &reeve.Statement{
				ID: id, OrganizationID: k.OrganizationID, OrganizationName: *name, OwnerID: *owner,
				Month: reeve.Month(*month), Status: reeve.StatementStatus(*status),
				Gross: *gross, Coupons: *coupons, Credits: *credits, Due: *due, Noted: *noted,
			}
		}
		return out, err
	})
}

// StatementDetails fills in the lines and settlements of a statement that was
// read without them.
func (r Reader) StatementDetails(ctx context.Context, s reeve.Statement) (reeve.Statement, error) {
	err := r.fillStatement(ctx, &s)
	return s, err
}
