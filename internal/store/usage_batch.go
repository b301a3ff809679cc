package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/reeve-cloud/reeve"
)

// AppendUsageBatch puts records, which were checked, where the next pass finds
// them.
func (tx *Tx) AppendUsageBatch(records []reeve.UsageRecord) {
	tx.write(statement{
		sql:  "INSERT INTO usage_batches (records) VALUES ($1)",
		args: []any{packRecords(records)},
	})
}

// BeginUsagePass waits for other passes, on whatever replica, and gives the
// number of this one.
func (tx *Tx) BeginUsagePass(ctx context.Context) (int64, error) {
	if err := tx.lockName(ctx, lockUsage); err != nil {
		return 0, err
	}
	return one(ctx, tx.Reader, read{
		sql: "UPDATE usage_passes SET number = number + 1 WHERE name = 'usage' RETURNING number",
	}, value[int64])
}

// UsagePass gives the number of the newest pass, and whether there is
// something for another.
func (r Reader) UsagePass(ctx context.Context) (number int64, waiting bool, err error) {
	err = r.q.query(ctx, "SELECT number, EXISTS (SELECT 1 FROM usage_batches) FROM usage_passes WHERE name = 'usage'", nil,
		func(row scanner) error { return row.Scan(&number, &waiting) })
	return number, waiting, err
}

// TakeUsageBatches takes up to limit batches out, oldest first. It gives how
// many there were, and the numbers of those that cannot be read: they are put
// aside, in usage_damaged, and do not stop the others.
func (tx *Tx) TakeUsageBatches(ctx context.Context, limit int, each func(reeve.UsageRecord)) (n int, damaged []int64, err error) {
	err = tx.query(ctx, `DELETE FROM usage_batches WHERE sequence IN
		(SELECT sequence FROM usage_batches ORDER BY sequence LIMIT $1) RETURNING sequence, records`,
		[]any{limit}, func(row scanner) error {
			var sequence int64
			var data []byte
			if err := row.Scan(&sequence, &data); err != nil {
				return err
			}
			n++
			var records []reeve.UsageRecord
			if eachRecord(data, func(r reeve.UsageRecord) { records = append(records, r) }) != nil {
				damaged = append(damaged, sequence)
				tx.write(statement{
					sql: "INSERT INTO usage_damaged (sequence, records) VALUES ($1, $2)", args: []any{sequence, slices.Clone(data)},
				})
				return nil
			}
			for _, r := range records {
				each(r)
			}
			return nil
		})
	return n, damaged, err
}

// DayKey names a project's day, of a bucket or of none.
type DayKey struct {
	Day       int64
	ProjectID reeve.ID
	Bucket    string
}

// compare orders as the tables do.
func (k DayKey) compare(other DayKey) int {
	return cmp.Or(cmp.Compare(k.Day, other.Day), compareIDs(k.ProjectID, other.ProjectID), cmp.Compare(k.Bucket, other.Bucket))
}

// UsageDays gives the counters of some projects on one day.
func (r Reader) UsageDays(ctx context.Context, projects []reeve.ID, day int64) (map[DayKey]PackedDay, error) {
	out := map[DayKey]PackedDay{}
	err := r.inLists(projects, func(list string, args []any) error {
		args = append(args, day)
		return r.q.query(ctx, "SELECT project_id, bucket, counts FROM usage_days WHERE project_id IN ("+list+
			") AND day = $"+strconv.Itoa(len(args)), args, func(row scanner) error {
			key := DayKey{Day: day}
			var data []byte
			err := row.Scan(&key.ProjectID, &key.Bucket, &data)
			out[key] = data
			return err
		})
	})
	return out, err
}

// PutUsageDays writes projects' counters of days.
func (tx *Tx) PutUsageDays(days map[DayKey]PackedDay) {
	rows := make([][]any, 0, len(days))
	for _, key := range slices.SortedFunc(maps.Keys(days), DayKey.compare) {
		rows = append(rows, []any{key.Day, key.ProjectID, key.Bucket, []byte(days[key])})
	}
	tx.writeRows("INSERT INTO usage_days (day, project_id, bucket, counts) VALUES ",
		" ON CONFLICT (day, project_id, bucket) DO UPDATE SET counts = excluded.counts", rows)
}

// SamplePart is the newest part of a day's samples, to which more can be
// added.
type SamplePart struct {
	Number int64
	data   []byte
}

// fullPart is how many bytes of samples a part holds about: each sample that
// comes writes them all again.
const fullPart = 1024

// Add puts a sample of the day in.
func (p *SamplePart) Add(m reeve.UsageMeter, day int64, s reeve.Sample) {
	p.data = appendSample(p.data, m, day, s)
}

// Full tells whether the next sample should begin another part.
func (p *SamplePart) Full() bool { return len(p.data) >= fullPart }

// UsageSampleParts gives the newest part of each of some projects' samples of a
// day.
func (r Reader) UsageSampleParts(ctx context.Context, projects []reeve.ID, day int64) (map[DayKey]SamplePart, error) {
	out := map[DayKey]SamplePart{}
	err := r.inLists(projects, func(list string, args []any) error {
		args = append(args, day)
		return r.q.query(ctx, "SELECT project_id, bucket, part, samples FROM usage_samples WHERE project_id IN ("+list+
			") AND day = $"+strconv.Itoa(len(args)), args, func(row scanner) error {
			key, part := DayKey{Day: day}, SamplePart{}
			err := row.Scan(&key.ProjectID, &key.Bucket, &part.Number, &part.data)
			if kept, ok := out[key]; !ok || part.Number > kept.Number {
				out[key] = part
			}
			return err
		})
	})
	return out, err
}

// PutUsageSamples writes parts of samples.
func (tx *Tx) PutUsageSamples(parts map[DayKey][]SamplePart) {
	rows := make([][]any, 0, len(parts))
	for _, key := range slices.SortedFunc(maps.Keys(parts), DayKey.compare) {
		for _, part := range parts[key] {
			rows = append(rows, []any{key.Day, key.ProjectID, key.Bucket, part.Number, part.data})
		}
	}
	tx.writeRows("INSERT INTO usage_samples (day, project_id, bucket, part, samples) VALUES ",
		" ON CONFLICT (day, project_id, bucket, part) DO UPDATE SET samples = excluded.samples", rows)
}

// PutUsageLate notes that usage came for months that were closed.
func (tx *Tx) PutUsageLate(months map[reeve.ID][]reeve.Month) {
	var rows [][]any
	for project, list := range months {
		for _, month := range list {
			rows = append(rows, []any{project, int64(month)})
		}
	}
	tx.writeRows("INSERT INTO usage_late (project_id, month) VALUES ", " ON CONFLICT DO NOTHING", rows)
}
