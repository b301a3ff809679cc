package operatorapi

import (
	"context"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) system(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/system", ID: "getSystem", Tag: "system",
		Summary: "How the server is: replicas, database, feed, jobs, gateways and what their leases hold",
		Description: "As the replica sees it that is asked. Lists are parts, with how many there are in all: " +
			"of sessions those that are the furthest behind, of gateways the oldest.",
		Momentary: true,
	}, a.getSystem)
}

type systemOut struct {
	At       time.Time   `json:"at"`
	Server   serverOut   `json:"server"`
	Database databaseOut `json:"database"`
	Feed     feedOut     `json:"feed"`
	Backlog  backlogOut  `json:"backlog"`
	Jobs     []jobOut    `json:"jobs" doc:"Of the replica that was asked, by name."`
	Replicas sessionsOut `json:"replicas"`
	Gateways gatewaysOut `json:"gateways"`
	Departed sessionsOut `json:"departed" doc:"Of gateways that were deleted, and may answer until their leases end."`
}

type serverOut struct {
	Name      string    `json:"name" doc:"As its session's: host and process."`
	Version   string    `json:"version"`
	StartedAt time.Time `json:"startedAt"`
	Loaded    bool      `json:"loaded" doc:"Its memory of keys may be trusted."`
	Number    int64     `json:"number" doc:"The newest change in that memory."`
	Alone     bool      `json:"alone" doc:"It has its database to itself, and needs no session."`
}

type databaseOut struct {
	Kind          string  `json:"kind" doc:"sqlite or postgres."`
	Version       string  `json:"version"`
	Schema        int64   `json:"schema" doc:"The newest migration that it has seen."`
	NewestSchema  int64   `json:"newestSchema" doc:"The newest migration that this server knows."`
	Bytes         int64   `json:"bytes"`
	AnswerSeconds float64 `json:"answerSeconds" doc:"How long one round trip took."`
	Connections   poolOut `json:"connections" doc:"Of this replica."`
}

type poolOut struct {
	Used int `json:"used"`
	Idle int `json:"idle"`
	Most int `json:"most"`
}

type feedOut struct {
	Newest  int64    `json:"newest" doc:"The number of the newest change."`
	Waiting countOut `json:"waiting" doc:"Changes that wait for their number."`
}

type backlogOut struct {
	Usage    countOut `json:"usage" doc:"Batches of usage to be added up, some in each row."`
	Messages countOut `json:"messages" doc:"Of webhooks, to be delivered."`
	Mails    countOut `json:"mails" doc:"To be sent."`
}

// countOut is how many things there are.
type countOut struct {
	Count int  `json:"count"`
	More  bool `json:"more" doc:"There are count or more: counting stopped there."`
}

func newCountOut(n control.Count) countOut { return countOut{n.N, n.More} }

type jobOut struct {
	Name        string     `json:"name"`
	Running     bool       `json:"running"`
	RanAt       *time.Time `json:"ranAt" doc:"When the newest run began."`
	TookSeconds float64    `json:"tookSeconds" doc:"The newest run that has ended."`
	NextAt      *time.Time `json:"nextAt" doc:"When the next run begins, about; null while one runs."`
	SucceededAt *time.Time `json:"succeededAt" doc:"When the newest run ended that did all it should."`
	FailedAt    *time.Time `json:"failedAt" doc:"When the newest run ended that did not."`
	Error       string     `json:"error" doc:"Why that one did not; empty if none has failed."`
}

type sessionsOut struct {
	Sessions []systemSession `json:"sessions"`
	Total    int             `json:"total"`
}

type systemSession struct {
	sessionOut
	Health        sessionHealth `json:"health" doc:"silent: not renewed for half its lease; over: the lease has run out."`
	HeardAt       time.Time     `json:"heardAt" doc:"When it was renewed last, or first seen by the replica that was asked."`
	LeaseEndsAt   time.Time     `json:"leaseEndsAt" doc:"If it is not renewed."`
	Behind        int64         `json:"behind" doc:"How many changes it has not said to have taken in; it says so when it renews its lease, several times in it, or at once when it is urgent."`
	BehindSeconds *float64      `json:"behindSeconds" doc:"How long ago the oldest of those was made; null if there is none, or it is not known."`
	This          bool          `json:"this" doc:"It is that of the replica that was asked."`
}

type sessionHealth control.SessionHealth

func (sessionHealth) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: []any{control.SessionLive, control.SessionSilent, control.SessionOver}}
}

type gatewaysOut struct {
	Gateways []systemGateway `json:"gateways"`
	Total    int             `json:"total"`
}

type systemGateway struct {
	gatewayOut
	Sessions sessionsOut `json:"sessions"`
	Leases   leasesOut   `json:"leases"`
}

type leasesOut struct {
	Count     int   `json:"count" doc:"Leases that are not settled, and those of the rate that have not ended."`
	Rate      int64 `json:"rate" doc:"What they hold together: units of requests."`
	Bandwidth int64 `json:"bandwidth" doc:"Bytes."`
	Usage     int64 `json:"usage" doc:"Bytes."`
	More      bool  `json:"more" doc:"It is more: only a part was looked at."`
}

func (a *api) getSystem(ctx context.Context, _ *web.Empty) (systemOut, error) {
	s, err := a.control.System(ctx)
	out := systemOut{
		At: s.At,
		Server: serverOut{
			Name: s.Server.Name, Version: s.Server.Version, StartedAt: s.Server.Started,
			Loaded: s.Server.Loaded, Number: s.Server.Applied, Alone: s.Server.Alone,
		},
		Database: databaseOut{
			Kind: s.Database.Kind, Version: s.Database.Version, Schema: s.Database.Schema, NewestSchema: s.Database.Newest,
			Bytes: s.Database.Size, AnswerSeconds: s.Database.Answer.Seconds(), Connections: poolOut(s.Database.Pool),
		},
		Feed:     feedOut{s.Newest, newCountOut(s.Backlog.Changes)},
		Backlog:  backlogOut{newCountOut(s.Backlog.Usage), newCountOut(s.Backlog.Messages), newCountOut(s.Backlog.Mails)},
		Jobs:     make([]jobOut, len(s.Jobs)),
		Replicas: newSessionsOut(s.At, s.Replicas),
		Gateways: gatewaysOut{make([]systemGateway, len(s.Gateways.Gateways)), s.Gateways.Total},
		Departed: newSessionsOut(s.At, s.Departed),
	}
	for i, j := range s.Jobs {
		out.Jobs[i] = jobOut{j.Name, j.Running, j.LastRun, j.Took.Seconds(), j.NextRun, j.LastSuccess, j.LastFailure, j.LastError}
	}
	for i, g := range s.Gateways.Gateways {
		held := g.Leases.Held
		out.Gateways.Gateways[i] = systemGateway{
			gatewayOut{ID: g.ID, Name: g.Name, CreatedAt: g.CreatedAt},
			newSessionsOut(s.At, g.Sessions),
			leasesOut{g.Leases.Leases, held.Rate, held.Bandwidth, held.Usage, g.Leases.More},
		}
	}
	return out, err
}

func newSessionsOut(now time.Time, l control.SessionList) sessionsOut {
	out := sessionsOut{make([]systemSession, len(l.Sessions)), l.Total}
	for i, one := range l.Sessions {
		out.Sessions[i] = systemSession{
			sessionOut: newSessionOut(&one.Session), Health: sessionHealth(one.Health),
			HeardAt: one.Heard, LeaseEndsAt: one.LeaseEnds, Behind: one.Behind, This: one.This,
		}
		if one.BehindSince != nil {
			seconds := max(now.Sub(*one.BehindSince), 0).Seconds()
			out.Sessions[i].BehindSeconds = &seconds
		}
	}
	return out
}
