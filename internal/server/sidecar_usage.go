package server

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/gateway"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/gatewayapi"
)

// ingestion takes usage into a client's spool; nil without one.
func ingestion(cfg SidecarConfig, client *gateway.Client) gatewayapi.Ingestion {
	if cfg.Spool == "" {
		return nil
	}
	return (&intake{report: client.Report, streams: map[string]*intakeStream{}}).ingest
}

// intake takes batches of usage as a server does, but that it forgets what it
// has taken when the process ends: who repeats a batch to the next one is
// counted twice. What is answered is on disk.
type intake struct {
	report func(context.Context, reeve.UsageRecord) error

	mu      sync.Mutex
	streams map[string]*intakeStream
}

// intakeStream is the newest batch of a stream.
type intakeStream struct {
	mu       sync.Mutex
	sequence int64
	digest   [sha256.Size]byte
	taken    []bool // by record
	refusals []string
}

// maxIntakeStreams bounds what programs of this machine can fill.
const maxIntakeStreams = 10_000

func (in *intake) stream(name string) (*intakeStream, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	found := in.streams[name]
	if found == nil {
		if len(in.streams) >= maxIntakeStreams {
			return nil, reeve.Errorf(reeve.Conflict, "the sidecar has %d streams", len(in.streams))
		}
		found = &intakeStream{}
		in.streams[name] = found
	}
	return found, nil
}

// ingest takes a batch. If it fails half way it goes on from there when the
// batch comes again.
func (in *intake) ingest(ctx context.Context, batch control.UsageBatch) ([]string, error) {
	if err := batch.Check(); err != nil {
		return nil, err
	}
	s, err := in.stream(batch.Stream)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	digest := batch.Digest()
	switch {
	case batch.Sequence > s.sequence:
		s.sequence, s.digest = batch.Sequence, digest
		s.taken, s.refusals = make([]bool, len(batch.Records)), make([]string, len(batch.Records))
	case batch.Sequence < s.sequence || digest != s.digest:
		return nil, reeve.Errorf(reeve.Conflict, "sequence %d of the stream is taken", batch.Sequence).
			Wrap(&control.SequenceTaken{Newest: s.sequence})
	}
	return s.refusals, in.take(ctx, s, batch.Records)
}

// take reports what is not taken yet, all at once: the spool syncs many records
// together.
func (in *intake) take(ctx context.Context, s *intakeStream, records []control.UsageItem) error {
	now := time.Now()
	failures := make([]error, len(records))
	var all sync.WaitGroup
	for i := range records {
		if s.taken[i] {
			continue
		}
		if s.refusals[i] = records[i].Refusal(now); s.refusals[i] != "" {
			s.taken[i] = true
			continue
		}
		all.Go(func() {
			failures[i] = in.report(context.WithoutCancel(ctx), records[i].UsageRecord) // else its fate is unknown
			s.taken[i] = failures[i] == nil
		})
	}
	all.Wait()
	for _, err := range failures {
		if err != nil {
			return reeve.Errorf(reeve.Unavailable, "the usage cannot be kept now").Wrap(err)
		}
	}
	return nil
}
