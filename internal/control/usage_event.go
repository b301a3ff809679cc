package control

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// UsageEvent is a record that names itself. Source and ID are its alone within
// the organisation of its project.
type UsageEvent struct {
	UsageItem
	Source, ID string
	Untimed    bool // it was used when it is taken in, whatever At says
}

// EventStatus says what became of an event.
type EventStatus string

// What may become of an event.
const (
	EventAccepted  EventStatus = "accepted"
	EventDuplicate EventStatus = "duplicate" // it was counted before, and is not again
	EventRefused   EventStatus = "refused"   // it was not counted, and may come again
)

// EventResult is the answer to an event.
type EventResult struct {
	Status EventStatus
	Reason string // why it was refused
}

// IngestEvents counts each event once, whoever sends it, how often and beside
// which others. For that its name is remembered for as long as its usage would
// be taken: reeve.UsageLateness months.
func (c *Control) IngestEvents(ctx context.Context, events []UsageEvent) (results []EventResult, err error) {
	if callerOf(ctx).Actor.Kind != reeve.GatewayProgram {
		return nil, reeve.ErrDenied
	}
	if len(events) == 0 || len(events) > MaxUsageRecords {
		return nil, reeve.Errorf(reeve.Invalid, "events must be 1 to %d", MaxUsageRecords)
	}
	c.usage.pause(ctx)
	now := c.store.Now()
	organizations, err := c.organizationsOf(ctx, c.store.Reader, len(events), func(i int) reeve.ID { return events[i].ProjectID })
	if err != nil {
		return nil, err
	}
	results, claims := judgeEvents(events, organizations, now)
	if len(claims) == 0 {
		return results, nil
	}
	digests := make([]store.EventDigest, len(claims))
	for i, claim := range claims {
		digests[i] = claim.digest
	}
	// One that is a little ahead may be of the next month.
	month := reeve.MonthOf(now.Add(reeve.UsageSkew))
	var claimed map[store.EventDigest]bool
	err = c.store.Write(ctx, func(tx *store.Tx) (err error) {
		if claimed, err = tx.ClaimUsageEvents(ctx, digests, month); err != nil || len(claimed) == 0 {
			return err
		}
		records := make([]reeve.UsageRecord, 0, len(claimed))
		for _, claim := range claims {
			if claimed[claim.digest] {
				records = append(records, events[claim.event].UsageRecord)
			}
		}
		tx.AppendUsageBatch(records)
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.usage.waiting.Add(int64(len(claimed)))
	for _, claim := range claims {
		if claimed[claim.digest] {
			results[claim.event].Status = EventAccepted
		}
	}
	return results, nil
}

// judgeEvents refuses what cannot be counted, and gives the claims of the
// others, in order. Those are duplicates until it turns out that they are not.
func judgeEvents(events []UsageEvent, organizations []reeve.ID, now time.Time) (results []EventResult, claims []eventClaim) {
	results, claims = make([]EventResult, len(events)), make([]eventClaim, 0, len(events))
	for i := range events {
		e := &events[i]
		if e.Untimed {
			e.At = now
		}
		if reason := e.refusal(now, organizations[i]); reason != "" {
			results[i] = EventResult{EventRefused, reason}
			continue
		}
		results[i].Status = EventDuplicate
		claims = append(claims, eventClaim{e.digest(organizations[i]), i})
	}
	return results, sortedClaims(claims)
}

// digest stands for the event's name: the first half of SHA-256 over the
// organisation, the source and the id, with their lengths.
func (e *UsageEvent) digest(organization reeve.ID) store.EventDigest {
	out := make([]byte, 0, 256)
	out = append(out, organization[:]...)
	for _, text := range []string{e.Source, e.ID} {
		out = append(binary.AppendUvarint(out, uint64(len(text))), text...)
	}
	sum := sha256.Sum256(out)
	return store.EventDigest(sum[:len(store.EventDigest{})])
}

// eventClaim is an event's digest and its place.
type eventClaim struct {
	digest store.EventDigest
	event  int
}

// sortedClaims puts claims in order; of those of one name the first event's
// stays.
func sortedClaims(claims []eventClaim) []eventClaim {
	slices.SortFunc(claims, func(a, b eventClaim) int {
		if order := a.digest.Compare(b.digest); order != 0 {
			return order
		}
		return a.event - b.event
	})
	return slices.CompactFunc(claims, func(a, b eventClaim) bool { return a.digest == b.digest })
}

// forgetBatch is how many events one transaction of the retention looks at.
const forgetBatch = 10_000

// forgetEvents forgets the events whose usage would be too late now: once a
// month, looking at all there are.
func (c *Control) forgetEvents(ctx context.Context) error {
	oldest := reeve.MonthOf(c.store.Now()).Add(-reeve.UsageLateness)
	forgotten, err := c.store.UsageEventsForgotten(ctx)
	if err != nil || forgotten >= oldest {
		return err
	}
	for next := (&store.EventDigest{}); next != nil; {
		pass, cancel := context.WithTimeout(ctx, jobTimeout)
		after := *next
		err := c.store.Write(pass, func(tx *store.Tx) (err error) {
			next, err = tx.ForgetUsageEvents(pass, after, oldest, forgetBatch)
			if err == nil && next == nil {
				tx.PutUsageEventsForgotten(oldest)
			}
			return err
		})
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}
