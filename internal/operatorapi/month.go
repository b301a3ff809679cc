package operatorapi

import (
	"context"
	"errors"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) months(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/months", ID: "listMonths", Tag: "statements",
		Summary: "List the months that are closed or being closed, oldest first",
	}, a.listMonths)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/months/{month}/close", ID: "closeMonth", Tag: "statements",
		Resumable:   true,
		Summary:     "Close a month that is over",
		Description: "Makes the month's statements final. A call that takes too long answers `closing`: repeat it until the month is closed.",
		Errors:      []reeve.Kind{reeve.Invalid, reeve.Conflict},
	}, a.closeMonth)
}

type monthsOut struct {
	Months []monthOut `json:"months"`
}

type monthOut struct {
	Month  reeve.Month `json:"month"`
	Status monthStatus `json:"status"`
}

// monthStatus says how far a month has come that is not open.
type monthStatus string

const (
	monthClosing monthStatus = "closing"
	monthClosed  monthStatus = "closed"
)

func (a *api) listMonths(ctx context.Context, _ *struct{}) (monthsOut, error) {
	months, err := a.control.ListMonths(ctx)
	out := monthsOut{Months: make([]monthOut, len(months))}
	for i, m := range months {
		out.Months[i] = monthOut{m.Month, monthClosing}
		if m.Closed {
			out.Months[i].Status = monthClosed
		}
	}
	return out, err
}

type closeMonthIn struct {
	Month monthID `path:"month" doc:"The month, as 2026-11."`
}

// monthID is a month in a path.
type monthID struct{ month reeve.Month }

func (m *monthID) UnmarshalText(text []byte) error { return m.month.UnmarshalText(text) }

type closedMonthOut struct {
	Month      reeve.Month `json:"month"`
	Status     monthStatus `json:"status"`
	Statements int         `json:"statements" doc:"How many the month has; 0 while it is being closed."`
}

// closeLimit is how long a call closes: the answer must be written in time.
const closeLimit = 40 * time.Second

func (a *api) closeMonth(ctx context.Context, in *closeMonthIn) (closedMonthOut, error) {
	limited, cancel := context.WithTimeout(ctx, closeLimit)
	defer cancel()
	closed, err := a.control.CloseMonth(limited, in.Month.month)
	out := closedMonthOut{Month: in.Month.month, Status: monthClosed, Statements: closed.Statements}
	if err != nil && ctx.Err() == nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
		return closedMonthOut{Month: in.Month.month, Status: monthClosing}, nil
	}
	return out, err
}
