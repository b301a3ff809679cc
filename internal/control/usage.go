package control

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// What one batch of usage may hold.
const (
	MaxUsageRecords = 1000
	MaxUsageStream  = 100 // characters
)

// UsageBatch is one step of a stream of usage. The sequences of a stream rise
// from batch to batch; they may leave gaps.
type UsageBatch struct {
	Stream   string // tells the streams of one gateway apart
	Sequence int64  // from 1
	Records  []UsageItem
}

// UsageItem is a record as it came.
type UsageItem struct {
	reeve.UsageRecord
	Flaw string // why the record could not be read; "" if it could
	Text string // what stood there instead
}

// SequenceTaken is the cause of a Conflict: the stream has gone past the batch,
// or had another one in its place.
type SequenceTaken struct{ Newest int64 }

// Error says how far the stream is.
func (e *SequenceTaken) Error() string { return fmt.Sprintf("the stream is at %d", e.Newest) }

// IngestUsage counts a batch of usage exactly once, and gives for each record
// why it was refused, "" for those that were counted. The newest batch of a
// stream may be sent again: it gets its first answer and counts nothing. An
// older one, or another in its place, is a Conflict with SequenceTaken as its
// cause.
func (c *Control) IngestUsage(ctx context.Context, in UsageBatch) (refusals []string, err error) {
	actor := callerOf(ctx).Actor
	if actor.Kind != reeve.GatewayProgram {
		return nil, reeve.ErrDenied
	}
	if err := in.Check(); err != nil {
		return nil, err
	}
	c.usage.pause(ctx)
	digest := in.Digest()
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		mark, err := tx.LockUsageMark(ctx, actor.ID, in.Stream)
		switch {
		case reeve.IsKind(err, reeve.NotFound): // revoked since it was authenticated
			return reeve.ErrUnauthenticated
		case err != nil:
			return err
		case mark.Sequence == in.Sequence && mark.Digest == digest:
			refusals, err = decodeRefusals(mark.Reply)
			return err
		case mark.Sequence >= in.Sequence:
			return reeve.Errorf(reeve.Conflict, "sequence %d of the stream is taken", in.Sequence).Wrap(&SequenceTaken{mark.Sequence})
		}
		if refusals, err = c.judge(ctx, tx, in.Records); err != nil {
			return err
		}
		mark.Sequence, mark.Digest, mark.Reply = in.Sequence, digest, encodeRefusals(refusals)
		tx.PutUsageMark(mark)
		return nil
	})
	if err == nil {
		c.usage.waiting.Add(int64(len(in.Records)))
	}
	return refusals, err
}

// Check refuses what no batch can be; of the records it says nothing.
func (b UsageBatch) Check() error {
	switch {
	case b.Sequence < 1:
		return reeve.Errorf(reeve.Invalid, "sequence must be 1 or more")
	case len(b.Records) == 0 || len(b.Records) > MaxUsageRecords:
		return reeve.Errorf(reeve.Invalid, "records must be 1 to %d", MaxUsageRecords)
	case utf8.RuneCountInString(b.Stream) > MaxUsageStream:
		return reeve.Errorf(reeve.Invalid, "gateway is longer than %d characters", MaxUsageStream)
	}
	return nil
}

// Digest is SHA-256 over what the batch says, however it was spelt.
func (b UsageBatch) Digest() [sha256.Size]byte {
	hash := sha256.New()
	var out []byte
	text := func(s string) { out = append(binary.AppendUvarint(out, uint64(len(s))), s...) }
	for i := range b.Records {
		r := &b.Records[i]
		out = out[:0]
		out = append(out, r.ProjectID[:]...)
		out = binary.BigEndian.AppendUint64(out, uint64(r.At.Unix()))
		out = binary.BigEndian.AppendUint32(out, uint32(r.At.Nanosecond()))
		out = binary.BigEndian.AppendUint64(out, uint64(r.Value))
		text(r.Bucket)
		text(string(r.Meter))
		flawed := byte(0)
		if r.Flaw != "" {
			flawed = 1 // and not its words, which another version may choose otherwise
		}
		out = append(out, flawed)
		text(r.Text)
		hash.Write(out)
	}
	return [sha256.Size]byte(hash.Sum(out[:0]))
}

// judge gives for each record why it is refused, and appends those that are
// accepted to where the next pass adds them up.
func (c *Control) judge(ctx context.Context, tx *store.Tx, items []UsageItem) ([]string, error) {
	refusals := make([]string, len(items))
	accepted := make([]reeve.UsageRecord, 0, len(items))
	organizations, err := c.organizationsOf(ctx, tx.Reader, len(items), func(i int) reeve.ID { return items[i].ProjectID })
	if err != nil {
		return nil, err
	}
	for i := range items {
		if refusals[i] = items[i].refusal(tx.Now(), organizations[i]); refusals[i] == "" {
			accepted = append(accepted, items[i].UsageRecord)
		}
	}
	if len(accepted) > 0 {
		tx.AppendUsageBatch(accepted)
	}
	return refusals, nil
}

// organizationsOf gives the organisations of n projects, Zero for one that does
// not exist: by heart, or, of one that is not known here, by what the database
// says.
func (c *Control) organizationsOf(ctx context.Context, r store.Reader, n int, project func(int) reeve.ID) ([]reeve.ID, error) {
	out := make([]reeve.ID, n)
	if c.live.trusted() {
		c.live.organizations(out, project)
	}
	var ask []reeve.ID
	for i := range out {
		if id := project(i); out[i] == reeve.Zero && id != reeve.Zero {
			ask = append(ask, id)
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	there, err := r.ProjectOrganizations(ctx, sortedIDs(ask))
	for i := range out {
		if out[i] == reeve.Zero {
			out[i] = there[project(i)]
		}
	}
	return out, err
}

// refusal gives why a record cannot be counted, whose project is in an
// organisation; Zero if there is no such project.
func (r *UsageItem) refusal(now time.Time, organization reeve.ID) string {
	reason := r.Refusal(now)
	if reason == "" && organization == reeve.Zero {
		reason = "project not found"
	}
	return reason
}

// Refusal gives why a record cannot be counted, whatever is in the database.
func (r *UsageItem) Refusal(now time.Time) string {
	if r.Flaw != "" {
		return r.Flaw
	}
	err := r.Check()
	if err == nil {
		err = r.CheckTime(now)
	}
	if err != nil {
		return reeve.AsError(err).Message
	}
	return ""
}

// refusalRun is a number of records in a row that had the same answer.
type refusalRun struct {
	Count  int    `json:"n"`
	Reason string `json:"r,omitempty"`
}

// encodeRefusals writes the answer to a batch as it is kept: short, for most
// batches are accepted as a whole, and with its sentences, so that it is the
// same when another version of the program gives it again.
func encodeRefusals(refusals []string) string {
	var runs []refusalRun
	for i, reason := range refusals {
		if i == 0 || refusals[i-1] != reason {
			runs = append(runs, refusalRun{Reason: reason})
		}
		runs[len(runs)-1].Count++
	}
	text, err := json.Marshal(runs)
	if err != nil {
		panic(fmt.Sprintf("control: the answer to a batch: %v", err)) // only our own types go in
	}
	return string(text)
}

func decodeRefusals(text string) ([]string, error) {
	var runs []refusalRun
	if err := json.Unmarshal([]byte(text), &runs); err != nil {
		return nil, fmt.Errorf("read the answer to a batch: %w", err)
	}
	var out []string
	for _, run := range runs {
		out = append(out, slices.Repeat([]string{run.Reason}, run.Count)...)
	}
	return out, nil
}
