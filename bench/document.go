package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

const document = "docs/benchmarks.md"

// preface tells a reader how to get and how to read the figures.
const preface = `# Benchmarks

What ` + "`bench`" + ` found on the machine below, both sides of a comparison on the same
machine in the same run. The rates are medians of %d rounds of %g seconds, after one that
is not counted; a ratio is the median of the rounds' ratios. %d connections ask without
pause, over loopback, and share the processors with what they ask. reeve is the static
binary in its default configuration and writes its request log. What it is compared with:

- net/http and pgxpool: a handler that runs the SELECT of ` + "`GET /api/projects/{id}`" + ` and
  encodes the row, without authentication, log, metrics or limits;
- pgbench: the two INSERTs of a new API key between BEGIN and COMMIT, with prepared
  statements, into the same schema with the same data;
- net/http, a constant answer: a handler that reads the body and writes as many bytes as reeve.

Verifying asks for any of a million keys with the same chance and, one time in ten, for a derived key that was
never shown before. Its processor time is the server process's, user and system, for a request. Verify
and Admit of package gateway are measured in one process, by testing.Benchmark; a receipt is that of a revocation
over two replicas and three gateways, from the request to the answer.

Usage comes in batches of 1000 records over 10,000 projects on 4 connections: 45 %% egress, 45 %% requests, 10 %%
storage, one bucket a project; CloudEvents are of egress, with random ids. At most 3 rounds of %g seconds are
counted. Each answer is durable, and the clock stops when the total, the series and a lease on the limit show what was
sent last; the lag is how long after its answer a report of another project's is shown, looked for every 20 ms throughout.
At the end the totals must be what was sent. COPY puts as many records with each statement, on as many connections,
into a table with an ascending primary key. The month that is closed has 3 meters of 100,000 projects for 30
days by hour, a bucket each, in 10,000 organisations; a series is of 31 days by hour and all meters.

Searches and pages of lists are of a million users and as many projects, a tenth as many organisations and coupons, with varied names: words
in a tenth, in hundredths, in thousandths and in one of 100,000 of them. Searches come at 20 a second on 4 connections, each for
one of 400 texts of three and more characters. Pages are asked for one at a time, 100 of each kind in a round; what is in braces differs from
request to request. The oldest tenth of the users are at old.example and alone have projects; a tenth of the projects begin with
zzyx: newest first, or by name, these are at the far end. The consoles' pages are asked for one at a time, too, 100 of each kind in a round, of the
largest things there are: a user who owns a fifth of the projects and is in a tenth of the organisations, an organisation of 100,000 members. What
they put on the wire is packed as for a browser, with headers, style sheet, scripts and images; after that, without what a browser keeps. A request that is sent again is a POST of a project with an
Idempotency-Key, compared by the ratio of medians. What --auth-failures adds is measured in one process, in short turns with and without, around an
operation that does nothing.

The resident memory is the kernel's figure, before and after a mixture of requests over
both listeners: 1 %% create users, 10 %% write something else, the others read.

` + "`make bench`" + ` and ` + "`make bench-scale`" + ` print such a table for another machine.
[decisions/speed.md](decisions/speed.md) says where a target is missed and why.

`

// writeDocument writes the report as a page of the documentation.
func (r *report) writeDocument(file string) error {
	var out strings.Builder
	fmt.Fprintf(&out, preface, r.Rounds, r.Seconds, connections, r.Sustained)
	line := func(cells []string) { fmt.Fprintf(&out, "| %s |\n", strings.Join(cells, " | ")) }
	line(columns)
	line(slices.Repeat([]string{"---"}, len(columns)))
	for _, found := range r.Rows {
		line(found.cells())
	}
	m := r.Machine
	fmt.Fprintf(&out, "\nMeasured on %s: %s, %d cores, memory %s, %s, %s, PostgreSQL %s",
		r.Date.Format("2 January 2006"), m.CPU, m.Cores, m.Memory, m.OS, m.Go, m.Postgres)
	for _, name := range slices.Sorted(maps.Keys(r.Settings)) {
		fmt.Fprintf(&out, ", %s %s", name, r.Settings[name])
	}
	out.WriteString(".\n")
	return os.WriteFile(file, []byte(out.String()), 0o644)
}
