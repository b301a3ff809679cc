package control_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// gateways makes n changes.
func (h house) gateways(n int) {
	h.t.Helper()
	for range n {
		_, _, err := h.c.CreateGateway(h.ctx, "x")
		h.check(err)
	}
}

func TestListChanges(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		page, more, err := h.c.ListChanges(h.ctx, store.ChangeFilter{Limit: 2})
		if len(page) != 0 || page == nil || more || err != nil {
			t.Errorf("empty: %v, %v, %v", page, more, err)
		}
		h.gateways(5)
		var got []int64
		for filter := (store.ChangeFilter{Limit: 2}); ; filter.Before = got[len(got)-1] {
			page, more, err := h.c.ListChanges(h.ctx, filter)
			h.check(err)
			for _, row := range page {
				got = append(got, row.Number)
			}
			if !more {
				break
			}
		}
		if diff := cmp.Diff([]int64{5, 4, 3, 2, 1}, got); diff != "" {
			t.Errorf("pages (-want +got):\n%s", diff)
		}
		page, more, err = h.c.ListChanges(h.ctx, store.ChangeFilter{Limit: 5})
		if len(page) != 5 || more || err != nil {
			t.Errorf("all at once: %d, %v, %v", len(page), more, err)
		}
		row := page[0]
		if row.Actor != "root" || row.Reason != "test" || row.RequestID != "r-1" || !row.At.Equal(epoch) {
			t.Errorf("%+v", row)
		}
	})
}

// TestVerifyChanges: whatever is done to the log past the store is found.
func TestVerifyChanges(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.gateways(6)
		h.all() // numbers them
		verify := func() string {
			chain, err := h.c.VerifyChanges(h.ctx)
			if err == nil {
				newest := h.all()[0]
				same(t, "chain", control.Chain{Rows: 6, Number: newest.Number, Hash: newest.Hash}, chain, nil)
				return ""
			}
			return err.Error()
		}
		same(t, "untouched", "", verify(), nil)
		const restore = "INSERT INTO changes SELECT * FROM kept"
		storetest.Exec(t, h.config, "CREATE TABLE kept AS SELECT * FROM changes")
		for _, test := range []struct{ name, tamper, want string }{
			{"altered", "UPDATE changes SET reason = 'other' WHERE number = 3", "broken at number 3"},
			{"altered time", "UPDATE changes SET at = at + 1 WHERE number = 6", "broken at number 6"},
			{"first altered", "UPDATE changes SET actor = 'x' WHERE number = 1", "broken at number 1"},
			{"nulled", "UPDATE changes SET after = NULL WHERE number = 4", "broken at number 4"},
			{"removed", "DELETE FROM changes WHERE number = 2", "broken at number 2"},
			{"first removed", "DELETE FROM changes WHERE number = 1", "broken at number 1"},
			{"last removed", "DELETE FROM changes WHERE number = 6", "ends at number 5, its head says 6"},
			{"last three removed", "DELETE FROM changes WHERE number > 3", "ends at number 3, its head says 6"},
			{"all removed", "DELETE FROM changes", "ends at number 0, its head says 6"},
			{"reordered", `DELETE FROM changes WHERE number IN (3, 4); INSERT INTO changes SELECT 7 - number, at, actor, action,
				target, before, after, reason, request_id, hash, organization_id FROM kept WHERE number IN (3, 4)`, "broken at number 3"},
			{"organization altered", "UPDATE changes SET organization_id = target WHERE number = 2", "broken at number 2"},
			{"hash altered", "UPDATE changes SET hash = (SELECT hash FROM changes WHERE number = 1) WHERE number = 2", "broken at number 2"},
			{"renumbered", "UPDATE changes SET number = 7 WHERE number = 6", "broken at number 6"},
		} {
			storetest.Exec(t, h.config, test.tamper)
			if got := verify(); !strings.HasSuffix(got, test.want) || (got == "") != (test.want == "") {
				t.Errorf("%s: %q, want %q", test.name, got, test.want)
			}
			storetest.Exec(t, h.config, "DELETE FROM changes")
			storetest.Exec(t, h.config, restore)
		}
		same(t, "restored", "", verify(), nil)
		// A chain computed anew does not meet the head.
		storetest.Exec(t, h.config, "UPDATE change_ends SET hash = (SELECT hash FROM changes WHERE number = 1) WHERE name = 'head'")
		if got := verify(); !strings.HasSuffix(got, "broken at number 6") {
			t.Errorf("another head: %q", got)
		}
	})
}

// TestRetention: old changes and usage go, the chain holds from the anchor.
func TestRetention(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		for _, month := range []reeve.Month{202506, 202507, 202508, 202611} {
			h.check(h.s.Write(t.Context(), func(tx *store.Tx) error {
				tx.PutUsageCounters([]reeve.UsageTotal{{ProjectID: p.ID, Month: month, Egress: reeve.Count(1)}})
				return nil
			}))
		}
		h.clock.pass(48 * time.Hour)
		h.gateways(2)
		before := len(h.all())
		h.check(h.c.ApplyRetention(t.Context(), control.Retention{}))
		same(t, "for ever", before, len(h.all()), nil)
		h.check(h.c.ApplyRetention(t.Context(), control.Retention{Changes: 24 * time.Hour, UsageMonths: 1}))
		same(t, "kept", 2, len(h.all()), nil)
		chain, err := h.c.VerifyChanges(h.ctx)
		same(t, "the chain", 2, chain.Rows, err)
		for month, want := range map[reeve.Month]bool{202506: false, 202507: false, 202508: true, 202611: true} {
			got, err := h.s.UsageTotal(t.Context(), p.ID, month, h.s.Now())
			same(t, month.String(), want, got.Any(), err)
		}
	})
}

// TestNothingSecretIsRecorded makes one of everything and looks for what is
// nobody's business in the log.
func TestNothingSecretIsRecorded(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, err := h.c.CreateUser(h.ctx, control.NewUser{Email: "Secret.Address@mail.test", FullName: "Secret Name", Password: "secret password"})
		h.check(err)
		h.check(h.c.UpdateUser(h.ctx, u.Email, reeve.UserPatch{
			Email: "other.address@mail.test", FullName: "Other Person", ShortName: "Shorty", PasswordHash: []byte("$2a$10$bcrypthash"),
		}))
		o := h.organization(u)
		p := h.project(o)
		_, token, err := h.c.CreateOrganizationKey(h.ctx, control.NewOrganizationKey{OrganizationID: o.ID, Name: "ci", Role: reeve.RoleAdmin})
		h.check(err)
		_, gatewayToken, err := h.c.CreateGateway(h.ctx, "edge")
		h.check(err)
		operatorToken, err := h.c.ReplaceOperatorToken(t.Context())
		h.check(err)
		key, root, err := h.c.CreateAPIKey(h.ctx, p.ID, "ci", nil)
		h.check(err)
		derived := narrow(t, root)
		h.check(revoke(h.ctx, h.c, derived))
		member := h.member(o, "third.address@mail.test", reeve.RoleViewer)
		h.check(h.c.PutProjectMember(h.ctx, p.ID, member.ID, reeve.RoleViewer))
		h.check(h.c.DeleteOrganizationMember(h.ctx, o.ID, member.ID))
		_, err = newControl(t, h.s, [32]byte{2}, masterKey).Rekey(h.ctx)
		h.check(err)
		h.check(h.c.DeleteUser(h.ctx, member.Email))
		h.check(revoke(h.ctx, newControl(t, h.s, [32]byte{2}), root))

		secrets := []string{
			"address", "Secret Name", "secret password", "Person", "Shorty", "bcrypt", "argon2", "Lovelace", "reeve_",
			string(token), string(gatewayToken), string(operatorToken), root.Serialize(), derived.Serialize(),
		}
		for _, bytes := range [][]byte{hashOf(token), hashOf(gatewayToken), hashOf(operatorToken), key.Secret, arrayOf(root.Tail()), arrayOf(derived.Tail()), arrayOf(root.Head())} {
			secrets = append(secrets, spellings(bytes)...)
		}
		for _, row := range h.all() {
			text := strings.Join([]string{row.Actor, row.Action, string(row.Before), string(row.After), row.Reason}, " ")
			for _, secret := range secrets {
				if strings.Contains(text, secret) {
					t.Errorf("%s holds %s", text, secret)
				}
			}
		}
	})
}

// TestRun: the jobs behind the requests number changes, and end.
func TestRun(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.gateways(1)
		ctx, cancel := cancellable(t)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			h.c.Run(ctx, control.Retention{}, func(err error) { t.Error(err) })
		}()
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for number := int64(0); number == 0; <-tick.C {
			var err error
			if number, _, err = h.s.ChangeEnd(t.Context(), "head"); err != nil {
				t.Fatal(err)
			}
		}
		cancel()
		<-ended
	})
}
