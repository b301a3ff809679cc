package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

// Tx is a transaction: it reads, and collects its writes so that the last of
// them travel together with the COMMIT.
type Tx struct {
	Reader
	session  session
	now      time.Time
	queue    []statement
	changed  bool // a table of the model was written
	recorded bool // and the change log says so
	numbered bool // changes got their numbers
	failed   error
}

// facts are the tables whose rows are no changes of the model: writing them
// needs no record. Everything else does, or the transaction fails.
var facts = map[string]bool{
	"pending_changes":    true,
	"changes":            true,
	"change_ends":        true,
	"usage_batches":      true,
	"usage_damaged":      true,
	"usage_passes":       true,
	"usage_days":         true,
	"usage_samples":      true,
	"usage_gauges":       true,
	"usage_totals":       true,
	"usage_late":         true,
	"usage_events":       true,
	"departed_projects":  true,
	"billing_months":     true,
	"billing_start":      true,
	"alerts":             true,
	"webhook_messages":   true,
	"sessions":           true,
	"meters":             true,
	"leases":             true,
	"usage_marks":        true,
	"user_sessions":      true,
	"operator_sessions":  true,
	"last_uses":          true,
	"idempotency":        true,
	"bulk_done":          true,
	"totp_steps":         true,
	"revoked_tokens":     true,
	"mails":              true,
	"mail_counts":        true,
	"deletions":          true,
	"user_texts":         true,
	"organization_texts": true,
	"project_texts":      true,
	"coupon_texts":       true,
	"text_fills":         true,
}

var errUnrecorded = errors.New("a transaction changed the model and recorded no change")

// Now is the transaction's time: the same for all that it writes.
func (tx *Tx) Now() time.Time { return tx.now }

// query sends the collected writes ahead, so that a read sees them.
func (tx *Tx) query(ctx context.Context, sql string, args []any, each func(scanner) error) error {
	if err := tx.flush(ctx); err != nil {
		return err
	}
	return tx.note(tx.session.query(ctx, sql, args, each))
}

// note remembers a statement that failed: its transaction can only be given
// up, whatever becomes of the error.
func (tx *Tx) note(err error) error {
	if err != nil && tx.failed == nil {
		tx.failed = err
	}
	return err
}

// write collects a write. What a violated constraint means is in the
// statement's check.
func (tx *Tx) write(s statement) {
	tx.changed = tx.changed || !facts[tableOf(s.sql)]
	tx.queue = append(tx.queue, s)
}

// writeRows collects an INSERT of many rows, as few statements: insert ends in
// VALUES, and suffix says what becomes of a conflict.
func (tx *Tx) writeRows(insert, suffix string, rows [][]any) {
	for _, size := range tx.d.rows {
		for ; len(rows) >= size; rows = rows[size:] {
			args := make([]any, 0, size*len(rows[0]))
			for _, row := range rows[:size] {
				args = append(args, row...)
			}
			tx.write(statement{sql: insert + placeholders(size, len(rows[0])) + suffix, args: args})
		}
	}
}

// placeholders gives ($1,$2),($3,$4) for two rows of two columns.
func placeholders(rows, columns int) string {
	var out strings.Builder
	for i := range rows * columns {
		switch {
		case i == 0:
			out.WriteString("(")
		case i%columns == 0:
			out.WriteString("),(")
		default:
			out.WriteString(",")
		}
		out.WriteString("$" + strconv.Itoa(i+1))
	}
	return out.String() + ")"
}

func (tx *Tx) flush(ctx context.Context) error {
	queue := tx.queue
	if len(queue) == 0 {
		return nil
	}
	tx.queue = nil
	return tx.note(tx.session.exec(ctx, queue, false))
}

func (tx *Tx) commit(ctx context.Context) error {
	if err := tx.complete(ctx); err != nil {
		return err
	}
	return tx.session.exec(ctx, tx.queue, true)
}

// complete checks that the function has done what it must, and numbers its
// changes where that is done inside the transaction.
func (tx *Tx) complete(ctx context.Context) error {
	if tx.failed != nil {
		return tx.failed
	}
	if tx.changed && !tx.recorded {
		return errUnrecorded
	}
	for more := tx.recorded && tx.d.numbers; more; {
		n, err := tx.number(ctx, numberBatch)
		if err != nil {
			return err
		}
		more = n == numberBatch
	}
	return nil
}

// tableOf names the table that an INSERT INTO, UPDATE or DELETE FROM writes.
func tableOf(sql string) string {
	words := strings.Fields(sql[:min(len(sql), 80)])
	if words[0] == "UPDATE" {
		return words[1]
	}
	return words[2]
}

// lockName serialises transactions that take the same number, on every
// replica, until they end.
func (tx *Tx) lockName(ctx context.Context, name int64) error {
	if tx.d.advisory == "" {
		return nil
	}
	return tx.query(ctx, tx.d.advisory, []any{name}, func(scanner) error { return nil })
}

// The names that are locked.
const (
	lockSequencer int64 = 0x7265657665 + iota // "reeve"
	lockOperatorTokens
	lockMigrations
	lockUsage
	lockEvents
	lockOperatorIdentities
)

// onViolation makes a check that gives a violated constraint its meaning; nil
// meanings are left as they are.
func onViolation(unique, foreign error) func(error) error {
	return func(err error) error {
		switch {
		case unique != nil && errors.Is(err, errUnique):
			return unique
		case foreign != nil && errors.Is(err, errForeign):
			return foreign
		}
		return err
	}
}

// conflict makes the error for a thing that stands in the way.
func conflict(format string, args ...any) error {
	return reeve.Errorf(reeve.Conflict, format, args...)
}
