package console

import (
	"fmt"
	"strconv"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

func (s *site) operatorSystem() {
	s.show("system", (*visit).systemPage)
}

// systemRefresh is after how many seconds the page of the system is asked for
// again.
const systemRefresh = 5

// systemPage tells how the server is: what is wrong first.
func (v *visit) systemPage() (*page, error) {
	in, err := v.control.System(v.ctx)
	if err != nil {
		return nil, err
	}
	p := &page{
		Title: "System", Refresh: systemRefresh, Live: true,
		Lead:     fmt.Sprintf("As the server sees it that answers this page. It is asked again every %d seconds.", systemRefresh),
		Sections: []section{faultsSection(in), serverSection(in), databaseSection(in), backlogSection(in)},
	}
	if in.Replicas.Total > 0 {
		t := sessionTable("replicas", "Replicas", in.Replicas)
		p.Sections = append(p.Sections, section{Title: "Replicas", Note: partOf(len(in.Replicas.Sessions), in.Replicas.Total, "those furthest behind"), Table: t})
	}
	p.Sections = append(p.Sections, gatewaysSection(in), gatewaySessionsSection(in))
	if in.Departed.Total > 0 {
		p.Sections = append(p.Sections, section{
			Title: "Sessions of deleted gateways", Note: "They may answer from memory until their leases end.",
			Table: sessionTable("departed", "Sessions of deleted gateways", in.Departed),
		})
	}
	p.Sections = append(p.Sections, jobsSection(in))
	return p, nil
}

// partOf says that a list is a part, if it is one.
func partOf(shown, total int, which string) string {
	if shown == total {
		return ""
	}
	return fmt.Sprintf("%d of %d: %s.", shown, total, which)
}

func faultsSection(in control.SystemState) section {
	faults := systemFaults(in)
	out := section{Title: "What is wrong", Facts: []fact{{"Looked at", text(in.At.UTC().Format(time.TimeOnly) + " UTC")}}}
	if len(faults) == 0 {
		out.Note = "Nothing that is known here."
		return out
	}
	out.Table = &table{ID: "faults", Caption: "What is wrong", Columns: []column{{Name: "What"}, {Name: "What it means"}}}
	for _, f := range faults {
		out.Table.Rows = append(out.Table.Rows, []cell{{Text: f.what, Badges: []badge{{"wrong", "bad"}}}, text(f.means)})
	}
	return out
}

func serverSection(in control.SystemState) section {
	mode := "one of several replicas"
	if in.Server.Alone {
		mode = "alone: it has its database to itself"
	}
	return section{Title: "This server", Facts: []fact{
		{"Name", text(in.Server.Name)},
		{"Version", text(in.Server.Version)},
		{"Runs since", cell{Time: in.Server.Started}},
		{"Runs", text(mode)},
		{"Keys in memory", text(map[bool]string{true: "all", false: "being loaded"}[in.Server.Loaded])},
		{"Newest change in memory", text(strconv.FormatInt(in.Server.Applied, 10))},
	}}
}

func databaseSection(in control.SystemState) section {
	d := in.Database
	size := "not told by the database"
	if d.Size > 0 {
		size = reeve.FormatSize(d.Size)
	}
	return section{Title: "Database", Facts: []fact{
		{"Kind", text(map[string]string{"sqlite": "SQLite", "postgres": "PostgreSQL"}[d.Kind] + " " + d.Version)},
		{"Size", text(size)},
		{"Answers in", text(took(d.Answer))},
		{"Schema", text(fmt.Sprintf("%d of %d", d.Schema, d.Newest))},
		{"Connections", text(fmt.Sprintf("%d used, %d idle, %d at most", d.Pool.Used, d.Pool.Idle, d.Pool.Most))},
	}}
}

// took says how long something has taken.
func took(d time.Duration) string {
	if d >= time.Second {
		return d.Round(10 * time.Millisecond).String()
	}
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

func backlogSection(in control.SystemState) section {
	return section{Title: "Changes, and what waits", Facts: []fact{
		{"Newest change", linked(strconv.FormatInt(in.Newest, 10), to("changes"))},
		{"Changes without a number yet", text(howMany(in.Backlog.Changes))},
		{"Batches of usage to be added up", text(howMany(in.Backlog.Usage))},
		{"Webhook messages to be delivered", text(howMany(in.Backlog.Messages))},
		{"Mails to be sent", text(howMany(in.Backlog.Mails))},
	}}
}

// sessionColumns are those of sessions, of replicas and gateways.
var sessionColumns = []column{
	{Name: "Session"},
	{Name: "State"},
	{Name: "Last heard of"},
	{Name: "Lease ends"},
	{Name: "Newest change", Number: true},
	{Name: "Behind", Number: true},
}

func sessionTable(id, caption string, in control.SessionList) *table {
	t := &table{ID: id, Caption: caption, Columns: sessionColumns, Empty: "There are none.", Brief: in.Total > len(in.Sessions)}
	for _, s := range in.Sessions {
		t.Rows = append(t.Rows, sessionRow(s))
	}
	return t
}

func sessionRow(s control.SessionState) []cell {
	name := cell{Text: s.Name}
	if s.This {
		name.Badges = []badge{{"this one", "plain"}}
	}
	behind := number("0")
	if s.Behind > 0 {
		behind.Text = document.Thousands(strconv.FormatInt(s.Behind, 10))
		if s.BehindSince != nil {
			behind.Text += " since " + timeText(*s.BehindSince)
		}
	}
	kinds := map[control.SessionHealth]string{control.SessionLive: "good", control.SessionSilent: "warn", control.SessionOver: "bad"}
	words := map[control.SessionHealth]string{control.SessionLive: "live", control.SessionSilent: "silent", control.SessionOver: "over"}
	return []cell{
		name, state(words[s.Health], kinds[s.Health]), moment(s.Heard), moment(s.LeaseEnds), number(strconv.FormatInt(s.Applied, 10)), behind,
	}
}

func gatewaysSection(in control.SystemState) section {
	t := &table{
		ID: "gateways", Caption: "Gateways", Empty: "There are no gateways.", Brief: in.Gateways.Total > len(in.Gateways.Gateways),
		Columns: []column{
			{Name: "Gateway"},
			{Name: "Sessions", Number: true},
			{Name: "Leases", Number: true},
			{Name: "Rate held", Number: true},
			{Name: "Egress held", Number: true},
			{Name: "Storage held", Number: true},
		},
	}
	for _, g := range in.Gateways.Gateways {
		t.Rows = append(t.Rows, []cell{
			linked(g.Name, to("gateways", g.ID.String())), number(strconv.Itoa(g.Sessions.Total)), number(howMany(control.Count{N: g.Leases.Leases, More: g.Leases.More})),
			number(document.Thousands(strconv.FormatInt(g.Leases.Held.Rate, 10)) + " /s"),
			number(reeve.FormatSize(g.Leases.Held.Bandwidth)), number(reeve.FormatSize(g.Leases.Held.Usage)),
		})
	}
	return section{
		Title: "Gateways and their leases", Note: partOf(len(in.Gateways.Gateways), in.Gateways.Total, "the oldest"),
		Actions: []link{{Text: "All gateways", To: to("gateways")}}, Table: t,
	}
}

func gatewaySessionsSection(in control.SystemState) section {
	t := &table{
		ID: "gateway-sessions", Caption: "Sessions of gateways", Empty: "No gateway has a session: none answers from memory.",
		Columns: append([]column{{Name: "Gateway"}}, sessionColumns...), Brief: in.Gateways.Total > len(in.Gateways.Gateways),
	}
	for _, g := range in.Gateways.Gateways {
		t.Brief = t.Brief || g.Sessions.Total > len(g.Sessions.Sessions)
		for _, s := range g.Sessions.Sessions {
			t.Rows = append(t.Rows, append([]cell{linked(g.Name, to("gateways", g.ID.String()))}, sessionRow(s)...))
		}
	}
	return section{Title: "Sessions of gateways", Table: t}
}

func jobsSection(in control.SystemState) section {
	t := &table{
		ID: "jobs", Caption: "Jobs", Empty: "No job has run yet.",
		Columns: []column{{Name: "Job"}, {Name: "State"}, {Name: "Last run"}, {Name: "Took", Number: true}, {Name: "Last went well"}, {Name: "Next run"}, {Name: "Last error"}},
	}
	for _, j := range in.Jobs {
		what := state("well", "good")
		switch {
		case jobFails(j):
			what = state("fails", "bad")
		case j.Running:
			what = state("runs", "plain")
		case j.LastRun == nil:
			what = state("not yet", "plain")
		}
		t.Rows = append(t.Rows, []cell{
			text(jobWords(j.Name)), what, moments(j.LastRun, "not yet"), number(took(j.Took)), moments(j.LastSuccess, "never"), moments(j.NextRun, "now"), text(j.LastError),
		})
	}
	return section{Title: "Jobs of this server", Table: t}
}
