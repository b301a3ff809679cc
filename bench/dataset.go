package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/reeve-cloud/reeve"
)

// The shape of the data: organisations of ten projects with ten keys each,
// three users, and one organisation key.
const (
	projectsEach = 10 // of an organisation
	usersEach    = 3  // of an organisation
	keysEach     = 10 // of a project
	headSize     = 32
	sealedSize   = 60 // 12 nonce, 32 secret, 16 tag
	sealSize     = 8  // a master key's id
)

// kind tells the bulk's ids of one table from another's.
type kind byte

const (
	kindUser kind = iota + 1
	kindOrganization
	kindOrganizationKey
	kindProject
	kindServiceAccount
	kindAPIKey
	kindPgbench
	kindCoupon
)

// dataset is what a database is loaded with. Its ids are computed, so that
// millions of them need no memory here and pgbench can compute them too.
type dataset struct {
	epoch    time.Time
	projects int
	tokens   []reeve.Token // by organisation
	random   *rand.ChaCha8
	seal     *sealer // nil: the keys' secrets are noise
}

func newDataset(projects int) *dataset {
	d := &dataset{
		epoch: time.Now().UTC(), projects: projects,
		tokens: make([]reeve.Token, projects/projectsEach), random: rand.NewChaCha8([32]byte{1}),
	}
	for i := range d.tokens {
		d.tokens[i] = reeve.NewToken(reeve.TokenOrganization, [32]byte(d.bytes(32)))
	}
	return d
}

// bytes gives random bytes, the same ones in each run.
func (d *dataset) bytes(n int) []byte {
	out := make([]byte, n)
	_, _ = d.random.Read(out) // never fails
	return out
}

// id gives the n-th id of a kind: a UUIDv7 whose random bits count, so that
// later ids sort later as they do in practice.
func (d *dataset) id(of kind, n int) (id [16]byte) {
	binary.BigEndian.PutUint64(id[:], uint64(d.epoch.UnixMilli())<<16|0x7000|uint64(of))
	binary.BigEndian.PutUint64(id[8:], 1<<63|uint64(n))
	return id
}

// idPrefix is the text of a kind's ids up to the 12 hexadecimal digits of n.
func (d *dataset) idPrefix(of kind) string { return reeve.ID(d.id(of, 0)).String()[:24] }

// table is one table's bulk.
type table struct {
	name    string
	columns []string
	rows    int
	row     func(n int) []any
}

// memberRoles are the roles of an organisation's users.
var memberRoles = [usersEach]string{"admin", "editor", "viewer"}

// tables are in the order in which they refer to each other.
func (d *dataset) tables() []table {
	return append(d.organizationTables(), d.projectTables()...)
}

func (d *dataset) organizationTables() []table {
	now := d.epoch.UnixMicro()
	organizations := d.projects / projectsEach
	return []table{
		{
			"users",
			[]string{"id", "email", "email_key", "full_name", "short_name", "password_hash", "project_limit", "created_at"},
			organizations * usersEach,
			func(n int) []any {
				email := fmt.Sprintf("user-%d@bench.invalid", n)
				return []any{d.id(kindUser, n), email, email, "Some Body", "", d.bytes(97), int64(projectsEach), now}
			},
		},
		{
			"organizations",
			[]string{"id", "name", "owner_id", "created_at"},
			organizations,
			func(n int) []any {
				return []any{d.id(kindOrganization, n), fmt.Sprintf("organization-%d", n), d.id(kindUser, n*usersEach), now}
			},
		},
		{
			"organization_members",
			[]string{"organization_id", "user_id", "role", "disabled", "created_at"},
			organizations * usersEach,
			func(n int) []any {
				return []any{d.id(kindOrganization, n/usersEach), d.id(kindUser, n), memberRoles[n%usersEach], false, now}
			},
		},
		{
			"organization_keys",
			[]string{"id", "organization_id", "name", "role", "hash", "created_at"},
			organizations,
			func(n int) []any {
				hash := d.tokens[n].Hash()
				return []any{d.id(kindOrganizationKey, n), d.id(kindOrganization, n), "bench", "viewer", hash[:], now}
			},
		},
	}
}

func (d *dataset) projectTables() []table {
	now := d.epoch.UnixMicro()
	owner := func(project int) [16]byte { return d.id(kindUser, project/projectsEach*usersEach) }
	return []table{
		{
			"projects",
			[]string{"id", "organization_id", "owner_id", "service_account_id", "name", "description", "created_at"},
			d.projects,
			func(n int) []any {
				return []any{
					d.id(kindProject, n), d.id(kindOrganization, n/projectsEach), owner(n),
					d.id(kindServiceAccount, n), fmt.Sprintf("project-%d", n), "", now,
				}
			},
		},
		{
			"project_members",
			[]string{"project_id", "user_id", "role", "disabled", "created_at"},
			d.projects * usersEach,
			func(n int) []any {
				project, member := n/usersEach, n%usersEach
				user := d.id(kindUser, project/projectsEach*usersEach+member)
				return []any{d.id(kindProject, project), user, memberRoles[member], false, now}
			},
		},
		{
			"api_keys",
			[]string{"id", "project_id", "name", "head", "secret", "sealed_by", "created_at"},
			d.projects * keysEach,
			func(n int) []any {
				head, sealed, by := d.bytes(headSize), d.bytes(sealedSize), make([]byte, sealSize)
				if d.seal != nil {
					head, sealed, by = d.seal.key(d.id(kindAPIKey, n), n)
				}
				return []any{
					d.id(kindAPIKey, n), d.id(kindProject, n/keysEach), fmt.Sprintf("key-%d", n), head, sealed, by, now,
				}
			},
		},
	}
}
