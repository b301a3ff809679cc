package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

// KeyUse is when a gateway that answers from memory has last seen a key.
type KeyUse struct {
	KeyID reeve.ID
	At    time.Time
}

// What a gateway may report at once, and how late.
const (
	maxKeyUses    = 1000
	keyUsesWithin = 24 * time.Hour
)

// NoteKeyUses notes when keys were used, as a gateway tells. What is no API key's
// is ignored, and what was longer than a day ago; what is to come was now.
func (c *Control) NoteKeyUses(ctx context.Context, uses []KeyUse) error {
	by, err := gatewayProgram(ctx)
	if err != nil {
		return err
	}
	if len(uses) > maxKeyUses {
		return reeve.Errorf(reeve.Invalid, "at most %d uses at a time", maxKeyUses)
	}
	ids := make([]reeve.ID, len(uses))
	for i := range uses {
		ids[i] = uses[i].KeyID
	}
	known, err := c.store.KnownAPIKeys(ctx, ids)
	if err != nil {
		return err
	}
	now, name := c.store.Now(), by.Actor.ID.String()
	for _, use := range uses {
		at := use.At.UTC().Truncate(time.Microsecond)
		if at.After(now) {
			at = now
		}
		if known[use.KeyID] && now.Sub(at) <= keyUsesWithin {
			c.used.mark(use.KeyID, at, name)
		}
	}
	return nil
}
