package operatorapi

import (
	"context"
	"fmt"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
	"github.com/reeve-cloud/reeve/internal/web"
)

// seriesTime is how long the usage of an organisation may take to add up.
const seriesTime = time.Minute

func (a *api) usage(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/projects/{project}/usage/series", ID: "getProjectUsage", Tag: "usage",
		Summary: "Get a project's usage step by step",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound}, Formats: []web.Format{web.CSV},
	}, a.projectUsage)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/organizations/{organization}/usage/series", ID: "getOrganizationUsage", Tag: "usage",
		Summary: "Get the usage of an organisation's projects together, step by step",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound}, Formats: []web.Format{web.CSV}, Timeout: seriesTime,
	}, a.organizationUsage)
}

// seriesQuery is what both operations read.
type seriesQuery struct {
	web.FormatQuery
	From   string  `query:"from" doc:"A time (RFC 3339) or a date; the start of this month when absent."`
	To     string  `query:"to" doc:"A time or a date, not included; now when absent. Both are widened to whole steps."`
	Step   string  `query:"step" doc:"hour, day or month, in UTC; day when absent. At most 2000 of them."`
	Meter  string  `query:"meter" doc:"storage, objects, egress or requests; all when absent."`
	Bucket *string `query:"bucket" doc:"Only what was used of this bucket; an empty one is what is of no bucket."`
}

type seriesOut struct {
	From   time.Time   `json:"from"`
	To     time.Time   `json:"to"`
	Step   reeve.Step  `json:"step"`
	Series []meterPart `json:"series"`
}

type meterPart struct {
	Meter  reeve.UsageMeter `json:"meter"`
	Unit   string           `json:"unit" doc:"byte-hours, object-hours, bytes or requests."`
	Total  web.Integer      `json:"total" doc:"Rounded by itself: of gauges not always the sum of the points."`
	Points []seriesPoint    `json:"points"`
}

type seriesPoint struct {
	At    time.Time   `json:"at" doc:"When the step begins."`
	Value web.Integer `json:"value"`
}

type projectUsageOut struct {
	ProjectID reeve.ID `json:"projectId"`
	seriesOut
}

type organizationUsageOut struct {
	OrganizationID reeve.ID `json:"organizationId"`
	seriesOut
}

type projectUsageIn struct {
	projectPath
	seriesQuery
}

type organizationUsageIn struct {
	organizationPath
	seriesQuery
}

func (a *api) projectUsage(ctx context.Context, in *projectUsageIn) (out web.Formatted[projectUsageOut], err error) {
	out.JSON.ProjectID = in.Project.id
	out.JSON.seriesOut, out.Document, err = a.series(ctx, &in.seriesQuery, control.SeriesQuery{ProjectID: in.Project.id})
	return out, err
}

func (a *api) organizationUsage(ctx context.Context, in *organizationUsageIn) (out web.Formatted[organizationUsageOut], err error) {
	out.JSON.OrganizationID = in.Organization.id
	out.JSON.seriesOut, out.Document, err = a.series(ctx, &in.seriesQuery, control.SeriesQuery{OrganizationID: in.Organization.id})
	return out, err
}

// series answers what is asked for, in the format that is asked for.
func (a *api) series(ctx context.Context, in *seriesQuery, q control.SeriesQuery) (out seriesOut, csv *web.Document, err error) {
	format, err := in.Choose(web.CSV)
	if err != nil {
		return out, nil, err
	}
	if err := q.Parse(in.From, in.To, in.Step, in.Meter); err != nil {
		return out, nil, err
	}
	q.Bucket = in.Bucket
	s, err := a.control.UsageSeries(ctx, q)
	if err != nil {
		return out, nil, err
	}
	if format == web.CSV {
		return out, &web.Document{
			Format: web.CSV, Body: document.SeriesCSV(s),
			Filename: fmt.Sprintf("usage-%s-%s.csv", s.From.Format("20060102"), s.To.Format("20060102")),
		}, nil
	}
	return newSeriesOut(s), nil, nil
}

func newSeriesOut(s reeve.Series) seriesOut {
	out := seriesOut{From: s.From, To: s.To, Step: s.Step, Series: make([]meterPart, len(s.Meters))}
	for i, m := range s.Meters {
		part := meterPart{
			Meter: m.Meter, Unit: m.Meter.Unit(), Total: web.Integer{Int: m.Meter.Units(m.Total.Big())},
			Points: make([]seriesPoint, len(m.Points)),
		}
		for j, n := range m.Points {
			part.Points[j] = seriesPoint{At: s.At(j), Value: web.Integer{Int: m.Meter.Units(n.Big())}}
		}
		out.Series[i] = part
	}
	return out
}
