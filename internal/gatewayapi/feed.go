package gatewayapi

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) followed(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/gateway/feed", ID: "renewSession", Tag: "feed",
		Summary: "Open a session, or acknowledge what was read of the feed and renew the session's lease",
		Description: "A gateway that answers from memory needs a session. Its lease begins when the request is sent, on a " +
			"clock that goes on during suspend; when it is over, the memory is worth nothing. 404 says the same at once.",
		Errors: []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.renewSession)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/gateway/feed", ID: "followFeed", Tag: "feed",
		Summary: "Follow what gateways must know, as server-sent events",
		Description: "Every event has the number of its change as id, by which the feed can be resumed on any replica. " +
			"revoked {keyId, projectId, lineage}: the key of that lineage, or the root key if it is null, and all that derive " +
			"from it are refused. cut {projectId, before}: so are the project's keys with issuedAt before that time. " +
			"frozen {projectId, organizationId, ownerId}, two of them null: so are, until they are thawed, the keys of the project, of " +
			"the organisation's projects or of the owner's: ask for each again. project " +
			"{projectId}: its limits, owner or state changed. reset {}: what happened meanwhile is not known any more, forget " +
			"everything. at {}: nothing more up to this number; it ends each burst and comes every 5 seconds.",
		Errors: []reeve.Kind{reeve.Invalid},
	}, a.followFeed)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/gateway/feed/{session}", ID: "endSession", Tag: "feed",
		Summary: "End a session in good order, so that no receipt waits for it",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.endSession)
}

type renewIn struct {
	Body struct {
		Session *sessionID `json:"session" doc:"The session to renew; without it one is opened."`
		Number  *int64     `json:"number" doc:"The newest id of the feed that was taken in; required with session."`
		Name    *string    `json:"name" doc:"Of a new session, for operators to read."`
	} `body:""`
}

type sessionOut struct {
	Session    reeve.ID  `json:"session"`
	Number     int64     `json:"number" doc:"Of a new session: follow the feed after it, and keep no verdict of an older epoch. Else as sent."`
	Lease      float64   `json:"lease" doc:"Seconds."`
	RenewEvery float64   `json:"renewEvery" doc:"Seconds."`
	Now        time.Time `json:"now" doc:"The server's clock."`
}

// maxSessionName is how long a session's name may be, in bytes.
const maxSessionName = 200

func (a *api) renewSession(ctx context.Context, in *renewIn) (out sessionOut, err error) {
	lease, renewal := a.control.SessionLease()
	out.Lease, out.RenewEvery, out.Now = lease.Seconds(), renewal.Seconds(), a.control.Now()
	if in.Body.Session == nil {
		name := ""
		if in.Body.Name != nil {
			name = *in.Body.Name
		}
		if len(name) > maxSessionName || strings.ContainsFunc(name, unicode.IsControl) {
			return out, reeve.Errorf(reeve.Invalid, "name must be at most %d bytes without control characters", maxSessionName)
		}
		session, err := a.control.OpenSession(ctx, name)
		out.Session, out.Number = session.ID, session.Applied
		return out, err
	}
	if in.Body.Number == nil || *in.Body.Number < 0 {
		return out, reeve.Errorf(reeve.Invalid, "number is missing or negative")
	}
	out.Session, out.Number = in.Body.Session.id, *in.Body.Number
	return out, a.control.RenewSession(ctx, out.Session, out.Number)
}

type endSessionIn struct {
	Session sessionID `path:"session" doc:"The session's id."`
}

func (a *api) endSession(ctx context.Context, in *endSessionIn) (web.Empty, error) {
	return web.Empty{}, a.control.EndSession(ctx, in.Session.id)
}

type feedIn struct {
	After       *int64 `query:"after" doc:"The number after which to begin; the newest change if absent."`
	LastEventID *int64 `header:"Last-Event-ID" doc:"The same, as browsers resume; it wins."`
}

// feedIdle is how often a feed in which nothing happens says so.
const feedIdle = 5 * time.Second

func (a *api) followFeed(ctx context.Context, in *feedIn) (web.Stream, error) {
	from := in.LastEventID
	if from == nil {
		from = in.After
	}
	if from == nil {
		number, err := a.control.FeedNumber(ctx)
		if err != nil {
			return web.Stream{}, err
		}
		from = &number
	}
	if *from < 0 {
		return web.Stream{}, reeve.Errorf(reeve.Invalid, "after is negative")
	}
	return web.Stream{Send: func(ctx context.Context, w *web.StreamWriter) error {
		return a.control.FollowFeed(ctx, *from, feedIdle, func(events []control.FeedEvent) error {
			for i := range events {
				data, err := json.Marshal(eventData(&events[i]))
				if err != nil {
					return err
				}
				w.Event(strconv.FormatInt(events[i].Number, 10), string(events[i].Kind), data)
			}
			return w.Flush()
		})
	}}, nil
}

// eventData gives what an event says beside its number.
func eventData(e *control.FeedEvent) any {
	switch e.Kind {
	case control.FeedRevoked:
		out := struct {
			KeyID     reeve.ID `json:"keyId"`
			ProjectID reeve.ID `json:"projectId"`
			Lineage   *string  `json:"lineage"`
		}{e.KeyID, e.ProjectID, nil}
		if e.Lineage != "" {
			out.Lineage = &e.Lineage
		}
		return out
	case control.FeedCut:
		return struct {
			ProjectID reeve.ID  `json:"projectId"`
			Before    time.Time `json:"before"`
		}{e.ProjectID, e.Before}
	case control.FeedFrozen:
		out := struct {
			ProjectID      *reeve.ID `json:"projectId"`
			OrganizationID *reeve.ID `json:"organizationId"`
			OwnerID        *reeve.ID `json:"ownerId"`
		}{}
		for _, of := range []struct {
			id reeve.ID
			to **reeve.ID
		}{{e.ProjectID, &out.ProjectID}, {e.Within, &out.OrganizationID}, {e.OwnerID, &out.OwnerID}} {
			if of.id != reeve.Zero {
				*of.to = &of.id
			}
		}
		return out
	case control.FeedProject:
		return struct {
			ProjectID reeve.ID `json:"projectId"`
		}{e.ProjectID}
	default:
		return struct{}{}
	}
}

// sessionID is a session's id: there is only the one spelling.
type sessionID struct{ id reeve.ID }

// UnmarshalText reads a UUID.
func (s *sessionID) UnmarshalText(text []byte) (err error) {
	if s.id, err = reeve.ParseID("", string(text)); err != nil {
		return reeve.Errorf(reeve.Invalid, "malformed session id")
	}
	return nil
}

func (sessionID) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: "uuid"}
}
