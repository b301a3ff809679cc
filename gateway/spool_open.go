package gateway

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"
)

var errInUse = errors.New("another process has it open")

// open locks the directory and takes stock of it.
func (s *Spool) open() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	s.lock = flock.New(filepath.Join(s.dir, lockName), flock.SetPermissions(0o600))
	held, err := s.lock.TryLock()
	switch {
	case err != nil:
		return err
	case !held:
		return errInUse
	}
	if err = s.takeStock(); err == nil {
		err = s.syncDir()
	}
	if err != nil {
		_ = s.lock.Unlock()
	}
	return err
}

// takeStock seals what an earlier process has left open, and finds what is to
// be delivered.
func (s *Spool) takeStock() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if torn, ok := strings.CutSuffix(entry.Name(), openEnding); ok {
			if err := s.recover(torn); err != nil {
				return err
			}
		}
	}
	if entries, err = os.ReadDir(s.dir); err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			return err
		}
		s.bytes += info.Size()
		switch filepath.Ext(entry.Name()) {
		case batchEnding:
			s.sealed = append(s.sealed, entry.Name())
		case corruptEnding, refusedEnding:
			s.setAside++
		}
	}
	slices.Sort(s.sealed)
	return nil
}

// recover seals a segment that a crash has left open, up to the first line that
// is not whole: what follows was not synced, so that nobody was told that it
// was taken. Should there be whole lines behind it all the same, then the disk
// may have damaged what it had promised to keep, or have kept the later lines of
// a write that the power cut tore; the file is kept for the operator.
func (s *Spool) recover(torn string) error {
	name := torn + openEnding
	path := filepath.Join(s.dir, name)
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	rest, records := data, 0
	for {
		_, after, ok := cutLine(rest)
		if !ok {
			break
		}
		rest, records = after, records+1
	}
	whole := data[:len(data)-len(rest)]
	if hasLine(rest) {
		if err := s.keepDamaged(torn, data); err != nil {
			return err
		}
	}
	if records == 0 {
		return s.remove(name)
	}
	// It may have been written and not synced by who was killed.
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err = s.cut(&segment{name: torn, file: file, size: int64(len(whole))})
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	sum := sha256.Sum256(whole)
	return s.rename(name, sealedName(torn, records, sum[:]))
}

// hasLine tells whether there is a sound line in what follows a broken one.
func hasLine(data []byte) bool {
	for {
		at := slices.Index(data, '\n')
		if at < 0 {
			return false
		}
		data = data[at+1:]
		if _, _, ok := cutLine(data); ok {
			return true
		}
	}
}

// keepDamaged keeps a copy of a damaged segment before it is cut.
func (s *Spool) keepDamaged(torn string, data []byte) error {
	name := torn + corruptEnding
	_ = s.remove(name) // of an attempt that was cut off
	file, err := s.create(name)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	s.notify(&SetAsideError{Path: filepath.Join(s.dir, name), Cause: errCorrupt})
	return nil
}
