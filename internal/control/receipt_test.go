package control_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
	"github.com/reeve-cloud/reeve/macaroon"
)

// withLease makes a Control whose sessions last so long.
func withLease(t *testing.T, s *store.Store, lease time.Duration) *control.Control {
	t.Helper()
	ring, err := control.NewKeyring(masterKey)
	if err != nil {
		t.Fatal(err)
	}
	return control.New(s, control.Settings{Keyring: ring, SessionLease: lease})
}

// TestDeletedWithoutTrace: a key is refused after its receipt even if its
// deletion left no head behind, as by a replica of the version before.
func TestDeletedWithoutTrace(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		gateway := h.gateway("edge")
		follow(t, h.c)
		made, key, err := h.c.CreateAPIKey(h.ctx, p.ID, "k", nil)
		h.check(err)
		h.check(h.s.Write(h.ctx, func(tx *store.Tx) error {
			tx.DeleteAPIKey(made.ID)
			tx.Record(reeve.Change{Actor: "root", Action: "apikey.delete", Target: made.ID})
			return nil
		}))
		h.check(h.s.NumberChanges(h.ctx))
		number, err := h.s.NewestChange(h.ctx, made.ID, "apikey.delete")
		h.check(err)
		receipt, err := h.c.Receipt(h.ctx, number, 10*time.Second)
		same(t, "receipt", true, receipt.Complete, err)
		if code := h.code(gateway, key); code == reeve.CodeValid {
			t.Error("valid after a complete receipt")
		}
	})
}

// TestLongestLease: a receipt waits for the longest lease that a session was
// told, whichever replica told it.
func TestLongestLease(t *testing.T) {
	config := storetest.ConfigPostgres(t)
	h := newHouse(t, config)
	_, _, p := h.tenant("ada@mail.test")
	gateway := h.gateway("edge")
	short, long := withLease(t, h.s, time.Second), withLease(t, storetest.Open(t, config), 5*time.Second)
	follow(t, short)
	follow(t, long)
	session, err := short.OpenSession(gateway, "edge")
	h.check(err)
	h.check(long.RenewSession(gateway, session.ID, session.Applied))
	told, sent := 5*time.Second, time.Now()
	_, _, err = h.c.CreateAPIKey(h.ctx, p.ID, "k", nil)
	h.check(err)
	revoked, err := short.DeleteAPIKeyByName(h.ctx, p.ID, "k")
	h.check(err)
	number, err := short.Epoch(h.ctx, revoked)
	h.check(err)
	receipt, err := short.Receipt(h.ctx, number, 20*time.Second)
	if took := time.Since(sent); err != nil || !receipt.Complete || took < told {
		t.Errorf("complete %v after %v, while the session lasts %v: %v", receipt.Complete, took, told, err)
	}
}

// TestSlowSession: a session that is opened while something is revoked begins
// after what its receipt did not wait for.
func TestSlowSession(t *testing.T) {
	config := storetest.ConfigPostgres(t)
	h := newHouse(t, config)
	_, _, p := h.tenant("ada@mail.test")
	gateway := h.gateway("edge")
	follow(t, h.c)
	_, key, err := h.c.CreateAPIKey(h.ctx, p.ID, "k", nil)
	h.check(err)
	storetest.Exec(t, config, `CREATE FUNCTION slow() RETURNS trigger AS $$ BEGIN PERFORM pg_sleep(2); RETURN NEW; END $$ LANGUAGE plpgsql`)
	storetest.Exec(t, config, `CREATE TRIGGER slow BEFORE INSERT ON sessions FOR EACH ROW WHEN (NEW.gateway_id IS NOT NULL) EXECUTE FUNCTION slow()`)
	opened := make(chan reeve.Session, 1)
	go func() {
		session, err := h.c.OpenSession(gateway, "edge")
		if err != nil {
			t.Error(err)
		}
		opened <- session
	}()
	time.Sleep(300 * time.Millisecond)
	verdict, err := h.c.VerifyKey(gateway, control.KeyCheck{Key: key.Serialize(), Op: macaroon.OpRead})
	h.check(err)
	revoked, err := h.c.DeleteAPIKeyByName(h.ctx, p.ID, "k")
	h.check(err)
	number, err := h.c.Epoch(h.ctx, revoked)
	h.check(err)
	receipt, err := h.c.Receipt(h.ctx, number, time.Second)
	h.check(err)
	if session := <-opened; receipt.Complete && verdict.Epoch >= session.Applied {
		t.Errorf("the session begins at %d and keeps a verdict of %d, the receipt of %d is complete", session.Applied, verdict.Epoch, number)
	}
}

// TestPutBack: a database that was put back, and gave the same numbers to other
// changes, makes a replica load everything anew.
func TestPutBack(t *testing.T) {
	config := storetest.ConfigPostgres(t)
	h := newHouse(t, config)
	other := newControl(t, storetest.Open(t, config), masterKey)
	follow(t, other)
	_, _, p := h.tenant("ada@mail.test")
	gateway := h.gateway("edge")
	_, key, err := h.c.CreateAPIKey(h.ctx, p.ID, "k", nil)
	h.check(err)
	h.check(h.s.NumberChanges(h.ctx))
	await(t, "known", func() bool { return judged(t, other, gateway, key) == reeve.CodeValid })
	storetest.Exec(t, config, "DELETE FROM api_keys")
	storetest.Exec(t, config, "DELETE FROM changes WHERE number = (SELECT number FROM change_ends WHERE name = 'head')")
	storetest.Exec(t, config, `UPDATE change_ends SET number = c.number, hash = c.hash
		FROM (SELECT number, hash FROM changes ORDER BY number DESC LIMIT 1) c WHERE name = 'head'`)
	for i := range 3 {
		h.check(h.c.UpdateLimits(h.ctx, p.ID, reeve.LimitsPatch{Rate: ptr(reeve.LimitOf(int64(1000 + i)))}))
	}
	h.check(h.s.NumberChanges(h.ctx))
	await(t, "unknown", func() bool { return judged(t, other, gateway, key) == reeve.CodeNotFound })
}

// TestAncestorOfRevoked: a revoked key still proves who its ancestors are.
func TestAncestorOfRevoked(t *testing.T) {
	h := newHouse(t, sqliteConfig(t))
	_, _, p := h.tenant("ada@mail.test")
	gateway := h.gateway("edge")
	_, root, err := h.c.CreateAPIKey(h.ctx, p.ID, "k", nil)
	h.check(err)
	child := narrow(t, root)
	leaf := narrow(t, child)
	h.check(revoke(h.ctx, h.c, leaf))
	if _, err := h.c.RevokeAPIKey(h.ctx, leaf, 1); err != nil {
		t.Error(err)
	}
	same(t, "child", reeve.CodeRevoked, h.code(gateway, child), nil)
	same(t, "root", reeve.CodeValid, h.code(gateway, root), nil)
	_, err = h.c.RevokeAPIKey(h.ctx, leaf, 1)
	refused(t, "again", err, reeve.NotFound, "api key not found")
}

// TestSilentSession: a receipt waits for a session that says nothing until its
// lease is over, and one that has ended is not waited for.
func TestSilentSession(t *testing.T) {
	config := sqliteConfig(t)
	h := newHouse(t, config)
	_, _, p := h.tenant("ada@mail.test")
	gateway := h.gateway("edge")
	ring, err := control.NewKeyring(masterKey)
	h.check(err)
	c := control.New(h.s, control.Settings{Keyring: ring, SessionLease: time.Second})
	follow(t, c)
	silent, err := c.OpenSession(gateway, "silent")
	h.check(err)
	polite, err := c.OpenSession(gateway, "polite")
	h.check(err)
	_, _, err = c.CreateAPIKey(h.ctx, p.ID, "k", nil)
	h.check(err)
	revoked, err := c.DeleteAPIKeyByName(h.ctx, p.ID, "k")
	h.check(err)
	number, err := c.Epoch(h.ctx, revoked)
	h.check(err)
	receipt, err := c.Receipt(h.ctx, number, 50*time.Millisecond)
	same(t, "complete", false, receipt.Complete, err)
	ended := make(chan error, 1)
	time.AfterFunc(100*time.Millisecond, func() { ended <- c.EndSession(gateway, polite.ID) })
	receipt, err = c.Receipt(h.ctx, number, 20*time.Second)
	h.check(err)
	h.check(<-ended)
	states := map[reeve.ID]reeve.SessionState{}
	for _, session := range receipt.Sessions {
		states[session.ID] = session.State
	}
	same(t, "complete", true, receipt.Complete, nil)
	same(t, "silent", reeve.SessionExpired, states[silent.ID], nil)
	same(t, "polite", reeve.SessionEnded, states[polite.ID], nil)
	refused(t, "too late", c.RenewSession(gateway, silent.ID, number), reeve.NotFound, "session not found")
}
