package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// copier puts the same records as a load of usage into a table with a primary
// key, as many in each COPY as a batch has. Each is durable before the next.
type copier struct {
	database string
	next     [usageConnections]int64 // the next key of each connection
	variants [usageConnections][]copyData
}

// copyData is a prepared COPY in PostgreSQL's binary format.
type copyData struct {
	text []byte
	keys []int // where the keys are, and the times after them
}

const copyTable = `CREATE TABLE records (
	id BIGINT PRIMARY KEY, at BIGINT NOT NULL, project_id UUID NOT NULL, bucket TEXT NOT NULL, meter TEXT NOT NULL, value BIGINT NOT NULL
)`

func (b *bench) newCopier(ctx context.Context, w *usageWorld) (*copier, error) {
	database, err := b.database(ctx, "copy")
	if err != nil {
		return nil, err
	}
	c := &copier{database: database}
	for connection := range usageConnections {
		c.next[connection] = int64(connection) << 40
		random := rand.New(rand.NewPCG(1, uint64(connection)))
		for range usageVariants {
			c.variants[connection] = append(c.variants[connection], newCopyData(w, random))
		}
	}
	return c, withConn(ctx, database, func(conn *pgx.Conn) error { return executeAll(ctx, conn, copyTable) })
}

// newCopyData spells a batch (PostgreSQL documentation, COPY, binary format).
func newCopyData(w *usageWorld, random *rand.Rand) copyData {
	var c copyData
	c.text = append([]byte("PGCOPY\n\xff\r\n\x00"), 0, 0, 0, 0, 0, 0, 0, 0)
	field := func(data []byte) {
		c.text = append(binary.BigEndian.AppendUint32(c.text, uint32(len(data))), data...)
	}
	for place := range usageRecords {
		meter := [...]string{"egress", "requests", "storage"}[min(place%20/9, 2)]
		id := w.data.id(kindProject, random.IntN(usageProjects))
		c.text = binary.BigEndian.AppendUint16(c.text, 6)
		c.keys = append(c.keys, len(c.text)+4)
		field(make([]byte, 8))
		field(make([]byte, 8))
		field(id[:])
		field([]byte("data"))
		field([]byte(meter))
		field(binary.BigEndian.AppendUint64(nil, random.Uint64N(1<<20)))
	}
	c.text = binary.BigEndian.AppendUint16(c.text, 0xffff)
	return c
}

// run copies into the empty table for a while, on as many connections as a load
// has.
func (c *copier) run(ctx context.Context, duration time.Duration) (sample, error) {
	err := withConn(ctx, c.database, func(conn *pgx.Conn) error { return executeAll(ctx, conn, "TRUNCATE records") })
	if err != nil {
		return sample{}, err
	}
	var group sync.WaitGroup
	took := make([][]time.Duration, usageConnections)
	failed := make([]error, usageConnections)
	start := time.Now()
	for connection := range usageConnections {
		group.Go(func() {
			failed[connection] = withConn(ctx, c.database, func(conn *pgx.Conn) (err error) {
				took[connection], err = c.work(ctx, conn, connection, start.Add(duration))
				return err
			})
		})
	}
	group.Wait()
	elapsed := time.Since(start)
	workers := make([]*worker, usageConnections)
	for i := range workers {
		if failed[i] != nil {
			return sample{}, failed[i]
		}
		workers[i] = &worker{took: took[i]}
	}
	out, err := summarize(workers, elapsed)
	out.rate *= usageRecords
	return out, err
}

func (c *copier) work(ctx context.Context, conn *pgx.Conn, connection int, end time.Time) (took []time.Duration, err error) {
	for n := 0; ; n++ {
		began := time.Now()
		if began.After(end) {
			return took, nil
		}
		data := &c.variants[connection][n%usageVariants]
		for _, at := range data.keys {
			c.next[connection]++
			binary.BigEndian.PutUint64(data.text[at:], uint64(c.next[connection]))
			binary.BigEndian.PutUint64(data.text[at+12:], uint64(began.UnixMicro()))
		}
		if _, err := conn.PgConn().CopyFrom(ctx, bytes.NewReader(data.text), "COPY records FROM STDIN BINARY"); err != nil {
			return took, err
		}
		took = append(took, time.Since(began))
	}
}
