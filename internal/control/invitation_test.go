package control_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

func (h house) invite(ctx context.Context, in control.NewInvitation) control.CreatedInvitation {
	h.t.Helper()
	out, err := h.c.CreateInvitation(ctx, in)
	h.check(err)
	return out
}

func (h house) accept(ctx context.Context, in control.Acceptance) (control.SignedIn, error) {
	return h.c.AcceptInvitation(ctx, in)
}

// newcomer is what somebody without an account accepts with.
func newcomer(token string) control.Acceptance {
	return control.Acceptance{Token: token, Password: secret, FirstName: "Carol", LastName: "Jones"}
}

func invalid(t *testing.T, what string, err error) {
	t.Helper()
	refused(t, what, err, reeve.NotFound, "invitation is not valid", "")
}

// TestInvitation: a newcomer becomes a user and a member, once.
func TestInvitation(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		admin := h.keyholder(o, reeve.RoleAdmin)
		made := h.invite(admin, control.NewInvitation{Project: p.ID, Email: "Carol@mail.test", Role: reeve.RoleEditor})
		token := string(made.Token)
		stranger := from(t, "192.0.2.1")
		seen, err := h.c.ShowInvitation(stranger, token)
		h.check(err)
		if seen.Project.ID != p.ID || seen.Organization.ID != o.ID || seen.Invitation.Email != "Carol@mail.test" {
			t.Errorf("%+v", seen)
		}
		short := newcomer(token)
		short.Password = "1234567"
		refused(t, "a short password", errOf(h.accept(stranger, short)), reeve.Invalid, "password is shorter than 8 bytes")
		refused(t, "no name", errOf(h.accept(stranger, control.Acceptance{Token: token, Password: secret})), reeve.Invalid, "first_name is not set")
		in, err := h.accept(stranger, newcomer(token))
		h.check(err)
		if in.User.FullName != "Carol Jones" || in.User.ProjectLimit != 10 || len(in.Projects) != 1 ||
			len(in.Organizations) != 1 || in.Organizations[0].Role != reeve.RoleViewer {
			t.Errorf("%+v", in)
		}
		ctx := h.signedIn(in)
		name := "renamed"
		h.check(errOf(h.c.UpdateProject(ctx, p.ID, reeve.ProjectPatch{Name: &name})))
		denied(t, "an editor inviting", errOf(h.c.CreateInvitation(ctx, control.NewInvitation{Project: p.ID, Email: "x@mail.test", Role: reeve.RoleViewer})))
		invalid(t, "again", errOf(h.accept(stranger, newcomer(token))))
		invalid(t, "shown again", errOf(h.c.ShowInvitation(stranger, token)))
		h.check(errOf(h.signIn("carol@mail.test", secret, "")))
		same(t, "changes", []string{
			`invitation.create  {"expiresAt":"2026-11-29T15:44:53.397371Z","projectId":"` + p.ID.String() + `","role":"editor"}`,
			`invitation.accept {"expiresAt":"2026-11-29T15:44:53.397371Z","projectId":"` + p.ID.String() + `","role":"editor"}`,
		}, h.log(made.ID), nil)
		for _, c := range h.all() {
			if text := string(c.Before) + string(c.After); strings.Contains(text, "mail.test") || strings.Contains(text, "Carol") {
				t.Errorf("%s tells %s", c.Action, text)
			}
		}
	})
}

// TestInvitationOfAUser: users accept signed in, with the invited address alone.
func TestInvitationOfAUser(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		admin := h.keyholder(o, reeve.RoleAdmin)
		bob, eve := h.password(h.user("bob@mail.test"), secret), h.password(h.user("eve@mail.test"), secret)
		made := h.invite(admin, control.NewInvitation{Organization: o.ID, Email: "BOB@mail.test", Role: reeve.RoleAdmin})
		token := string(made.Token)
		refused(t, "without a session", errOf(h.accept(from(t, "192.0.2.1"), newcomer(token))), reeve.Unauthenticated,
			"sign in with the invited address to accept")
		refused(t, "another address", errOf(h.accept(h.session(eve), newcomer(token))), reeve.Denied, "the invitation is for another address")
		unauthorized(t, "no session", errOf(h.accept(person(t, bob.ID, "reeve_ses_x"), newcomer(token))))
		ctx := h.session(bob)
		in, err := h.accept(ctx, control.Acceptance{Token: token})
		h.check(err)
		if in.Token != "" || len(in.Organizations) != 1 || in.Organizations[0].Role != reeve.RoleAdmin {
			t.Errorf("%+v", in)
		}
		refused(t, "a member's", errOf(h.c.CreateInvitation(admin, control.NewInvitation{Organization: o.ID, Email: bob.Email, Role: reeve.RoleViewer})),
			reeve.Conflict, "email is already a member's")
		// To a project, as a member of the organisation with the stronger role.
		made = h.invite(ctx, control.NewInvitation{Project: p.ID, Email: bob.Email, Role: reeve.RoleViewer})
		in, err = h.accept(ctx, control.Acceptance{Token: string(made.Token)})
		h.check(err)
		same(t, "role kept", reeve.RoleAdmin, in.Organizations[0].Role, nil)

		// Who was disabled does not come back by an old invitation.
		dan := h.password(h.member(o, "dan@mail.test", reeve.RoleViewer), secret)
		made = h.invite(admin, control.NewInvitation{Project: p.ID, Email: dan.Email, Role: reeve.RoleAdmin})
		h.check(h.c.PutProjectMember(h.ctx, p.ID, dan.ID, reeve.RoleViewer))
		h.check(h.c.DisableProjectMember(h.ctx, p.ID, dan.ID))
		invalid(t, "disabled", errOf(h.accept(h.session(dan), control.Acceptance{Token: string(made.Token)})))
	})
}

// TestInvitationEnds: expired, taken back and without what it was to, an
// invitation is one and the same: none.
func TestInvitationEnds(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, o, p := h.tenant("ada@mail.test")
		_, other, _ := h.tenant("bob@mail.test")
		admin, theirs := h.keyholder(o, reeve.RoleAdmin), h.keyholder(other, reeve.RoleAdmin)
		invite := func(email string, to control.NewInvitation) string {
			to.Email, to.Role = email, reeve.RoleViewer
			return string(h.invite(admin, to).Token)
		}
		over := func(what, token string) {
			t.Helper()
			invalid(t, what+", shown", errOf(h.c.ShowInvitation(from(t, "192.0.2.1"), token)))
			invalid(t, what, errOf(h.accept(from(t, "192.0.2.1"), newcomer(token))))
		}
		hour := int64(3600)
		expired := invite("a@mail.test", control.NewInvitation{Organization: o.ID, Seconds: &hour})
		h.clock.pass(time.Hour - time.Second)
		h.check(errOf(h.c.ShowInvitation(from(t, "192.0.2.1"), expired)))
		h.clock.pass(time.Second)
		over("expired", expired)
		list, total, err := h.c.ListInvitations(admin, o.ID, control.Page{Size: 10})
		same(t, "listed", 0, len(list)+total, err)
		h.check(control.Forget(h.c, t.Context()))
		invite("a@mail.test", control.NewInvitation{Organization: o.ID}) // again

		back := h.invite(admin, control.NewInvitation{Organization: o.ID, Email: "b@mail.test", Role: reeve.RoleViewer})
		denied(t, "taken back by others", h.c.DeleteInvitation(theirs, o.ID, back.ID))
		denied(t, "taken back by others from theirs", h.c.DeleteInvitation(theirs, other.ID, back.ID))
		denied(t, "none", h.c.DeleteInvitation(admin, o.ID, newID()))
		denied(t, "read by others", errOf(h.c.GetInvitation(theirs, o.ID, back.ID)))
		denied(t, "read by others from theirs", errOf(h.c.GetInvitation(theirs, other.ID, back.ID)))
		found, err := h.c.GetInvitation(admin, o.ID, back.ID)
		same(t, "read", "b@mail.test", found.Email, err)
		h.check(h.c.DeleteInvitation(admin, o.ID, back.ID))
		denied(t, "twice", h.c.DeleteInvitation(admin, o.ID, back.ID))
		over("taken back", string(back.Token))
		over("no token", "reeve_inv_x")

		gone := invite("c@mail.test", control.NewInvitation{Project: p.ID})
		h.check(h.c.DeleteProject(h.ctx, p.ID))
		over("its project is gone", gone)
		gone = invite("d@mail.test", control.NewInvitation{Organization: o.ID})
		h.check(h.c.DeleteOrganization(h.ctx, o.ID))
		over("its organisation is gone", gone)
		_ = u
	})
}

// TestInvitationRefusals: who may not, learns nothing of what is asked.
func TestInvitationRefusals(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		_, foreign, theirs := h.tenant("bob@mail.test")
		admin := h.keyholder(o, reeve.RoleAdmin)
		in := control.NewInvitation{Organization: o.ID, Email: "x@mail.test", Role: reeve.RoleViewer}
		to := func(organization, project reeve.ID) control.NewInvitation {
			return control.NewInvitation{Organization: organization, Project: project}
		}
		for what, ctx := range map[string]context.Context{"viewer": h.keyholder(o, reeve.RoleViewer), "editor": h.keyholder(o, reeve.RoleEditor)} {
			denied(t, what, errOf(h.c.CreateInvitation(ctx, in)))
			denied(t, what+", project", errOf(h.c.CreateInvitation(ctx, to(reeve.Zero, p.ID))))
			_, _, err := h.c.ListInvitations(ctx, o.ID, control.Page{Size: 1})
			denied(t, what+", list", err)
			denied(t, what+", delete", h.c.DeleteInvitation(ctx, o.ID, newID()))
		}
		for _, bad := range []control.NewInvitation{to(foreign.ID, reeve.Zero), to(reeve.Zero, theirs.ID), to(newID(), reeve.Zero), to(reeve.Zero, newID()), {}} {
			denied(t, "foreign", errOf(h.c.CreateInvitation(admin, bad)))
		}
		for message, change := range map[string]func(*control.NewInvitation){
			"email is not set":                     func(in *control.NewInvitation) { in.Email = "" },
			"email is not an address":              func(in *control.NewInvitation) { in.Email = "X <x@mail.test>" },
			"role must be admin, editor or viewer": func(in *control.NewInvitation) { in.Role = "owner" },
			"expires_in must be 1 to 2592000 seconds": func(in *control.NewInvitation) {
				long := int64(2592001)
				in.Seconds = &long
			},
		} {
			bad := in
			change(&bad)
			refused(t, message, errOf(h.c.CreateInvitation(admin, bad)), reeve.Invalid, message)
		}
		errs := race(repeat(4, func() error { return errOf(h.c.CreateInvitation(admin, in)) })...)
		if won := tally(t, errs, reeve.Conflict); won != 1 {
			t.Errorf("invited %d times", won)
		}
		h.invite(admin, control.NewInvitation{Project: p.ID, Email: in.Email, Role: in.Role}) // another thing
	})
}

// TestAcceptAtOnce: of many at once one accepts, as a new user and as one.
func TestAcceptAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		admin := h.keyholder(o, reeve.RoleAdmin)
		first := h.invite(admin, control.NewInvitation{Organization: o.ID, Email: "carol@mail.test", Role: reeve.RoleViewer})
		second := h.invite(admin, control.NewInvitation{Project: p.ID, Email: "carol@mail.test", Role: reeve.RoleViewer})
		stranger := from(t, "192.0.2.1")
		errs := race(append(
			repeat(3, func() error { return errOf(h.accept(stranger, newcomer(string(first.Token)))) }),
			repeat(3, func() error { return errOf(h.accept(stranger, newcomer(string(second.Token)))) })...,
		)...)
		if won := tally(t, errs, reeve.NotFound, reeve.Unauthenticated); won != 1 {
			t.Errorf("%d became carol", won)
		}
	})
}

// TestInvitationMail: with mail the link is the address's alone.
func TestInvitationMail(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h, box := mailed(t, h)
		_, o, p := h.tenant("ada@mail.test")
		admin := h.keyholder(o, reeve.RoleAdmin)
		back := h.invite(admin, control.NewInvitation{Organization: o.ID, Email: "x@mail.test", Role: reeve.RoleViewer})
		h.check(h.c.DeleteInvitation(admin, o.ID, back.ID))
		made := h.invite(admin, control.NewInvitation{Project: p.ID, Email: "carol@mail.test", Role: reeve.RoleViewer})
		if made.Token != "" || made.Link != "" {
			t.Errorf("told %s", made.Link)
		}
		h.deliver()
		if len(box.mails) != 1 || box.mails[0].To != "carol@mail.test" || !strings.Contains(box.mails[0].Text, "alpha of Acme, as viewer") {
			t.Fatalf("%+v", box.mails)
		}
		h.check(errOf(h.accept(from(t, "192.0.2.1"), newcomer(linked(t, box.mails[0])))))
	})
}

// TestFrozenInvitation: nobody comes to what is frozen, nor invites to it; the
// link is good again when the freeze has ended.
func TestFrozenInvitation(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		u, o, p := h.tenant("ada@mail.test")
		for name, way := range h.ways(u, o, p) {
			for to, in := range map[string]control.NewInvitation{"organization": {Organization: o.ID}, "project": {Project: p.ID}} {
				if name == "project" && to == "organization" {
					continue
				}
				in.Email, in.Role = name+to+"@mail.test", reeve.RoleAdmin
				token := string(h.invite(h.ctx, in).Token)
				h.check(way.freeze(h.ctx, legal))
				before := len(h.all())
				denied(t, name+" frozen, to "+to, errOf(h.accept(from(t, "192.0.2.1"), newcomer(token))))
				same(t, "changes", before, len(h.all()), nil)
				h.check(way.unfreeze(h.ctx))
				h.check(errOf(h.accept(from(t, "192.0.2.1"), newcomer(token))))
			}
		}
	})
}

// TestInvitationMailsAreMetered: taking invitations back makes no room for others'
// mails, whoever asks and wherever.
func TestInvitationMailsAreMetered(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h, _ = mailed(t, h)
		ada, o, _ := h.tenant("ada@mail.test")
		other := h.organization(ada)
		both, admin := h.sessionOf(ada.ID), h.keyholder(o, reeve.RoleAdmin)
		invite := func(ctx context.Context, organization reeve.ID) error {
			made, err := h.c.CreateInvitation(ctx, control.NewInvitation{Organization: organization, Email: "x@mail.test", Role: reeve.RoleViewer})
			if err == nil {
				h.check(h.c.DeleteInvitation(ctx, organization, made.ID))
			}
			return err
		}
		exhausted := func(what string, err error) {
			t.Helper()
			refused(t, what, err, reeve.Exhausted, "too many invitations were sent today")
			if failure := reeve.AsError(err); failure.RetryAfter <= 0 || failure.RetryAfter > 24*time.Hour {
				t.Errorf("%s: try again after %s", what, failure.RetryAfter)
			}
		}
		for range reeve.MaxInvitationMails {
			h.check(invite(both, o.ID))
		}
		exhausted("the user", invite(both, o.ID))
		exhausted("the user elsewhere", invite(both, other.ID))
		exhausted("another of the organisation", invite(admin, o.ID))
		h.check(invite(h.keyholder(other, reeve.RoleAdmin), other.ID))
		h.clock.set(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
		h.check(control.Forget(h.c, t.Context()))
		h.check(invite(admin, o.ID))
		h.check(invite(both, o.ID))
	})
}
