package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// onlyFor shows a question to operators who may do what it asks for. That
// others are refused is control's own rule: this keeps them from filling in
// what would be.
func onlyFor(action reeve.OperatorAction, ask func(*visit) (*question, error)) func(*visit) (*question, error) {
	return func(v *visit) (*question, error) {
		if !v.may(action) {
			return nil, reeve.ErrDenied
		}
		return ask(v)
	}
}

// receiptPath is the page that shows how far a revocation or a freeze has come.
// It is called in the transaction of what it is about.
func (v *visit) receiptPath(done control.Revoked) (string, error) {
	epoch, err := v.control.Epoch(v.ctx, done)
	return to("revocations", fmt.Sprint(epoch)), err
}

// tally counts things by their English plural.
func tally(n int, thing string) string {
	switch {
	case n == 1:
		return "1 " + thing
	case strings.HasSuffix(thing, "s"):
		return fmt.Sprintf("%d %ses", n, thing)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// instantLayout is how browsers write a date and a time that have no zone.
const instantLayout = "2006-01-02T15:04"

// instantField asks for a time, in UTC.
func instantField(name, label, hint string) field {
	return field{Name: name, Label: label, Hint: hint, Kind: "datetime-local"}
}

// optionalTime reads what an instantField was filled in with; nil if it was not.
// Without a picker one may write the time as pages show it.
func (in values) optionalTime(name string) (*time.Time, error) {
	text := in.text(name)
	if text == "" {
		return nil, nil
	}
	for _, layout := range []string{instantLayout, "2006-01-02T15:04:05", timeLayout, "2006-01-02 15:04", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			at = at.UTC()
			return &at, nil
		}
	}
	return nil, reeve.Errorf(reeve.Invalid, "“%s” is no time: write it as 2026-11-22 15:04, in UTC", text)
}

// graceField asks for how long what is replaced goes on working.
func graceField(old, usual string) field {
	return field{
		Name: "overlap", Label: old + " works on for", Kind: "select", Value: usual,
		Hint: "Time to give the new one to all who use it.",
		Options: []option{
			{"0s", "not at all: it stops at once"},
			{"1h", "an hour"},
			{"24h", "a day"},
			{"168h", "a week"},
			{"720h", "30 days"},
		},
	}
}

// grace reads a graceField.
func (in values) grace() (time.Duration, error) {
	overlap, err := time.ParseDuration(in.text("overlap"))
	if err != nil {
		return 0, reeve.Errorf(reeve.Invalid, "choose how long the old one works on")
	}
	return overlap, nil
}

// memberRoleField asks for a member's role.
func memberRoleField(role reeve.Role, current bool) field {
	return field{
		Name: "role", Label: "Role", Kind: "select", Value: string(role), Current: current,
		Options: []option{
			{string(reeve.RoleViewer), "viewer: may look at everything"},
			{string(reeve.RoleEditor), "editor: may also manage API keys and rename"},
			{string(reeve.RoleAdmin), "admin: may do everything"},
		},
	}
}

// kept asks for a text whose present value the form shows.
func kept(name, label, value string, most int) field {
	return field{Name: name, Label: label, Value: value, Current: true, Max: most}
}

// hidden is a value that the form takes along.
func hidden(name, value string) field { return field{Name: name, Kind: "hidden", Value: value} }
