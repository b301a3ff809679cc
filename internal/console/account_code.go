package console

import (
	"strings"

	"github.com/reeve-cloud/reeve"
)

// codesAre refuses who has the codes at sign-in on, or off, already.
func (v *visit) codesAre(on bool) error {
	account, err := v.control.GetAccount(v.ctx, v.who.Actor.ID)
	switch {
	case err != nil || account.TOTPEnabled == on:
		return err
	case on:
		return reeve.Errorf(reeve.Conflict, "no codes are asked for when you sign in: there is nothing to turn off")
	}
	return reeve.Errorf(reeve.Conflict, "codes are asked for already when you sign in: turn them off first to set up another authenticator")
}

func (v *visit) askCodes() (*question, error) {
	return &question{
		Title: "Set up an authenticator", Up: accountUp, Submit: "Go on", Back: accountUp[0].To,
		Lead: "An authenticator is a program, mostly on a phone, that shows a new code of six digits every half minute. " +
			"You are shown a secret to give to it, and then asked for its first code. Nothing changes before that.",
		Fields: []field{currentPassword("Your password")},
	}, v.codesAre(false)
}

func (v *visit) beginCodes(in values) (*outcome, error) {
	made, err := v.control.BeginTOTP(v.ctx, v.who.Actor.ID, in.Get("password"))
	if err != nil {
		return nil, denied(err, wrongPassword)
	}
	return &outcome{
		To: to("account", "codes", "confirm"), Next: "Enter its first code", Said: "Give this to your authenticator",
		Secrets: []secret{
			{Label: "Address of the secret", Value: made.URI, Hint: "Scan the code with the authenticator, or open the address with it.", Picture: true},
			{Label: "Secret", Value: made.Secret, Hint: "To type in where there is nothing to scan with."},
		},
	}, nil
}

// askFirstCode does not mind codes that are asked for already: who sends the
// form again is to see what came of it.
func (v *visit) askFirstCode() (*question, error) {
	others, err := v.otherSessions()
	return &question{
		Title: "Enter the first code", Up: accountUp, Submit: "Ask for codes from now on", Back: accountUp[0].To,
		Effects: []string{"From now on you need your password and a code to sign in.", others},
		Fields: []field{{
			Name: "code", Label: "Code", Required: true, Auto: "one-time-code", Max: 40,
			Hint: "The six digits that the authenticator shows for reeve.",
		}},
	}, err
}

func (v *visit) confirmCodes(in values) (*outcome, error) {
	codes, err := v.control.ConfirmTOTP(v.ctx, v.who.Actor.ID, in.text("code"))
	if reeve.IsKind(err, reeve.Conflict) {
		err = reeve.Errorf(reeve.Conflict, "there is no authenticator to confirm: set one up first, unless codes are asked for already").Wrap(err)
	}
	if err != nil {
		return nil, denied(err, "the code is wrong: enter the one that is shown now, and check that the clock of the device is right")
	}
	return &outcome{
		To: accountUp[0].To, Said: "Codes are asked for from now on",
		Secrets: []secret{{
			Label: "Recovery codes", Value: strings.Join(codes, "\n"),
			Hint: "Each stands for one code when you do not have the authenticator. Keep them where you keep passwords: " +
				"without them and the device, only an operator can let you in again.",
		}},
	}, nil
}

func (v *visit) askStopCodes() (*question, error) {
	return &question{
		Title: "Turn the codes off", Up: accountUp, Submit: "Turn off", Danger: true, Back: accountUp[0].To,
		Effects: []string{
			"Your password alone is enough to sign in.", "The authenticator's secret and all recovery codes are of no use any more.",
		},
		Fields: []field{
			currentPassword("Your password"),
			{Name: "code", Label: "Code", Required: true, Auto: "one-time-code", Max: 40, Hint: "Of the authenticator, or a recovery code."},
		},
	}, v.codesAre(true)
}

func (v *visit) stopCodes(in values) (*outcome, error) {
	err := v.control.DisableTOTP(v.ctx, v.who.Actor.ID, in.Get("password"), in.text("code"))
	if err != nil {
		return nil, denied(err, "the password or the code is wrong")
	}
	return &outcome{To: accountUp[0].To, Said: "No codes are asked for any more."}, nil
}
