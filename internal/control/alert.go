package control

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// ListAlerts lists what was raised for an organisation in a month, oldest first.
func (c *Control) ListAlerts(ctx context.Context, organization reeve.ID, month reeve.Month) ([]reeve.Alert, error) {
	if _, err := c.organizationOf(ctx, organization); err != nil {
		return nil, err
	}
	return c.store.Alerts(ctx, organization, month)
}

// reading is where a value stands against its limit.
type reading struct {
	subject      reeve.ID
	kind         reeve.AlertKind
	value, limit int64
}

// raise raises what some readings of an organisation's month have reached, each
// threshold once, and leaves a message of each in the same transaction if the
// organisation has a webhook. The order of the messages is that of the readings,
// and of their thresholds.
func (c *Control) raise(ctx context.Context, organization reeve.ID, month reeve.Month, readings []reading) error {
	ctx, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	known, err := c.store.Alerts(ctx, organization, month)
	if err != nil {
		return err
	}
	was := map[reeve.Alert]bool{}
	for _, a := range known {
		a.CreatedAt = time.Time{}
		was[a] = true
	}
	var alerts []reeve.Alert // in the order of the readings
	var of []reading
	for _, r := range readings {
		for _, threshold := range reeve.Reached(r.value, r.limit) {
			a := reeve.Alert{OrganizationID: organization, Month: month, SubjectID: r.subject, Kind: r.kind, Threshold: threshold}
			if !was[a] {
				alerts, of = append(alerts, a), append(of, r)
			}
		}
	}
	if len(alerts) == 0 {
		return nil
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		return raiseAll(ctx, tx, alerts, of)
	})
	c.deliveries.wake()
	return err
}

func raiseAll(ctx context.Context, tx *store.Tx, alerts []reeve.Alert, of []reading) error {
	organization := alerts[0].OrganizationID
	if _, err := tx.KeepOrganization(ctx, organization); err != nil {
		if reeve.IsKind(err, reeve.NotFound) {
			return nil // it was deleted
		}
		return err
	}
	_, err := tx.LockWebhook(ctx, organization)
	if err != nil && !reeve.IsKind(err, reeve.NotFound) {
		return err
	}
	told := err == nil
	for i, a := range alerts {
		a.CreatedAt = tx.Now()
		raised, err := tx.RaiseAlert(ctx, a)
		if err != nil {
			return err
		}
		if raised && told {
			tx.AppendWebhookMessage(reeve.WebhookMessage{
				ID: newID(), OrganizationID: organization, Payload: alertPayload(a, of[i]), NextAt: tx.Now(), CreatedAt: tx.Now(),
			})
		}
	}
	return nil
}

// alertMessage is an alert as receivers read it.
type alertMessage struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
}

type limitAlert struct {
	OrganizationID reeve.ID        `json:"organizationId"`
	ProjectID      reeve.ID        `json:"projectId"`
	Kind           reeve.AlertKind `json:"kind"`
	Month          reeve.Month     `json:"month"`
	Threshold      int             `json:"threshold"`
	Value          int64           `json:"value"`
	Limit          int64           `json:"limit"`
}

type budgetAlert struct {
	OrganizationID reeve.ID    `json:"organizationId"`
	Month          reeve.Month `json:"month"`
	Threshold      int         `json:"threshold"`
	Amount         int64       `json:"amount"`
	Budget         int64       `json:"budget"`
}

func alertPayload(a reeve.Alert, r reading) string {
	out := alertMessage{Type: "limit.threshold", Timestamp: a.CreatedAt, Data: limitAlert{
		a.OrganizationID, a.SubjectID, a.Kind, a.Month, a.Threshold, r.value, r.limit,
	}}
	if a.Kind == reeve.AlertBudget {
		out.Type = "budget.threshold"
		out.Data = budgetAlert{a.OrganizationID, a.Month, a.Threshold, r.value, r.limit}
	}
	text, err := json.Marshal(out)
	if err != nil {
		panic(fmt.Sprintf("control: an alert's message: %v", err)) // only our own types go in
	}
	return string(text)
}

// checkProjects raises what projects have reached of their limits.
func (c *Control) checkProjects(ctx context.Context, projects []watchedProject) error {
	for part := range slices.Chunk(projects, alertBatch) {
		now := c.store.Now()
		month := reeve.MonthOf(now)
		values, err := c.limitedValues(ctx, part, now)
		if err != nil {
			return err
		}
		found := map[reeve.ID][]reading{} // by organisation
		for _, p := range part {
			for _, r := range []reading{
				{p.id, reeve.AlertUsage, values[p.id].stored, number(p.limits.Usage)},
				{p.id, reeve.AlertBandwidth, values[p.id].egress, number(p.limits.Bandwidth)},
			} {
				if r.limit >= 0 && c.alerts.isNews(month, r) {
					found[p.organization] = append(found[p.organization], r)
				}
			}
		}
		for organization, readings := range found {
			if err := c.raise(ctx, organization, month, readings); err != nil {
				return err
			}
			c.alerts.raised(month, readings)
		}
	}
	return nil
}

// number gives a limit's number, -1 if it has none.
func number(l reeve.Limit) int64 {
	if n, ok := l.Number(); ok {
		return n
	}
	return -1
}

// limitedValue is what a project's limits bound.
type limitedValue struct {
	stored int64 // bytes, now
	egress int64 // bytes, this month
}

// limitedValues reads what the limits of projects bound, as store.Stored does for
// admission.
func (c *Control) limitedValues(ctx context.Context, projects []watchedProject, now time.Time) (map[reeve.ID]limitedValue, error) {
	out := map[reeve.ID]limitedValue{}
	ids := make([]reeve.ID, len(projects))
	for i, p := range projects {
		ids[i] = p.id
	}
	month := reeve.MonthOf(now)
	counters, err := c.store.UsageCounters(ctx, ids, month)
	if err != nil {
		return nil, err
	}
	for _, total := range counters {
		out[total.ProjectID] = limitedValue{egress: total.Egress.Int64()}
	}
	newest, err := c.store.UsageGauges(ctx, ids, month.Previous())
	if err != nil {
		return nil, err
	}
	gauges, err := c.store.UsageGauges(ctx, ids, month)
	if err != nil {
		return nil, err
	}
	for key, gauge := range gauges {
		newest[key] = gauge
	}
	for key, gauge := range newest {
		if key.Meter == reeve.UsageStorage {
			v := out[key.ProjectID]
			v.stored = reeve.Count(v.stored).Add(reeve.Count(gauge.Last.Value)).Int64()
			out[key.ProjectID] = v
		}
	}
	return out, nil
}
