package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

const projectColumns = `p.id, p.organization_id, p.owner_id, p.service_account_id, p.name, p.description,
	p.usage_limit, p.bandwidth_limit, p.rate_limit, p.bucket_limit, p.revoked_before, p.created_at`

func projectFields(p *reeve.Project) []any {
	return []any{
		&p.ID, &p.OrganizationID, &p.OwnerID, &p.ServiceAccountID, &p.Name, &p.Description,
		&p.Limits.Usage, &p.Limits.Bandwidth, &p.Limits.Rate, &p.Limits.Buckets,
		&p.RevokedBefore, &p.CreatedAt,
	}
}

func scanProject(row scanner) (p reeve.Project, err error) {
	err = row.Scan(projectFields(&p)...)
	return p, err
}

// Project finds a project.
func (r Reader) Project(ctx context.Context, id reeve.ID) (reeve.Project, error) {
	return one(ctx, r, projectByID(id, ""), scanProject)
}

// LockProject guards a project's row: its fields and its members stay as they
// are.
func (tx *Tx) LockProject(ctx context.Context, id reeve.ID) (reeve.Project, error) {
	return one(ctx, tx.Reader, projectByID(id, tx.d.lock), scanProject)
}

// LockProjectForDelete keeps new keys, buckets, members and usage away.
func (tx *Tx) LockProjectForDelete(ctx context.Context, id reeve.ID) (reeve.Project, error) {
	return one(ctx, tx.Reader, projectByID(id, tx.d.lockDrop), scanProject)
}

func projectByID(id reeve.ID, lock string) read {
	return read{
		"SELECT " + projectColumns + " FROM projects p WHERE p.id = $1" + lock,
		[]any{id},
		missing("project"),
	}
}

// ProjectAndMemberCount finds a project with its MemberCount and Freeze filled.
func (r Reader) ProjectAndMemberCount(ctx context.Context, id reeve.ID) (reeve.Project, error) {
	return one(ctx, r, read{
		"SELECT " + projectColumns + `,
			(SELECT COUNT(*) FROM project_members m WHERE m.project_id = p.id), f.type, f.frozen_at, f.frozen_until
			FROM projects p LEFT JOIN freezes f ON f.id = p.id WHERE p.id = $1`,
		[]any{id},
		missing("project"),
	}, func(row scanner) (p reeve.Project, err error) {
		var freeze maybeFrozen
		err = row.Scan(append(append(projectFields(&p), &p.MemberCount), freeze.fields()...)...)
		p.Freeze = freeze.frozen()
		return p, err
	})
}

// ProjectsOfMember lists the projects that a user is an own member of, by name.
func (r Reader) ProjectsOfMember(ctx context.Context, user reeve.ID) ([]reeve.Project, error) {
	return many(ctx, r, read{
		sql: "SELECT " + projectColumns + ` FROM projects p
			JOIN project_members m ON m.project_id = p.id
			WHERE m.user_id = $1 ORDER BY p.name, p.id`,
		args: []any{user},
	}, scanProject)
}

// OrganizationProjects lists an organisation's projects, oldest first.
func (r Reader) OrganizationProjects(ctx context.Context, organization reeve.ID, w Window) ([]reeve.Project, error) {
	return many(ctx, r, read{
		sql: "SELECT " + projectColumns + ` FROM projects p WHERE p.organization_id = $1
			ORDER BY p.created_at, p.id LIMIT $2 OFFSET $3`,
		args: []any{organization, w.Limit, w.Offset},
	}, scanProject)
}

// ProjectsAfter pages through all projects in the order of their ids.
func (r Reader) ProjectsAfter(ctx context.Context, after reeve.ID, limit int) ([]reeve.Project, error) {
	return many(ctx, r, read{
		sql:  "SELECT " + projectColumns + " FROM projects p WHERE p.id > $1 ORDER BY p.id LIMIT $2",
		args: []any{after, limit},
	}, scanProject)
}

// CreateProject inserts a project.
func (tx *Tx) CreateProject(p reeve.Project) {
	tx.write(statement{
		sql: `INSERT INTO projects (id, organization_id, owner_id, service_account_id, name, description,
			usage_limit, bandwidth_limit, rate_limit, bucket_limit, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		args: []any{
			p.ID, p.OrganizationID, p.OwnerID, p.ServiceAccountID, p.Name, p.Description,
			p.Limits.Usage, p.Limits.Bandwidth, p.Limits.Rate, p.Limits.Buckets, p.CreatedAt,
		},
		check: onViolation(nil, missing("organization")),
	})
	tx.createText(projectText(p))
}

// UpdateProject writes the fields that may change.
func (tx *Tx) UpdateProject(p reeve.Project) {
	tx.write(statement{
		sql: `UPDATE projects SET name = $2, description = $3, usage_limit = $4, bandwidth_limit = $5,
			rate_limit = $6, bucket_limit = $7, revoked_before = $8 WHERE id = $1`,
		args: []any{
			p.ID, p.Name, p.Description,
			p.Limits.Usage, p.Limits.Bandwidth, p.Limits.Rate, p.Limits.Buckets, p.RevokedBefore,
		},
	})
	tx.updateText(projectText(p))
}

// TransferProject gives a locked project to the organisation and the owner that
// it names. Its invitations, which are the organisation's before, end.
func (tx *Tx) TransferProject(p reeve.Project) {
	tx.write(statement{
		sql:  "UPDATE projects SET organization_id = $2, owner_id = $3 WHERE id = $1",
		args: []any{p.ID, p.OrganizationID, p.OwnerID},
	})
	tx.write(statement{
		sql:  "DELETE FROM invitations WHERE project_id = $1 AND organization_id <> $2",
		args: []any{p.ID, p.OrganizationID},
	})
	tx.updateText(projectText(p))
}

// DeleteProject deletes a project with its memberships, usage totals and freeze.
func (tx *Tx) DeleteProject(id reeve.ID) {
	tx.DeleteFreeze(id)
	tx.write(statement{sql: "DELETE FROM projects WHERE id = $1", args: []any{id}})
	tx.deleteText(Projects, id)
}
