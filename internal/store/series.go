package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/reeve-cloud/reeve"
)

// UsageSpan names days of some projects' usage: at most 31 that follow each
// other, and of one bucket unless that is nil.
type UsageSpan struct {
	Projects []reeve.ID
	From, To int64 // days; To is not in it
	Bucket   *string
}

// spanSizes are the lengths of the lists of days, few as in inLists.
var spanSizes = [...]int64{1, 7, 31}

// noDay is a day on which nothing was used.
const noDay = int64(-1 << 40)

// each runs a query for the projects in parts, with the condition that the
// span stands for. It names every day: a range over them would read those of
// all projects, for the primary key begins with the day.
func (s UsageSpan) each(r Reader, query func(where string, args []any) error) error {
	days := s.To - s.From
	if days <= 0 {
		return nil
	}
	at := slices.IndexFunc(spanSizes[:], func(size int64) bool { return size >= days })
	if at < 0 {
		return fmt.Errorf("usage of %d days at once", days)
	}
	return r.inLists(s.Projects, func(list string, args []any) error {
		var where strings.Builder
		where.WriteString("project_id IN (" + list + ") AND day IN (")
		for i := range spanSizes[at] {
			day := noDay
			if i < days {
				day = s.From + i
			}
			args = append(args, day)
			if i > 0 {
				where.WriteByte(',')
			}
			where.WriteString("$" + strconv.Itoa(len(args)))
		}
		where.WriteByte(')')
		if s.Bucket != nil {
			args = append(args, *s.Bucket)
			where.WriteString(" AND bucket = $" + strconv.Itoa(len(args)))
		}
		return query(where.String(), args)
	})
}

// EachUsageDay gives the counters of a span, in no order. What it hands over
// is good until it returns.
func (r Reader) EachUsageDay(ctx context.Context, span UsageSpan, each func(DayKey, *DayCounts)) error {
	return span.each(r, func(where string, args []any) error {
		return r.q.query(ctx, "SELECT day, project_id, bucket, counts FROM usage_days WHERE "+where, args, func(row scanner) error {
			var key DayKey
			var data []byte
			if err := row.Scan(&key.Day, &key.ProjectID, &key.Bucket, &data); err != nil {
				return err
			}
			counts, err := unpackDayCounts(data)
			if err == nil {
				each(key, &counts)
			}
			return err
		})
	})
}

// EachSampleInSpan gives the samples of a span, those of a project and bucket
// one after the other, day by day; within a day in no order.
func (r Reader) EachSampleInSpan(ctx context.Context, span UsageSpan, each func(GaugeKey, reeve.Sample)) error {
	return span.each(r, func(where string, args []any) error {
		return r.q.query(ctx, "SELECT day, project_id, bucket, samples FROM usage_samples WHERE "+where+
			" ORDER BY project_id, bucket, day", args, func(row scanner) error {
			var key DayKey
			var data []byte
			if err := row.Scan(&key.Day, &key.ProjectID, &key.Bucket, &data); err != nil {
				return err
			}
			return eachSample(key.Day, data, func(m reeve.UsageMeter, s reeve.Sample) {
				each(GaugeKey{key.ProjectID, m, key.Bucket}, s)
			})
		})
	})
}

// ProjectsOfOrganization lists up to limit of the projects that an
// organisation has, and of those that it had and whose usage may be still to be
// billed.
func (r Reader) ProjectsOfOrganization(ctx context.Context, organization reeve.ID, limit int) ([]reeve.ID, error) {
	return many(ctx, r, read{
		sql: `SELECT id FROM projects WHERE organization_id = $1
			UNION SELECT id FROM departed_projects WHERE organization_id = $1 ORDER BY id LIMIT $2`,
		args: []any{organization, limit},
	}, value[reeve.ID])
}
