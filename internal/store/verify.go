package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

// APIKeyByHead finds a live key by its macaroon's head, with its project, of
// which it says whether it is frozen.
func (r Reader) APIKeyByHead(ctx context.Context, head [32]byte) (key reeve.APIKey, project reeve.Project, err error) {
	_, err = one(ctx, r, read{
		`SELECT k.id, k.name, k.secret, k.sealed_by, k.created_at, k.expires_at, ` + frozenWith + `, ` + projectColumns + `
			FROM api_keys k JOIN projects p ON p.id = k.project_id WHERE k.head = $1`,
		[]any{head},
		missing("api key"),
	}, func(row scanner) (struct{}, error) {
		return struct{}{}, row.Scan(append([]any{
			&key.ID, &key.Name, &key.Secret, &key.SealedBy, &key.CreatedAt, &key.ExpiresAt, &project.Frozen,
		}, projectFields(&project)...)...)
	})
	key.Head, key.ProjectID = head, project.ID
	return key, project, err
}

// RevokedHead is what a deleted key has left behind.
type RevokedHead struct {
	APIKeyID reeve.ID
	Head     [32]byte
	At       time.Time
}

// RevokedTail is the tail of a refused key that derives from an API key.
type RevokedTail struct {
	APIKeyID reeve.ID
	Tail     [32]byte
}

// HeadRevoked tells whether a head is that of a key that was deleted.
func (r Reader) HeadRevoked(ctx context.Context, head [32]byte) (bool, error) {
	return one(ctx, r, read{
		sql: "SELECT COUNT(*) > 0 FROM revoked_heads WHERE head = $1", args: []any{head},
	}, value[bool])
}

// RevokeHead remembers the head of a key that is deleted.
func (tx *Tx) RevokeHead(k reeve.APIKey) {
	tx.write(statement{
		sql:  "INSERT INTO revoked_heads (head, api_key_id, revoked_at) VALUES ($1, $2, $3)",
		args: []any{k.Head, k.ID, tx.Now()},
	})
}

// DeleteRevokedHeadsBefore forgets up to limit heads that were revoked before a
// time, and gives how many: their keys are unknown then.
func (tx *Tx) DeleteRevokedHeadsBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	gone, err := many(ctx, tx.Reader, read{
		sql: `DELETE FROM revoked_heads WHERE head IN
			(SELECT head FROM revoked_heads WHERE revoked_at < $1 LIMIT $2) RETURNING revoked_at`,
		args: []any{before, limit},
	}, value[int64])
	return len(gone), err
}

// The reads that fill a memory with all that verifying needs: each hands over
// every row, or those of the ids alone unless these are nil.

// EachProject reads projects.
func (r Reader) EachProject(ctx context.Context, ids []reeve.ID, each func(reeve.Project)) error {
	return eachOf(ctx, r, selection{"SELECT " + projectColumns + " FROM projects p", "p.id", ids}, scanProject, each)
}

// EachAPIKey reads API keys.
func (r Reader) EachAPIKey(ctx context.Context, ids []reeve.ID, each func(reeve.APIKey)) error {
	return eachOf(ctx, r, selection{"SELECT " + apiKeyColumns + " FROM api_keys", "id", ids}, scanAPIKey, each)
}

// EachRevokedTail reads the refused descendants of API keys.
func (r Reader) EachRevokedTail(ctx context.Context, keys []reeve.ID, each func(RevokedTail)) error {
	return eachOf(ctx, r, selection{"SELECT api_key_id, tail FROM revoked_tails", "api_key_id", keys},
		func(row scanner) (t RevokedTail, err error) {
			err = row.Scan(&t.APIKeyID, &t.Tail)
			return t, err
		}, each)
}

// EachRevokedHead reads what deleted keys have left.
func (r Reader) EachRevokedHead(ctx context.Context, keys []reeve.ID, each func(RevokedHead)) error {
	return eachOf(ctx, r, selection{"SELECT api_key_id, head, revoked_at FROM revoked_heads", "api_key_id", keys},
		func(row scanner) (h RevokedHead, err error) {
			err = row.Scan(&h.APIKeyID, &h.Head, &h.At)
			return h, err
		}, each)
}

// selection is a SELECT of all rows or, unless ids is nil, of those whose
// column is one of them.
type selection struct {
	text, column string
	ids          []reeve.ID
}

// idsAtOnce is how many ids one statement names.
const idsAtOnce = 100

func eachOf[T any](ctx context.Context, r Reader, from selection, scan func(scanner) (T, error), each func(T)) error {
	row := func(s scanner) error {
		value, err := scan(s)
		if err == nil {
			each(value)
		}
		return err
	}
	if from.ids == nil {
		return r.q.query(ctx, from.text, nil, row)
	}
	text := from.text + " WHERE " + from.column + " IN (" + hundred + ")"
	for rest := from.ids; len(rest) > 0; {
		n := min(len(rest), idsAtOnce)
		// One text for every number of ids: the last is repeated.
		args := make([]any, idsAtOnce)
		for i := range args {
			args[i] = rest[min(i, n-1)]
		}
		rest = rest[n:]
		if err := r.q.query(ctx, text, args, row); err != nil {
			return err
		}
	}
	return nil
}

// hundred are the placeholders of idsAtOnce ids.
var hundred = func() string {
	var out strings.Builder
	for i := range idsAtOnce {
		if i > 0 {
			out.WriteString(", ")
		}
		fmt.Fprintf(&out, "$%d", i+1)
	}
	return out.String()
}()
