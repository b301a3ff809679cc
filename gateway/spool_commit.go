package gateway

import (
	"crypto/sha256"
	"fmt"
	"os"
	"time"
)

// retryAge is how long a buffered group waits after the disk refused it.
const retryAge = 100 * time.Millisecond

// commitAll is the committer: the one goroutine that writes segments.
func (s *Spool) commitAll() {
	defer close(s.stopped)
	old := time.NewTimer(time.Hour) // the active segment is to be sealed
	defer old.Stop()
	for {
		late := s.commitGroups()
		s.sealIfDue()
		if s.active != nil {
			old.Reset(time.Until(s.active.begun.Add(s.settings.BatchAge)))
		} else {
			old.Stop()
		}
		select {
		case <-s.kick:
			s.linger()
		case <-late:
		case <-old.C:
		case <-s.stop:
			s.update(func() { s.flushNow, s.sealNow = true, true })
			s.commitGroups()
			s.sealIfDue()
			return
		}
	}
}

// linger lets a buffered group grow.
func (s *Spool) linger() {
	if !s.settings.Buffered {
		return
	}
	late := time.NewTimer(bufferAge)
	defer late.Stop()
	for {
		s.mu.Lock()
		enough := s.flushNow || len(s.groups) > 1
		s.mu.Unlock()
		if enough {
			return
		}
		select {
		case <-s.kick:
		case <-late.C:
			return
		case <-s.stop:
			return
		}
	}
}

// commitGroups writes the groups there are, but for one that is buffered and
// has come meanwhile. The answer, if not nil, says when to try again.
func (s *Spool) commitGroups() (again <-chan time.Time) {
	for first := true; ; first = false {
		g := s.take(first)
		if g == nil {
			return nil
		}
		err := s.commit(g)
		s.settle(g, err)
		if err != nil && s.settings.Buffered {
			return time.After(retryAge)
		}
	}
}

// take gives the next group to write; nil if there is none, or it may grow.
func (s *Spool) take(first bool) *group {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.groups) == 0 {
		s.flushNow = false
		return nil
	}
	if s.settings.Buffered && !first && !s.flushNow && len(s.groups) == 1 {
		s.wake()
		return nil
	}
	s.groups[0].taken = true
	return s.groups[0]
}

// settle tells a group's callers what became of it. One that is buffered stays
// and is tried again: its callers have gone.
func (s *Spool) settle(g *group, err error) {
	s.update(func() {
		s.failed = err
		if err != nil {
			s.failures++
			if s.settings.Buffered {
				return
			}
		}
		s.groups = s.groups[1:]
		s.waiting -= int64(len(g.data))
		g.err = err
		close(g.done)
	})
}

// commit writes a group into the active segment. If that fails nothing of the
// group stays there.
func (s *Spool) commit(g *group) error {
	if a := s.active; a != nil && (a.records+g.records > s.settings.BatchRecords || a.size+int64(len(g.data)) > maxBatchBytes) {
		if err := s.seal(); err != nil {
			return err
		}
	}
	if s.active == nil {
		if err := s.begin(); err != nil {
			return err
		}
	}
	a := s.active
	if err := s.append(a, g.data); err != nil {
		s.spoilt()
		return fmt.Errorf("write usage: %w", err)
	}
	a.size += int64(len(g.data))
	a.records += g.records
	_, _ = a.sum.Write(g.data) // a hash never fails
	s.update(func() {
		s.bytes += int64(len(g.data))
		s.opened = a.records
	})
	if a.records >= s.settings.BatchRecords {
		s.warn(s.seal())
	}
	return nil
}

// begin makes the next segment, whose name is durable before anything in it is.
func (s *Spool) begin() error {
	s.mu.Lock()
	s.sequence++
	name := segmentName(s.stream, s.sequence)
	s.mu.Unlock()
	file, err := s.create(name + openEnding)
	if err != nil {
		return fmt.Errorf("begin a batch of usage: %w", err)
	}
	if err := s.syncDir(); err != nil {
		_ = file.Close()
		_ = s.remove(name + openEnding) // if it stays, it is empty
		return fmt.Errorf("begin a batch of usage: %w", err)
	}
	s.active = &segment{name: name, file: file, sum: sha256.New(), begun: time.Now()}
	return nil
}

// spoilt gives up the active segment after a failure: what the kernel holds of
// it is not to be trusted any more, what was synced before is.
func (s *Spool) spoilt() {
	s.warn(s.cut(s.active))
	if s.active.records > 0 {
		s.warn(s.seal())
		return
	}
	_ = s.active.file.Close()
	s.warn(s.remove(s.active.name + openEnding))
	s.active = nil
}

// sealIfDue seals the active segment if it is old or somebody asks for it.
func (s *Spool) sealIfDue() {
	s.mu.Lock()
	asked := s.sealNow && len(s.groups) == 0
	s.mu.Unlock()
	if a := s.active; a != nil && (asked || time.Since(a.begun) >= s.settings.BatchAge) {
		if err := s.seal(); err != nil {
			s.warn(err)
			a.begun = time.Now() // and tries again
			return
		}
	}
	if asked {
		s.update(func() { s.sealNow = false })
	}
}

// seal hands the active segment over for delivery. A crash that undoes the new
// name does no harm: the segment is sealed again, with the same lines in it,
// when the directory is next opened.
func (s *Spool) seal() error {
	a := s.active
	name := sealedName(a.name, a.records, a.sum.Sum(nil))
	if err := s.rename(a.name+openEnding, name); err != nil {
		return fmt.Errorf("seal a batch of usage: %w", err)
	}
	s.warn(s.syncDir())
	s.warn(a.file.Close())
	s.active = nil
	s.update(func() {
		s.opened = 0
		s.sealed = append(s.sealed, name)
	})
	return nil
}

// warn tells the operator of a failure that has no other consequence.
func (s *Spool) warn(err error) {
	if err != nil && !os.IsNotExist(err) {
		s.notify(err)
	}
}
