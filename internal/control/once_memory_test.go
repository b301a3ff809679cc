package control_test

import (
	"context"
	"errors"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// TestOnceLeavesMemory: what is given up is not done in memory either, and what
// is committed is, at once.
func TestOnceLeavesMemory(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		p := h.project(h.organization(h.user("ada@mail.test")))
		_, key, err := h.c.CreateAPIKey(h.ctx, p.ID, "k", nil)
		h.check(err)
		revoke := func(wrong error) control.Work {
			return func(ctx context.Context, _ func(reeve.Reply) error) (reeve.Reply, error) {
				_, err := h.c.RevokeAPIKey(ctx, key, control.WholeKey)
				return reeve.Reply{Status: 200}, errors.Join(err, wrong)
			}
		}
		follow(t, h.c)
		gateway := h.gateway("edge")
		same(t, "before", reeve.CodeValid, h.code(gateway, key), nil)
		if _, _, err := h.c.Once(h.ctx, asked("k"), revoke(errStopped)); !errors.Is(err, errStopped) {
			t.Error(err)
		}
		same(t, "given up", reeve.CodeValid, h.code(gateway, key), nil)
		_, _, err = h.c.Once(h.ctx, asked("k"), revoke(nil))
		same(t, "revoked", reeve.CodeRevoked, h.code(gateway, key), err)
	})
}

// TestFreezeOnce: a freeze that is a part of a transaction counts with its
// commit, and not before.
func TestFreezeOnce(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		gateway := h.gateway("edge")
		follow(t, h.c)
		_, _, p := h.tenant("ada@mail.test")
		_, key, err := h.c.CreateAPIKey(h.ctx, p.ID, "k", nil)
		h.check(err)
		broken := errors.New("broken")
		freezing := func(fails error) control.Work {
			return func(ctx context.Context, _ func(reeve.Reply) error) (reeve.Reply, error) {
				_, err := h.c.FreezeProject(ctx, p.ID, control.NewFreeze{Type: reeve.FreezeLegal})
				return reeve.Reply{Status: 200}, errors.Join(err, fails)
			}
		}
		if _, _, err := h.c.Once(h.ctx, asked("one"), freezing(broken)); !errors.Is(err, broken) {
			t.Fatal(err)
		}
		same(t, "rolled back", reeve.CodeValid, h.code(gateway, key), nil)
		_, _, err = h.c.Once(h.ctx, asked("two"), freezing(nil))
		h.check(err)
		same(t, "committed", reeve.CodeProjectFrozen, h.code(gateway, key), nil)
	})
}

// TestOnceAndUsage: a deletion that is a part of a transaction, and is refused,
// leaves what replicas remember of usage true, and waits for none of their passes.
func TestOnceAndUsage(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		other := newControl(t, h.s, masterKey)
		_, _, p := h.tenant("ada@mail.test")
		_, _, err := h.c.CreateAPIKey(h.ctx, p.ID, "ci", nil)
		h.check(err)
		gateway := h.gateway("g")
		send := func(sequence, value int64) {
			_, err := h.c.IngestUsage(gateway, h.egress(sequence, p.ID, value))
			h.check(err)
		}
		send(1, 1)
		h.check(control.DrainUsage(other, h.ctx))
		send(2, 4)
		h.check(control.DrainUsage(h.c, h.ctx))
		send(3, 7)
		passing := make(chan error, 1)
		_, _, err = h.c.Once(h.ctx, asked(""), func(ctx context.Context, _ func(reeve.Reply) error) (reeve.Reply, error) {
			h.check(h.c.LockForEdit(ctx, control.Edited{Project: p.ID}))
			go func() { passing <- control.DrainUsage(h.c, h.ctx) }() // it may wait for what is locked here
			return reeve.Reply{Status: 200}, h.c.DeleteProject(ctx, p.ID)
		})
		refused(t, "delete", err, reeve.Conflict, "api-keys still exist", "count 1")
		h.check(<-passing)
		send(4, 100)
		h.check(control.DrainUsage(other, h.ctx))
		send(5, 11)
		h.check(control.DrainUsage(h.c, h.ctx))
		total, err := h.s.UsageTotal(t.Context(), p.ID, 202611, h.s.Now())
		same(t, "egress", "123", total.Of(reeve.UsageEgress).Big().String(), err)
	})
}
