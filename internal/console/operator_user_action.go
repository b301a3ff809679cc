package console

import (
	"crypto/rand"
	"fmt"
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

func (v *visit) askCreateUser() (*question, error) {
	if err := v.needs(reeve.ManageUsers); err != nil {
		return nil, err
	}
	return &question{
		Title: "New user", Up: []link{{Text: "Users", To: to("users")}}, Submit: "Create", Back: to("users"),
		Fields: []field{
			{Name: "email", Label: "Address", Kind: "email", Required: true, Max: reeve.MaxEmail},
			{Name: "name", Label: "Full name", Required: true, Max: reeve.MaxName},
			{
				Name: "password", Label: "Password", Kind: "password", Auto: "new-password", Max: reeve.MaxOwnPassword,
				Hint: "Leave it empty to hand on a link with which the user chooses one.",
			},
		},
	}, nil
}

func (v *visit) createUser(in values) (*outcome, error) {
	password, given := in.Get("password"), true
	if password == "" {
		password, given = rand.Text(), false // nobody is told
	}
	u, err := v.control.CreateUser(v.ctx, control.NewUser{Email: in.text("email"), FullName: in.text("name"), Password: password})
	if err != nil {
		return nil, err
	}
	out := &outcome{To: userUp(u)[1].To, Said: u.Email + " is a user now."}
	if !given {
		reset, err := v.control.CreatePasswordReset(v.ctx, u.Email)
		if err != nil {
			return nil, err
		}
		out.Secrets = []secret{resetSecret(reset)}
	}
	return out, nil
}

// resetSecret is a link to a user's new password.
func resetSecret(reset control.PasswordReset) secret {
	until := "It works once, until " + timeText(reset.Expires) + ". Whoever has it chooses the password."
	if reset.Link == "" {
		return secret{Label: "Token for a new password", Value: string(reset.Token), Hint: until}
	}
	return secret{Label: "Link to a new password", Value: reset.Link, Hint: until}
}

// userQuestion begins a question about the user whom the path names, for who
// may do something to users.
func (v *visit) userQuestion(verb string, rights ...reeve.OperatorAction) (*question, control.UserDetails, error) {
	if err := v.needs(rights...); err != nil {
		return nil, control.UserDetails{}, err
	}
	found, err := v.userOf()
	if err != nil {
		return nil, found, err
	}
	up := userUp(found.User)
	return &question{
		Title: verb + " " + up[1].Text, Up: up, Submit: verb, Back: up[1].To,
		Edited: control.Edited{User: found.User.Email}, // control acts on an address: it stays the user's
		Facts:  []fact{{"Address", text(found.User.Email)}},
	}, found, nil
}

func (v *visit) askEditUser() (*question, error) {
	q, found, err := v.userQuestion("Edit", reeve.ManageUsers)
	if err != nil {
		return nil, err
	}
	u := found.User
	q.Submit, q.Facts = "Save", nil
	q.Fields = []field{
		{Name: "name", Label: "Full name", Value: u.FullName, Required: true, Max: reeve.MaxName, Current: true},
		{Name: "short", Label: "Short name", Value: u.ShortName, Max: reeve.MaxName, Current: true, Hint: "One that is empty stays as it is."},
		{
			Name: "email", Label: "Address", Value: u.Email, Required: true, Max: reeve.MaxEmail, Current: true,
			Hint: "The user signs in with it from now on.",
		},
		{
			Name: "limit", Label: "Project limit", Kind: "number", Value: strconv.Itoa(u.ProjectLimit), Required: true, Current: true,
			Hint: "How many projects the user may own: 1 and more. One that is lower than what there is takes nothing away.",
		},
	}
	return q, nil
}

func (v *visit) editUser(in values) (*outcome, error) {
	found, err := v.userOf()
	if err != nil {
		return nil, err
	}
	limit, err := strconv.ParseInt(in.text("limit"), 10, 64)
	if err != nil || limit < 1 || limit > reeve.MaxProjectLimit {
		return nil, reeve.Errorf(reeve.Invalid, "the project limit must be a number from 1 to %d", reeve.MaxProjectLimit)
	}
	patch := reeve.UserPatch{Email: in.text("email"), FullName: in.text("name"), ShortName: in.text("short"), ProjectLimit: limit}
	if patch.Email == "" || patch.FullName == "" {
		return nil, reeve.Errorf(reeve.Invalid, "a user has an address and a full name")
	}
	if err := v.control.UpdateUser(v.ctx, found.User.Email, patch); err != nil {
		return nil, err
	}
	return &outcome{To: userUp(found.User)[1].To, Said: "The user is changed."}, nil
}

func (v *visit) askResetUser() (*question, error) {
	q, found, err := v.userQuestion("Reset the password of", reeve.ManageUsers)
	if err != nil {
		return nil, err
	}
	q.Submit = "Make a link"
	q.Lead = "A link is made with which the user chooses a new password. Hand it on to the user alone."
	q.Effects = []string{
		"The present password works until the link is used.",
		"When it is used, all sessions of the user end.",
	}
	if found.User.Freeze != nil {
		q.Effects = append(q.Effects, "The user is frozen: the link does not work before that is over.")
	}
	return q, nil
}

func (v *visit) resetUser(values) (*outcome, error) {
	found, err := v.userOf()
	if err != nil {
		return nil, err
	}
	reset, err := v.control.CreatePasswordReset(v.ctx, found.User.Email)
	if err != nil {
		return nil, err
	}
	return &outcome{To: userUp(found.User)[1].To, Said: "Hand this link on", Secrets: []secret{resetSecret(reset)}}, nil
}

func (v *visit) askRemoveTOTP() (*question, error) {
	q, found, err := v.userQuestion("Remove the second factor of", reeve.ManageUsers)
	if err != nil {
		return nil, err
	}
	q.Submit, q.Danger = "Remove the second factor", true
	q.Effects = []string{
		"The password alone is enough to sign in, until the user sets a second factor up again.",
		"The recovery codes do not work any more.",
		"Make sure that it is the user who asks: by another way than mail.",
	}
	if !found.TOTP {
		q.Effects = []string{"No codes are asked for: there is nothing to remove but one that was not confirmed."}
	}
	return q, nil
}

func (v *visit) removeTOTP(values) (*outcome, error) {
	found, err := v.userOf()
	if err != nil {
		return nil, err
	}
	if err := v.control.DeleteTOTP(v.ctx, found.User.Email); err != nil {
		return nil, err
	}
	return &outcome{To: userUp(found.User)[1].To, Said: "No codes are asked for any more."}, nil
}

func (v *visit) askDeleteUser() (*question, error) {
	q, found, err := v.userQuestion("Delete", reeve.ManageUsers)
	if err != nil {
		return nil, err
	}
	return q, v.endUser(q, found, v.restorable())
}

func (v *visit) askEraseUser() (*question, error) {
	q, found, err := v.userQuestion("Erase", reeve.ManageUsers, reeve.EraseForGood)
	if err != nil {
		return nil, err
	}
	q.Submit = "Erase for good"
	return q, v.endUser(q, found, "It cannot be restored: nothing is kept of the address, the names and the password.")
}

// endUser says what it means to delete a user.
func (v *visit) endUser(q *question, found control.UserDetails, after string) error {
	e, err := v.control.Effects(v.ctx, control.EffectsOf{Kind: control.EffectsOfUser, ID: found.User.ID})
	if err != nil {
		return err
	}
	q.Danger = true
	if n := len(found.Projects); n > 0 {
		q.Effects = append(q.Effects, fmt.Sprintf("It is refused as long as the user is in a project: take the user out of %s first.", tally(n, "project")))
	}
	sessions, in, alone := affected(e, control.AffectedSessions), affected(e, control.AffectedOrganizations), affected(e, control.AffectedAlone)
	q.Effects = append(q.Effects,
		fmt.Sprintf("%s %s at once, and nobody can sign in with the address.", several(sessions, "session"), agrees(sessions, "ends", "end")),
		fmt.Sprintf("The user loses the place in %s.", several(in, "organisation")),
	)
	if alone.N > 0 {
		q.Effects = append(q.Effects, fmt.Sprintf("%s that nobody else is in %s deleted along.", several(alone, "organisation"), agrees(alone, "is", "are")))
	}
	q.Effects = append(q.Effects, "It is refused while something is left to pay for.", after)
	return nil
}

// restorable says for how long what is deleted can be restored.
func (v *visit) restorable() string {
	window := v.control.RestoreWindow()
	if window <= 0 {
		return "It cannot be restored: this server keeps nothing of what is deleted."
	}
	return "It can be restored until " + timeText(v.control.Now().Add(window)) + "."
}

func (v *visit) deleteUser(values) (*outcome, error) {
	found, err := v.userOf()
	if err != nil {
		return nil, err
	}
	if err := v.control.DeleteUser(v.ctx, found.User.Email); err != nil {
		return nil, err
	}
	return &outcome{To: to("users"), Said: found.User.Email + " is deleted."}, nil
}

func (v *visit) eraseUser(values) (*outcome, error) {
	found, err := v.userOf()
	if err != nil {
		return nil, err
	}
	if err := v.control.EraseUser(v.ctx, found.User.Email); err != nil {
		return nil, err
	}
	return &outcome{To: to("users"), Said: "The user is erased for good."}, nil
}
