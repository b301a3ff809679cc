package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/reeve-cloud/reeve"
)

// Window is a part of a list.
type Window struct{ Offset, Limit int }

// memberSelect reads members with their names, as scanNamedMember scans them.
const memberSelect = "SELECT m.user_id, u.email, u.full_name, m.role, m.disabled, m.created_at FROM "

func scanNamedMember(row scanner) (m reeve.Member, err error) {
	err = row.Scan(&m.UserID, &m.Email, &m.FullName, &m.Role, &m.Disabled, &m.CreatedAt)
	return m, err
}

// Members lists members, oldest membership first, disabled ones included.
func (r Reader) Members(ctx context.Context, of MemberOf) ([]reeve.Member, error) {
	return many(ctx, r, read{
		sql: memberSelect + of.table + " m JOIN users u ON u.id = m.user_id WHERE m." + of.column +
			" = $1 ORDER BY m.created_at, m.user_id",
		args: []any{of.id},
	}, scanNamedMember)
}

// MembersPage is a part of Members. What goes before it is counted in an index.
func (r Reader) MembersPage(ctx context.Context, of MemberOf, w Window) ([]reeve.Member, error) {
	return many(ctx, r, read{
		sql: fmt.Sprintf(memberSelect+`(SELECT user_id, created_at FROM %[1]s WHERE %[2]s = $1
				ORDER BY created_at, user_id LIMIT $2 OFFSET $3) p
			JOIN %[1]s m ON m.%[2]s = $1 AND m.user_id = p.user_id JOIN users u ON u.id = p.user_id
			ORDER BY p.created_at, p.user_id`, of.table, of.column),
		args: []any{of.id, w.Limit, w.Offset},
	}, scanNamedMember)
}

// fewMembers is how many members, or users of a name, are looked at one by one.
const fewMembers = 2000

// FindMembers finds members whose name or address begins with a text, at most
// limit, those by name first, each in the order of what it was found by. more
// tells that there are more of them, or may be: of a text with which very many
// users' names begin, not all are looked at in a large group.
func (r Reader) FindMembers(ctx context.Context, of MemberOf, text string, limit int) (found []reeve.Member, more bool, err error) {
	f := memberSearch{Reader: r, of: of, text: Fold(text), limit: limit + 1}
	var n [3]int
	_, err = f.counts(ctx, &n)
	if err != nil {
		return nil, false, err
	}
	many := max(n[0], n[1]) > fewMembers
	for _, column := range []string{"t.name", "t.address"} {
		some, err := f.by(ctx, column, many && n[2] <= fewMembers)
		if err != nil {
			return nil, false, err
		}
		for _, m := range some {
			if !slices.ContainsFunc(found, func(other reeve.Member) bool { return other.UserID == m.UserID }) {
				found = append(found, m)
			}
		}
	}
	more = many && n[2] > fewMembers || len(found) > limit
	return found[:min(len(found), limit)], more, nil
}

// memberSearch is a search for members by a folded text.
type memberSearch struct {
	Reader
	of    MemberOf
	text  string
	limit int
}

// counts tells how many users begin with the text, by name and by address, and
// how many members there are; each up to one more than fewMembers.
func (f *memberSearch) counts(ctx context.Context, n *[3]int) (struct{}, error) {
	names, args := where([]any{f.of.id}, []condition{prefixOf("t.name", f.text)})
	addresses, args := where(args, []condition{prefixOf("t.address", f.text)})
	const few = "(SELECT COUNT(*) FROM (SELECT 1 FROM %s LIMIT %d) c)"
	return one(ctx, f.Reader, read{
		sql: "SELECT " + fmt.Sprintf(few, "user_texts t"+names, fewMembers+1) + ", " +
			fmt.Sprintf(few, "user_texts t"+addresses, fewMembers+1) + ", " +
			fmt.Sprintf(few, f.of.table+" WHERE "+f.of.column+" = $1", fewMembers+1),
		args: args,
	}, func(row scanner) (struct{}, error) { return struct{}{}, row.Scan(&n[0], &n[1], &n[2]) })
}

// by finds members by a column of their texts: among the members, or the first
// users that begin with the text.
func (f *memberSearch) by(ctx context.Context, column string, amongMembers bool) ([]reeve.Member, error) {
	begins, args := where([]any{f.of.id, f.limit}, []condition{prefixOf(column, f.text)})
	from := fmt.Sprintf(`(SELECT t.id, %[1]s AS key FROM user_texts t%[2]s ORDER BY %[1]s, t.id LIMIT %[3]d) t
		JOIN %[4]s m ON m.%[5]s = $1 AND m.user_id = t.id`, column, begins, fewMembers, f.of.table, f.of.column)
	if amongMembers {
		from = fmt.Sprintf(`(SELECT t.id, %[1]s AS key FROM (SELECT user_id FROM %[4]s WHERE %[5]s = $1 LIMIT %[3]d) m
			JOIN user_texts t ON t.id = m.user_id%[2]s) t
			JOIN %[4]s m ON m.%[5]s = $1 AND m.user_id = t.id`, column, begins, fewMembers, f.of.table, f.of.column)
	}
	return many(ctx, f.Reader, read{
		sql: memberSelect + from + " JOIN users u ON u.id = m.user_id ORDER BY t.key, t.id LIMIT $2", args: args,
	}, scanNamedMember)
}
