package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/reeve-cloud/reeve"
)

// What a month has to reach.
var (
	targetClose       = []float64{60} // s
	targetCloseMemory = []float64{200}
	targetSeries      = []float64{20} // ms
)

const (
	monthProjects = 100_000
	monthDays     = 30
	patterns      = 10 // projects whose usage the others copy
	seriesRate    = 20 // a second
)

// monthWorld is a reeve on PostgreSQL with a month of usage of many projects:
// three meters, a row for each project and day with all its hours.
type monthWorld struct {
	*usageWorld
	month reeve.Month
}

// monthWorld makes it at first use. The first projects' usage is reported, as
// anybody's is; the others' rows are copies of those.
func (b *bench) monthWorld(ctx context.Context) (*monthWorld, error) {
	if b.month != nil {
		return b.month, nil
	}
	database, err := b.database(ctx, "month")
	if err != nil {
		return nil, err
	}
	prices, err := filepath.Abs("examples/prices.yaml")
	if err != nil {
		return nil, err
	}
	w := &monthWorld{month: reeve.MonthOf(time.Now()).Previous()}
	w.usageWorld, err = b.newUsageWorld(ctx, database, monthProjects, "REEVE_PRICES="+prices, "REEVE_CLOSE_AFTER=0")
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := w.report(ctx); err != nil {
		return nil, err
	}
	if err := w.awaitPass(ctx); err != nil {
		return nil, err
	}
	if err := w.copyUsage(ctx); err != nil {
		return nil, err
	}
	b.say("loaded %s of %d projects in %s", w.month, monthProjects, time.Since(began).Round(time.Millisecond))
	b.month = w
	return w, nil
}

// report reports every hour of the first projects.
func (w *monthWorld) report(ctx context.Context) error {
	var records []string
	for project := range patterns {
		for hour := range monthDays * 24 {
			at := w.month.Start().Add(time.Duration(hour)*time.Hour + time.Minute)
			for meter, value := range map[string]int{"egress": 1_000_000 + project*hour, "requests": 1000 + hour, "storage": 1 << 30 * (project + 1)} {
				records = append(records, fmt.Sprintf(`{"projectId":"%s","bucket":"data","meter":"%s","at":"%s","value":%d}`,
					w.project(project), meter, at.Format(time.RFC3339), value))
			}
		}
	}
	for n := 0; n < len(records); n += usageRecords {
		batch := records[n:min(n+usageRecords, len(records))]
		body := fmt.Sprintf(`{"gateway":"month","sequence":%d,"records":[%s]}`, n+1, strings.Join(batch, ","))
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+w.addresses["gateway"]+"/gateway/usage", strings.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+string(w.gateway))
		status, answer, err := answerStatus(request)
		if err != nil || status != http.StatusOK || strings.Contains(string(answer), "refused") {
			return fmt.Errorf("report: %d %.300s %w", status, answer, err)
		}
	}
	return nil
}

// awaitPass waits until what was reported is added up.
func (w *monthWorld) awaitPass(ctx context.Context) error {
	return withConn(ctx, w.database, func(conn *pgx.Conn) error {
		for began := time.Now(); time.Since(began) < patience; time.Sleep(lookEvery) {
			var waiting bool
			if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM usage_batches)").Scan(&waiting); err != nil || !waiting {
				return err
			}
		}
		return fmt.Errorf("the usage is not added up after %s", patience)
	})
}

// usageKeys are the tables that are copied, with the columns but the project's.
var usageKeys = []struct{ table, columns string }{
	{"usage_days", "day, bucket, counts"},
	{"usage_samples", "day, bucket, part, samples"},
	{"usage_gauges", "month, meter, bucket, first_at, last_at, last_value, held, seen_at"},
	{"usage_totals", "month, egress, requests"},
}

// copyUsage gives every project the rows of one of the first ones.
func (w *monthWorld) copyUsage(ctx context.Context) error {
	return withConn(ctx, w.database, func(conn *pgx.Conn) error {
		if err := executeAll(ctx, conn, `CREATE TEMPORARY TABLE copies AS SELECT id, number % `+fmt.Sprint(patterns)+` AS pattern, number
			FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) - 1 AS number FROM projects) AS numbered`, "ANALYZE copies"); err != nil {
			return err
		}
		for _, t := range usageKeys {
			order, _, _ := strings.Cut(t.columns, ",")
			err := executeAll(ctx, conn, fmt.Sprintf(`INSERT INTO %[1]s (project_id, %[2]s)
				SELECT copies.id, %[2]s FROM %[1]s AS of JOIN copies AS first ON first.id = of.project_id
				JOIN copies ON copies.pattern = first.pattern AND copies.number >= %[3]d ORDER BY %[4]s, copies.id`,
				t.table, t.columns, patterns, order))
			if err != nil {
				return err
			}
		}
		return executeAll(ctx, conn, "VACUUM (ANALYZE)", "CHECKPOINT")
	})
}

// measureSeries takes how long a series of one project takes, far below what
// the machine can do.
func (b *bench) measureSeries(ctx context.Context) error {
	w, err := b.monthWorld(ctx)
	if err != nil {
		return err
	}
	from := w.month.Start()
	query := fmt.Sprintf("/usage/series?step=hour&from=%s&to=%s", from.Format(time.DateOnly), from.AddDate(0, 0, 31).Format(time.DateOnly))
	head := operatorHead(w.token) + "\r\n"
	next := func(by *worker, buf []byte) ([]byte, int, int) {
		buf = append(buf, "GET /api/projects/"...)
		buf = appendID(buf, w.data.id(kindProject, by.random.IntN(monthProjects)))
		return append(append(buf, query...), head...), 0, 200
	}
	rounds, err := b.contest(ctx, []contender{{"series", func(ctx context.Context, duration time.Duration) (sample, error) {
		return drive(ctx, plan{
			addresses: []string{w.addresses["operator"]}, connections: usageConnections, duration: duration,
			next: next, rate: seriesRate / float64(usageConnections),
		})
	}}})
	if err != nil {
		return err
	}
	found := newFigures(rounds[0])
	b.report.add(row{
		Measure: fmt.Sprintf("series of one of %d projects, 31 days by hour, p99 at %d a second", monthProjects, seriesRate),
		Reeve:   found, Unit: unitTime, Value: found.P99, Targets: targetSeries,
	})
	return nil
}

// measureClose closes the month, once: it stays closed. Memory is that of the
// process from its start.
func (b *bench) measureClose(ctx context.Context) error {
	w, err := b.monthWorld(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	statements, err := w.close(ctx)
	if err != nil {
		return err
	}
	took := time.Since(began)
	peak, err := w.memory("VmHWM")
	if err != nil {
		return err
	}
	b.say("closed %s in %s, %d statements", w.month, took, statements)
	b.report.add(row{
		Measure: fmt.Sprintf("closing a month of %d projects, 3 meters, %d days by hour", monthProjects, monthDays),
		Unit:    unitSeconds, Value: took.Seconds(), Targets: targetClose,
	})
	b.addSize("resident at its peak, with that", peak, targetCloseMemory[0])
	return nil
}

// close asks until the month is closed, and gives how many statements it has.
func (w *monthWorld) close(ctx context.Context) (statements int, err error) {
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://%s/api/months/%s/close", w.addresses["operator"], w.month), nil)
		if err != nil {
			return 0, err
		}
		request.Header.Set("Authorization", string(w.token))
		status, body, err := answerStatus(request)
		if err != nil || status != http.StatusOK {
			return 0, fmt.Errorf("close %s: %d %s %w", w.month, status, body, err)
		}
		var answer struct {
			Status     string
			Statements int
		}
		if err := json.Unmarshal(body, &answer); err != nil || answer.Status == "closed" {
			return answer.Statements, err
		}
	}
}
