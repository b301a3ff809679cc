package control

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// A cursor is, in base64url, 8 bytes of a digest of what is listed and in which
// order, the id of the last thing of the page, and what it is sorted by: text,
// or a time in microseconds as 8 bytes. It is no secret, and gives nobody a
// right.

var errNoCursor = reeve.Errorf(reeve.Invalid, "after is not a cursor of this list")

const cursorDigest = 8

// digest tells listings apart: cursors of one are not another's.
func digest(l store.Listing) []byte {
	sum := sha256.New()
	_, _ = fmt.Fprintf(sum, "%s %s %t %q", l.Kind, l.Sort.By, l.Sort.Descending, store.Fold(l.Query)) // never fails
	for _, id := range []*reeve.ID{l.ID, l.Owner, l.Organization, l.Member} {
		_, _ = fmt.Fprintf(sum, " %s", textOf(id))
	}
	_, _ = fmt.Fprintf(sum, " %s %s %s", textOf(l.HasProjects), textOf(l.Frozen), textOf(l.Status))
	for _, at := range []*time.Time{l.After, l.Before} {
		if at != nil {
			_, _ = fmt.Fprintf(sum, " %d", at.UnixNano())
		} else {
			_, _ = fmt.Fprint(sum, " -")
		}
	}
	return sum.Sum(nil)[:cursorDigest]
}

func textOf[T any](value *T) string {
	if value == nil {
		return "-"
	}
	return fmt.Sprint(*value)
}

func writeCursor(l store.Listing, at store.Position) string {
	out := append(digest(l), at.ID[:]...)
	if l.Sort.By == store.ByCreated {
		out = binary.BigEndian.AppendUint64(out, uint64(at.Time.UnixMicro()))
	} else {
		out = append(out, at.Text...)
	}
	return base64.RawURLEncoding.EncodeToString(out)
}

// maxCursor is longer than any cursor.
const maxCursor = 1000

func readCursor(l store.Listing, text string) (at store.Position, ok bool) {
	if len(text) > maxCursor {
		return at, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	head := cursorDigest + len(at.ID)
	if err != nil || len(raw) < head || string(raw[:cursorDigest]) != string(digest(l)) {
		return at, false
	}
	copy(at.ID[:], raw[cursorDigest:])
	key := raw[head:]
	if l.Sort.By != store.ByCreated {
		at.Text = string(key)
		return at, utf8.Valid(key) && !strings.ContainsRune(at.Text, 0)
	}
	if len(key) != 8 {
		return at, false
	}
	at.Time = time.UnixMicro(int64(binary.BigEndian.Uint64(key))).UTC()
	return at, true
}
