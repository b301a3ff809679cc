package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// eraseAddress takes back the invitations of an erased user's address that were
// made until a time, wherever they are to. Those that come later are meant for
// who has the address now.
func eraseAddress(ctx context.Context, tx *store.Tx, by Caller, email string, until time.Time) error {
	list, err := tx.LockInvitationsTo(ctx, email, until)
	for _, i := range list {
		tx.DeleteInvitation(i.ID)
		recordInvitation(tx, by, "delete", i)
	}
	return err
}

// eraseAddressNow is eraseAddress of all that there is of an address, unless it
// is another user's by now: then it is what there was when the first was deleted.
func eraseAddressNow(ctx context.Context, tx *store.Tx, by Caller, kept reeve.Deletion) error {
	_, err := tx.UserByEmail(ctx, kept.Name)
	if err == nil {
		return eraseAddress(ctx, tx, by, kept.Name, kept.DeletedAt)
	}
	if !reeve.IsKind(err, reeve.NotFound) {
		return err
	}
	tx.DeleteMailAbout(reeve.MailPasswordReset, reeve.EmailKey(kept.Name))
	return eraseAddress(ctx, tx, by, kept.Name, tx.Now())
}
