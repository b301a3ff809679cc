package console

import (
	"net/url"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

func (s *site) tenantUsage() {
	s.show("organizations/{organization}/usage", func(v *visit) (*page, error) {
		defer v.patient()()
		place, err := v.organizationPlace()
		if err != nil {
			return nil, err
		}
		p, err := v.usagePage(place, control.SeriesQuery{OrganizationID: place.organization.ID})
		if err != nil {
			return nil, err
		}
		projects, err := v.usageOfProjects(place)
		p.Sections = append(p.Sections, projects)
		return p, err
	})
	s.show("projects/{project}/usage", func(v *visit) (*page, error) {
		defer v.patient()()
		place, err := v.projectPlace()
		if err != nil {
			return nil, err
		}
		return v.usagePage(place, control.SeriesQuery{ProjectID: place.project.ID})
	})
}

// usagePage tells what a place has used: by day, and by month of those that are
// asked for.
func (v *visit) usagePage(place ownPlace, q control.SeriesQuery) (*page, error) {
	p := place.page("Usage")
	sections, err := v.usageSections(q, place.path("pictures"))
	if err != nil {
		return nil, err
	}
	months, err := v.monthsSection(q)
	p.Sections = append(sections, months)
	return p, err
}

// usageOfProjects leads to what each of an organisation's projects has used.
func (v *visit) usageOfProjects(place ownPlace) (section, error) {
	query := url.Values{}
	for _, name := range []string{"month", "from", "to"} {
		if asked := v.r.URL.Query().Get(name); asked != "" {
			query.Set(name, asked)
		}
	}
	out, err := v.ownProjects(place)
	if err != nil {
		return out, err
	}
	out.Title, out.Note, out.Actions = "By project", "Choose a project to see what it alone has used.", nil
	out.Table.Caption = out.Title
	for _, row := range out.Table.Rows {
		row[0].To += "/usage"
		if len(query) > 0 {
			row[0].To += "?" + query.Encode()
		}
	}
	return out, nil
}

// defaultMonths is how many months are shown where nobody says which.
const defaultMonths = 12

// monthsSection tells what was used month by month, once months are asked for:
// it takes long where there is much.
func (v *visit) monthsSection(q control.SeriesQuery) (section, error) {
	asked := v.r.URL.Query()
	now := reeve.MonthOf(v.control.Now())
	from, to := asked.Get("from"), asked.Get("to")
	out := section{Title: "Usage by month", Form: &form{Get: true, To: v.r.URL.Path, Submit: "Show the months", Fields: []field{
		{Name: "from", Label: "From month", Kind: "month", Value: from, Required: true},
		{Name: "to", Label: "To month", Kind: "month", Value: to, Required: true},
	}}}
	if from == "" && to == "" {
		out.Form.Fields[0].Value, out.Form.Fields[1].Value = now.Add(1-defaultMonths).String(), now.String()
		return out, nil
	}
	first, err := reeve.ParseMonth(from)
	if err == nil && first.Start().IsZero() { // which a query takes for no time at all
		err = reeve.Errorf(reeve.Invalid, "from and to must be within the years 1970 to 9999")
	}
	if err == nil {
		var last reeve.Month
		if last, err = reeve.ParseMonth(to); err == nil {
			q.From, q.To, q.Step = first.Start(), last.End(), reeve.StepMonth
			out.Table, err = v.monthsTable(q)
		}
	}
	if reeve.IsKind(err, reeve.Invalid) {
		out.Form.Wrong, err = sentence(reeve.AsError(err).Message), nil
	}
	return out, err
}

func (v *visit) monthsTable(q control.SeriesQuery) (*table, error) {
	series, err := v.control.UsageSeries(v.ctx, q)
	if err != nil {
		return nil, err
	}
	t := &table{ID: "months", Caption: "Usage by month", Columns: []column{{Name: "Month"}}}
	for _, m := range series.Meters {
		c := column{Name: meterTitles[m.Meter], Number: true}
		if m.Meter != reeve.UsageRequests {
			c.Name += ", " + m.Meter.Unit()
		}
		t.Columns = append(t.Columns, c)
	}
	for i := range series.Len() {
		row := []cell{text(monthName(reeve.MonthOf(series.At(i))))}
		for _, m := range series.Meters {
			row = append(row, quantityCell(m.Meter, m.Points[i].Big()))
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// monthName is a month in words.
func monthName(m reeve.Month) string { return m.Start().Format(monthLayout) }

const monthLayout = "January 2006"

// hourCell is how a stretch of usage begins.
func hourCell(at time.Time) cell { return text(at.UTC().Format("2006-01-02 15:04")) }
