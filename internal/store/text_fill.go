package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/reeve-cloud/reeve"
)

// fillBatch is how many things one step of filling looks at.
const fillBatch = 500

// base is where the things of a kind are.
type base struct {
	from    string // table, with b as its name
	live    string // which of its rows are listed
	columns string
	scan    func(scanner) (text, error)
}

var bases = map[Kind]base{
	Users: {"users b", "b.email_key IS NOT NULL", "b.id, b.full_name, b.email, b.created_at", func(row scanner) (text, error) {
		var u reeve.User
		err := row.Scan(&u.ID, &u.FullName, &u.Email, &u.CreatedAt)
		return userText(u), err
	}},
	Organizations: {"organizations b", "TRUE", "b.id, b.name, b.owner_id, b.created_at", func(row scanner) (text, error) {
		o, err := scanOrganization(row)
		return organizationText(o), err
	}},
	Projects: {
		"projects b", "TRUE", "b.id, b.name, b.owner_id, b.organization_id, b.created_at",
		func(row scanner) (text, error) {
			var p reeve.Project
			err := row.Scan(&p.ID, &p.Name, &p.OwnerID, &p.OrganizationID, &p.CreatedAt)
			return projectText(p), err
		},
	},
	Coupons: {
		"coupons b", "TRUE", "b.id, b.description, b.user_id, b.created_at, b.duration",
		func(row scanner) (text, error) {
			var c reeve.Coupon
			err := row.Scan(&c.ID, &c.Description, &c.UserID, &c.CreatedAt, &c.Duration)
			return couponText(c), err
		},
	},
}

// FillTexts makes the texts of a kind what they should be: those of things that
// were there before the texts, or that a program wrote that knew nothing of
// them. What is right is read, not written. It may run beside anything, and
// more than once.
func (s *Store) FillTexts(ctx context.Context, kind Kind) error {
	done, err := one(ctx, s.Reader, read{
		"SELECT done FROM text_fills WHERE kind = $1", []any{string(kind)}, errors.New("a kind of texts is not known"),
	}, value[bool])
	if err == nil && !done {
		err = s.tune(ctx, kind, s.d.search.begin)
	}
	if err == nil {
		err = s.walkBase(ctx, kind)
	}
	if err == nil {
		err = s.dropOrphans(ctx, kind)
	}
	if err != nil || done {
		return err
	}
	if err := s.tune(ctx, kind, s.d.search.end); err != nil {
		return err
	}
	return s.Write(ctx, func(tx *Tx) error {
		tx.write(statement{sql: "UPDATE text_fills SET done = TRUE WHERE kind = $1", args: []any{string(kind)}})
		return nil
	})
}

// tune changes how a kind's index of grams is written.
func (s *Store) tune(ctx context.Context, kind Kind, statements []string) error {
	for _, text := range statements {
		err := s.Write(ctx, func(tx *Tx) error {
			return tx.query(ctx, strings.ReplaceAll(text, "$kind", string(kind)), nil, func(scanner) error { return nil })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// walkBase reads all things of a kind, in the order of their ids, and writes
// the texts that are missing or wrong.
func (s *Store) walkBase(ctx context.Context, kind Kind) error {
	b := bases[kind]
	for after := reeve.Zero; ; {
		page, err := many(ctx, s.Reader, read{
			sql:  fmt.Sprintf("SELECT %s FROM %s WHERE b.id > $1 AND %s ORDER BY b.id LIMIT %d", b.columns, b.from, b.live, fillBatch),
			args: []any{after},
		}, b.scan)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].id
		wrong, err := s.wrongTexts(ctx, page)
		if err == nil && len(wrong) > 0 {
			err = s.rightTexts(ctx, kind, wrong)
		}
		if err != nil {
			return err
		}
	}
}

// wrongTexts gives the things of which no text, or another, is there.
func (s *Store) wrongTexts(ctx context.Context, page []text) (wrong []reeve.ID, err error) {
	columns, _ := page[0].columns()
	ids := make([]reeve.ID, len(page))
	for i := range page {
		ids[i] = page[i].id
	}
	found := map[reeve.ID]text{}
	err = s.d.lists(ids, func(list string, args []any) error {
		return s.q.query(ctx, "SELECT "+strings.Join(columns[1:], ", ")+" FROM "+page[0].kind.table()+" WHERE id IN ("+list+")", args,
			func(row scanner) error {
				t := text{kind: page[0].kind}
				err := row.Scan(t.fields()...)
				found[t.id] = t
				return err
			})
	})
	for _, want := range page {
		if found[want.id] != want {
			wrong = append(wrong, want.id)
		}
	}
	return wrong, err
}

// fields are where the columns but the spot go.
func (t *text) fields() []any {
	out := []any{&t.id, &t.created, &t.text, &t.name}
	switch t.kind {
	case Users:
		return append(out, &t.address)
	case Projects:
		return append(out, &t.owner, &t.organization)
	case Coupons:
		return append(out, &t.owner, &t.ends)
	default:
		return append(out, &t.owner)
	}
}

// rightTexts writes the texts of things, which it keeps as they are meanwhile.
func (s *Store) rightTexts(ctx context.Context, kind Kind, ids []reeve.ID) error {
	b := bases[kind]
	return s.Write(ctx, func(tx *Tx) error {
		return s.d.lists(ids, func(list string, args []any) error {
			things, err := many(ctx, tx.Reader, read{
				sql: fmt.Sprintf("SELECT %s FROM %s WHERE b.id IN (%s) AND %s ORDER BY b.id%s",
					b.columns, b.from, list, b.live, tx.d.lock),
				args: args,
			}, b.scan)
			for _, thing := range things {
				tx.updateText(thing)
				tx.write(tx.insertText(thing, " ON CONFLICT (spot) DO NOTHING"))
			}
			return err
		})
	})
}

// dropOrphans removes the texts of things that are gone.
func (s *Store) dropOrphans(ctx context.Context, kind Kind) error {
	b := bases[kind]
	orphan := fmt.Sprintf("NOT EXISTS (SELECT 1 FROM %s WHERE b.id = t.id AND %s)", b.from, b.live)
	for after := int64(-1); ; {
		last, err := one(ctx, s.Reader, read{
			sql: fmt.Sprintf("SELECT COALESCE(MAX(t.spot), -1) FROM (SELECT spot FROM %s WHERE spot > $1 ORDER BY spot LIMIT %d) t",
				kind.table(), fillBatch),
			args: []any{after},
		}, value[int64])
		if err != nil || last < 0 {
			return err
		}
		gone, err := many(ctx, s.Reader, read{
			sql:  fmt.Sprintf("SELECT t.id FROM %s t WHERE t.spot > $1 AND t.spot <= $2 AND %s", kind.table(), orphan),
			args: []any{after, last},
		}, value[reeve.ID])
		if err == nil && len(gone) > 0 {
			err = s.Write(ctx, func(tx *Tx) error {
				for _, id := range gone {
					tx.write(statement{
						sql:  "DELETE FROM " + kind.table() + " AS t WHERE t.spot = $1 AND " + orphan,
						args: []any{spotOf(id)},
					})
				}
				return nil
			})
		}
		if err != nil {
			return err
		}
		after = last
	}
}
