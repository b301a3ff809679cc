package control

import (
	"context"
	"errors"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/scan"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/macaroon"
)

// MaxScanned is how many credentials one scan looks up.
const MaxScanned = 1000

// ToScan is what is looked through: a text, or keys one by one.
type ToScan struct {
	Text   string
	Keys   []string
	Revoke bool // what is found and opens something
}

// Leak is a credential that a scan has found. Its text is not told.
type Leak struct {
	Credential
	Index        int // among Keys, from 0 on
	Line, Column int // in Text, from 1 on
	Grant        bool
	Revoked      bool // just now
}

// Scan finds keys, tokens and access grants by their form and checksum, in the
// order in which they stand, and tells whose they are; more is true if there
// are more than it looks up. To revoke needs the right to manage keys. Revoking
// deletes a root API key and, with all derived from it, an organisation's key,
// refuses a derived key with its descendants, and ends a session, a user's or an operator's; tokens of
// gateways and operators are only told. When that fails, what was revoked before stays so: it may be
// repeated.
func (c *Control) Scan(ctx context.Context, in ToScan) (leaks []Leak, more bool, err error) {
	action := reeve.Look
	if in.Revoke {
		action = reeve.ManageKeys
	}
	by, err := operator(ctx, action)
	if err != nil {
		return nil, false, err
	}
	if len(in.Keys) > MaxScanned {
		return nil, false, reeve.Errorf(reeve.Invalid, "more than %d keys", MaxScanned)
	}
	found, more, err := in.find()
	if err != nil {
		return nil, false, err
	}
	known := map[string]Credential{} // by what opens something
	leaks = make([]Leak, 0, len(found))
	for _, f := range found {
		leak := f.leak
		one, seen := known[f.key]
		if !seen {
			if one, err = c.recognize(ctx, f.key); err != nil {
				return nil, false, err
			}
		}
		leak.Credential = one
		if in.Revoke && !seen {
			if leak.Revoked, err = c.revokeLeak(ctx, by, f.key, one); err != nil {
				return nil, false, err
			}
			if leak.Revoked {
				one.State = StateRevoked
				leak.State = StateRevoked
			}
		}
		known[f.key] = one
		leaks = append(leaks, leak)
	}
	return leaks, more, c.nameLeaks(ctx, leaks)
}

// finding is a place and what stands there.
type finding struct {
	leak Leak
	key  string // what opens something: of a grant the key inside
}

var errEnough = errors.New("enough was found")

func (in ToScan) find() (out []finding, more bool, err error) {
	for i, key := range in.Keys {
		// Only what the whole text is: keys have no places within.
		err := scan.Find(strings.NewReader(key), func(f scan.Found) error {
			if len(f.Text) == len(strings.TrimSpace(key)) {
				out = append(out, finding{Leak{Index: i, Grant: f.Kind == scan.Grant}, f.Key})
			}
			return nil
		})
		if err != nil {
			return nil, false, err
		}
	}
	err = scan.Find(strings.NewReader(in.Text), func(f scan.Found) error {
		if len(out) == MaxScanned {
			return errEnough
		}
		out = append(out, finding{Leak{Line: f.Line, Column: f.Column, Grant: f.Kind == scan.Grant}, f.Key})
		return nil
	})
	if errors.Is(err, errEnough) {
		return out, true, nil
	}
	return out, false, err
}

// nameLeaks names what all credentials belong to, each thing once.
func (c *Control) nameLeaks(ctx context.Context, leaks []Leak) error {
	var of []*Named
	for i := range leaks {
		for _, thing := range []*Named{leaks[i].Project, leaks[i].Organization, leaks[i].User} {
			if thing != nil {
				of = append(of, thing)
			}
		}
	}
	return c.nameAll(ctx, of)
}

// revokeLeak revokes a credential that opens something, or will; it tells
// whether it did. One that was revoked by another meanwhile is none.
func (c *Control) revokeLeak(ctx context.Context, by Caller, text string, k Credential) (done bool, err error) {
	switch {
	case k.State != StateLive && k.State != StatePending && k.State != StateFrozen:
		return false, nil
	case k.Kind == CredentialAPIKey:
		key, err := macaroon.Parse(text)
		if err != nil {
			return false, err
		}
		_, err = c.RevokeAPIKey(ctx, key, WholeKey)
		return gone(err)
	case k.Kind == CredentialOrganizationKey:
		return gone(c.revokeOrganizationKey(ctx, by, k))
	case k.Kind == CredentialSession:
		return gone(c.store.Write(ctx, func(tx *store.Tx) error {
			tx.DeleteUserSession(k.ID)
			record(tx, by, change{action: "session.revoke", target: k.User.ID, after: fields{"sessionId": k.ID}})
			return nil
		}))
	case k.Kind == CredentialOperatorSession:
		return gone(c.store.Write(ctx, func(tx *store.Tx) error {
			tx.DeleteOperatorSession(k.ID)
			record(tx, by, change{action: "operator_session.revoke", target: k.ID, after: fields{"operator": k.Name}})
			return nil
		}))
	}
	return false, nil
}

// gone makes of a thing that is not there any more one that was not revoked.
func gone(err error) (bool, error) {
	if reeve.IsKind(err, reeve.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// revokeOrganizationKey deletes a key, whatever its name is by now, with all that
// were derived from it.
func (c *Control) revokeOrganizationKey(ctx context.Context, by Caller, k Credential) error {
	return c.store.Write(ctx, func(tx *store.Tx) error {
		key, err := tx.LockOrganizationKeyByID(ctx, k.Organization.ID, k.ID)
		if err != nil {
			return err
		}
		return deleteWithDerived(ctx, tx, by, key)
	})
}
