package store

import (
	"errors"
	"math/big"
	"regexp"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

// dialect holds, as data, every difference between the two databases.
type dialect struct {
	name      string
	goose     string                                                      // the migration library's name for it
	words     map[string]string                                           // type words of the migrations
	lock      string                                                      // suffix of a SELECT that guards: the row stays, its children may come
	lockDrop  string                                                      // suffix for a row about to be deleted: children wait
	lockShare string                                                      // suffix for a row that must not go away meanwhile
	lockStill string                                                      // suffix for a row that must stay as it is, too
	advisory  string                                                      // takes a lock named by $1 until the transaction ends; "" where there is one writer
	try       string                                                      // tells whether the lock named by $1 could be taken, until the transaction ends; "" where there is one writer
	lockTable string                                                      // lets nobody else write the table whose name follows; "" where there is one writer
	version   string                                                      // gives the version of the database's program
	size      string                                                      // gives how many bytes the database takes
	table     string                                                      // counts the tables named $1
	notify    string                                                      // tells other processes that changes got numbers; "" where there are none
	lists     func([]reeve.ID, func(list string, args []any) error) error // ids for an IN
	each      string                                                      // gives, FROM it, each id of the list $1, in its order
	rows      []int                                                       // how many rows one INSERT takes: few sizes, for each is a statement that is kept prepared
	search    searching                                                   // see dialect_search.go
	numbers   bool                                                        // changes are numbered inside the transaction
	classify  func(error) error                                           // driver's error → one of ours below, or an *reeve.Error
	id        func(reeve.ID) any
	ids       func(idList) any
}

// idList is a list of ids as one value.
type idList []reeve.ID

// What a driver's error can mean. No constraint's name leaves the store: each
// statement says what its violation means.
var (
	errUnique   = errors.New("unique violation")
	errForeign  = errors.New("foreign key violation")
	errOverflow = errors.New("a sum does not fit") // SQLite's writers, one at a time, see it coming
	errRetry    = errors.New("transaction must be retried")
)

// errUnavailable answers that the database cannot be used now.
var errUnavailable = reeve.Errorf(reeve.Unavailable, "the database is not available")

// ddlWord is a column's name, if one goes before, and a type word.
var ddlWord = regexp.MustCompile(`(\w*\s+)?\{\{(\w+)\}\}`)

// ddl fills a migration's type words in; $column in one is the column's name.
func (d *dialect) ddl(text string) string {
	return ddlWord.ReplaceAllStringFunc(text, func(match string) string {
		parts := ddlWord.FindStringSubmatch(match)
		column := strings.TrimSpace(parts[1])
		return parts[1] + strings.ReplaceAll(d.words[parts[2]], "$column", column)
	})
}

// args turns our values into the driver's.
func (d *dialect) args(args []any) []any {
	out := make([]any, len(args))
	for i, arg := range args {
		out[i] = d.arg(arg)
	}
	return out
}

func (d *dialect) arg(arg any) any {
	switch v := arg.(type) {
	case reeve.ID:
		return d.id(v)
	case idList:
		return d.ids(v)
	case *reeve.ID:
		if v == nil {
			return nil
		}
		return d.id(*v)
	case time.Time:
		return v.UnixMicro()
	case *time.Time:
		if v == nil {
			return nil
		}
		return v.UnixMicro()
	case reeve.TokenHash:
		return v[:]
	case reeve.ChangeHash:
		return v[:]
	case [32]byte:
		return v[:]
	case [8]byte:
		return v[:]
	case reeve.Quantity:
		return v.Bytes()
	case *big.Int:
		return v.String()
	case reeve.Limit:
		return limitValue(v)
	case reeve.Role:
		return string(v)
	case reeve.Fields:
		if v == nil {
			return nil
		}
		return string(v)
	default:
		return arg
	}
}

// The stored form of a limit: NULL is unset, unlimitedValue unlimited.
const unlimitedValue = -1

func limitValue(l reeve.Limit) any {
	if l.IsUnlimited() {
		return int64(unlimitedValue)
	}
	if n, ok := l.Number(); ok {
		return n
	}
	return nil
}

// arrayText writes ids as PostgreSQL reads an array: also where nothing is
// prepared, and so no parameter's type is known.
func arrayText(ids []reeve.ID) string {
	out := make([]byte, 0, 2+37*len(ids))
	out = append(out, '{')
	for i, id := range ids {
		if i > 0 {
			out = append(out, ',')
		}
		out = id.Append(out)
	}
	return string(append(out, '}'))
}
