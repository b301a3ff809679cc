package console

import (
	"fmt"
	"slices"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

// organizationAlerts serves what organisations mean to spend, and where they are
// told of it.
func (s *site) organizationAlerts() {
	const here = "organizations/{organization}"
	s.does(action{Path: here + "/budget", Ask: (*visit).askSetBudget, Do: (*visit).setBudget})
	s.does(action{Path: here + "/budget/delete", Ask: (*visit).askDeleteBudget, Do: (*visit).deleteBudget})
	s.does(action{Path: here + "/webhook", Ask: (*visit).askSetWebhook, Do: (*visit).setWebhook})
	s.does(action{Path: here + "/webhook/delete", Ask: (*visit).askDeleteWebhook, Do: (*visit).deleteWebhook})
}

// budgetOf is what an organisation means to spend; ok is false if it does not say.
func (v *visit) budgetOf(o reeve.Organization) (cents int64, ok bool, err error) {
	cents, err = v.control.GetBudget(v.ctx, o.ID)
	if reeve.IsKind(err, reeve.NotFound) {
		return 0, false, nil
	}
	return cents, err == nil, err
}

// webhookOf is where an organisation is told of its alerts; ok is false if nowhere.
func (v *visit) webhookOf(o reeve.Organization) (hook control.WebhookState, ok bool, err error) {
	hook, err = v.control.GetWebhook(v.ctx, o.ID)
	if reeve.IsKind(err, reeve.NotFound) {
		return hook, false, nil
	}
	return hook, err == nil, err
}

// spending tells of budget, alerts and webhook.
func (v *visit) spending(o reeve.Organization) (section, error) {
	out := section{Title: "Budget and alerts", Facts: []fact{{"Budget", text("none")}, {"Webhook", text("none")}}}
	cents, budgeted, err := v.budgetOf(o)
	if err != nil {
		return out, err
	}
	if budgeted {
		out.Facts[0].Value = text(document.Dollars(cents) + " a month")
	}
	hook, hooked, err := v.webhookOf(o)
	if err != nil {
		return out, err
	}
	if hooked {
		out.Facts[1].Value = text(hook.URL)
		out.Facts = append(out.Facts, fact{"Webhook since", moment(hook.CreatedAt)}, fact{"Messages waiting", text(fmt.Sprint(hook.Pending))})
	}
	out.Actions = v.spendingActions(o, budgeted, hooked)
	month := reeve.MonthOf(v.control.Now())
	alerts, err := v.control.ListAlerts(v.ctx, o.ID, month)
	t := &table{
		ID: "alerts", Caption: "Alerts of " + month.String(), Empty: "No alert was raised in " + month.String() + ".",
		Columns: []column{{Name: "When"}, {Name: "What"}, {Name: "Reached"}, {Name: "Of"}},
	}
	if err != nil {
		return out, err
	}
	slices.Reverse(alerts)
	names := &lookups{}
	out.Table = inPages(v, t, alerts, func(a reeve.Alert) []cell {
		of := text("the budget")
		if a.Kind != reeve.AlertBudget {
			id := a.SubjectID.String()
			of = linked(calledOr(v.projectName(names, a.SubjectID), id), to("projects", id))
		}
		return []cell{moment(a.CreatedAt), text(alertWords[a.Kind]), text(fmt.Sprintf("%d%%", a.Threshold)), of}
	})
	t.All = names.rows(t.All)
	return out, names.err
}

var alertWords = map[reeve.AlertKind]string{
	reeve.AlertUsage: "Bytes stored", reeve.AlertBandwidth: "Egress of the month", reeve.AlertBudget: "Spending of the month",
}

func (v *visit) spendingActions(o reeve.Organization, budgeted, hooked bool) (out []link) {
	if v.may(reeve.ManageMoney) {
		out = append(out, link{Text: "Set budget", To: organizationPath(o, "budget")})
		if budgeted {
			out = append(out, link{Text: "Delete budget", To: organizationPath(o, "budget", "delete"), Danger: true})
		}
	}
	if v.may(reeve.ManageWebhooks) {
		out = append(out, link{Text: "Set webhook", To: organizationPath(o, "webhook")})
		if hooked {
			out = append(out, link{Text: "Delete webhook", To: organizationPath(o, "webhook", "delete"), Danger: true})
		}
	}
	return out
}

func (v *visit) askSetBudget() (*question, error) {
	q, o, err := v.organizationQuestion("Budget of", reeve.ManageMoney)
	if err != nil {
		return nil, err
	}
	cents, budgeted, err := v.budgetOf(o)
	if err != nil {
		return nil, err
	}
	amount := ""
	if budgeted {
		amount = fmt.Sprintf("%d.%02d", cents/100, cents%100)
	}
	q.Submit, q.Lead, q.Edited = "Set", "What the organisation means to spend in a month. It stops nothing: alerts are measured by it.", control.Edited{Organization: o.ID}
	q.Fields = []field{{Name: "amount", Label: "US dollars a month", Value: amount, Required: true, Max: 30, Current: true, Hint: "Such as 250 or 99.50."}}
	return q, nil
}

func (v *visit) setBudget(in values) (*outcome, error) {
	cents, err := parseDollars(in.text("amount"))
	if err != nil {
		return nil, err
	}
	id := v.organizationID()
	if err := v.control.SetBudget(v.ctx, id, cents); err != nil {
		return nil, err
	}
	return &outcome{To: to("organizations", id.String()), Said: "The budget is " + document.Dollars(cents) + " a month."}, nil
}

func (v *visit) askDeleteBudget() (*question, error) {
	q, o, err := v.organizationQuestion("Delete the budget of", reeve.ManageMoney)
	if err != nil {
		return nil, err
	}
	cents, budgeted, err := v.budgetOf(o)
	if err != nil {
		return nil, err
	}
	q.Submit, q.Danger, q.Effects = "Delete", true, []string{"No alerts are raised of what the organisation spends."}
	if budgeted {
		q.Facts = []fact{{"Budget", text(document.Dollars(cents) + " a month")}}
	}
	return q, nil
}

func (v *visit) deleteBudget(values) (*outcome, error) {
	id := v.organizationID()
	if err := v.control.DeleteBudget(v.ctx, id); err != nil {
		return nil, err
	}
	return &outcome{To: to("organizations", id.String()), Said: "The budget is deleted."}, nil
}

func (v *visit) askSetWebhook() (*question, error) {
	q, o, err := v.organizationQuestion("Webhook of", reeve.ManageWebhooks)
	if err != nil {
		return nil, err
	}
	hook, hooked, err := v.webhookOf(o)
	if err != nil {
		return nil, err
	}
	q.Submit, q.Lead, q.Edited = "Set", "Where the organisation's alerts are posted (Standard Webhooks).", control.Edited{Organization: o.ID}
	q.Effects = []string{"A new secret for the signatures is shown once, after this."}
	if hooked {
		q.Effects = append(q.Effects, "The old secret signs nothing any more: whoever checks the signatures needs the new one.",
			fmt.Sprintf("%s that %s go to the new place.", tally(hook.Pending, "message"), agrees(control.Count{N: hook.Pending}, "waits", "wait")))
	}
	q.Fields = []field{{Name: "url", Label: "URL", Kind: "url", Value: hook.URL, Required: true, Max: 2048, Current: true}}
	return q, nil
}

func (v *visit) setWebhook(in values) (*outcome, error) {
	id := v.organizationID()
	token, err := v.control.SetWebhook(v.ctx, id, in.text("url"))
	if err != nil {
		return nil, err
	}
	return &outcome{
		To: to("organizations", id.String()), Said: "The webhook is set",
		Secrets: []secret{{Label: "Secret of the signatures", Value: string(token), Hint: "As Standard Webhooks writes it."}},
	}, nil
}

func (v *visit) askDeleteWebhook() (*question, error) {
	q, o, err := v.organizationQuestion("Delete the webhook of", reeve.ManageWebhooks)
	if err != nil {
		return nil, err
	}
	hook, _, err := v.webhookOf(o)
	q.Submit, q.Danger = "Delete", true
	q.Facts = []fact{{"URL", text(hook.URL)}}
	q.Effects = []string{
		"The organisation is told of no alert any more.",
		fmt.Sprintf("%s that %s delivered.", tally(hook.Pending, "message"), agrees(control.Count{N: hook.Pending}, "waits is not", "wait are not")),
	}
	return q, err
}

func (v *visit) deleteWebhook(values) (*outcome, error) {
	id := v.organizationID()
	if err := v.control.DeleteWebhook(v.ctx, id); err != nil {
		return nil, err
	}
	return &outcome{To: to("organizations", id.String()), Said: "The webhook is deleted."}, nil
}
