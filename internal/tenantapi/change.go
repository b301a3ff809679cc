package tenantapi

import (
	"context"
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) changes(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/organization/{organization}/changes", ID: "listOrganizationChanges", Tag: "organizations",
		Summary:     "Retrieve what was changed of an organisation and its projects, newest first",
		Description: "The list grows without end, so it has a cursor instead of pages.",
		Errors:      []reeve.Kind{reeve.Invalid},
	}, a.listChanges)
}

type changesIn struct {
	organizationPath
	Target string `query:"target" doc:"The id of the changed thing; all when absent."`
	Action string `query:"action" doc:"noun.verb, such as project.create; all when absent."`
	Number string `query:"number" doc:"How many changes: 1 to 500; 50 when absent."`
	After  string `query:"after" doc:"next of the page before."`
}

type changesOut struct {
	Changes []changeOut `json:"changes"`
	Next    *string     `json:"next" doc:"The cursor towards older changes; null at the end."`
}

type changeOut struct {
	Number    int64        `json:"number"`
	Time      wireTime     `json:"time"`
	Actor     changeActor  `json:"actor"`
	Action    string       `json:"action"`
	Target    string       `json:"target" doc:"The id of the changed thing; of a membership that of its project or organisation."`
	Before    changeFields `json:"before"`
	After     changeFields `json:"after"`
	RequestID string       `json:"request_id"`
}

// changeActor is who made a change; the platform's own people are not named.
type changeActor struct {
	Type string  `json:"type" doc:"user, organization_key, operator, gateway or system."`
	ID   *string `json:"id" doc:"Of a user or an organisation key."`
}

func newChangeActor(by control.ChangedBy) changeActor {
	switch by.Kind {
	case reeve.Person:
		return changeActor{"user", new(by.ID.TypeID(reeve.PrefixUser))}
	case reeve.KeyHolder:
		return changeActor{"organization_key", new(by.ID.TypeID(reeve.PrefixOrganizationKey))}
	case reeve.GatewayProgram:
		return changeActor{Type: "gateway"}
	case reeve.System:
		return changeActor{Type: "system"}
	default:
		return changeActor{Type: "operator"}
	}
}

func (a *api) listChanges(ctx context.Context, in *changesIn) (out envelope[changesOut], err error) {
	filter, err := in.filter()
	if err != nil {
		if denied := a.mayIn(ctx, in.Organization, reeve.ReadChanges); denied != nil {
			err = denied
		}
		return out, err
	}
	page, by, more, err := a.control.OrganizationChanges(ctx, in.Organization.id, filter)
	list := changesOut{Changes: make([]changeOut, len(page))}
	for i, c := range page {
		list.Changes[i] = changeOut{
			Number: c.Number, Time: wireTime{c.At}, Actor: newChangeActor(by[i]), Action: c.Action,
			Target: changeTarget(in.Organization.id, c), Before: newChangeFields(c.Action, c.Before), After: newChangeFields(c.Action, c.After),
			RequestID: c.RequestID,
		}
	}
	if more {
		list.Next = new(strconv.FormatInt(page[len(page)-1].Number, 10))
	}
	return success(list), err
}

// filter reads the query. A target that nothing can have finds nothing.
func (in *changesIn) filter() (f control.ChangeFilter, err error) {
	page, err := pageQuery{Number: in.Number}.page()
	f.Action, f.Limit = in.Action, page.Size
	if err == nil && in.After != "" {
		if f.Before, err = strconv.ParseInt(in.After, 10, 64); err != nil || f.Before < 1 {
			err = reeve.Errorf(reeve.Invalid, "after is not a cursor")
		}
	}
	if in.Target != "" {
		id, _ := reeve.ParseAnyID(in.Target) // else nothing's
		f.Target = &id
	}
	return f, err
}
