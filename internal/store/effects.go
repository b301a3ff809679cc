package store

import (
	"context"
	"fmt"
	"time"

	"github.com/reeve-cloud/reeve"
)

// mostJoined is of how many things it is counted what they have. Of more a
// database would rather read the whole of the other table (measured: PostgreSQL,
// 10,000 of 1,000,000 projects, a third of a second).
const mostJoined = 2000

// keysOf selects the API keys, alive at $2, of the projects that a SELECT gives.
func keysOf(projects string) string {
	return fmt.Sprintf(`SELECT 1 FROM (%s LIMIT %d) p JOIN api_keys k ON k.project_id = p.id
		WHERE (k.expires_at IS NULL OR k.expires_at >= $2)`, projects, mostJoined)
}

// of tells of what so many things have that there may be more, for it was counted
// of a part of them alone.
func (c Count) of(things Count) Count { return Count{c.N, c.More || things.N > mostJoined} }

// ProjectParts counts what a project has.
type ProjectParts struct{ APIKeys, Members, Buckets, Leases Count }

// ProjectParts counts what a project has at a time: keys that are alive, its own
// members, disabled ones included, and leases that are not settled or have not
// ended.
func (r Reader) ProjectParts(ctx context.Context, project reeve.ID, now time.Time) (out ProjectParts, err error) {
	n, err := r.counts(ctx, []any{project, now},
		"SELECT 1 FROM api_keys WHERE project_id = $1 AND (expires_at IS NULL OR expires_at >= $2)",
		"SELECT 1 FROM project_members WHERE project_id = $1",
		"SELECT 1 FROM buckets WHERE project_id = $1",
		"SELECT DISTINCT id FROM leases WHERE project_id = $1 AND (meter <> 'rate' OR expires_at > $2)",
	)
	return ProjectParts{n[0], n[1], n[2], n[3]}, err
}

// OrganizationParts counts what an organisation has.
type OrganizationParts struct{ Members, Projects, Keys, APIKeys, Invitations Count }

// OrganizationParts counts what an organisation has at a time: members, disabled
// ones included, keys that are alive, its own and those of its projects, and
// invitations that are open.
func (r Reader) OrganizationParts(ctx context.Context, organization reeve.ID, now time.Time) (out OrganizationParts, err error) {
	n, err := r.counts(ctx, []any{organization, now},
		"SELECT 1 FROM organization_members WHERE organization_id = $1",
		"SELECT 1 FROM projects WHERE organization_id = $1",
		"SELECT 1 FROM organization_keys WHERE organization_id = $1 AND (expires_at IS NULL OR expires_at > $2)",
		keysOf("SELECT id FROM projects WHERE organization_id = $1"),
		"SELECT 1 FROM invitations WHERE organization_id = $1 AND expires_at > $2",
	)
	return OrganizationParts{n[0], n[1], n[2], n[3].of(n[1]), n[4]}, err
}

// UserParts counts what a user has.
type UserParts struct{ Organizations, Alone, Projects, APIKeys Count }

// UserParts counts what a user has at a time: organisations that the user is in,
// disabled or not, and those that nobody else is in; projects that the user owns,
// and their keys that are alive.
func (r Reader) UserParts(ctx context.Context, user reeve.ID, now time.Time) (out UserParts, err error) {
	n, err := r.counts(ctx, []any{user, now},
		"SELECT 1 FROM organization_members WHERE user_id = $1",
		fmt.Sprintf(`SELECT 1 FROM (SELECT organization_id FROM organization_members WHERE user_id = $1 LIMIT %d) m
			WHERE NOT EXISTS (SELECT 1 FROM organization_members o WHERE o.organization_id = m.organization_id AND o.user_id <> $1)`, mostJoined),
		"SELECT 1 FROM projects WHERE owner_id = $1",
		keysOf("SELECT id FROM projects WHERE owner_id = $1"),
	)
	return UserParts{n[0], n[1].of(n[0]), n[2], n[3].of(n[2])}, err
}

// CountDerivedKeys counts the keys, alive at a time, that were derived from an
// organisation's key, directly or not.
func (r Reader) CountDerivedKeys(ctx context.Context, key reeve.ID, now time.Time) (Count, error) {
	const live = " AND (k.expires_at IS NULL OR k.expires_at > $2)"
	n, err := one(ctx, r, read{
		sql: fmt.Sprintf(`WITH RECURSIVE derived (id) AS (
			SELECT k.id FROM organization_keys k WHERE k.parent_id = $1%[1]s
			UNION ALL SELECT k.id FROM organization_keys k JOIN derived d ON k.parent_id = d.id WHERE 1 = 1%[1]s)
			SELECT COUNT(*) FROM (SELECT 1 FROM derived LIMIT %[2]d) c`, live, MostCounted+1),
		args: []any{key, now},
	}, value[int])
	return countOf(n), err
}

// CountProjectsOfMemberIn counts the projects of an organisation that a user is
// an own member of.
func (r Reader) CountProjectsOfMemberIn(ctx context.Context, organization, user reeve.ID) (Count, error) {
	n, err := r.counts(ctx, []any{organization, user},
		fmt.Sprintf(`SELECT 1 FROM (SELECT project_id FROM project_members WHERE user_id = $2 LIMIT %d) m
			JOIN projects p ON p.id = m.project_id WHERE p.organization_id = $1`, mostJoined),
		"SELECT 1 FROM project_members WHERE user_id = $2",
	)
	return n[0].of(n[1]), err
}

// CountMembersOutside counts a project's own members, disabled ones included, who
// are not in an organisation; of a project with more than MostCounted it looks at
// so many.
func (r Reader) CountMembersOutside(ctx context.Context, project, organization reeve.ID) (Count, error) {
	n, err := r.counts(ctx, []any{project, organization},
		fmt.Sprintf(`SELECT 1 FROM (SELECT user_id FROM project_members WHERE project_id = $1 LIMIT %d) m
			WHERE NOT EXISTS (SELECT 1 FROM organization_members o WHERE o.organization_id = $2 AND o.user_id = m.user_id)`, MostCounted),
		"SELECT 1 FROM project_members WHERE project_id = $1",
	)
	return Count{n[0].N, n[1].More}, err
}

// KeysBefore counts a project's API keys that are alive: all, those that were made
// before a time, and those of them that were used of late.
type KeysBefore struct{ All, Before, Used Count }

// CountAPIKeysBefore counts a project's keys that are alive at a time. A use counts
// after since, once it is written down.
func (r Reader) CountAPIKeysBefore(ctx context.Context, project reeve.ID, now, before, since time.Time) (KeysBefore, error) {
	const live = " FROM api_keys WHERE project_id = $1 AND (expires_at IS NULL OR expires_at >= $2)"
	n, err := r.counts(ctx, []any{project, now, before, since},
		"SELECT 1"+live,
		"SELECT 1"+live+" AND created_at < $3",
		fmt.Sprintf("SELECT 1 FROM (SELECT id%s AND created_at < $3 LIMIT %d) k JOIN last_uses u ON u.id = k.id WHERE u.used_at > $4", live, mostJoined),
	)
	return KeysBefore{n[0], n[1], n[2].of(n[1])}, err
}

// CountOwned counts the projects that a user owns anywhere.
func (r Reader) CountOwned(ctx context.Context, user reeve.ID) (Count, error) {
	n, err := r.counts(ctx, []any{user}, "SELECT 1 FROM projects WHERE owner_id = $1")
	if err != nil {
		return Count{}, err
	}
	return n[0], nil
}
