package document

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"

	"github.com/reeve-cloud/reeve"
)

//go:embed statement.html.tmpl
var statementText string

//go:embed statement.css
var styleSheet string

// Policy is the Content-Security-Policy of the pages: nothing but their one
// style sheet, which it knows by its hash.
var Policy = func() string {
	sum := sha256.Sum256([]byte(styleSheet))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

var statementPage = template.Must(template.New("statement").Funcs(template.FuncMap{
	"dollars": Dollars,
	"negate":  func(cents int64) int64 { return -cents },
}).Parse(statementText))

// page is what the template shows.
type page struct {
	reeve.Statement
	Style    template.CSS
	ID, Org  string
	Period   string
	Headline string
	Projects []pageProject
	Parts    []pagePart
	Open     int64
}

// pageProject is a project with its lines.
type pageProject struct {
	Name, ID string
	Lines    []pageLine
	Cents    int64
}

type pageLine struct {
	Name            string
	Month           string // of an adjustment
	Quantity, Short string
	Cents           int64
}

type pagePart struct {
	Name, Description string
	Cents             int64
}

var meterNames = map[reeve.UsageMeter]string{
	reeve.UsageStorage: "Storage", reeve.UsageObjects: "Objects", reeve.UsageEgress: "Egress", reeve.UsageRequests: "Requests",
}

// headlines say what a statement's status means to who has to pay.
var headlines = map[reeve.StatementStatus]string{
	reeve.StatementDraft: "Draft: the month is not closed, and all of this may still change.",
	reeve.StatementVoid:  "Void: nothing is to be paid.",
	reeve.StatementPaid:  "Paid.",
}

// StatementHTML writes a statement as a page to print: no script, and nothing
// that is elsewhere.
func StatementHTML(s reeve.Statement, ids IDs) ([]byte, error) {
	last := s.Month.End().AddDate(0, 0, -1)
	p := page{
		Statement: s, Style: template.CSS(styleSheet),
		ID: ids(reeve.PrefixStatement, s.ID), Org: ids(reeve.PrefixOrganization, s.OrganizationID),
		Period:   s.Month.Start().Format("2 January 2006") + " to " + last.Format("2 January 2006") + " (UTC)",
		Headline: headlines[s.Status],
		Open:     Open(s),
	}
	for _, l := range s.Lines {
		if n := len(p.Projects); n == 0 || p.Projects[n-1].ID != ids(reeve.PrefixProject, l.ProjectID) {
			p.Projects = append(p.Projects, pageProject{Name: l.ProjectName, ID: ids(reeve.PrefixProject, l.ProjectID)})
		}
		project := &p.Projects[len(p.Projects)-1]
		n := l.Meter.Units(l.Quantity)
		line := pageLine{
			Name: meterNames[l.Meter], Quantity: Thousands(n.String()) + " " + l.Meter.Unit(), Short: Short(l.Meter, n), Cents: l.Cents,
		}
		if l.Month != s.Month {
			line.Month = l.Month.Start().Format("January 2006")
		}
		project.Lines = append(project.Lines, line)
		project.Cents += l.Cents
	}
	for _, part := range s.Settlements {
		name := string(part.Kind)
		p.Parts = append(p.Parts, pagePart{strings.ToUpper(name[:1]) + name[1:], part.Description, -part.Cents})
	}
	var out bytes.Buffer
	err := statementPage.Execute(&out, p)
	return out.Bytes(), err
}

// Open is how many cents of a statement are still to be paid.
func Open(s reeve.Statement) int64 {
	switch s.Status {
	case reeve.StatementPaid, reeve.StatementVoid:
		return 0
	default:
		return s.Due - s.Noted
	}
}
