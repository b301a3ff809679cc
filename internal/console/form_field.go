package console

import (
	"time"

	"github.com/reeve-cloud/reeve"
)

// instantLayout is how browsers write a date and a time that have no zone.
const instantLayout = "2006-01-02T15:04"

// instantField asks for a time, in UTC.
func instantField(name, label, hint string) field {
	return field{Name: name, Label: label, Hint: hint, Kind: "datetime-local"}
}

// optionalTime reads what an instantField was filled in with; nil if it was not.
// Without a picker one may write the time as pages show it.
func (in values) instant(name string) (*time.Time, error) {
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

// overlapWords say how long what was replaced works on.
func overlapWords(overlap time.Duration) string {
	if overlap == 0 {
		return "does not work any more."
	}
	if overlap < 48*time.Hour {
		return "works for another " + tally(int(overlap.Hours()), "hour") + "."
	}
	return "works for another " + tally(int(overlap.Hours()/24), "day") + "."
}

// dayOf reads the beginning of a day of a form's, or some time after it; nil if
// none is filled in. label is what the day is called where it is none.
func dayOf(label, text string, later time.Duration) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return nil, reeve.Errorf(reeve.Invalid, "%s must be a date, such as 2026-07-31", label)
	}
	at = at.Add(later)
	return &at, nil
}

// roleField asks for a role.
func roleField(value reeve.Role, current bool) field {
	f := field{Name: "role", Label: "Role", Kind: "select", Value: string(value), Hint: rolesInWords, Current: current, Required: true}
	for _, role := range reeve.Roles {
		f.Options = append(f.Options, option{string(role), string(role)})
	}
	return f
}
