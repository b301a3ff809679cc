package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
)

// bodyOf gives a request's body, whose length the head must tell.
func bodyOf(t *testing.T, request []byte, into any) {
	t.Helper()
	head, body, _ := bytes.Cut(request, headerEnd)
	_, length, _ := strings.Cut(string(head), "Content-Length: ")
	if n, err := strconv.Atoi(length); err != nil || n != len(body) {
		t.Fatalf("the head tells %q, the body has %d bytes", length, len(body))
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatal(err)
	}
}

func testUsageWorld() *usageWorld {
	return &usageWorld{data: newDataset(usageProjects + projectsEach), gateway: "reeve_gw_x"}
}

// TestBatches: each request is the next of its stream, of now, in the mix that
// is told, and what is in it is known.
func TestBatches(t *testing.T) {
	t.Parallel()
	l := testUsageWorld().batches()
	by := &worker{number: 2, random: rand.New(rand.NewPCG(1, 2))}
	var egress, requests, last int64
	for range usageVariants + 2 {
		request, _, _ := l.next(by, nil)
		var batch struct {
			Gateway  string
			Sequence int64
			Records  []struct {
				ProjectID string
				Meter     string
				At        time.Time
				Value     int64
			}
		}
		bodyOf(t, request, &batch)
		if batch.Gateway != "w2" || batch.Sequence <= last || len(batch.Records) != usageRecords {
			t.Fatalf("batch %d of %s after %d has %d records", batch.Sequence, batch.Gateway, last, len(batch.Records))
		}
		last = batch.Sequence
		mix := map[string]int{}
		for _, r := range batch.Records {
			mix[r.Meter]++
			id, err := reeve.ParseAnyID(r.ProjectID)
			if err != nil {
				t.Fatal(err)
			}
			switch number := int(id[14])<<8 | int(id[15]); {
			case time.Since(r.At) > time.Minute || number >= usageProjects:
				t.Fatalf("%+v", r)
			case r.Meter == "egress":
				egress += r.Value
			case r.Meter == "requests":
				requests += r.Value
			case number%usageConnections != 2:
				t.Fatalf("the storage of project %d is another connection's", number)
			}
		}
		if mix["egress"] != 450 || mix["requests"] != 450 || mix["storage"] != 100 {
			t.Fatalf("the mix is %v", mix)
		}
	}
	if l.egress[2] != egress || l.requests[2] != requests {
		t.Errorf("%d bytes and %d requests are in them, not %d and %d", egress, requests, l.egress[2], l.requests[2])
	}
}

// TestEvents: no two events have one id.
func TestEvents(t *testing.T) {
	t.Parallel()
	l := testUsageWorld().events()
	by := &worker{random: rand.New(rand.NewPCG(1, 2))}
	seen, egress := map[string]bool{}, int64(0)
	const rounds = usageVariants + 2
	for range rounds {
		request, _, _ := l.next(by, nil)
		var events []struct {
			ID   string
			Time time.Time
			Data struct{ Value int64 }
		}
		bodyOf(t, request, &events)
		for _, e := range events {
			seen[e.ID] = true
			egress += e.Data.Value
			if time.Since(e.Time) > time.Minute {
				t.Fatalf("%+v", e)
			}
		}
	}
	if len(seen) != rounds*usageRecords || egress != l.egress[0] {
		t.Errorf("%d ids, %d bytes, not %d", len(seen), egress, l.egress[0])
	}
}

// TestRate: a rate is to be at least its target.
func TestRate(t *testing.T) {
	t.Parallel()
	var r report
	r.add(row{Unit: unitRate, Value: 99, Targets: []float64{100, 99}})
	if got := r.Rows[0].cells(); got[3] != "99/s" || got[4] != "≥ 100/s, then ≥ 99/s" || got[5] != "no, yes" {
		t.Errorf("%q", got)
	}
}
