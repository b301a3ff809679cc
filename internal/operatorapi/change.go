package operatorapi

import (
	"context"
	"strconv"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) changes(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/changes", ID: "listChanges", Tag: "changes",
		Summary: "List what was changed, newest first",
		Errors:  []reeve.Kind{reeve.Invalid},
	}, a.listChanges)
}

// How many things a page holds.
const (
	defaultPage = 50
	maxPage     = 500
)

type changesIn struct {
	Actor  string     `query:"actor" doc:"root, system or the id of a credential."`
	Target string     `query:"target" doc:"The id of the changed thing."`
	Action string     `query:"action" doc:"noun.verb, such as project.create."`
	Within string     `query:"organization" doc:"The id of the organisation whose change it is to see."`
	Since  *time.Time `query:"since" doc:"Made then or later (RFC 3339)."`
	Until  *time.Time `query:"until" doc:"Made before then (RFC 3339)."`
	pageQuery
}

// pageQuery picks a page of a list.
type pageQuery struct {
	Limit string `query:"limit" doc:"1 to 500; 50 when absent."`
	After string `query:"after" doc:"The cursor of the page before."`
}

// limit reads how many things a page holds.
func (q pageQuery) limit() (int, error) {
	if q.Limit == "" {
		return defaultPage, nil
	}
	limit, err := strconv.Atoi(q.Limit)
	if err != nil || limit < 1 || limit > maxPage {
		return 0, reeve.Errorf(reeve.Invalid, "limit must be 1 to %d", maxPage)
	}
	return limit, nil
}

var errNoCursor = reeve.Errorf(reeve.Invalid, "after is not a cursor")

type changesOut struct {
	Changes []changeOut `json:"changes"`
	Next    *string     `json:"next" doc:"The cursor towards older changes; null at the end."`
}

type changeOut struct {
	Number    int64     `json:"number"`
	At        time.Time `json:"at"`
	Actor     string    `json:"actor"`
	Action    string    `json:"action"`
	Target    reeve.ID  `json:"target"`
	Before    fieldsOut `json:"before"`
	After     fieldsOut `json:"after"`
	Reason    string    `json:"reason"`
	RequestID string    `json:"requestId"`
}

// fieldsOut is what a change tells of a thing: an object, or null.
type fieldsOut struct{ reeve.Fields }

// JSONSchema describes the object: its fields depend on the action.
func (fieldsOut) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Types: []string{"object", "null"}}
}

func (a *api) listChanges(ctx context.Context, in *changesIn) (changesOut, error) {
	filter, found, err := in.filter()
	if err != nil || !found {
		return changesOut{Changes: []changeOut{}}, err
	}
	page, more, err := a.control.ListChanges(ctx, filter)
	out := changesOut{Changes: make([]changeOut, len(page))}
	for i, c := range page {
		out.Changes[i] = changeOut{
			Number: c.Number, At: c.At, Actor: c.Actor, Action: c.Action, Target: c.Target,
			Before: fieldsOut{c.Before}, After: fieldsOut{c.After}, Reason: c.Reason, RequestID: c.RequestID,
		}
	}
	if more {
		next := strconv.FormatInt(page[len(page)-1].Number, 10)
		out.Next = &next
	}
	return out, err
}

// filter reads the query; found is false when a target or an organisation is
// asked for that nothing can be.
func (in *changesIn) filter() (f control.ChangeFilter, found bool, err error) {
	f = control.ChangeFilter{Actor: in.Actor, Action: in.Action, Since: in.Since, Until: in.Until}
	// An id may be spelled in either way.
	if id, err := reeve.ParseAnyID(in.Actor); err == nil {
		f.Actor = id.String()
	}
	if f.Limit, err = in.limit(); err != nil {
		return f, false, err
	}
	if in.After != "" {
		f.Before, err = strconv.ParseInt(in.After, 10, 64)
		if err != nil || f.Before < 1 {
			return f, false, errNoCursor
		}
	}
	for _, pick := range []struct {
		text string
		id   **reeve.ID
	}{{in.Target, &f.Target}, {in.Within, &f.Organization}} {
		if pick.text == "" {
			continue
		}
		id, err := reeve.ParseAnyID(pick.text)
		if err != nil {
			return f, false, nil
		}
		*pick.id = &id
	}
	return f, true, nil
}
