package control

import (
	"context"
	"slices"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// SeriesQuery asks for the usage of a project or, if that is zero, of an
// organisation.
type SeriesQuery struct {
	ProjectID      reeve.ID
	OrganizationID reeve.ID
	Bucket         *string // nil: all, and what is of none
	From, To       time.Time
	Step           reeve.Step
	Meters         []reeve.UsageMeter // none: all
}

// maxSeriesWork is how much a series reads at most: days of projects or, step
// by month, months of projects.
const maxSeriesWork = 400_000

// UsageSeries gives what a project has used, or an organisation's projects
// together, step by step: exactly, and with what was taken in up to a second
// ago. A zero From is the start of this month, a zero To is now. Operators may
// ask for any, tenants for their own: whatever else they ask for is denied
// before anything is found wrong with how they ask.
func (c *Control) UsageSeries(ctx context.Context, q SeriesQuery) (reeve.Series, error) {
	created, err := c.seriesSince(ctx, q)
	if err != nil {
		return reeve.Series{}, err
	}
	now := c.store.Now()
	if q.From.IsZero() {
		q.From = reeve.MonthOf(now).Start()
	}
	if q.To.IsZero() {
		q.To = now
	}
	if len(q.Meters) == 0 {
		q.Meters = reeve.UsageMeters
	}
	out, err := reeve.NewSeries(q.From, q.To, q.Step, q.Meters)
	if err != nil {
		return reeve.Series{}, err
	}
	// Before and after there is nothing to read.
	from, to := out.From, out.To
	if start := reeve.MonthOf(created).Add(-reeve.UsageLateness).Start(); from.Before(start) {
		from = start
	}
	if end := reeve.MonthOf(now.Add(reeve.UsageSkew)).End(); to.After(end) {
		to = end
	}
	projects, err := c.seriesProjects(ctx, q, maxSeriesProjects(from, to, q.Step))
	if err != nil {
		return reeve.Series{}, err
	}
	if q.Step == reeve.StepMonth && q.Bucket == nil {
		return out, c.seriesOfTotals(ctx, &out, projects, from, to)
	}
	usage := usageReader{Reader: c.store.Reader, now: now, from: from, to: to, bucket: q.Bucket, meters: q.Meters, sink: seriesSink{&out}}
	return out, usage.read(ctx, projects)
}

// maxSeriesProjects is of how many projects a series may be.
func maxSeriesProjects(from, to time.Time, step reeve.Step) int {
	units := int(to.Sub(from)/(24*time.Hour)) + 1
	if step == reeve.StepMonth {
		units = units/28 + 1
	}
	return maxSeriesWork / max(units, 1)
}

// seriesSince authorises a series, and gives the time from which on it can be.
func (c *Control) seriesSince(ctx context.Context, q SeriesQuery) (time.Time, error) {
	if q.ProjectID != reeve.Zero || q.OrganizationID == reeve.Zero {
		_, project, err := c.authorize(ctx, c.store.Reader, q.ProjectID, reeve.ReadUsage)
		return project.CreatedAt, err
	}
	_, organization, err := c.authorizeOrganization(ctx, c.store.Reader, q.OrganizationID, reeve.ReadUsage)
	return organization.CreatedAt, err
}

var errManyProjects = reeve.Errorf(reeve.Invalid, "the organization has too many projects for so long a time")

// seriesProjects finds the projects of a series, at most so many. They are
// counted first: to refuse costs little.
func (c *Control) seriesProjects(ctx context.Context, q SeriesQuery, most int) ([]reeve.ID, error) {
	if q.ProjectID != reeve.Zero {
		return []reeve.ID{q.ProjectID}, nil
	}
	n, err := c.store.CountProjects(ctx, q.OrganizationID, most+1)
	if err != nil {
		return nil, err
	}
	if n > most {
		return nil, errManyProjects
	}
	projects, err := c.store.ProjectsOfOrganization(ctx, q.OrganizationID, most+1)
	if err == nil && len(projects) > most { // there are more since
		return nil, errManyProjects
	}
	return projects, err
}

// seriesOfTotals fills a series of whole months.
func (c *Control) seriesOfTotals(ctx context.Context, out *reeve.Series, projects []reeve.ID, from, to time.Time) error {
	now := c.store.Now()
	for month := reeve.MonthOf(from); month.Start().Before(to); month = month.Add(1) {
		for part := range slices.Chunk(projects, projectsAtOnce) {
			totals, err := c.store.UsageTotals(ctx, part, month, now)
			if err != nil {
				return err
			}
			for _, total := range totals {
				for _, m := range reeve.UsageMeters {
					out.Count(m, month.Start(), *total.Of(m))
				}
			}
		}
	}
	return nil
}

// seriesSink adds usage up whatever project and bucket it is of.
type seriesSink struct{ *reeve.Series }

func (s seriesSink) counted(of store.GaugeKey, at time.Time, n reeve.Quantity) {
	s.Count(of.Meter, at, n)
}

func (s seriesSink) held(of store.GaugeKey, value int64, from, to time.Time) {
	s.Hold(of.Meter, value, from, to)
}

// Parse fills the query in with what a caller has written; what is empty is as
// if it were absent, and a step is a day then. Times are RFC 3339 or dates.
func (q *SeriesQuery) Parse(from, to, step, meter string) (err error) {
	if q.From, err = parseTime("from", from); err != nil {
		return err
	}
	if q.To, err = parseTime("to", to); err != nil {
		return err
	}
	q.Step = reeve.StepDay
	if step != "" {
		if q.Step, err = reeve.ParseStep(step); err != nil {
			return err
		}
	}
	if meter == "" {
		return nil
	}
	m, err := reeve.ParseUsageMeter(meter)
	q.Meters = []reeve.UsageMeter{m}
	return err
}

func parseTime(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, reeve.Errorf(reeve.Invalid, "%s must be a time such as 2026-11-01T00:00:00Z or a date", name)
}
