package control

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
)

// FeedKind says what a FeedEvent tells gateways.
type FeedKind string

// The kinds of event.
const (
	FeedRevoked FeedKind = "revoked" // a key and all that derive from it are refused
	FeedCut     FeedKind = "cut"     // all keys of a project made before a time are refused
	FeedFrozen  FeedKind = "frozen"  // all keys of a project, of an organisation's or of an owner's projects are refused for now
	FeedProject FeedKind = "project" // what verdicts say of a project is out of date
	FeedReset   FeedKind = "reset"   // what happened meanwhile is no longer known
	FeedAt      FeedKind = "at"      // nothing more up to this number
)

// FeedEvent is a change that matters to gateways.
type FeedEvent struct {
	Number    int64
	Kind      FeedKind
	KeyID     reeve.ID  // of a FeedRevoked
	ProjectID reeve.ID  // of all but FeedReset and FeedAt; zero of a FeedFrozen of one of the next
	Within    reeve.ID  // the organisation of a FeedFrozen
	OwnerID   reeve.ID  // the owner of a FeedFrozen
	Lineage   string    // of a FeedRevoked: the name of the derived key; "" is the root key
	Before    time.Time // of a FeedCut
}

// urgent tells whether a gateway must acknowledge the event at once.
func (e *FeedEvent) urgent() bool {
	return e.Kind == FeedRevoked || e.Kind == FeedCut || e.Kind == FeedFrozen
}

func anyUrgent(events []FeedEvent) bool {
	for i := range events {
		if events[i].urgent() {
			return true
		}
	}
	return false
}

// feedEvents picks the changes that matter to gateways.
func feedEvents(changes []reeve.Change) (out []FeedEvent) {
	for i := range changes {
		c := &changes[i]
		event := FeedEvent{Number: c.Number, ProjectID: c.Target}
		var told struct {
			ProjectID string    `json:"projectId"`
			Lineage   string    `json:"lineage"`
			Before    time.Time `json:"before"`
		}
		fields := c.After
		switch c.Action {
		case "apikey.delete":
			event.Kind, fields = FeedRevoked, c.Before
		case "apikey.revoke":
			event.Kind = FeedRevoked
		case "project.revoke":
			event.Kind = FeedCut
		case "project.freeze":
			event.Kind = FeedFrozen
		case "organization.freeze":
			event.Kind, event.ProjectID, event.Within = FeedFrozen, reeve.Zero, c.Target
		case "user.freeze":
			event.Kind, event.ProjectID, event.OwnerID = FeedFrozen, reeve.Zero, c.Target
		case "project.update", "project.delete", "project.restore", "project.transfer", "limits.update", "apikey.rotate":
			event.Kind = FeedProject // a key that is rotated has another name from then on
		default:
			continue
		}
		// The fields are ours, and fields of old changes only lack some.
		_ = json.Unmarshal(fields, &told)
		if event.Kind == FeedRevoked {
			event.KeyID, event.Lineage = c.Target, told.Lineage
		}
		if event.Kind == FeedRevoked || c.Action == "apikey.rotate" {
			event.ProjectID, _ = reeve.ParseID(reeve.PrefixProject, told.ProjectID)
		}
		event.Before = told.Before
		out = append(out, event)
	}
	return out
}

// feed holds the newest events for those who follow them.
type feed struct {
	mu     sync.Mutex
	events []FeedEvent // of numbers above floor up to at
	floor  int64
	at     int64
	era    int           // counts how often it began anew
	moved  chan struct{} // closed when at moves on
	done   chan struct{} // closed when the server is about to stop
	closed bool
}

// feedKept is how many events are kept in memory; who is further behind reads
// the change log.
const feedKept = 4096

func newFeed() *feed { return &feed{moved: make(chan struct{}), done: make(chan struct{})} }

// begin forgets all events: the memory knows what happened up to a number.
func (f *feed) begin(number int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events, f.floor, f.era = nil, number, f.era+1
	f.move(number)
}

// age tells how often the feed began anew: numbers of another age may be those
// of other changes.
func (f *feed) age() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.era
}

// advance adds the events up to a number.
func (f *feed) advance(events []FeedEvent, to int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, events...)
	if over := len(f.events) - feedKept; over > 0 {
		f.floor = f.events[over-1].Number
		f.events = append([]FeedEvent(nil), f.events[over:]...)
	}
	f.move(to)
}

func (f *feed) move(to int64) {
	f.at = to
	if !f.closed {
		close(f.moved)
		f.moved = make(chan struct{})
	}
}

// close ends all who follow.
func (f *feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.closed = true
		close(f.moved)
		close(f.done)
	}
}

// ErrFeedClosed says that this replica is about to end.
var ErrFeedClosed = reeve.Errorf(reeve.Unavailable, "the server is stopping")

// since gives the events after a number and up to which there are no more;
// behind tells that memory does not reach back so far.
func (f *feed) since(number int64) (events []FeedEvent, at int64, behind bool, moved <-chan struct{}, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, 0, false, nil, ErrFeedClosed
	}
	if number < f.floor {
		return nil, f.at, true, f.moved, nil
	}
	first := len(f.events)
	for first > 0 && f.events[first-1].Number > number {
		first--
	}
	return append(events, f.events[first:]...), max(f.at, number), false, f.moved, nil
}

// FeedNumber gives the calling gateway the number after which it will miss
// nothing if it begins now.
func (c *Control) FeedNumber(ctx context.Context) (int64, error) {
	if _, err := gatewayProgram(ctx); err != nil {
		return 0, err
	}
	return c.feedNumber(ctx)
}

// feedNumber gives the number from which on a gateway that knows nothing yet
// must follow the feed.
func (c *Control) feedNumber(ctx context.Context) (int64, error) {
	if c.live.trusted() {
		return c.live.applied.Load(), nil
	}
	number, _, err := c.store.ChangeEnd(ctx, "head")
	return number, err
}

// FollowFeed calls each with the events after a number as they come, the last
// of each burst a FeedAt, and with a FeedAt when none came for a time, until
// the context ends, each fails, the gateway is deleted, its token ends or the
// server stops.
func (c *Control) FollowFeed(ctx context.Context, number int64, idle time.Duration, each func([]FeedEvent) error) error {
	by, err := gatewayProgram(ctx)
	if err != nil {
		return err
	}
	era := c.feed.age()
	if err := c.resetFeed(ctx, &number, each); err != nil {
		return err
	}
	for {
		if now := c.feed.age(); now != era {
			era, number = now, c.live.applied.Load()
			if err := each([]FeedEvent{{Number: number, Kind: FeedReset}}); err != nil {
				return err
			}
		}
		if c.live.trusted() && !c.live.admits(&by, c.store.Now()) {
			return reeve.ErrUnauthenticated
		}
		events, at, behind, moved, err := c.feed.since(number)
		if err == nil && behind {
			events, at, err = c.readFeed(ctx, number)
		}
		if err != nil {
			return err
		}
		if at == number {
			if err := pause(ctx, idle, moved); err != nil {
				return err
			}
		}
		if at > number || !isClosed(moved) {
			number = at
			err = each(append(events, FeedEvent{Number: at, Kind: FeedAt}))
		}
		if err != nil {
			return err
		}
	}
}

// pause waits until something moved, a time has passed or the context ends.
func pause(ctx context.Context, most time.Duration, moved <-chan struct{}) error {
	wait := time.NewTimer(most)
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-moved:
	case <-wait.C:
	}
	return nil
}

func isClosed(moved <-chan struct{}) bool {
	select {
	case <-moved:
		return true
	default:
		return false
	}
}

// resetFeed sends who asks for numbers that are not given yet back to those
// that are: the database was put back.
func (c *Control) resetFeed(ctx context.Context, number *int64, each func([]FeedEvent) error) error {
	if *number <= c.live.applied.Load() {
		return nil
	}
	head, _, err := c.store.ChangeEnd(ctx, "head")
	if err != nil || *number <= head {
		return err
	}
	*number = head
	return each([]FeedEvent{{Number: head, Kind: FeedReset}})
}

// readFeed reads events from the change log. A gap is a reset to where memory
// begins: what was asked for is gone.
func (c *Control) readFeed(ctx context.Context, number int64) ([]FeedEvent, int64, error) {
	changes, err := c.store.ChangesAfter(ctx, number, followBatch)
	if err != nil {
		return nil, 0, err
	}
	if len(changes) == 0 || changes[0].Number != number+1 {
		at, err := c.feedNumber(ctx)
		return []FeedEvent{{Number: at, Kind: FeedReset}}, at, err
	}
	return feedEvents(changes), changes[len(changes)-1].Number, nil
}

// Drain ends what would go on for long, feeds and receipts: the server is about
// to stop.
func (c *Control) Drain() { c.feed.close() }
