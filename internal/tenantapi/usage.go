package tenantapi

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
		Method: "GET", Path: "/project/{project}/usage", ID: "getProjectUsage", Tag: "usage",
		Summary: "Retrieve a project's usage step by step",
		Errors:  []reeve.Kind{reeve.Invalid}, Formats: []web.Format{web.CSV},
	}, a.projectUsage)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/organization/{organization}/usage", ID: "getOrganizationUsage", Tag: "usage",
		Summary: "Retrieve the usage of the organisation's projects together, step by step",
		Errors:  []reeve.Kind{reeve.Invalid}, Formats: []web.Format{web.CSV}, Timeout: seriesTime,
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
	From   wireTime    `json:"from"`
	To     wireTime    `json:"to"`
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
	At    wireTime    `json:"at" doc:"When the step begins."`
	Value web.Integer `json:"value"`
}

type projectUsageOut struct {
	ProjectID projectTypeID `json:"project_id"`
	seriesOut
}

type organizationUsageOut struct {
	OrganizationID organizationTypeID `json:"organization_id"`
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

func (a *api) projectUsage(ctx context.Context, in *projectUsageIn) (out web.Formatted[envelope[projectUsageOut]], err error) {
	part, csv, err := a.series(ctx, &in.seriesQuery, control.SeriesQuery{ProjectID: in.Project.id}, func() error {
		return a.may(ctx, in.Project, reeve.ReadUsage)
	})
	out.JSON, out.Document = success(projectUsageOut{projectTypeID(in.Project.id), part}), csv
	return out, err
}

func (a *api) organizationUsage(ctx context.Context, in *organizationUsageIn) (out web.Formatted[envelope[organizationUsageOut]], err error) {
	part, csv, err := a.series(ctx, &in.seriesQuery, control.SeriesQuery{OrganizationID: in.Organization.id}, func() error {
		return a.mayIn(ctx, in.Organization, reeve.ReadUsage)
	})
	out.JSON, out.Document = success(organizationUsageOut{organizationTypeID(in.Organization.id), part}), csv
	return out, err
}

// series answers what is asked for, in the format that is asked for; what is
// malformed is reported to those only who may see the answer.
func (a *api) series(ctx context.Context, in *seriesQuery, q control.SeriesQuery, may func() error) (out seriesOut, csv *web.Document, err error) {
	format, err := in.Choose(web.CSV)
	if err == nil {
		err = q.Parse(in.From, in.To, in.Step, in.Meter)
	}
	if err != nil {
		if denied := may(); denied != nil {
			err = denied
		}
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
	out := seriesOut{From: wireTime{s.From}, To: wireTime{s.To}, Step: s.Step, Series: make([]meterPart, len(s.Meters))}
	for i, m := range s.Meters {
		part := meterPart{
			Meter: m.Meter, Unit: m.Meter.Unit(), Total: web.Integer{Int: m.Meter.Units(m.Total.Big())},
			Points: make([]seriesPoint, len(m.Points)),
		}
		for j, n := range m.Points {
			part.Points[j] = seriesPoint{At: wireTime{s.At(j)}, Value: web.Integer{Int: m.Meter.Units(n.Big())}}
		}
		out.Series[i] = part
	}
	return out
}
