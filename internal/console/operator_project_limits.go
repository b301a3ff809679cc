package console

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// limitKind is a limit as its form has it.
type limitKind struct {
	name, label string
	of          func(*control.LimitsInForce) *control.LimitInForce
	to          func(*reeve.LimitsPatch) **reeve.Limit
	size        bool // in bytes
	below       string
}

var limitKinds = []limitKind{
	{
		"usage", "Storage",
		func(l *control.LimitsInForce) *control.LimitInForce { return &l.Usage },
		func(p *reeve.LimitsPatch) **reeve.Limit { return &p.Usage }, true,
		"nothing can be uploaded until enough is deleted",
	},
	{
		"bandwidth", "Egress a month",
		func(l *control.LimitsInForce) *control.LimitInForce { return &l.Bandwidth },
		func(p *reeve.LimitsPatch) **reeve.Limit { return &p.Bandwidth }, true,
		"nothing can be downloaded until the month is over",
	},
	{
		"rate", "Requests a second",
		func(l *control.LimitsInForce) *control.LimitInForce { return &l.Rate },
		func(p *reeve.LimitsPatch) **reeve.Limit { return &p.Rate }, false, "",
	},
	{
		"buckets", "Buckets",
		func(l *control.LimitsInForce) *control.LimitInForce { return &l.Buckets },
		func(p *reeve.LimitsPatch) **reeve.Limit { return &p.Buckets }, false,
		"no bucket can be made until enough are deleted",
	},
}

// text writes a number as the form takes it.
func (k limitKind) text(n int64) string {
	if k.size {
		return reeve.FormatSize(n)
	}
	return strconv.FormatInt(n, 10)
}

// value writes a project's own limit so that reading it gives the same.
func (k limitKind) value(l reeve.Limit, own bool) string {
	n, ok := l.Number()
	switch {
	case !own:
		return "default"
	case !ok:
		return "unlimited"
	case k.size:
		if text := reeve.FormatSize(n); isSize(text, n) {
			return text
		}
		return strconv.FormatInt(n, 10) + " B"
	}
	return strconv.FormatInt(n, 10)
}

// isSize tells whether a size is what a text says, and not merely nearly.
func isSize(text string, n int64) bool {
	read, err := reeve.ParseSize(text)
	return err == nil && read == n
}

// hint says what is used, and what goes without a limit of the project's own.
func (k limitKind) hint(l control.LimitInForce) string {
	var out string
	if k.name != "rate" {
		out = "Used now: " + k.text(l.Used) + ". "
	}
	out += "Write default, unlimited or a number"
	if k.size {
		out = strings.TrimSuffix(out, "a number") + "a size such as 1.5 TB"
	}
	if !l.Own {
		limit := l.Limit.String()
		if n, ok := l.Limit.Number(); ok {
			limit = k.text(n)
		}
		out += "; the platform's default is " + limit
	}
	return out + "."
}

// parse reads a limit.
func (k limitKind) parse(text string) (reeve.Limit, error) {
	switch strings.ToLower(text) {
	case "default", "":
		return reeve.Limit{}, nil
	case "unlimited":
		return reeve.Unlimited, nil
	}
	var n int64
	var err error
	if k.size {
		n, err = reeve.ParseSize(strings.ReplaceAll(text, " ", ""))
	} else {
		n, err = strconv.ParseInt(text, 10, 64)
	}
	if err != nil || n < 0 {
		what := "a number such as 100"
		if k.size {
			what = "a size such as 1.5 TB"
		}
		return reeve.Limit{}, reeve.Errorf(reeve.Invalid, "“%s” is no limit of %s: give default, unlimited or %s", text, strings.ToLower(k.label), what)
	}
	return reeve.LimitOf(n), nil
}

func (v *visit) askLimits() (*question, error) {
	p, err := v.onProject()
	if err != nil {
		return nil, err
	}
	limits, err := v.control.GetLimitsInForce(v.ctx, p.ID)
	if err != nil {
		return nil, err
	}
	q := &question{
		Title: "Limits of " + p.Name, Up: p.up(true), Submit: "Set limits", Back: p.path(), Edited: control.Edited{Project: p.ID},
		Lead: "The new limits count at once, for what gateways have reserved already when that is used up.",
	}
	sent := values{v.r.PostForm}
	for _, k := range limitKinds {
		l := *k.of(&limits)
		f := kept(k.name, k.label, k.value(l.Limit, l.Own), 40)
		f.Hint = k.hint(l)
		q.Fields = append(q.Fields, f)
		if effect := k.effect(l, sent.text(k.name)); effect != "" {
			q.Effects = append(q.Effects, effect)
		}
	}
	q.Fields = append(q.Fields, hidden("confirmed", sent.grave(&limits)))
	return q, nil
}

// grave names the limits that were sent and are below what is used: they are set
// only after that was said.
func (in values) grave(limits *control.LimitsInForce) string {
	var out []string
	for _, k := range limitKinds {
		if text := in.text(k.name); k.effect(*k.of(limits), text) != "" {
			out = append(out, k.name+"="+text)
		}
	}
	return strings.Join(out, ";")
}

// effect says what a limit does that is below what is used.
func (k limitKind) effect(l control.LimitInForce, text string) string {
	limit, err := k.parse(text)
	n, ok := limit.Number()
	if text == "" || err != nil || !ok || k.below == "" || n >= l.Used {
		return ""
	}
	return fmt.Sprintf("%s: %s is less than the %s that are used: %s. Nothing is deleted.", k.label, k.text(n), k.text(l.Used), k.below)
}

func (v *visit) setLimits(in values) (*outcome, error) {
	id := v.id("project", reeve.PrefixProject)
	limits, err := v.control.GetLimitsInForce(v.ctx, id)
	if err != nil {
		return nil, err
	}
	var patch reeve.LimitsPatch
	for _, k := range limitKinds {
		if !in.Has(k.name) {
			continue
		}
		limit, err := k.parse(in.text(k.name))
		if err != nil {
			return nil, err
		}
		*k.to(&patch) = &limit
	}
	if in.grave(&limits) != in.Get("confirmed") {
		return nil, reeve.Errorf(reeve.Conflict, "a limit is below what is used: look at what will happen, and send it again if you mean it")
	}
	if err := v.control.UpdateLimits(v.ctx, id, patch); err != nil {
		return nil, err
	}
	return &outcome{To: to("projects", id.String()), Said: "The limits are set."}, nil
}
