package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
)

// SpoolSettings are how a Spool works; the zero value is the safe one.
type SpoolSettings struct {
	// Buffered lets Report return before the record is on disk. A crash loses
	// what was reported in the last tenth of a second, and no more while the
	// disk works. Flush waits for the disk.
	Buffered bool

	MaxBytes     int64            // what the directory may hold before Report refuses; 1 GiB when zero
	BatchRecords int              // a batch is delivered when it has so many records, at most 1000; 1000 when zero
	BatchAge     time.Duration    // or when its first record is so old; 1 s when zero
	Notify       func(error)      // is told what an operator should know, on the spool's own goroutines; optional
	Now          func() time.Time // gives records without a time theirs; time.Now when nil

	fault func(op, path string) error // tests': runs before, and instead of, what fails
	pause time.Duration               // tests': before a batch is tried again
}

// What a batch may hold: as much as the server reads of a request, and some
// room for the names in it.
const (
	maxBatchRecords = 1000
	maxBatchBytes   = 900 << 10
)

// How long a buffered record waits for the disk, and how many groups may.
const (
	bufferAge = 100 * time.Millisecond
	maxGroups = 8
)

// The errors of Report, beside those of the record itself and of the disk.
var (
	ErrSpoolFull   = errors.New("the spool holds as much as it may")
	ErrSpoolClosed = errors.New("the spool is closed")
)

// Spool is a directory of usage that the server has not counted yet. One
// process at a time has it open. Its methods may be called at once.
//
// Records are appended to an open segment and synced, those of concurrent
// callers by one sync. A segment that is full or old enough is sealed: renamed,
// and never written again. Sealed segments are the batches that Deliver
// delivers, in their order. Each opening of the directory is a stream of its
// own, whose sequences nobody else has ever used: a directory that is restored
// from a backup cannot give another batch the number of one that was delivered.
type Spool struct {
	dir      string
	settings SpoolSettings
	lock     *flock.Flock
	kick     chan struct{} // there is work for the committer
	stop     chan struct{} // closed by Close
	stopped  chan struct{} // the committer has ended
	deliver  sync.Mutex    // held by Deliver

	// The committer's own.
	active *segment

	mu        sync.Mutex
	stream    string          // of segments that are begun from now on
	shared    map[string]bool // streams of this opening that somebody else uses too
	sequence  int64           // of the newest segment begun
	groups    []*group        // not on disk yet, oldest first; the first may be on its way
	waiting   int64           // their bytes
	bytes     int64           // in the directory
	opened    int             // records in the active segment
	sealed    []string        // names of what is to be delivered, oldest first
	sealNow   bool
	flushNow  bool
	closed    bool
	failures  int // of the committer
	failed    error
	changed   chan struct{} // closed when any of this has changed
	setAside  int
	delivered int64
}

// group is records that are written and synced together.
type group struct {
	data    []byte
	records int
	taken   bool          // by the committer: nobody joins any more
	done    chan struct{} // closed when its fate is known
	err     error
}

// OpenSpool opens a directory, making it if there is none. What an earlier
// process has left there, whole or torn by a crash, is delivered first.
func OpenSpool(dir string, settings SpoolSettings) (*Spool, error) {
	s := newSpool(dir, settings)
	if err := s.open(); err != nil {
		return nil, fmt.Errorf("open spool %s: %w", dir, err)
	}
	go s.commitAll()
	return s, nil
}

func newSpool(dir string, settings SpoolSettings) *Spool {
	if settings.MaxBytes <= 0 {
		settings.MaxBytes = 1 << 30
	}
	if settings.BatchRecords <= 0 || settings.BatchRecords > maxBatchRecords {
		settings.BatchRecords = maxBatchRecords
	}
	if settings.BatchAge <= 0 {
		settings.BatchAge = time.Second
	}
	if settings.pause <= 0 {
		settings.pause = firstPause
	}
	if settings.Now == nil {
		settings.Now = time.Now
	}
	return &Spool{
		dir: dir, settings: settings, stream: newStream(),
		kick: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}), changed: make(chan struct{}),
	}
}

// newStream names a stream. Streams sort by the time that they were made at.
func newStream() string { return uuid.Must(uuid.NewV7()).String() }

// wireRecord is a record as it is kept and sent.
type wireRecord struct {
	ProjectID reeve.ID         `json:"projectId"`
	Bucket    string           `json:"bucket,omitempty"`
	Meter     reeve.UsageMeter `json:"meter"`
	At        time.Time        `json:"at"`
	Value     int64            `json:"value"`
}

// Report takes a record for delivery. When it answers nil the record is on
// disk, unless the spool is Buffered, and will be counted once. A record that
// could never be counted is refused with an error of kind Invalid. Any other
// error means that the record was not taken (the disk is full, the spool
// is), with two exceptions: when ctx ends first, or a disk fails twice in a row,
// it may have been. A record without a time has that of now.
func (s *Spool) Report(ctx context.Context, r reeve.UsageRecord) error {
	if err := r.Check(); err != nil {
		return err
	}
	if r.At.IsZero() {
		r.At = s.settings.Now()
	}
	text, err := json.Marshal(wireRecord{r.ProjectID, r.Bucket, r.Meter, r.At.UTC().Truncate(time.Microsecond), r.Value})
	if err != nil {
		return reeve.Errorf(reeve.Invalid, "the record cannot be written as JSON").Wrap(err) // its year
	}
	if s.settings.Buffered {
		return s.buffer(ctx, newLine(text))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	g, err := s.join(newLine(text))
	if err != nil {
		return err
	}
	select {
	case <-g.done:
		return g.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// buffer puts a line into a group as soon as there are not too many of them.
func (s *Spool) buffer(ctx context.Context, line []byte) error {
	err := s.wait(ctx, func() (bool, error) {
		return s.closed || s.failed != nil || len(s.groups) <= maxGroups, s.failed
	})
	if err == nil {
		_, err = s.join(line)
	}
	return err
}

// join puts a line into the newest group, or into another if that is full.
func (s *Spool) join(line []byte) (*group, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrSpoolClosed
	case s.bytes+s.waiting+int64(len(line)) > s.settings.MaxBytes:
		return nil, ErrSpoolFull
	}
	var g *group
	if n := len(s.groups); n > 0 {
		g = s.groups[n-1]
	}
	if g == nil || g.taken || g.records >= s.settings.BatchRecords || len(g.data)+len(line) > maxBatchBytes {
		g = &group{done: make(chan struct{})}
		s.groups = append(s.groups, g)
		s.wake()
	}
	g.data = append(g.data, line...)
	g.records++
	s.waiting += int64(len(line))
	return g, nil
}

// Flush waits until all that was reported before is on disk.
func (s *Spool) Flush(ctx context.Context) error {
	s.mu.Lock()
	if len(s.groups) == 0 {
		s.mu.Unlock()
		return nil
	}
	last, failures := s.groups[len(s.groups)-1], s.failures
	s.flushNow = true
	s.mu.Unlock()
	s.wake()
	return s.wait(ctx, func() (bool, error) {
		select {
		case <-last.done:
			return true, last.err
		default:
			return s.failures > failures, s.failed
		}
	})
}

// Drain has everything that was reported sealed, and waits until Deliver, which
// must be running, has delivered all that is sealed.
func (s *Spool) Drain(ctx context.Context) error {
	s.mu.Lock()
	s.sealNow, s.flushNow = true, true
	s.mu.Unlock()
	s.wake()
	return s.wait(ctx, func() (bool, error) {
		if len(s.groups) == 0 && s.opened == 0 && len(s.sealed) == 0 {
			return true, nil
		}
		return s.closed, ErrSpoolClosed
	})
}

// wait waits until a condition holds, which is asked with the lock held.
func (s *Spool) wait(ctx context.Context, holds func() (bool, error)) error {
	for {
		s.mu.Lock()
		done, err := holds()
		changed := s.changed
		s.mu.Unlock()
		if done {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// update changes the state and tells those who wait.
func (s *Spool) update(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Spool) wake() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

func (s *Spool) notify(err error) {
	if s.settings.Notify != nil {
		s.settings.Notify(err)
	}
}

// SpoolStats is how a spool stands.
type SpoolStats struct {
	Bytes     int64 // in the directory
	Batches   int   // sealed and not delivered
	SetAside  int   // files that cannot be delivered and are kept for the operator
	Delivered int64 // batches delivered since the spool was opened
}

// Stats tells how the spool stands.
func (s *Spool) Stats() SpoolStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return SpoolStats{Bytes: s.bytes, Batches: len(s.sealed), SetAside: s.setAside, Delivered: s.delivered}
}

// Close writes what was reported to disk and lets the directory go. It ends
// Deliver; what is not delivered is when the directory is next opened. The
// error says that records that were buffered are lost.
func (s *Spool) Close() error {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if closed {
		return nil
	}
	close(s.stop)
	<-s.stopped
	s.deliver.Lock()
	defer s.deliver.Unlock()
	return errors.Join(s.abandon(), s.lock.Unlock())
}

// abandon gives up the groups that could not be written to the end.
func (s *Spool) abandon() (err error) {
	s.update(func() {
		for _, g := range s.groups {
			err = errors.Join(ErrSpoolClosed, s.failed)
			g.err = err
			close(g.done)
		}
		s.groups, s.waiting = nil, 0
	})
	return err
}
