package store

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/reeve-cloud/reeve"
)

// Database tells of the database as it is now.
type Database struct {
	Kind    string // as Dialect gives it
	Version string // of the database's own program
	Schema  int64  // the newest migration that it has seen
	Newest  int64  // the newest migration that this program knows
	Size    int64  // bytes, at most a minute ago; 0 if that is not told
	Answer  time.Duration
	Pool    Pool
}

// Pool is how this process's connections are used.
type Pool struct{ Used, Idle, Most int }

// Database reads what it tells; Answer is how long one round trip takes.
func (s *Store) Database(ctx context.Context) (Database, error) {
	out := Database{Kind: s.d.name, Newest: newestVersion()}
	began := time.Now()
	if _, err := one(ctx, s.Reader, read{sql: "SELECT 1"}, value[int]); err != nil {
		return out, err
	}
	out.Answer, out.Pool = time.Since(began), s.db.connections()
	_, err := one(ctx, s.Reader, read{sql: fmt.Sprintf(
		"SELECT %s, (SELECT MAX(version_id) FROM %s)", s.d.version, goose.DefaultTablename,
	)}, func(row scanner) (struct{}, error) { return struct{}{}, row.Scan(&out.Version, &out.Schema) })
	if err == nil {
		out.Size = s.size.of(ctx, s.Reader)
	}
	return out, err
}

// sizeAge is how old the size that is told may be: it can be costly to find out.
const sizeAge = time.Minute

// databaseSize remembers how large the database was.
type databaseSize struct {
	mu    sync.Mutex
	asked time.Time
	bytes int64
}

// of gives the size, in bytes; 0 where the database does not tell it, or may not.
func (s *databaseSize) of(ctx context.Context, r Reader) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.asked.IsZero() && time.Since(s.asked) < sizeAge {
		return s.bytes
	}
	bytes, err := one(ctx, r, read{sql: "SELECT " + r.d.size}, value[int64])
	if ctx.Err() != nil {
		return s.bytes // who asked has gone: the next one asks again
	}
	if err != nil {
		bytes = 0
	}
	s.asked, s.bytes = time.Now(), bytes
	return bytes
}

// Backlog is what waits for work behind the requests, of all replicas.
type Backlog struct {
	Changes  Count // for their numbers
	Usage    Count // rows of batches, to be added up
	Messages Count // of webhooks
	Mails    Count
}

// Backlog counts what waits.
func (r Reader) Backlog(ctx context.Context) (Backlog, error) {
	n, err := r.counts(ctx, nil, "SELECT 1 FROM pending_changes", "SELECT 1 FROM usage_batches",
		"SELECT 1 FROM webhook_messages", "SELECT 1 FROM mails")
	return Backlog{n[0], n[1], n[2], n[3]}, err
}

// MostChangeTimes is how many numbers ChangeTimes takes.
const MostChangeTimes = 100

// ChangeTimes gives when changes were made, by their numbers, as far as they are
// kept; at most MostChangeTimes of them.
func (r Reader) ChangeTimes(ctx context.Context, numbers []int64) (map[int64]time.Time, error) {
	out := map[int64]time.Time{}
	if len(numbers) == 0 {
		return out, nil
	}
	places, args := make([]string, MostChangeTimes), make([]any, MostChangeTimes)
	for i := range places { // always as many, so that one statement is kept prepared
		places[i], args[i] = fmt.Sprintf("$%d", i+1), numbers[min(i, len(numbers)-1)]
	}
	err := r.q.query(ctx, "SELECT number, at FROM changes WHERE number IN ("+strings.Join(places, ", ")+")", args, func(row scanner) error {
		var number int64
		var at time.Time
		err := row.Scan(&number, &at)
		out[number] = at
		return err
	})
	return out, err
}

// GatewayLeases is what a gateway's leases hold together.
type GatewayLeases struct {
	Leases int           // that are not settled, and those of the rate that have not ended
	Held   reeve.Amounts // math.MaxInt64 where it is more
	More   bool          // the gateway has more rows of leases than were looked at
}

// mostLeaseRows is how many rows of leases are looked at, of all gateways that
// are asked for together, each having an equal part.
const mostLeaseRows = 10_000

// half splits amounts, so that no sum of those that are looked at overflows.
const half = 1 << 31

// LeasesOf adds up what gateways' leases hold, each by itself. They are read in
// the order of their index, which ends where the limit does.
func (r Reader) LeasesOf(ctx context.Context, gateways []reeve.ID, now time.Time) (map[reeve.ID]GatewayLeases, error) {
	out := make(map[reeve.ID]GatewayLeases, len(gateways))
	if len(gateways) == 0 {
		return out, nil
	}
	most := mostLeaseRows / len(gateways)
	var sums, parts []string
	for _, m := range reeve.Meters {
		held := fmt.Sprintf("CASE WHEN l.meter = '%s' AND l.held = 1 THEN l.amount ELSE 0 END", m)
		sums = append(sums, fmt.Sprintf("CAST(SUM((%[1]s) / %[2]d) AS BIGINT), CAST(SUM((%[1]s) %% %[2]d) AS BIGINT)", held, half))
	}
	args := []any{now}
	for _, id := range gateways {
		args = append(args, id)
		parts = append(parts, fmt.Sprintf(`SELECT * FROM (SELECT gateway_id, id, meter, amount,
			CASE WHEN meter <> 'rate' OR expires_at > $1 THEN 1 ELSE 0 END AS held
			FROM leases WHERE gateway_id = $%d ORDER BY project_id LIMIT %d) g%[1]d`, len(args), most+1))
	}
	text := "SELECT l.gateway_id, COUNT(*), COUNT(DISTINCT CASE WHEN l.held = 1 THEN l.id END), " + strings.Join(sums, ", ") +
		" FROM (" + strings.Join(parts, " UNION ALL ") + ") l GROUP BY l.gateway_id"
	err := r.q.query(ctx, text, args, func(row scanner) error {
		var id reeve.ID
		var of GatewayLeases
		var rows int
		high, low := make([]int64, len(reeve.Meters)), make([]int64, len(reeve.Meters))
		to := []any{&id, &rows, &of.Leases}
		for i := range reeve.Meters {
			to = append(to, &high[i], &low[i])
		}
		if err := row.Scan(to...); err != nil {
			return err
		}
		for i, m := range reeve.Meters {
			*of.Held.Of(m) = join(high[i], low[i])
		}
		of.More = rows > most
		out[id] = of
		return nil
	})
	return out, err
}

// join puts sums of halves together.
func join(high, low int64) int64 {
	high += low / half
	if high > math.MaxInt64/half {
		return math.MaxInt64
	}
	return high*half + low%half
}
