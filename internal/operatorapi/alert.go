package operatorapi

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) alerts(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/organizations/{organization}/alerts", ID: "listAlerts", Tag: "alerts",
		Summary: "List what was raised in a month, oldest first",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.listAlerts)
}

type alertsIn struct {
	organizationPath
	Month string `query:"month" doc:"Such as 2026-10, UTC; this month when absent."`
}

type alertsOut struct {
	Alerts []alertOut `json:"alerts"`
}

type alertOut struct {
	Month     reeve.Month     `json:"month"`
	Kind      reeve.AlertKind `json:"kind" doc:"usage, bandwidth or budget."`
	SubjectID reeve.ID        `json:"subjectId" doc:"The project, or the organisation of a budget."`
	Threshold int             `json:"threshold" doc:"Per cent: 50, 80 or 100."`
	CreatedAt time.Time       `json:"createdAt"`
}

func (a *api) listAlerts(ctx context.Context, in *alertsIn) (alertsOut, error) {
	month := reeve.MonthOf(a.control.Now())
	if in.Month != "" {
		var err error
		if month, err = reeve.ParseMonth(in.Month); err != nil {
			return alertsOut{}, err
		}
	}
	found, err := a.control.ListAlerts(ctx, in.Organization.id, month)
	out := alertsOut{Alerts: make([]alertOut, len(found))}
	for i, f := range found {
		out.Alerts[i] = alertOut{
			Month: f.Month, Kind: f.Kind, SubjectID: f.SubjectID, Threshold: f.Threshold, CreatedAt: f.CreatedAt,
		}
	}
	return out, err
}
