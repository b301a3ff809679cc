package storetest

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

func testTOTP(t *testing.T, w world) {
	u, other := w.user("ada@mail.test"), w.user("bob@mail.test")
	_, err := w.s.TOTP(w.ctx(), u.ID)
	refused(t, "none", err, reeve.NotFound, "totp not found")
	pending := reeve.TOTP{UserID: u.ID, Secret: []byte{0, 0xff}, SealedBy: [8]byte{1}, CreatedAt: minute(1)}
	theirs := pending
	theirs.UserID = other.ID
	w.write(func(tx *store.Tx) {
		tx.PutTOTP(pending)
		tx.PutTOTP(theirs)
	})
	got, err := w.s.TOTP(w.ctx(), u.ID)
	same(t, "pending", pending, got, err)

	enabled, at := pending, minute(2)
	enabled.Secret, enabled.SealedBy, enabled.ConfirmedAt, enabled.LastStep = []byte("sealed"), [8]byte{2}, &at, 77
	codes := []reeve.TokenHash{{1}, {2}, {3}}
	w.write(func(tx *store.Tx) {
		tx.PutTOTP(enabled)
		tx.ReplaceRecoveryCodes(u.ID, []reeve.TokenHash{{9}})
		tx.ReplaceRecoveryCodes(u.ID, codes)
		tx.ReplaceRecoveryCodes(other.ID, codes[:1])
	})
	w.fact(func(tx *store.Tx) error {
		tx.PutTOTPStep(u.ID, 76)
		tx.PutTOTPStep(u.ID, 77)
		return nil
	})
	got, err = w.s.TOTP(w.ctx(), u.ID)
	same(t, "enabled", enabled, got, err)
	samples, err := w.s.TOTPOfEachSeal(w.ctx())
	same(t, "of each seal", []reeve.TOTP{theirs, enabled}, samples, err)
	w.in(func(tx *store.Tx) {
		page, err := tx.LockTOTPsSealedBy(w.ctx(), [8]byte{2}, reeve.Zero, 5)
		without := enabled
		without.LastStep = 0
		same(t, "of a seal", []reeve.TOTP{without}, page, err)
		page, err = tx.LockTOTPsSealedBy(w.ctx(), [8]byte{2}, u.ID, 5)
		same(t, "the page after", []reeve.TOTP{}, page, err)
	})

	w.write(func(tx *store.Tx) { tx.DeleteRecoveryCode(u.ID, codes[1]) })
	left, err := w.s.RecoveryCodes(w.ctx(), u.ID)
	same(t, "recovery codes", []reeve.TokenHash{{1}, {3}}, left, err)
	w.write(func(tx *store.Tx) { tx.DeleteTOTP(u.ID) })
	_, err = w.s.TOTP(w.ctx(), u.ID)
	refused(t, "deleted", err, reeve.NotFound, "totp not found")
	left, err = w.s.RecoveryCodes(w.ctx(), u.ID)
	same(t, "its codes", []reeve.TokenHash{}, left, err)
	left, err = w.s.RecoveryCodes(w.ctx(), other.ID)
	same(t, "another's codes", codes[:1], left, err)
	w.write(func(tx *store.Tx) { tx.DeactivateUser(other.ID) })
	got, err = w.s.TOTP(w.ctx(), other.ID)
	same(t, "of a user who can be restored", theirs, got, err)
	w.write(func(tx *store.Tx) { tx.EraseUser(other.ID) })
	_, err = w.s.TOTP(w.ctx(), other.ID)
	refused(t, "of an erased user", err, reeve.NotFound, "totp not found")
}

func testInvitations(t *testing.T, w world) {
	_, o, p := w.tenant("ada@mail.test")
	_, other, _ := w.tenant("bob@mail.test")
	invite := func(organization, project reeve.ID, email string, created, expires int) reeve.Invitation {
		i := reeve.Invitation{
			ID: newID(), OrganizationID: organization, ProjectID: project, Email: email, Role: reeve.RoleEditor,
			CreatedAt: minute(created), ExpiresAt: minute(expires),
		}
		w.write(func(tx *store.Tx) { tx.CreateInvitation(i) })
		return i
	}
	second := invite(o.ID, p.ID, "Carol@mail.test", 2, 9)
	first := invite(o.ID, reeve.Zero, "carol@mail.test", 1, 5)
	theirs := invite(other.ID, reeve.Zero, "carol@mail.test", 1, 7)
	got, err := w.s.Invitation(w.ctx(), second.ID)
	same(t, "to a project", second, got, err)
	list, err := w.s.Invitations(w.ctx(), o.ID, minute(4), 5, 0)
	same(t, "oldest first", []reeve.Invitation{first, second}, list, err)
	list, err = w.s.Invitations(w.ctx(), o.ID, minute(4), 5, 1)
	same(t, "second page", []reeve.Invitation{second}, list, err)
	list, err = w.s.Invitations(w.ctx(), o.ID, minute(5), 5, 0)
	same(t, "without the expired", []reeve.Invitation{second}, list, err)
	n, err := w.s.CountInvitations(w.ctx(), o.ID, minute(5))
	same(t, "count", 1, n, err)
	w.in(func(tx *store.Tx) {
		list, err := tx.LockExpiredInvitations(w.ctx(), minute(7), 5)
		same(t, "expired", []reeve.Invitation{first, theirs}, list, err)
	})
	list, err = w.s.InvitationsOf(w.ctx(), o.ID, "CAROL@mail.test")
	same(t, "of an address", []reeve.Invitation{second, first}, list, err)

	w.in(func(tx *store.Tx) {
		for until, want := range map[int][]reeve.Invitation{0: {}, 1: {first, theirs}, 2: {second, first, theirs}} {
			list, err := tx.LockInvitationsTo(w.ctx(), "cARol@mail.test", minute(until))
			same(t, "to an address", want, list, err)
		}
	})

	w.write(func(tx *store.Tx) { tx.DeleteInvitation(theirs.ID) })
	_, err = w.s.Invitation(w.ctx(), theirs.ID)
	refused(t, "deleted", err, reeve.NotFound, "invitation not found")
	w.write(func(tx *store.Tx) { tx.DeleteProject(p.ID) })
	_, err = w.s.Invitation(w.ctx(), second.ID)
	refused(t, "gone with the project", err, reeve.NotFound, "invitation not found")
	w.write(func(tx *store.Tx) { tx.DeleteOrganization(o.ID) })
	_, err = w.s.Invitation(w.ctx(), first.ID)
	refused(t, "gone with the organisation", err, reeve.NotFound, "invitation not found")
}

// testMails: one of a kind and subject waits, and one claim of a state of it
// succeeds.
func testMails(t *testing.T, w world) {
	mail := reeve.QueuedMail{ID: newID(), Kind: reeve.MailPasswordReset, Subject: "ada@mail.test", NextAt: minute(2), CreatedAt: minute(1)}
	twin, other := mail, mail
	twin.ID, other.ID, other.Kind, other.NextAt = newID(), newID(), reeve.MailInvitation, minute(1)
	w.fact(func(tx *store.Tx) error {
		tx.QueueMail(mail)
		tx.QueueMail(twin)
		tx.QueueMail(other)
		return nil
	})
	n, err := w.s.CountMails(w.ctx())
	same(t, "count", 2, n, err)
	due := func(what string, at time.Time, want ...reeve.QueuedMail) {
		t.Helper()
		got, err := w.s.DueMails(w.ctx(), at, 5)
		same(t, what, append([]reeve.QueuedMail{}, want...), got, err)
	}
	due("before it is time", minute(0))
	due("due", minute(2), other, mail)
	claim := func(m reeve.QueuedMail) error {
		return w.s.Write(w.ctx(), func(tx *store.Tx) error { return tx.ClaimMail(w.ctx(), m, minute(5)) })
	}
	if err := claim(mail); err != nil {
		t.Fatal(err)
	}
	refused(t, "claimed twice", claim(mail), reeve.NotFound, "mail not found")
	due("while it is claimed", minute(4), other)
	w.fact(func(tx *store.Tx) error {
		tx.PutOffMail(mail.ID, 2, minute(9)) // of another attempt
		tx.PutOffMail(mail.ID, 1, minute(3))
		return nil
	})
	mail.Attempts, mail.NextAt = 1, minute(3)
	due("put off", minute(4), other, mail)
	w.fact(func(tx *store.Tx) error { tx.DeleteMail(other.ID); return nil })
	due("deleted", minute(4), mail)
	counted := func(what string, of reeve.ID, day, want int64) {
		t.Helper()
		w.fact(func(tx *store.Tx) error {
			n, err := tx.CountMail(w.ctx(), of, day)
			same(t, what, want, n, err)
			return err
		})
	}
	counted("the first", mail.ID, 7, 1)
	counted("the second", mail.ID, 7, 2)
	counted("another's", other.ID, 7, 1)
	counted("the next day", mail.ID, 8, 1)
	w.fact(func(tx *store.Tx) error {
		n, err := tx.DeleteMailCountsBefore(w.ctx(), 8, 10)
		same(t, "forgotten", 1, n, err)
		return err
	})
	counted("is kept", mail.ID, 8, 2)
	counted("is forgotten", other.ID, 7, 1)
}

func testUserSessions(t *testing.T, w world) {
	u, other := w.user("ada@mail.test"), w.user("bob@mail.test")
	open := func(user reeve.ID, at int) reeve.UserSession {
		s := reeve.UserSession{ID: newID(), UserID: user, Address: "192.0.2.7", Agent: "test", CreatedAt: minute(at), UsedAt: minute(at)}
		w.fact(func(tx *store.Tx) error {
			tx.CreateUserSession(s, reeve.TokenHash(append(s.ID[:], s.ID[:]...)))
			return nil
		})
		return s
	}
	hash := func(s reeve.UserSession) reeve.TokenHash { return reeve.TokenHash(append(s.ID[:], s.ID[:]...)) }
	sessions := func(what string, user reeve.ID, want ...reeve.UserSession) {
		t.Helper()
		got, err := w.s.UserSessions(w.ctx(), user)
		same(t, what, append([]reeve.UserSession{}, want...), got, err)
	}
	a, b, c, theirs := open(u.ID, 1), open(u.ID, 2), open(u.ID, 3), open(other.ID, 1)
	a.UsedAt = minute(9)
	w.fact(func(tx *store.Tx) error {
		tx.PutLastUses([]store.LastUse{{ID: a.ID, At: minute(9), By: "192.0.2.7"}})
		return nil
	})
	sessions("newest first", u.ID, c, b, a)
	found, err := w.s.UserSession(w.ctx(), hash(a))
	found.Address, found.Agent = a.Address, a.Agent
	same(t, "by its token", a, found, err)
	w.fact(func(tx *store.Tx) error { tx.KeepUserSessions(u.ID, 2); return nil })
	sessions("those used last stay", u.ID, c, a)
	sessions("another's stay", other.ID, theirs)

	dead := func(what string, created, used, limit, want int) {
		t.Helper()
		w.fact(func(tx *store.Tx) error {
			n, err := tx.DeleteDeadUserSessions(w.ctx(), minute(created), minute(used), limit)
			same(t, what, want, n, err)
			return nil
		})
	}
	dead("none", 0, 1, 9, 0)
	dead("idle", 0, 4, 1, 1)
	dead("idle, the next", 0, 4, 9, 1)
	sessions("used", u.ID, a)
	dead("too old", 2, 2, 9, 1)
	sessions("all gone", u.ID)
	uses, err := w.s.LastUses(w.ctx(), []reeve.ID{a.ID})
	same(t, "its last use", map[reeve.ID]store.LastUse{}, uses, err)

	kept := open(other.ID, 4)
	w.fact(func(tx *store.Tx) error { tx.DeleteUserSessions(other.ID, kept.ID); return nil })
	sessions("all but one ended", other.ID, kept)
	w.fact(func(tx *store.Tx) error {
		tx.PutLastUses([]store.LastUse{{ID: kept.ID, At: minute(9), By: "192.0.2.7"}})
		return nil
	})
	w.write(func(tx *store.Tx) { tx.EraseUser(other.ID) })
	sessions("of an erased user", other.ID)
	uses, err = w.s.LastUses(w.ctx(), []reeve.ID{kept.ID})
	same(t, "where it was used from", map[reeve.ID]store.LastUse{}, uses, err)
}

// testSeen: what a user sees of organisations and projects is what a session's
// look at each of them tells.
func testSeen(t *testing.T, w world) {
	_, o, open := w.tenant("ada@mail.test")
	closed := w.project(o)
	_, other, _ := w.tenant("bob@mail.test")
	join := func(of store.MemberOf, user reeve.ID, role reeve.Role, disabled bool) {
		w.write(func(tx *store.Tx) {
			tx.CreateMember(of, reeve.Member{UserID: user, Role: role, Disabled: disabled, CreatedAt: minute(1)})
		})
	}
	for _, test := range []struct {
		name     string
		role     reeve.Role // in the organisation
		disabled bool       // there
		want     []reeve.Project
	}{
		{"admin", reeve.RoleAdmin, false, []reeve.Project{open, closed}},
		{"viewer", reeve.RoleViewer, false, []reeve.Project{open}},
		{"disabled", reeve.RoleAdmin, true, []reeve.Project{}},
		{"stranger", "", false, []reeve.Project{}},
	} {
		u := w.user(test.name + "@mail.test")
		token := reeve.TokenHash(append(u.ID[:], u.ID[:]...))
		w.fact(func(tx *store.Tx) error {
			tx.CreateUserSession(reeve.UserSession{ID: newID(), UserID: u.ID, CreatedAt: minute(0)}, token)
			return nil
		})
		organizations := []store.OrganizationAndRole{}
		if test.role != "" {
			join(store.InOrganization(o.ID), u.ID, test.role, test.disabled)
			if !test.disabled {
				organizations = append(organizations, store.OrganizationAndRole{Organization: o, Role: test.role})
			}
		}
		join(store.InProject(closed.ID), u.ID, reeve.RoleEditor, true)
		got, err := w.s.ProjectsSeenBy(w.ctx(), u.ID, 5)
		same(t, test.name+"'s projects", test.want, got, err)
		in, err := w.s.OrganizationsSeenBy(w.ctx(), u.ID, 5)
		same(t, test.name+"'s organisations", organizations, in, err)
		seen := 0
		for _, p := range []reeve.Project{open, closed} {
			found, err := w.s.SessionAndProject(w.ctx(), token, p.ID)
			if err != nil {
				t.Fatal(err)
			}
			if found.Project != nil {
				seen++
			}
		}
		same(t, test.name+", by session", len(test.want), seen, nil)
	}
	in, err := w.s.OrganizationsSeenBy(w.ctx(), other.OwnerID, 5)
	same(t, "an owner without a membership", []store.OrganizationAndRole{}, in, err)
}
