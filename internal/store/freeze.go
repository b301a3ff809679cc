package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

// Freezable says which kind of thing is frozen.
type Freezable string

// The kinds.
const (
	FrozenUser         Freezable = "user"
	FrozenOrganization Freezable = "organization"
	FrozenProject      Freezable = "project"
)

// Freeze is a freeze with what it is of.
type Freeze struct {
	ID   reeve.ID
	Kind Freezable
	reeve.Frozen
}

const freezeColumns = "id, kind, type, frozen_at, frozen_until"

func scanFreeze(row scanner) (f Freeze, err error) {
	err = row.Scan(&f.ID, &f.Kind, &f.Type, &f.Since, &f.Until)
	return f, err
}

// maybeFrozen scans the columns of a freeze that there may not be.
type maybeFrozen struct {
	kind         *string
	since, until *time.Time
}

func (m *maybeFrozen) fields() []any { return []any{&m.kind, &m.since, &m.until} }

func (m *maybeFrozen) frozen() *reeve.Frozen {
	if m.kind == nil {
		return nil
	}
	return &reeve.Frozen{Type: reeve.FreezeType(*m.kind), Since: *m.since, Until: m.until}
}

// Frozen gives the freeze of a thing by itself; nil if there is none.
func (r Reader) Frozen(ctx context.Context, id reeve.ID) (*reeve.Frozen, error) {
	found, err := many(ctx, r, read{
		sql: "SELECT " + freezeColumns + " FROM freezes WHERE id = $1", args: []any{id},
	}, scanFreeze)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0].Frozen, nil
}

// IsFrozen tells whether any of some things is frozen by itself.
func (r Reader) IsFrozen(ctx context.Context, ids ...reeve.ID) (bool, error) {
	places, args := make([]string, len(ids)), make([]any, len(ids))
	for i, id := range ids {
		places[i], args[i] = fmt.Sprintf("$%d", i+1), id
	}
	return one(ctx, r, read{
		sql: "SELECT COUNT(*) > 0 FROM freezes WHERE id IN (" + strings.Join(places, ", ") + ")", args: args,
	}, value[bool])
}

// frozenWith tells, of a project p, whether it is frozen: by itself, with its
// organisation or with its owner.
const frozenWith = "EXISTS (SELECT 1 FROM freezes f WHERE f.id IN (p.id, p.organization_id, p.owner_id))"

// IsProjectFrozen tells whether a project is frozen, by itself or with what it
// belongs to.
func (r Reader) IsProjectFrozen(ctx context.Context, project reeve.ID) (bool, error) {
	return one(ctx, r, read{
		sql: "SELECT COUNT(*) > 0 FROM projects p WHERE p.id = $1 AND " + frozenWith, args: []any{project},
	}, value[bool])
}

// FrozenProjects gives which of some projects are frozen, by themselves or with
// what they belong to.
func (r Reader) FrozenProjects(ctx context.Context, projects []reeve.ID) (out []reeve.ID, err error) {
	err = r.inLists(projects, func(list string, args []any) error {
		some, err := many(ctx, r, read{sql: "SELECT p.id FROM projects p WHERE p.id IN (" + list + ") AND " + frozenWith, args: args}, value[reeve.ID])
		out = append(out, some...)
		return err
	})
	return out, err
}

// IsOrganizationFrozen tells whether an organisation is frozen, by itself or
// with its owner.
func (r Reader) IsOrganizationFrozen(ctx context.Context, organization reeve.ID) (bool, error) {
	return one(ctx, r, read{
		sql: `SELECT COUNT(*) > 0 FROM organizations o
			WHERE o.id = $1 AND EXISTS (SELECT 1 FROM freezes f WHERE f.id IN (o.id, o.owner_id))`,
		args: []any{organization},
	}, value[bool])
}

// EachFreeze reads what is frozen, or those of the ids alone unless these are
// nil.
func (r Reader) EachFreeze(ctx context.Context, ids []reeve.ID, each func(Freeze)) error {
	return eachOf(ctx, r, selection{"SELECT " + freezeColumns + " FROM freezes", "id", ids}, scanFreeze, each)
}

// PutFreeze freezes a thing whose row is locked as if it were to be deleted, or
// replaces how it is frozen.
func (tx *Tx) PutFreeze(f Freeze) {
	tx.write(statement{
		sql: `INSERT INTO freezes (id, kind, type, frozen_at, frozen_until) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET type = excluded.type, frozen_at = excluded.frozen_at, frozen_until = excluded.frozen_until`,
		args: []any{f.ID, string(f.Kind), string(f.Type), f.Since, f.Until},
	})
	if f.Kind == FrozenProject {
		tx.markFrozen(f.ID, true)
	}
}

// markFrozen writes for replicas of the version before, which know a project's
// own freeze from its row alone. Nothing here reads it.
func (tx *Tx) markFrozen(project reeve.ID, frozen bool) {
	tx.write(statement{sql: "UPDATE projects SET frozen = $2 WHERE id = $1 AND frozen <> $2", args: []any{project, frozen}})
}

// DeleteFreeze ends the freeze of a thing, if there is one.
func (tx *Tx) DeleteFreeze(id reeve.ID) {
	tx.write(statement{sql: "DELETE FROM freezes WHERE id = $1", args: []any{id}})
	tx.markFrozen(id, false)
}

// EndFreezes ends up to limit freezes whose end has come, and gives them. The
// end is looked at twice: it may have been moved while this waited for the row.
func (tx *Tx) EndFreezes(ctx context.Context, now time.Time, limit int) ([]Freeze, error) {
	ended, err := many(ctx, tx.Reader, read{
		sql: `DELETE FROM freezes WHERE frozen_until <= $1 AND id IN
			(SELECT id FROM freezes WHERE frozen_until <= $1 ORDER BY frozen_until, id LIMIT $2)
			RETURNING ` + freezeColumns,
		args: []any{now, limit},
	}, scanFreeze)
	for _, f := range ended {
		if f.Kind == FrozenProject {
			tx.markFrozen(f.ID, false)
		}
	}
	tx.changed = tx.changed || len(ended) > 0
	return ended, err
}
