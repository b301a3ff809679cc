package operatorapi

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) bulk(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/bulk", ID: "bulk", Tag: "bulk", Exact: true,
		Summary: "Do one action to many things: first plan it, then carry the plan out",
		Description: "A dry run, which it is unless dryRun is false, tells what would be done to what, and gives a plan. " +
			"To carry it out takes the same selection and action with that plan; if anything else is selected by then, that is " +
			"refused with 409. At most 10000 things are selected; each is done or not. A request that is repeated with the " +
			"same plan does nothing twice. It needs the right to the action itself.",
		Errors: []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict}, Timeout: bulkTime, Resumable: true,
	}, a.runBulk)
}

// bulkTime is enough for as many things as are done at most.
const bulkTime = 10 * time.Minute

type bulkIn struct {
	Body struct {
		Select selection  `json:"select"`
		Action bulkAction `json:"action" doc:"Exactly one."`
		DryRun *bool      `json:"dryRun,omitempty" doc:"True when absent: nothing is done."`
		Plan   string     `json:"plan,omitempty" doc:"What the dry run gave."`
	} `body:""`
}

// selection picks things as the lists do, or names them.
type selection struct {
	Kind          string          `json:"kind" doc:"users, organizations or projects."`
	IDs           []string        `json:"ids,omitempty" doc:"In any spelling; nothing else is given beside them."`
	Q             string          `json:"q,omitempty"`
	Owner         *userID         `json:"owner,omitempty" doc:"Of organizations and projects."`
	Organization  *organizationID `json:"organization,omitempty" doc:"Of projects."`
	Member        *userID         `json:"member,omitempty" doc:"Of organizations."`
	HasProjects   *bool           `json:"hasProjects,omitempty" doc:"Of users."`
	Frozen        *bool           `json:"frozen,omitempty" doc:"By itself."`
	CreatedAfter  *time.Time      `json:"createdAfter,omitempty"`
	CreatedBefore *time.Time      `json:"createdBefore,omitempty"`
}

type bulkAction struct {
	Limits   *bulkLimits `json:"limits,omitempty" doc:"Of projects: those that are given."`
	Coupon   *bulkCoupon `json:"coupon,omitempty" doc:"One for each user."`
	Freeze   *bulkFreeze `json:"freeze,omitempty" doc:"Replaces the type and the end of what is frozen."`
	Unfreeze bool        `json:"unfreeze,omitempty" doc:"Ends each one's own freeze, if there is one."`
}

type bulkFreeze freezeBody // whose reason is the request's

type bulkLimits struct {
	Usage     *limitText `json:"usage,omitempty" doc:"Bytes stored: a size, default or unlimited."`
	Bandwidth *limitText `json:"bandwidth,omitempty" doc:"Bytes of egress a month: a size, default or unlimited."`
	Rate      *limitText `json:"rate,omitempty" doc:"Requests a second: a number, default or unlimited."`
	Buckets   *limitText `json:"buckets,omitempty" doc:"Buckets: a number, default or unlimited."`
}

type bulkCoupon struct {
	Amount      int64  `json:"amount" doc:"US cents."`
	Duration    int64  `json:"duration" doc:"Billing periods, which are calendar months."`
	Description string `json:"description"`
}

// limitText is a limit as the form of one project's limits has it, or a number.
type limitText string

// UnmarshalJSON takes a string or a number.
func (l *limitText) UnmarshalJSON(data []byte) error {
	var number json.Number
	if err := json.Unmarshal(data, &number); err == nil && data[0] != '"' {
		*l = limitText(number)
		return nil
	}
	return json.Unmarshal(data, (*string)(l))
}

func (limitText) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Types: []string{"string", "integer"}}
}

type bulkOut struct {
	DryRun bool           `json:"dryRun"`
	Count  int            `json:"count" doc:"How many things are selected."`
	Items  []namedOut     `json:"items,omitempty" doc:"Of a dry run: the first 100."`
	Plan   string         `json:"plan,omitempty" doc:"Of a dry run."`
	Done   *int           `json:"done,omitempty" doc:"To how many the action was done, now or by the same plan before."`
	Failed []bulkFailures `json:"failed,omitempty" doc:"To which it could not be done, and why."`
}

type bulkFailures struct {
	ID    reeve.ID `json:"id"`
	Error string   `json:"error"`
}

// bulkKinds are the kinds of things, with the prefix of their ids.
var bulkKinds = map[string]struct {
	kind   control.FoundKind
	prefix reeve.Prefix
}{
	"users":         {control.FoundUser, reeve.PrefixUser},
	"organizations": {control.FoundOrganization, reeve.PrefixOrganization},
	"projects":      {control.FoundProject, reeve.PrefixProject},
}

func (a *api) runBulk(ctx context.Context, in *bulkIn) (out bulkOut, err error) {
	asked, err := in.bulk()
	if err != nil {
		return out, err
	}
	if in.Body.DryRun == nil || *in.Body.DryRun {
		plan, err := a.control.PlanBulk(ctx, asked)
		out = bulkOut{DryRun: true, Count: plan.Count, Plan: plan.Token, Items: make([]namedOut, len(plan.Items))}
		for i := range plan.Items {
			out.Items[i] = *newNamedOut(&plan.Items[i])
		}
		return out, err
	}
	result, err := a.control.RunBulk(ctx, asked, in.Body.Plan)
	out = bulkOut{Count: result.Done + len(result.Failed), Done: &result.Done}
	for _, failure := range result.Failed {
		out.Failed = append(out.Failed, bulkFailures{failure.ID, failure.Err.Message})
	}
	return out, err
}

// bulk reads what is asked for.
func (in *bulkIn) bulk() (out control.Bulk, err error) {
	s := in.Body.Select
	kind, known := bulkKinds[s.Kind]
	if !known {
		return out, reeve.Errorf(reeve.Invalid, "kind must be users, organizations or projects")
	}
	out.Kind = kind.kind
	if s.IDs != nil && len(s.IDs) == 0 {
		return out, reeve.Errorf(reeve.Invalid, "ids is empty") // it would pick everything
	}
	for _, text := range s.IDs {
		id, err := reeve.FindID(kind.prefix, text)
		if err != nil {
			return out, idError([]byte(text), "invalid id")
		}
		out.IDs = append(out.IDs, id)
	}
	out.Select = control.Listing{
		Query: s.Q, Owner: s.Owner.orNil(), Member: s.Member.orNil(), HasProjects: s.HasProjects, Frozen: s.Frozen,
		CreatedAfter: s.CreatedAfter, CreatedBefore: s.CreatedBefore,
	}
	if s.Organization != nil {
		out.Select.Organization = &s.Organization.id
	}
	if len(s.IDs) > 0 && out.Select != (control.Listing{}) {
		return out, reeve.Errorf(reeve.Invalid, "give either ids or what picks things")
	}
	if foreign := s.foreign(); foreign != "" {
		return out, reeve.Errorf(reeve.Invalid, "%s does not pick %s", foreign, s.Kind)
	}
	out.Action, err = in.Body.Action.action()
	return out, err
}

// foreign names a field that picks things of another kind.
func (s selection) foreign() string {
	for _, field := range []struct {
		name  string
		given bool
		kinds map[string]bool
	}{
		{"owner", s.Owner != nil, map[string]bool{"organizations": true, "projects": true}},
		{"organization", s.Organization != nil, map[string]bool{"projects": true}},
		{"member", s.Member != nil, map[string]bool{"organizations": true}},
		{"hasProjects", s.HasProjects != nil, map[string]bool{"users": true}},
	} {
		if field.given && !field.kinds[s.Kind] {
			return field.name
		}
	}
	return ""
}

func (b bulkAction) action() (out control.BulkAction, err error) {
	if b.Coupon != nil {
		out.Coupon = &control.NewCoupon{Amount: b.Coupon.Amount, Duration: b.Coupon.Duration, Description: b.Coupon.Description}
	}
	if b.Freeze != nil {
		freeze := control.NewFreeze(*b.Freeze)
		out.Freeze = &freeze
	}
	out.Unfreeze = b.Unfreeze
	if b.Limits == nil {
		return out, nil
	}
	out.Limits = &reeve.LimitsPatch{}
	given := false
	for _, field := range []struct {
		name  string
		text  *limitText
		to    **reeve.Limit
		parse func(string) (int64, error)
	}{
		{"usage", b.Limits.Usage, &out.Limits.Usage, parseSize},
		{"bandwidth", b.Limits.Bandwidth, &out.Limits.Bandwidth, parseSize},
		{"rate", b.Limits.Rate, &out.Limits.Rate, parseInt},
		{"buckets", b.Limits.Buckets, &out.Limits.Buckets, parseInt},
	} {
		if field.text == nil {
			continue
		}
		limit, err := parseLimit(string(*field.text), field.parse)
		if err != nil {
			return out, badArguments([]string{"error converting value for \"" + field.name + "\"" + err.Error()})
		}
		*field.to, given = &limit, true
	}
	if !given {
		return out, reeve.Errorf(reeve.Invalid, "no limit is set")
	}
	return out, nil
}
