package console

import (
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

func (s *site) accounts() {
	s.show("account", (*visit).account)
	s.does(action{Path: "account/name", Ask: (*visit).askOwnName, Do: (*visit).changeOwnName})
	s.does(action{Path: "account/password", Ask: (*visit).askOwnPassword, Do: (*visit).changeOwnPassword})
	s.does(action{Path: "account/codes", Ask: (*visit).askCodes, Do: (*visit).beginCodes})
	s.does(action{Path: "account/codes/confirm", Ask: (*visit).askFirstCode, Do: (*visit).confirmCodes})
	s.does(action{Path: "account/codes/stop", Ask: (*visit).askStopCodes, Do: (*visit).stopCodes})
	s.show("account/sessions", (*visit).ownSessions)
	s.does(action{Path: "account/sessions/end", Ask: (*visit).askEndOwnSessions, Do: (*visit).endOwnSessions})
	s.does(action{Path: "account/sessions/{session}/end", Ask: (*visit).askEndOwnSession, Do: (*visit).endOwnSession})
}

var accountUp = []link{{Text: "Account", To: root + "account"}}

// account is the page of who is signed in.
func (v *visit) account() (*page, error) {
	account, err := v.control.GetAccount(v.ctx, v.who.Actor.ID)
	if err != nil {
		return nil, err
	}
	u := account.User
	p := &page{
		Title: "Your account",
		Facts: []fact{
			{"Name", text(u.FullName)},
			{"Address", text(u.Email)},
			{"Since", moment(u.CreatedAt)},
			{"ID", code(u.ID.TypeID(reeve.PrefixUser))},
		},
		Actions: []link{{Text: "Change name", To: to("account", "name")}},
	}
	codes := section{
		Title: "Codes at sign-in", Note: "Not asked for: whoever learns your password can sign in as you. Set up an authenticator, " +
			"and a code of it is asked for as well.",
		Actions: []link{{Text: "Set up an authenticator", To: to("account", "codes")}},
	}
	if account.TOTPEnabled {
		codes.Note = "Asked for: signing in takes your password and a code of your authenticator, or one of the recovery codes."
		codes.Actions = []link{{Text: "Turn the codes off", To: to("account", "codes", "stop"), Danger: true}}
	}
	p.Sections = []section{
		{
			Title: "Password", Note: "You sign in with your address and your password. Only an operator of this platform can change the address.",
			Actions: []link{{Text: "Change password", To: to("account", "password")}},
		},
		codes,
		{
			Title: "Sessions", Note: "Each browser and program in which you are signed in is a session.",
			Actions: []link{{Text: "Show sessions", To: to("account", "sessions")}},
		},
	}
	return p, nil
}

func (v *visit) askOwnName() (*question, error) {
	account, err := v.control.GetAccount(v.ctx, v.who.Actor.ID)
	if err != nil {
		return nil, err
	}
	return &question{
		Title: "Change name", Up: accountUp, Submit: "Change", Back: accountUp[0].To, Edited: control.Edited{Person: v.who.Actor.ID},
		Lead: "It is what the other members of your organisations see.",
		Fields: []field{{
			Name: "name", Label: "Your name", Value: account.User.FullName, Required: true, Auto: "name", Max: reeve.MaxName, Current: true,
		}},
	}, nil
}

func (v *visit) changeOwnName(in values) (*outcome, error) {
	full, none := in.text("name"), "" // a name is what its bearer writes: it is not parted
	account, err := v.control.UpdateAccount(v.ctx, v.who.Actor.ID, control.AccountPatch{FirstName: &full, LastName: &none})
	if err != nil {
		return nil, err
	}
	return &outcome{To: accountUp[0].To, Said: "Your name is now " + account.User.FullName + "."}, nil
}

// otherSessions says what becomes of the sessions beside this one.
func (v *visit) otherSessions() (string, error) {
	sessions, err := v.control.ListOwnSessions(v.ctx, v.who.Actor.ID)
	switch others := len(sessions) - 1; {
	case err != nil:
		return "", err
	case others < 1:
		return "You stay signed in here. You have no other session.", nil
	case others == 1:
		return "You stay signed in here. Your 1 other session ends.", nil
	default:
		return "You stay signed in here. Your " + strconv.Itoa(others) + " other sessions end.", nil
	}
}

// currentPassword asks who is signed in whether they still are who they were.
func currentPassword(label string) field {
	return field{Name: "password", Label: label, Kind: "password", Required: true, Auto: "current-password", Max: reeve.MaxOwnPassword}
}

const wrongPassword = "the password is not yours: enter the one that you sign in with"

func (v *visit) askOwnPassword() (*question, error) {
	others, err := v.otherSessions()
	return &question{
		Title: "Change password", Up: accountUp, Submit: "Change", Back: accountUp[0].To, Effects: []string{others},
		Fields: append([]field{currentPassword("Current password")}, newPasswordFields("New password")...),
	}, err
}

func (v *visit) changeOwnPassword(in values) (*outcome, error) {
	next, err := in.chosen()
	if err != nil {
		return nil, err
	}
	if err := v.control.ChangePassword(v.ctx, v.who.Actor.ID, in.Get("password"), next); err != nil {
		return nil, denied(err, "the current password is wrong")
	}
	return &outcome{To: accountUp[0].To, Said: "Your password is changed. All your other sessions have ended."}, nil
}
