package store

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/reeve-cloud/reeve"
)

// UsageTotal gives what a project has used in a month, as far as it is known
// at a time.
func (r Reader) UsageTotal(ctx context.Context, project reeve.ID, month reeve.Month, at time.Time) (reeve.UsageTotal, error) {
	totals, err := r.UsageTotals(ctx, []reeve.ID{project}, month, at)
	return totals[project], err
}

// UsageTotals gives what some projects have used in a month, as far as it is
// known at a time; a zero total for one that has used nothing.
func (r Reader) UsageTotals(ctx context.Context, projects []reeve.ID, month reeve.Month, at time.Time) (map[reeve.ID]reeve.UsageTotal, error) {
	out := make(map[reeve.ID]reeve.UsageTotal, len(projects))
	for _, id := range projects {
		out[id] = reeve.UsageTotal{ProjectID: id, Month: month}
	}
	counters, err := r.UsageCounters(ctx, projects, month)
	if err != nil {
		return nil, err
	}
	for _, total := range counters {
		out[total.ProjectID] = total
	}
	gauges, err := r.UsageGauges(ctx, projects, month)
	if err != nil {
		return nil, err
	}
	openings, err := r.UsageGauges(ctx, projects, month.Previous())
	if err != nil {
		return nil, err
	}
	add := func(key GaugeKey, total reeve.Quantity) {
		u := out[key.ProjectID]
		q := u.Of(key.Meter)
		*q = q.Add(total)
		out[key.ProjectID] = u
	}
	for key, gauge := range gauges {
		add(key, gauge.Total(openings[key].Last, month, at))
	}
	for key, opening := range openings {
		if _, ok := gauges[key]; !ok {
			add(key, reeve.GaugeMonth{}.Total(opening.Last, month, at))
		}
	}
	return out, nil
}

// UsageCounters gives what the counters of some projects have counted in a
// month, for those that have any.
func (r Reader) UsageCounters(ctx context.Context, projects []reeve.ID, month reeve.Month) ([]reeve.UsageTotal, error) {
	out := []reeve.UsageTotal{}
	err := r.inLists(projects, func(list string, args []any) error {
		found, err := many(ctx, r, read{
			sql: "SELECT project_id, egress, requests FROM usage_totals WHERE project_id IN (" + list +
				") AND month = $" + strconv.Itoa(len(args)+1),
			args: append(args, int64(month)),
		}, func(row scanner) (u reeve.UsageTotal, err error) {
			u.Month = month
			return u, row.Scan(&u.ProjectID, &u.Egress, &u.Requests)
		})
		out = append(out, found...)
		return err
	})
	return out, err
}

// PutUsageCounters writes what counters have counted in months.
func (tx *Tx) PutUsageCounters(totals []reeve.UsageTotal) {
	totals = slices.SortedFunc(slices.Values(totals), func(a, b reeve.UsageTotal) int {
		return cmp.Or(cmp.Compare(a.Month, b.Month), compareIDs(a.ProjectID, b.ProjectID))
	})
	rows := make([][]any, len(totals))
	for i, u := range totals {
		rows[i] = []any{int64(u.Month), u.ProjectID, u.Egress, u.Requests}
	}
	tx.writeRows("INSERT INTO usage_totals (month, project_id, egress, requests) VALUES ",
		" ON CONFLICT (month, project_id) DO UPDATE SET egress = excluded.egress, requests = excluded.requests", rows)
}

// GaugeKey names a project's gauge, of a bucket or of none.
type GaugeKey struct {
	ProjectID reeve.ID
	Meter     reeve.UsageMeter
	Bucket    string
}

// compare orders as the table does: neighbours are written one after the
// other.
func (k GaugeKey) compare(other GaugeKey) int {
	return cmp.Or(compareIDs(k.ProjectID, other.ProjectID), cmp.Compare(k.Meter, other.Meter), cmp.Compare(k.Bucket, other.Bucket))
}

func compareIDs(a, b reeve.ID) int { return bytes.Compare(a[:], b[:]) }

// UsageGauges gives what a month's samples make of some projects' gauges.
func (r Reader) UsageGauges(ctx context.Context, projects []reeve.ID, month reeve.Month) (map[GaugeKey]reeve.GaugeMonth, error) {
	out := map[GaugeKey]reeve.GaugeMonth{}
	err := r.inLists(projects, func(list string, args []any) error {
		args = append(args, int64(month))
		return r.q.query(ctx, "SELECT project_id, meter, bucket, first_at, last_at, last_value, held FROM usage_gauges"+
			" WHERE project_id IN ("+list+") AND month = $"+strconv.Itoa(len(args)), args, func(row scanner) error {
			var key GaugeKey
			var meter string
			var g reeve.GaugeMonth
			err := row.Scan(&key.ProjectID, &meter, &key.Bucket, &g.First, &g.Last.At, &g.Last.Value, &g.Held)
			key.Meter = reeve.UsageMeter(meter)
			out[key] = g
			return err
		})
	})
	return out, err
}

// Stored gives how much a project stores by its newest reports, those of this
// month and the last, and the time that they speak for: of the buckets reported
// within a day the one that was longest ago, but never later than the report
// was seen, for a gateway's clock may be ahead. There is no report if it is zero.
func (r Reader) Stored(ctx context.Context, project reeve.ID, now time.Time) (stored int64, at time.Time, err error) {
	month := reeve.MonthOf(now.Add(reeve.UsageSkew))
	newest, seen := map[string]reeve.Sample{}, map[string]time.Time{}
	err = r.q.query(ctx, `SELECT bucket, last_at, last_value, seen_at FROM usage_gauges
		WHERE month IN ($1, $2) AND project_id = $3 AND meter = 'storage'`,
		[]any{int64(month.Previous()), int64(month), project}, func(row scanner) error {
			var bucket string
			var s reeve.Sample
			var seenAt time.Time
			err := row.Scan(&bucket, &s.At, &s.Value, &seenAt)
			if s.At.After(newest[bucket].At) {
				newest[bucket], seen[bucket] = s, seenAt
			}
			return err
		})
	sum := reeve.Quantity{}
	for bucket, s := range newest {
		sum = sum.Add(reeve.Count(s.Value))
		speaksFor := s.At
		if seen[bucket].Before(speaksFor) {
			speaksFor = seen[bucket]
		}
		if now.Sub(s.At) < reeve.SampleLife && (at.IsZero() || speaksFor.Before(at)) {
			at = speaksFor
		}
	}
	return sum.Int64(), at, err
}

// PutUsageGauges writes what a month's samples make.
func (tx *Tx) PutUsageGauges(month reeve.Month, gauges map[GaugeKey]reeve.GaugeMonth) {
	rows := make([][]any, 0, len(gauges))
	for _, key := range slices.SortedFunc(maps.Keys(gauges), GaugeKey.compare) {
		g := gauges[key]
		rows = append(rows, []any{
			int64(month), key.ProjectID, string(key.Meter), key.Bucket, g.First, g.Last.At, g.Last.Value, g.Held, tx.Now(),
		})
	}
	tx.writeRows("INSERT INTO usage_gauges (month, project_id, meter, bucket, first_at, last_at, last_value, held, seen_at) VALUES ",
		` ON CONFLICT (month, project_id, meter, bucket) DO UPDATE SET first_at = excluded.first_at,
			last_at = excluded.last_at, last_value = excluded.last_value, held = excluded.held, seen_at = excluded.seen_at`, rows)
}

// Outstanding gives what is known of a project's usage this month and last.
func (r Reader) Outstanding(ctx context.Context, project reeve.ID, now time.Time) (o reeve.Outstanding, err error) {
	month := reeve.MonthOf(now)
	if o.Current, err = r.UsageTotal(ctx, project, month, now); err != nil {
		return o, err
	}
	if o.Last, err = r.UsageTotal(ctx, project, month.Previous(), now); err != nil {
		return o, err
	}
	o.State, err = r.BillingState(ctx, project, month.Previous())
	return o, err
}

// BillingState tells how far the billing of a project's month has come.
func (r Reader) BillingState(ctx context.Context, project reeve.ID, month reeve.Month) (reeve.BillingState, error) {
	closed, err := one(ctx, r, read{
		sql:     "SELECT closed FROM billing_months WHERE month = $1",
		args:    []any{int64(month)},
		missing: missing("month"),
	}, value[bool])
	switch {
	case reeve.IsKind(err, reeve.NotFound):
		return reeve.BillingOpen, nil
	case err != nil || closed:
		return reeve.BillingApplied, err
	}
	lines, err := one(ctx, r, read{
		sql: "SELECT COUNT(*) FROM statement_lines WHERE project_id = $1 AND month = $2", args: []any{project, int64(month)},
	}, value[int64])
	if lines > 0 {
		return reeve.BillingApplied, err
	}
	return reeve.BillingUnapplied, err
}

// usageTables are what retention removes, and what each counts time in.
var usageTables = []struct{ table, key, time string }{
	{"usage_days", "day, project_id, bucket", "day"},
	{"usage_samples", "day, project_id, bucket, part", "day"},
	{"usage_gauges", "month, project_id, meter, bucket", "month"},
	{"usage_totals", "month, project_id", "month"},
	{"alerts", "organization_id, month, subject_id, kind, threshold", "month"},
}

// DeleteUsageBefore removes up to limit rows of each kind of usage of months
// before one, and gives how many went of the kind of which most did. The samples of the month before stay: the next starts from
// them.
func (tx *Tx) DeleteUsageBefore(ctx context.Context, month reeve.Month, limit int) (int, error) {
	most := 0
	for _, t := range usageTables {
		before := int64(month)
		switch {
		case t.time == "day":
			before = DayOf(month.Start())
		case t.table == "usage_gauges":
			before = int64(month.Previous())
		}
		gone, err := many(ctx, tx.Reader, read{
			sql: "DELETE FROM " + t.table + " WHERE (" + t.key + ") IN (SELECT " + t.key + " FROM " + t.table +
				" WHERE " + t.time + " < $1 LIMIT $2) RETURNING " + t.time,
			args: []any{before, limit},
		}, value[int64])
		if err != nil {
			return 0, err
		}
		most = max(most, len(gone))
	}
	return most, nil
}
