package operatorapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) limits(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/projects/{project}/limit", ID: "getLimits", Tag: "limits",
		Summary: "Get a project's limits",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.getLimits)
	for _, method := range []string{"PUT", "POST"} {
		web.Handle(out, web.Op{
			Method: method, Path: "/api/projects/{project}/limit", ID: strings.ToLower(method) + "Limits", Tag: "limits",
			Summary: "Update the limits that are given, all or none", Form: true,
			Errors: []reeve.Kind{reeve.Invalid, reeve.NotFound},
		}, a.updateLimits)
	}
}

type limitsOut struct {
	Usage     sizeOut `json:"usage"`
	Bandwidth sizeOut `json:"bandwidth"`
	Rate      struct {
		RPS int64 `json:"rps"`
	} `json:"rate"`
	MaxBuckets int64 `json:"maxBuckets"`
}

type sizeOut struct {
	Amount string `json:"amount" doc:"Such as 1.00 TB."`
	Bytes  int64  `json:"bytes"`
}

func newSizeOut(l reeve.Limit) sizeOut {
	n, _ := l.Number()
	return sizeOut{Amount: reeve.FormatSize(n), Bytes: n}
}

func (a *api) getLimits(ctx context.Context, in *projectPath) (limitsOut, error) {
	p, err := a.control.GetProject(ctx, in.Project.id)
	out := limitsOut{Usage: newSizeOut(p.Limits.Usage), Bandwidth: newSizeOut(p.Limits.Bandwidth)}
	out.Rate.RPS, _ = p.Limits.Rate.Number()
	out.MaxBuckets, _ = p.Limits.Buckets.Number()
	return out, err
}

// limitsIn is read from the query and an urlencoded body, by the rules of the
// original: names in any case, the last of repeated values, the query before
// the body.
type limitsIn struct {
	projectPath
	Usage     *string `query:"usage" doc:"Bytes stored: a size, default or unlimited."`
	Bandwidth *string `query:"bandwidth" doc:"Bytes of egress a month: a size, default or unlimited."`
	Rate      *string `query:"rate" doc:"Requests a second: a number, default or unlimited."`
	Buckets   *string `query:"buckets" doc:"Buckets: a number, default or unlimited."`
	Reason    *string `query:"reason" doc:"Why: kept in the record of changes, at most 500 characters. X-Reason goes before it."`

	patch reeve.LimitsPatch
}

// DecodeRequest reads and checks all values before any is used.
func (in *limitsIn) DecodeRequest(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	given := map[string]string{}
	var names []string
	for name, values := range r.Form {
		key := strings.ToLower(name)
		if name == "reason" {
			continue // web reads it
		}
		if _, ok := given[key]; !ok {
			names = append(names, name)
		}
		given[key] = values[len(values)-1]
	}
	slices.Sort(names)
	targets := map[string]struct {
		limit **reeve.Limit
		parse func(string) (int64, error)
	}{
		"usage":     {&in.patch.Usage, parseSize},
		"bandwidth": {&in.patch.Bandwidth, parseSize},
		"rate":      {&in.patch.Rate, parseInt},
		"buckets":   {&in.patch.Buckets, parseInt},
	}
	var wrong []string
	for _, name := range names {
		target, ok := targets[strings.ToLower(name)]
		if !ok {
			wrong = append(wrong, fmt.Sprintf("schema: invalid path %q", name))
			continue
		}
		limit, err := parseLimit(given[strings.ToLower(name)], target.parse)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("schema: error converting value for %q%s", name, err))
		}
		*target.limit = &limit
	}
	if len(wrong) > 0 {
		return badArguments(wrong)
	}
	return nil
}

func badArguments(wrong []string) error {
	detail := wrong[0]
	switch others := len(wrong) - 1; {
	case others == 1:
		detail += " (and 1 other error)"
	case others > 1:
		detail += fmt.Sprintf(" (and %d other errors)", others)
	}
	return reeve.Errorf(reeve.Invalid, "invalid arguments").WithDetail("%s", detail)
}

func parseLimit(text string, parse func(string) (int64, error)) (reeve.Limit, error) {
	switch text {
	case "default":
		return reeve.Limit{}, nil
	case "unlimited":
		return reeve.Unlimited, nil
	}
	n, err := parse(text)
	return reeve.LimitOf(n), err
}

func parseSize(text string) (int64, error) {
	n, err := reeve.ParseSize(text)
	if err != nil {
		err = fmt.Errorf(". Details: %w", err)
	}
	return n, err
}

// errNotInt adds nothing to the sentence: the original does not say more.
var errNotInt = errors.New("")

func parseInt(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, errNotInt
	}
	return n, nil
}

func (a *api) updateLimits(ctx context.Context, in *limitsIn) (web.Empty, error) {
	return web.Empty{}, a.control.UpdateLimits(ctx, in.Project.id, in.patch)
}
