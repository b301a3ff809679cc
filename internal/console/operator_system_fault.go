package console

import (
	"fmt"
	"time"

	"github.com/reeve-cloud/reeve/internal/control"
)

// fault is something that is wrong with the server, and what that means.
type fault struct{ what, means string }

// From when on something is wrong.
const (
	slowAnswer = 250 * time.Millisecond // of the database
	longBehind = 10 * time.Second       // of a session
)

// systemFaults are what is wrong, the gravest first.
func systemFaults(in control.SystemState) (out []fault) {
	add := func(wrong bool, what, means string) {
		if wrong {
			out = append(out, fault{what, means})
		}
	}
	d := in.Database
	add(!in.Server.Loaded, "This server's memory of keys is not loaded", "Until it is, the server is not ready, and each key is looked up in the database.")
	add(d.Schema != d.Newest, fmt.Sprintf("The database has schema %d, this server knows %d", d.Schema, d.Newest), "Bring all replicas to one version.")
	add(d.Answer > slowAnswer, "The database answers slowly: in "+took(d.Answer), "Every request waits for it.")
	add(d.Pool.Most > 0 && d.Pool.Used >= d.Pool.Most, "All connections to the database are in use", "Requests wait for one.")
	for _, s := range in.Replicas.Sessions {
		out = append(out, sessionFaults("The replica "+s.Name, s, in.At)...)
	}
	for _, g := range in.Gateways.Gateways {
		for _, s := range g.Sessions.Sessions {
			out = append(out, sessionFaults("The session "+s.Name+" of gateway "+g.Name, s, in.At)...)
		}
	}
	add(in.Departed.Total > 0, tally(in.Departed.Total, "session")+" of deleted gateways not over", "They may answer from memory until their leases end.")
	for _, j := range in.Jobs {
		add(jobFails(j), "The job fails: "+jobWords(j.Name), sentence(j.LastError))
	}
	b := in.Backlog
	for _, waiting := range []struct {
		what  string
		count control.Count
	}{{"changes", b.Changes}, {"batches of usage", b.Usage}, {"webhook messages", b.Messages}, {"mails", b.Mails}} {
		add(waiting.count.More, howMany(waiting.count)+" "+waiting.what+" wait", "More come than are worked off.")
	}
	return out
}

func sessionFaults(name string, s control.SessionState, now time.Time) (out []fault) {
	switch s.Health {
	case control.SessionSilent:
		out = append(out, fault{name + " is silent", "It has not renewed its lease since " + timeText(s.Heard) + "."})
	case control.SessionOver:
		out = append(out, fault{name + " is gone", "Its lease has run out: it answers nothing from memory any more."})
	}
	if s.Behind > 0 && s.BehindSince != nil && now.Sub(*s.BehindSince) > longBehind {
		out = append(out, fault{
			name + " is behind by " + tally(int(s.Behind), "change"), "It does not know what was changed since " + timeText(*s.BehindSince) + ": what was revoked may still work there.",
		})
	}
	return out
}

// jobFails tells whether a job's newest run that ended went wrong.
func jobFails(j control.Job) bool {
	return j.LastFailure != nil && (j.LastSuccess == nil || j.LastFailure.After(*j.LastSuccess))
}

// jobTitles are what jobs do, by their names.
var jobTitles = map[string]string{
	"numbering": "Number changes", "listening": "Listen for changes of others", "following": "Keep the memory of keys up to date",
	"sessions": "Watch the sessions", "usage": "Add usage up", "alerts": "Raise alerts", "webhooks": "Deliver webhooks",
	"mails": "Send mails", "months": "Close months", "last-uses": "Note when keys were used", "freezes": "End freezes",
	"ended-keys": "Delete keys that have ended", "texts": "Make texts searchable", "retention": "Delete what is not kept any longer",
	"leases": "Clear away what leases have left", "user-sessions": "Delete sessions that are over",
	"invitations": "Delete invitations that have expired", "deletions": "Forget what cannot be restored any more",
}

func jobWords(name string) string {
	if title, ok := jobTitles[name]; ok {
		return title
	}
	return name
}
