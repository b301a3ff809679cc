package control_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
	"github.com/reeve-cloud/reeve/macaroon"
)

// house is a Control on a fresh database, with the operator's context.
type house struct {
	t      *testing.T
	c      *control.Control
	s      *store.Store
	config store.Config
	clock  *clock
	ctx    context.Context
}

// clock is the store's, moved by the test.
type clock struct {
	mu   sync.Mutex
	at   time.Time
	zone *time.Location // of the times it gives; nil is that of those it is set to
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.zone != nil {
		at = at.In(c.zone)
	}
	c.at = at
}

func (c *clock) pass(d time.Duration) { c.set(c.now().Add(d)) }

var (
	epoch     = time.Date(2026, 11, 22, 15, 44, 53, 397_371_000, time.UTC)
	masterKey = [32]byte{1}
)

// each runs a test on both databases.
func each(t *testing.T, run func(t *testing.T, h house)) {
	t.Helper()
	storetest.EachConfig(t, func(t *testing.T, config store.Config) { run(t, newHouse(t, config)) })
}

func newHouse(t *testing.T, config store.Config) house {
	t.Helper()
	clock := &clock{at: epoch}
	config.Now = clock.now
	s := storetest.Open(t, config)
	return house{t, newControl(t, s, masterKey), s, config, clock, as(t, reeve.Actor{Kind: reeve.Operator})}
}

func newControl(t *testing.T, s *store.Store, keys ...[32]byte) *control.Control {
	t.Helper()
	return control.New(s, settings(t, keys...))
}

func settings(t *testing.T, keys ...[32]byte) control.Settings {
	t.Helper()
	ring, err := control.NewKeyring(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return control.Settings{ProjectLimit: 10, PasswordHashing: 2, Keyring: ring, RestoreWindow: restoreWindow, RefusalTime: 1}
}

// restoreWindow is how long the houses keep what is deleted.
const restoreWindow = 720 * time.Hour

func as(t *testing.T, actor reeve.Actor) context.Context {
	return control.WithCaller(t.Context(), control.Caller{Actor: actor, Reason: "test", RequestID: "r-1"})
}

// nowhere is the address of a test.
func nowhere() string { return "192.0.2.1" }

func newID() reeve.ID { return reeve.ID(uuid.Must(uuid.NewV7())) }

// user makes a user without the cost of a password.
func (h house) user(email string) reeve.User {
	h.t.Helper()
	u := reeve.User{ID: newID(), Email: email, FullName: "Ada Lovelace", PasswordHash: []byte("$x$"), ProjectLimit: 10, CreatedAt: h.s.Now()}
	err := h.s.Write(h.t.Context(), func(tx *store.Tx) error {
		tx.CreateUser(u)
		tx.Record(reeve.Change{Actor: "root", Action: "user.create", Target: u.ID})
		return nil
	})
	h.check(err)
	return u
}

func (h house) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h house) organization(owner reeve.User) reeve.Organization {
	h.t.Helper()
	o, err := h.c.CreateOrganization(h.ctx, "Acme", owner.ID)
	h.check(err)
	return o
}

func (h house) project(o reeve.Organization) reeve.Project {
	h.t.Helper()
	p, err := h.c.CreateProject(h.ctx, control.NewProject{OwnerID: o.OwnerID, OrganizationID: o.ID, Name: "alpha"})
	h.check(err)
	return p
}

// tenant makes an organisation with its owner and a project.
func (h house) tenant(email string) (reeve.User, reeve.Organization, reeve.Project) {
	h.t.Helper()
	u := h.user(email)
	o := h.organization(u)
	return u, o, h.project(o)
}

// member adds a new user to an organisation.
func (h house) member(o reeve.Organization, email string, role reeve.Role) reeve.User {
	h.t.Helper()
	u := h.user(email)
	h.check(h.c.PutOrganizationMember(h.ctx, o.ID, u.ID, role))
	return u
}

// keyholder makes an organisation key and gives the context of its holder.
func (h house) keyholder(o reeve.Organization, role reeve.Role) context.Context {
	h.t.Helper()
	_, token, err := h.c.CreateOrganizationKey(h.ctx, control.NewOrganizationKey{OrganizationID: o.ID, Name: newID().String(), Role: role})
	h.check(err)
	return holding(h.t, token)
}

func holding(t *testing.T, token reeve.Token) context.Context {
	hash := token.Hash()
	return control.WithCaller(t.Context(), control.Caller{Key: &hash})
}

// refused checks an error's kind and sentence, and the detail if one is given.
func refused(t *testing.T, what string, err error, kind reeve.Kind, message string, detail ...string) {
	t.Helper()
	var got *reeve.Error
	if !errors.As(err, &got) || got.Kind != kind || got.Message != message ||
		len(detail) > 0 && got.Detail != detail[0] {
		t.Errorf("%s: %v, want %s: %s %s", what, err, kind, message, strings.Join(detail, ""))
	}
}

func denied(t *testing.T, what string, err error) {
	t.Helper()
	refused(t, what, err, reeve.Denied, "You are not allowed to perform this action", "")
}

func same[T any](t *testing.T, what string, want, got T, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	limits := cmp.Comparer(func(a, b reeve.Limit) bool { return a == b })
	if diff := cmp.Diff(want, got, limits); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// log gives "action before after" of the changes of one target, oldest first.
func (h house) log(target reeve.ID) []string {
	h.t.Helper()
	page, more, err := h.c.ListChanges(h.ctx, store.ChangeFilter{Target: &target, Limit: 500})
	h.check(err)
	if more {
		h.t.Fatal("too many changes")
	}
	out := []string{}
	for _, c := range page {
		out = append([]string{strings.TrimSpace(c.Action + " " + string(c.Before) + " " + string(c.After))}, out...)
	}
	return out
}

// race starts functions at once and gives their errors.
func race(contestants ...func() error) []error {
	start := make(chan struct{})
	out := make([]error, len(contestants))
	var group sync.WaitGroup
	for i, contestant := range contestants {
		group.Go(func() {
			<-start
			out[i] = contestant()
		})
	}
	close(start)
	group.Wait()
	return out
}

// tally counts successes, and fails for errors of other kinds than those.
func tally(t *testing.T, errs []error, kinds ...reeve.Kind) (successes int) {
	t.Helper()
	for _, err := range errs {
		if err == nil {
			successes++
			continue
		}
		expected := false
		for _, kind := range kinds {
			expected = expected || reeve.IsKind(err, kind)
		}
		if !expected {
			t.Errorf("unexpected: %v", err)
		}
	}
	return successes
}

func repeat(n int, fn func() error) []func() error {
	out := make([]func() error, n)
	for i := range out {
		out[i] = fn
	}
	return out
}

// all reads the whole log.
func (h house) all() []reeve.Change {
	h.t.Helper()
	page, more, err := h.c.ListChanges(h.ctx, store.ChangeFilter{Limit: 10_000})
	h.check(err)
	if more {
		h.t.Fatal("too many changes")
	}
	return page
}

func sqliteConfig(t *testing.T) store.Config { return storetest.ConfigSQLite(t) }

// revoke revokes a whole key.
func revoke(ctx context.Context, c *control.Control, key macaroon.Key) error {
	_, err := c.RevokeAPIKey(ctx, key, control.WholeKey)
	return err
}

// deleteKey deletes a key by its name.
func deleteKey(ctx context.Context, c *control.Control, project reeve.ID, name string) error {
	_, err := c.DeleteAPIKeyByName(ctx, project, name)
	return err
}
