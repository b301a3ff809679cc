package control_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/macaroon"
)

// both are Controls that verify from memory and from the database.
func (h house) both(t *testing.T) map[string]*control.Control {
	t.Helper()
	inMemory := newControl(t, h.s, masterKey)
	follow(t, inMemory)
	return map[string]*control.Control{"memory": inMemory, "database": h.c}
}

// soon waits until a key's verdict is as wanted, by both.
func soon(t *testing.T, both map[string]*control.Control, ctx context.Context, key macaroon.Key, want reeve.VerdictCode) {
	t.Helper()
	for name, c := range both {
		await(t, name+" "+string(want), func() bool { return judged(t, c, ctx, key) == want })
	}
}

// TestRestrictedKey: what is handed out is narrowed, ends at its end, and its
// name is free from then on, before anybody has deleted it too.
func TestRestrictedKey(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		gateway := h.gateway("edge")
		end := epoch.Add(time.Hour)
		in := control.NewAPIKey{
			ProjectID: p.ID, Name: "ci", ExpiresAt: &end,
			Restriction: macaroon.Caveat{
				Disallow:     macaroon.Ops(macaroon.OpWrite),
				AllowedPaths: []macaroon.Path{{Bucket: []byte("b"), EncryptedPathPrefix: []byte("p")}},
			},
		}
		stored, key, err := h.c.CreateRestrictedAPIKey(h.ctx, in)
		h.check(err)
		judge := func(op macaroon.Op, path string) reeve.VerdictCode {
			verdict, err := h.c.VerifyKey(gateway, control.KeyCheck{Key: key.Serialize(), Op: op, Bucket: []byte("b"), Path: []byte(path)})
			h.check(err)
			return verdict.Code
		}
		same(t, "reads", reeve.CodeValid, judge(macaroon.OpRead, "p/x"), nil)
		same(t, "writes", reeve.CodeForbidden, judge(macaroon.OpWrite, "p/x"), nil)
		same(t, "elsewhere", reeve.CodeForbidden, judge(macaroon.OpRead, "q"), nil)
		got, err := h.c.GetAPIKeyUse(h.ctx, p.ID, stored.ID)
		h.check(err)
		in.Restriction.NotAfter = end
		same(t, "restriction", &in.Restriction, got.Restriction, nil)
		same(t, "end", &end, got.ExpiresAt, nil)

		h.clock.set(end)
		same(t, "at its end", reeve.CodeValid, judge(macaroon.OpRead, "p/x"), nil)
		_, _, err = h.c.CreateAPIKey(h.ctx, p.ID, "ci", nil)
		refused(t, "its name", err, reeve.Conflict, "api-key with given name already exists")
		h.check(control.DeleteEnded(h.c, t.Context()))
		h.clock.set(end.Add(time.Microsecond))
		same(t, "after it", reeve.CodeExpired, judge(macaroon.OpRead, "p/x"), nil)
		_, err = h.c.GetAPIKeyUse(h.ctx, p.ID, stored.ID)
		refused(t, "after it", err, reeve.NotFound, "api key not found")
		_, next, err := h.c.CreateAPIKey(h.ctx, p.ID, "ci", nil)
		h.check(err)
		same(t, "instead", reeve.CodeRevoked, judge(macaroon.OpRead, "p/x"), nil)
		same(t, "the new one", reeve.CodeValid, h.code(gateway, next), nil)
		h.check(control.DeleteEnded(h.c, t.Context()))
		same(t, "still there", reeve.CodeValid, h.code(gateway, next), nil)
	})
}

// TestRestrictionsThatAreNone: what cannot be meant is refused.
func TestRestrictionsThatAreNone(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	_, _, p := h.tenant("ada@mail.test")
	long := macaroon.Path{Bucket: []byte("b"), EncryptedPathPrefix: []byte(strings.Repeat("x", 3000))}
	for message, r := range map[string]macaroon.Caveat{
		"the key's end is in the past":                                               {NotAfter: epoch},
		"the key would end before it begins":                                         {NotAfter: epoch.Add(time.Hour), NotBefore: epoch.Add(2 * time.Hour)},
		"times must be in the years 1970 to 9999":                                    {NotBefore: time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)},
		"each of the paths must name its bucket":                                     {AllowedPaths: []macaroon.Path{{EncryptedPathPrefix: []byte("p")}}},
		"the restrictions are too long for a key, which has at most 4096 characters": {AllowedPaths: []macaroon.Path{long}},
	} {
		_, _, err := h.c.CreateRestrictedAPIKey(h.ctx, control.NewAPIKey{ProjectID: p.ID, Name: "x", Restriction: r})
		refused(t, message, err, reeve.Invalid, message)
	}
}

// TestRotateAPIKey: the new key has the old one's name, restrictions and end;
// the old one works until the overlap ends and is revoked then, in memory too.
func TestRotateAPIKey(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		gateway := h.gateway("edge")
		end := epoch.Add(48 * time.Hour)
		both := h.both(t)
		c := both["memory"]
		old, oldKey, err := c.CreateRestrictedAPIKey(h.ctx, control.NewAPIKey{
			ProjectID: p.ID, Name: "ci", ExpiresAt: &end, Restriction: macaroon.Caveat{Disallow: macaroon.Ops(macaroon.OpWrite)},
		})
		h.check(err)
		editor := h.keyholder(o, reeve.RoleEditor)
		next, nextKey, err := c.RotateAPIKey(editor, p.ID, old.ID, time.Hour)
		h.check(err)
		caveats, err := nextKey.Caveats()
		same(t, "caveats", []macaroon.Caveat{{Disallow: macaroon.Ops(macaroon.OpWrite), NotAfter: end}}, caveats, err)
		suffix := " (replaced " + strings.ReplaceAll(old.ID.String(), "-", "")[20:] + ")"
		for name, key := range map[string]macaroon.Key{"ci" + suffix: oldKey, "ci": nextKey} {
			for where, c := range both {
				await(t, name, func() bool {
					v, err := c.VerifyKey(gateway, control.KeyCheck{Key: key.Serialize(), Op: macaroon.OpRead, Bucket: []byte("b"), Path: []byte("p")})
					h.check(err)
					if v.Code != reeve.CodeValid {
						t.Fatalf("%s from the %s: %s", name, where, v.Code)
					}
					return v.KeyName == name
				})
			}
		}
		list, total, err := c.ListAPIKeyUses(editor, p.ID, control.Page{Size: 20})
		h.check(err)
		same(t, "total", 2, total, nil)
		overlap := epoch.Add(time.Hour)
		same(t, "the old one's end", &overlap, list[1].ExpiresAt, nil)
		same(t, "replaced by", &next.ID, list[1].ReplacedBy, nil)
		seen, err := h.c.Inspect(h.ctx, oldKey.Serialize())
		same(t, "inspected, it ends", list[1].ExpiresAt, seen.ExpiresAt, err)
		same(t, "rotated from", &old.ID, list[0].RotatedFrom, nil)
		same(t, "its end", &end, list[0].ExpiresAt, nil)
		_, _, err = c.RotateAPIKey(editor, p.ID, old.ID, time.Hour)
		refused(t, "the old one again", err, reeve.Conflict, "the key was rotated already")

		// The new one can be rotated during the overlap, and be deleted, which
		// does not keep the old one longer.
		third, thirdKey, err := c.RotateAPIKeyByName(h.ctx, p.ID, "ci", 0)
		h.check(err)
		soon(t, both, gateway, nextKey, reeve.CodeRevoked)
		_, err = c.DeleteProjectAPIKey(editor, p.ID, third.ID)
		h.check(err)
		soon(t, both, gateway, thirdKey, reeve.CodeRevoked)
		same(t, "the old one", reeve.CodeValid, judged(t, c, gateway, oldKey), nil)
		_, _, err = c.RotateAPIKey(editor, p.ID, old.ID, time.Hour)
		refused(t, "the old one, alone", err, reeve.Conflict, "the key was rotated already")
		h.clock.set(overlap)
		h.check(control.DeleteEnded(h.c, t.Context()))
		same(t, "at the overlap's end", reeve.CodeValid, judged(t, c, gateway, oldKey), nil)
		h.clock.pass(time.Microsecond)
		h.check(control.DeleteEnded(h.c, t.Context()))
		soon(t, both, gateway, oldKey, reeve.CodeRevoked)
		_, _, err = c.RotateAPIKey(editor, p.ID, old.ID, time.Hour)
		denied(t, "a key that is gone", err)
		log := h.log(old.ID)
		same(t, "changes", 3, len(log), nil)
		for i, action := range []string{"apikey.create", "apikey.rotate", "apikey.delete"} {
			same(t, "change", action, strings.Fields(log[i])[0], nil)
		}
		actor := h.all()[0]
		same(t, "deleted by", "system", actor.Actor, nil)
		same(t, "for", o.ID, actor.OrganizationID, nil)
	})
}

// TestRotateAtOnce: of many rotations of a key one happens.
func TestRotateAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		key, _, err := h.c.CreateAPIKey(h.ctx, p.ID, strings.Repeat("é", reeve.MaxName), nil)
		h.check(err)
		errs := race(repeat(4, func() error {
			_, _, err := h.c.RotateAPIKey(h.ctx, p.ID, key.ID, time.Hour)
			return err
		})...)
		same(t, "rotations", 1, tally(t, errs, reeve.Conflict), nil)
		list, total, err := h.c.ListAPIKeyUses(h.ctx, p.ID, control.Page{Size: 9})
		h.check(err)
		same(t, "keys", 2, total, nil)
		for _, k := range list {
			if n := len([]rune(k.Name)); n > reeve.MaxName || n < reeve.MaxName {
				t.Errorf("a name of %d characters", n)
			}
		}
	})
}

// TestNarrowAPIKey: only a live key of the very project is narrowed, and going
// with its parent is part of it.
func TestNarrowAPIKey(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		_, other, foreign := h.tenant("bob@mail.test")
		gateway := h.gateway("edge")
		stored, key, err := h.c.CreateAPIKey(h.ctx, p.ID, "ci", nil)
		h.check(err)
		viewer := h.keyholder(o, reeve.RoleViewer)
		before := len(h.all())
		r := macaroon.Caveat{Disallow: macaroon.Ops(macaroon.OpRead)}
		weaker, err := h.c.NarrowAPIKey(viewer, p.ID, key.Serialize(), r)
		h.check(err)
		again, err := h.c.NarrowAPIKey(viewer, p.ID, key.Serialize(), r)
		h.check(err)
		if weaker.Tail() == again.Tail() {
			t.Error("two are alike")
		}
		same(t, "narrowed", reeve.CodeForbidden, h.code(gateway, weaker), nil)
		same(t, "changes", before, len(h.all()), nil)
		forged, err := macaroon.Mint(macaroon.Secret{1}, key.Head()).Attenuate(macaroon.Caveat{})
		h.check(err)
		for name, text := range map[string]string{"nothing": "", "noise": "x", "forged": forged.Serialize(), "unknown": macaroon.Mint(macaroon.Secret{1}, [32]byte{2}).Serialize()} {
			_, err := h.c.NarrowAPIKey(viewer, p.ID, text, r)
			denied(t, name, err)
		}
		_, err = h.c.NarrowAPIKey(h.keyholder(other, reeve.RoleAdmin), foreign.ID, key.Serialize(), r)
		denied(t, "another project's", err)
		_, err = h.c.NarrowAPIKey(viewer, p.ID, key.Serialize(), macaroon.Caveat{AllowedPaths: []macaroon.Path{{}}})
		refused(t, "no bucket", err, reeve.Invalid, "each of the paths must name its bucket")
		_, err = h.c.DeleteProjectAPIKey(h.keyholder(o, reeve.RoleEditor), p.ID, stored.ID)
		h.check(err)
		_, err = h.c.NarrowAPIKey(viewer, p.ID, again.Serialize(), r)
		denied(t, "revoked", err)
		same(t, "revoked with it", reeve.CodeRevoked, h.code(gateway, weaker), nil)
	})
}

// TestLastUse: who used a key last is known at once, and after it was written
// down; a refusal of a genuine key is a use too.
func TestLastUse(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		viewer := h.keyholder(o, reeve.RoleViewer)
		g, token, err := h.c.CreateGateway(h.ctx, "edge")
		h.check(err)
		gateway, err := h.c.AuthenticateGateway(t.Context(), string(token), nowhere)
		h.check(err)
		ctx := control.WithCaller(t.Context(), gateway)
		stored, key, err := h.c.CreateRestrictedAPIKey(h.ctx, control.NewAPIKey{
			ProjectID: p.ID, Name: "ci", Restriction: macaroon.Caveat{Disallow: macaroon.Ops(macaroon.OpRead)},
		})
		h.check(err)
		used := func(c *control.Control, want time.Time) {
			t.Helper()
			got, err := c.GetAPIKeyUse(viewer, p.ID, stored.ID)
			h.check(err)
			same(t, "at", want, got.LastUsedAt, nil)
			if !want.IsZero() {
				same(t, "by", reeve.Gateway{ID: g.ID, Name: "edge"}, got.LastUsedBy, nil)
			}
		}
		used(h.c, time.Time{})
		h.clock.pass(time.Minute)
		same(t, "refused", reeve.CodeForbidden, h.code(ctx, key), nil)
		used(h.c, epoch.Add(time.Minute))
		other := newControl(t, h.s, masterKey)
		used(other, time.Time{})
		h.check(h.c.FlushLastUses(t.Context()))
		used(other, epoch.Add(time.Minute))

		// What gateways report counts too, if it is later; what is no API key's is
		// nothing.
		h.clock.pass(48 * time.Hour)
		now := h.clock.now()
		h.check(other.NoteKeyUses(ctx, []control.KeyUse{
			{KeyID: stored.ID, At: now.Add(-time.Hour)}, {KeyID: newID(), At: now}, {KeyID: g.ID, At: now},
		}))
		used(other, now.Add(-time.Hour))
		h.check(h.c.NoteKeyUses(ctx, []control.KeyUse{{KeyID: stored.ID, At: now.Add(-25 * time.Hour)}}))
		used(h.c, epoch.Add(time.Minute))
		h.check(h.c.NoteKeyUses(ctx, []control.KeyUse{{KeyID: stored.ID, At: now.Add(time.Hour)}}))
		used(h.c, now)
		err = h.c.NoteKeyUses(ctx, make([]control.KeyUse, 1001))
		refused(t, "too many", err, reeve.Invalid, "at most 1000 uses at a time")
		tokens, err := h.c.ListGatewayTokens(h.ctx, g.ID)
		h.check(err)
		same(t, "the token's", epoch, tokens[0].LastUse.At, nil)
		same(t, "from", "192.0.2.1", tokens[0].LastUse.By, nil)

		h.check(h.c.FlushLastUses(t.Context()))
		h.clock.pass(400*24*time.Hour + time.Microsecond)
		h.check(other.ApplyRetention(t.Context(), control.Retention{}))
		used(newControl(t, h.s, masterKey), time.Time{})
	})
}

// TestNameOfEndedKey: a name that only a key which has ended holds is free, also
// where creating is part of a larger transaction; one that a live key holds is
// taken, and told as such.
func TestNameOfEndedKey(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		end := epoch.Add(time.Hour)
		_, _, err := h.c.CreateRestrictedAPIKey(h.ctx, control.NewAPIKey{ProjectID: p.ID, Name: "ci", ExpiresAt: &end})
		h.check(err)
		create := func(names ...string) error {
			_, _, err := h.c.Once(h.ctx, reeve.Repeatable{}, func(ctx context.Context, _ func(reeve.Reply) error) (reeve.Reply, error) {
				for _, name := range names {
					if _, _, err := h.c.CreateAPIKey(ctx, p.ID, name, nil); err != nil {
						return reeve.Reply{}, err
					}
				}
				return reeve.Reply{}, nil
			})
			return err
		}
		const taken = "api-key with given name already exists"
		refused(t, "alone", create("ci"), reeve.Conflict, taken)
		refused(t, "second", create("x", "ci"), reeve.Conflict, taken)
		h.clock.set(end.Add(time.Microsecond))
		h.check(create("ci", "x"))
		refused(t, "again", create("ci"), reeve.Conflict, taken)
	})
}
