package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
)

// The shape of what is listed and searched: things came one by one over a year,
// with varied names. One organisation has a fifth of all projects, one user is
// in a tenth of all organisations, and the oldest tenth of the users are the
// only members of projects.
const (
	couponsEach = 10 // one for so many users
	leastListed = 1000
	fillWait    = 30 * time.Minute
)

// directory is a dataset for lists and searches: as many users as projects, no
// keys.
type directory struct{ *dataset }

func (d directory) at(n, all int) int64 {
	const year = 365 * 24 * time.Hour
	return d.epoch.Add(-year + time.Duration(float64(year)*float64(n)/float64(all))).UnixMicro()
}

func (d directory) organizations() int { return d.projects / projectsEach }

// organizationOf gives the organisation of a project: the first one has the
// fifth that is the oldest.
func (d directory) organizationOf(project int) int {
	if project < d.projects/5 {
		return 0
	}
	return project / projectsEach
}

// tables are in the order in which they refer to each other.
func (d directory) tables() []table {
	return []table{d.users(), d.organizationTable(), d.members(), d.projectTable(), d.projectMembers(), d.coupons()}
}

func (d directory) users() table {
	return table{
		"users",
		[]string{"id", "email", "email_key", "full_name", "short_name", "password_hash", "project_limit", "created_at"},
		d.projects,
		func(n int) []any {
			name, email := userName(n, d.projects)
			return []any{d.id(kindUser, n), email, email, name, "", d.bytes(97), int64(projectsEach), d.at(n, d.projects)}
		},
	}
}

func (d directory) organizationTable() table {
	return table{
		"organizations",
		[]string{"id", "name", "owner_id", "created_at"},
		d.organizations(),
		func(n int) []any {
			return []any{d.id(kindOrganization, n), organizationName(n), d.id(kindUser, n*projectsEach), d.at(n, d.organizations())}
		},
	}
}

// members are an owner for each, and the first user in each tenth one.
func (d directory) members() table {
	return table{
		"organization_members",
		[]string{"organization_id", "user_id", "role", "disabled", "created_at"},
		d.organizations() + d.organizations()/10,
		func(n int) []any {
			organization, user := n, n*projectsEach
			if n >= d.organizations() {
				organization, user = (n-d.organizations())*10+1, 0
			}
			return []any{d.id(kindOrganization, organization), d.id(kindUser, user), "admin", false, d.epoch.UnixMicro()}
		},
	}
}

func (d directory) projectTable() table {
	return table{
		"projects",
		[]string{"id", "organization_id", "owner_id", "service_account_id", "name", "description", "created_at"},
		d.projects,
		func(n int) []any {
			organization := d.organizationOf(n)
			return []any{
				d.id(kindProject, n), d.id(kindOrganization, organization), d.id(kindUser, organization*projectsEach),
				d.id(kindServiceAccount, n), projectName(n), "", d.at(n, d.projects),
			}
		},
	}
}

func (d directory) projectMembers() table {
	return table{
		"project_members",
		[]string{"project_id", "user_id", "role", "disabled", "created_at"},
		d.projects / 10,
		func(n int) []any {
			return []any{d.id(kindProject, n*10), d.id(kindUser, n), "admin", false, d.epoch.UnixMicro()}
		},
	}
}

// coupons are used up if they are of the oldest tenth, and half of the others
// have ended.
func (d directory) coupons() table {
	all := d.projects / couponsEach
	return table{
		"coupons",
		[]string{"id", "user_id", "amount", "duration", "description", "type", "applied", "created_at"},
		all,
		func(n int) []any {
			applied := int64(0)
			if n < all/10 {
				applied = 1000
			}
			return []any{
				d.id(kindCoupon, n), d.id(kindUser, n*couponsEach), int64(1000), int64(1 + n%2*23), couponText(n), int64(0), applied, d.at(n, all),
			}
		},
	}
}

// load copies the data into a migrated database that no reeve serves yet. The
// texts are missing: the next reeve makes them.
func (d directory) load(ctx context.Context, database string) error {
	return withConn(ctx, database, func(conn *pgx.Conn) error {
		if err := executeAll(ctx, conn, "SET session_replication_role = replica", "SET maintenance_work_mem = '512MB'"); err != nil {
			return err
		}
		for _, t := range d.tables() {
			if err := t.load(ctx, conn); err != nil {
				return fmt.Errorf("load %s: %w", t.name, err)
			}
		}
		return executeAll(ctx, conn, "UPDATE text_fills SET done = FALSE", "VACUUM (ANALYZE)", "CHECKPOINT")
	})
}

// directoryWorld is a reeve on PostgreSQL with a directory.
type directoryWorld struct {
	*instance
	directory
}

// directory makes that world at first use.
func (b *bench) directory(ctx context.Context) (*directoryWorld, error) {
	if b.listed != nil {
		return b.listed, nil
	}
	database, err := b.database(ctx, "listed")
	if err != nil {
		return nil, err
	}
	token, err := b.migrate(database)
	if err != nil {
		return nil, err
	}
	w := &directoryWorld{&instance{database: database, token: token}, directory{newDataset(b.listSize)}}
	began := time.Now()
	if err := w.directory.load(ctx, database); err != nil {
		return nil, err
	}
	b.say("loaded %d users and %d projects in %s", w.projects, w.projects, time.Since(began).Round(time.Millisecond))
	if w.process, err = b.launchReeve(database); err != nil {
		return nil, err
	}
	b.atEnd(w.stop)
	if err := w.awaitTexts(ctx); err != nil {
		return nil, err
	}
	b.say("all can be found %s after that", time.Since(began).Round(time.Millisecond))
	// As it is once the database has looked after it.
	err = withConn(ctx, database, func(conn *pgx.Conn) error { return executeAll(ctx, conn, "VACUUM (ANALYZE)", "CHECKPOINT") })
	b.listed = w
	return w, err
}

// awaitTexts waits until the lists are answered.
func (w *directoryWorld) awaitTexts(ctx context.Context) error {
	for began := time.Now(); time.Since(began) < fillWait; {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.addresses["operator"]+"/api/users", nil)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", string(w.token))
		status, body, err := answerStatus(request)
		if err != nil || status == http.StatusOK {
			return err
		}
		if status != http.StatusServiceUnavailable {
			return fmt.Errorf("list users: %d %s", status, body)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return errors.New("the texts are not filled")
}
