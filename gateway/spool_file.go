package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The directory's files. A segment is STREAM.SEQUENCE.open while it is written
// and STREAM.SEQUENCE.RECORDS.CHECKSUM.batch when it is sealed, so that sealing
// one needs no room on the disk. What cannot be delivered is kept under one of
// the other endings. Names sort as batches are delivered.
const (
	openEnding    = ".open"
	batchEnding   = ".batch"
	corruptEnding = ".corrupt" // its checksum is wrong
	refusedEnding = ".refused" // the server will not have it
	lockName      = "lock"
)

// A line of a segment is its checksum (CRC-32C, 8 hexadecimal digits), a space
// and a record's JSON, which has no line break.
const lineHead = 9

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func newLine(record []byte) []byte {
	return fmt.Appendf(make([]byte, 0, lineHead+len(record)+1), "%08x %s\n", crc32.Checksum(record, castagnoli), record)
}

// cutLine takes a line from the front of a segment. ok is false if there is no
// whole and sound one.
func cutLine(data []byte) (record, rest []byte, ok bool) {
	line, rest, found := bytes.Cut(data, []byte{'\n'})
	if !found || len(line) < lineHead || line[lineHead-1] != ' ' {
		return nil, nil, false
	}
	sum, err := strconv.ParseUint(string(line[:lineHead-1]), 16, 32)
	record = line[lineHead:]
	if err != nil || uint32(sum) != crc32.Checksum(record, castagnoli) {
		return nil, nil, false
	}
	return record, rest, true
}

// segment is a file that is being written.
type segment struct {
	name    string // without its ending
	file    *os.File
	size    int64 // what is synced
	records int
	sum     hash.Hash // SHA-256 over what is synced
	begun   time.Time
}

// sealedName is what a segment is called when it is sealed.
func sealedName(name string, records int, sum []byte) string {
	return fmt.Sprintf("%s.%d.%s%s", name, records, hex.EncodeToString(sum[:8]), batchEnding)
}

func segmentName(stream string, sequence int64) string {
	return fmt.Sprintf("%s.%016d", stream, sequence)
}

// batchName is what the name of a sealed segment says.
type batchName struct {
	stream   string
	sequence int64
	records  int
	sum      string
}

func parseBatchName(name string) (out batchName, ok bool) {
	parts := strings.Split(strings.TrimSuffix(name, batchEnding), ".")
	if len(parts) != 4 {
		return out, false
	}
	var errSequence, errRecords error
	out.stream, out.sum = parts[0], parts[3]
	out.sequence, errSequence = strconv.ParseInt(parts[1], 10, 64)
	out.records, errRecords = strconv.Atoi(parts[2])
	return out, errSequence == nil && errRecords == nil && out.records > 0
}

var errCorrupt = errors.New("the file is not what it was when it was sealed")

// readBatch reads a sealed segment. Lines behind those that it was sealed with
// were never reported as taken, and do not count.
func (s *Spool) readBatch(name string) (Batch, error) {
	want, ok := parseBatchName(name)
	if !ok {
		return Batch{}, errCorrupt
	}
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if os.IsNotExist(err) {
		err = errors.Join(errCorrupt, err)
	}
	if err != nil {
		return Batch{}, err
	}
	out := Batch{Stream: want.stream, Sequence: want.sequence}
	rest := data
	for range want.records {
		record, after, ok := cutLine(rest)
		if !ok {
			return Batch{}, errCorrupt
		}
		out.Records, rest = append(out.Records, record), after
	}
	sum := sha256.Sum256(data[:len(data)-len(rest)])
	if hex.EncodeToString(sum[:8]) != want.sum {
		return Batch{}, errCorrupt
	}
	return out, nil
}

// The operations on the directory; each asks the tests' fault first.

func (s *Spool) faulty(op, name string) error {
	if s.settings.fault == nil {
		return nil
	}
	return s.settings.fault(op, filepath.Join(s.dir, name))
}

// syncDir makes the directory's names durable.
func (s *Spool) syncDir() error {
	if err := s.faulty("syncdir", ""); err != nil {
		return err
	}
	dir, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (s *Spool) rename(from, to string) error {
	if err := s.faulty("rename", from); err != nil {
		return err
	}
	return os.Rename(filepath.Join(s.dir, from), filepath.Join(s.dir, to))
}

func (s *Spool) remove(name string) error {
	if err := s.faulty("remove", name); err != nil {
		return err
	}
	return os.Remove(filepath.Join(s.dir, name))
}

// size gives a file's length; 0 if it cannot be known.
func (s *Spool) size(name string) int64 {
	info, err := os.Stat(filepath.Join(s.dir, name))
	if err != nil {
		return 0
	}
	return info.Size()
}

func (s *Spool) create(name string) (*os.File, error) {
	if err := s.faulty("create", name); err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(s.dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// append writes and syncs data behind what is there.
func (s *Spool) append(to *segment, data []byte) error {
	if err := s.faulty("write", to.name+openEnding); err != nil {
		return err
	}
	if _, err := to.file.WriteAt(data, to.size); err != nil {
		return err
	}
	if err := s.faulty("sync", to.name+openEnding); err != nil {
		return err
	}
	return to.file.Sync()
}

// cut takes away what is behind the synced part, and makes that durable.
func (s *Spool) cut(of *segment) error {
	if err := s.faulty("truncate", of.name+openEnding); err != nil {
		return err
	}
	return errors.Join(of.file.Truncate(of.size), of.file.Sync())
}
