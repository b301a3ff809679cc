package store

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

const mailColumns = "id, kind, subject, attempts, next_at, created_at"

func scanMail(row scanner) (m reeve.QueuedMail, err error) {
	err = row.Scan(&m.ID, &m.Kind, &m.Subject, &m.Attempts, &m.NextAt, &m.CreatedAt)
	return m, err
}

// QueueMail puts a mail into the queue, unless one of the same kind and subject
// waits there.
func (tx *Tx) QueueMail(m reeve.QueuedMail) {
	tx.write(statement{
		sql: `INSERT INTO mails (id, kind, subject, attempts, next_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (kind, subject) DO NOTHING`,
		args: []any{m.ID, string(m.Kind), m.Subject, m.Attempts, m.NextAt, m.CreatedAt},
	})
}

// CountMails counts the mails that wait.
func (r Reader) CountMails(ctx context.Context) (int, error) {
	return one(ctx, r, read{sql: "SELECT COUNT(*) FROM mails"}, value[int])
}

// DueMails lists up to limit mails that may be tried at a time; those that were
// tried least come first.
func (r Reader) DueMails(ctx context.Context, at time.Time, limit int) ([]reeve.QueuedMail, error) {
	return many(ctx, r, read{
		sql:  "SELECT " + mailColumns + " FROM mails WHERE next_at <= $1 ORDER BY attempts, next_at, id LIMIT $2",
		args: []any{at, limit},
	}, scanMail)
}

// ClaimMail counts an attempt at a mail and keeps others from it until a time.
// NotFound if it is gone or somebody else has it, or had it since it was read.
func (tx *Tx) ClaimMail(ctx context.Context, m reeve.QueuedMail, until time.Time) error {
	_, err := one(ctx, tx.Reader, read{
		`UPDATE mails SET attempts = attempts + 1, next_at = $4
			WHERE id = $1 AND attempts = $2 AND next_at = $3 RETURNING id`,
		[]any{m.ID, m.Attempts, m.NextAt, until},
		missing("mail"),
	}, value[reeve.ID])
	return err
}

// PutOffMail says when a mail is tried again, unless somebody else has had it
// since the attempt of that number.
func (tx *Tx) PutOffMail(id reeve.ID, attempt int, until time.Time) {
	tx.write(statement{
		sql:  "UPDATE mails SET next_at = $3 WHERE id = $1 AND attempts = $2",
		args: []any{id, attempt, until},
	})
}

// DeleteMailAbout removes the mail of a kind and subject that waits, if one does.
func (tx *Tx) DeleteMailAbout(kind reeve.MailKind, subject string) {
	tx.write(statement{sql: "DELETE FROM mails WHERE kind = $1 AND subject = $2", args: []any{string(kind), subject}})
}

// DeleteMail removes a mail, which was sent or given up.
func (tx *Tx) DeleteMail(id reeve.ID) {
	tx.write(statement{sql: "DELETE FROM mails WHERE id = $1", args: []any{id}})
}

// CountMail counts a mail of a day, in days since 1970, and gives how many the
// day's are by now. It waits for who is counting for the same id just then.
func (tx *Tx) CountMail(ctx context.Context, of reeve.ID, day int64) (int64, error) {
	return one(ctx, tx.Reader, read{
		sql: `INSERT INTO mail_counts (id, day, mails) VALUES ($1, $2, 1)
			ON CONFLICT (id) DO UPDATE SET day = excluded.day,
				mails = CASE WHEN mail_counts.day = excluded.day THEN mail_counts.mails + 1 ELSE 1 END
			RETURNING mails`,
		args: []any{of, day},
	}, value[int64])
}

// DeleteMailCountsBefore forgets up to limit counts of earlier days, and gives how
// many.
func (tx *Tx) DeleteMailCountsBefore(ctx context.Context, day int64, limit int) (int, error) {
	gone, err := many(ctx, tx.Reader, read{
		sql:  "DELETE FROM mail_counts WHERE id IN (SELECT id FROM mail_counts WHERE day < $1 LIMIT $2) AND day < $1 RETURNING day",
		args: []any{day, limit},
	}, value[int64])
	return len(gone), err
}
