package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// pgbench does what reeve does to create an API key, statement by statement.
type pgbench struct {
	program  string
	script   string // a file
	database string
	runs     int // so far: each has names of its own
}

// script is a pgbench script. What is in no index is constant, and the ids and
// names are made by arithmetic: the comparison is with PostgreSQL's own speed.
// A colon before a word would be a variable, in quotes too.
const script = `\set n :n + 1
\set key :client_id * 10000000000 + :n
\set project random(0, %[1]d)
BEGIN;
INSERT INTO api_keys (id, project_id, partner_id, name, head, secret, sealed_by, created_at) VALUES (
	('%[2]s' || lpad(to_hex(:key::bigint), 12, '0'))::uuid, ('%[3]s' || lpad(to_hex(:project::bigint), 12, '0'))::uuid, NULL,
	'bench-' || :key::bigint, sha256(int8send(:key::bigint)), '\x%[4]s', '\x%[7]s', %[5]d);
INSERT INTO pending_changes (at, actor, action, target, before, after, reason, request_id) VALUES (
	%[5]d, 'operator', 'apikey.create', ('%[2]s' || lpad(to_hex(:key::bigint), 12, '0'))::uuid, NULL,
	'{"name":"bench-000000000000","partnerId": null,"projectId":"%[3]s' || lpad(to_hex(:project::bigint), 12, '0') || '"}',
	'', '%[6]s');
COMMIT;
`

// newPgbench prepares runs against a database that holds the data.
func newPgbench(dir, databaseURL string, d *dataset) (*pgbench, error) {
	program, err := findPgbench()
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf(script, d.projects-1, d.idPrefix(kindPgbench), d.idPrefix(kindProject),
		strings.Repeat("5a", sealedSize), d.epoch.UnixMicro(), strings.Repeat("f", 32),
		strings.Repeat("00", sealSize))
	p := &pgbench{program: program, script: filepath.Join(dir, "apikey.pgbench"), database: databaseURL}
	return p, os.WriteFile(p.script, []byte(text), 0o600)
}

func findPgbench() (string, error) {
	if found, err := exec.LookPath("pgbench"); err == nil {
		return found, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if err != nil || len(found) == 0 {
		return "", errors.New("pgbench is not installed")
	}
	return found[len(found)-1], nil
}

// run lets it work for a while. It measures no percentiles.
func (p *pgbench) run(ctx context.Context, duration time.Duration) (sample, error) {
	p.runs++
	seconds := int(math.Ceil(duration.Seconds())) // it knows no fractions
	cmd := exec.CommandContext(ctx, p.program, "--no-vacuum", "--protocol=prepared",
		"--client="+strconv.Itoa(connections), "--jobs=2", "--time="+strconv.Itoa(seconds),
		"--file="+p.script, fmt.Sprintf("--define=n=%d", p.runs*100_000_000), p.database)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return sample{}, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	rate, err := parsePgbench(string(out))
	return sample{rate: rate}, err
}

var (
	pgbenchRate   = regexp.MustCompile(`(?m)^tps = ([0-9.]+) \(without initial connection time\)$`)
	pgbenchFailed = regexp.MustCompile(`(?m)^number of failed transactions: ([0-9]+)`)
)

// parsePgbench reads transactions per second from what pgbench prints
// (PostgreSQL 15 and newer); failed ones are an error.
func parsePgbench(out string) (float64, error) {
	rate, failed := pgbenchRate.FindStringSubmatch(out), pgbenchFailed.FindStringSubmatch(out)
	switch {
	case rate == nil || failed == nil:
		return 0, fmt.Errorf("pgbench printed no figures: %s", out)
	case failed[1] != "0":
		return 0, fmt.Errorf("%s transactions of pgbench failed", failed[1])
	}
	return strconv.ParseFloat(rate[1], 64)
}
