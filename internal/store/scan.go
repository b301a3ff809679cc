package store

import (
	"fmt"
	"math/big"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/reeve-cloud/reeve"
)

// The scan destinations: our types under another name, which both drivers
// know to fill, pgx natively and database/sql through Scan. Nothing is
// allocated for one, which a row of a dozen columns would show.
type (
	idDest    reeve.ID
	timeDest  time.Time
	limitDest reeve.Limit
	hashDest  [32]byte
	sealDest  [8]byte
	sumDest   reeve.Quantity
	bigDest   struct{ to **big.Int }

	idPtrDest   struct{ to **reeve.ID }
	timePtrDest struct{ to **time.Time }
	fieldsDest  struct{ to *reeve.Fields }
)

// dests wraps the destinations that are of our types.
func dests(dests []any) []any {
	for i, dest := range dests {
		switch v := dest.(type) {
		case *reeve.ID:
			dests[i] = (*idDest)(v)
		case **reeve.ID:
			dests[i] = idPtrDest{v}
		case *time.Time:
			dests[i] = (*timeDest)(v)
		case **time.Time:
			dests[i] = timePtrDest{v}
		case *reeve.TokenHash:
			dests[i] = (*hashDest)(v)
		case *reeve.ChangeHash:
			dests[i] = (*hashDest)(v)
		case *[32]byte:
			dests[i] = (*hashDest)(v)
		case *[8]byte:
			dests[i] = (*sealDest)(v)
		case *reeve.Quantity:
			dests[i] = (*sumDest)(v)
		case **big.Int:
			dests[i] = bigDest{v}
		case *reeve.Limit:
			dests[i] = (*limitDest)(v)
		case *reeve.Fields:
			dests[i] = fieldsDest{v}
		}
	}
	return dests
}

func (d *idDest) ScanUUID(v pgtype.UUID) error { *d = v.Bytes; return nil }
func (d *idDest) Scan(v any) error             { return fill(d[:], v.([]byte)) }

func (d idPtrDest) ScanUUID(v pgtype.UUID) error {
	if v.Valid {
		id := reeve.ID(v.Bytes)
		*d.to = &id
	}
	return nil
}

func (d idPtrDest) Scan(v any) error {
	if blob, ok := v.([]byte); ok {
		id := reeve.ID(blob)
		*d.to = &id
	}
	return nil
}

// optionalID is an id that is zero where the column is NULL.
type optionalID struct{ to *reeve.ID }

func (d optionalID) ScanUUID(v pgtype.UUID) error {
	*d.to = v.Bytes // zero if it is not valid
	return nil
}

func (d optionalID) Scan(v any) error {
	blob, ok := v.([]byte)
	if !ok {
		*d.to = reeve.Zero
		return nil
	}
	return fill(d.to[:], blob)
}

// orNull gives an id as a value, NULL for zero.
func orNull(id reeve.ID) *reeve.ID {
	if id == reeve.Zero {
		return nil
	}
	return &id
}

func (d *timeDest) ScanInt64(v pgtype.Int8) error {
	*d = timeDest(time.UnixMicro(v.Int64).UTC())
	return nil
}

func (d *timeDest) Scan(v any) error { return d.ScanInt64(pgtype.Int8{Int64: v.(int64)}) }

func (d timePtrDest) ScanInt64(v pgtype.Int8) error {
	if !v.Valid {
		return nil
	}
	return d.Scan(v.Int64)
}

func (d timePtrDest) Scan(v any) error {
	if micros, ok := v.(int64); ok {
		at := time.UnixMicro(micros).UTC()
		*d.to = &at
	}
	return nil
}

func (d *limitDest) ScanInt64(v pgtype.Int8) error {
	switch {
	case !v.Valid:
		*d = limitDest{}
	case v.Int64 == unlimitedValue:
		*d = limitDest(reeve.Unlimited)
	default:
		*d = limitDest(reeve.LimitOf(v.Int64))
	}
	return nil
}

func (d *limitDest) Scan(v any) error {
	n, ok := v.(int64)
	return d.ScanInt64(pgtype.Int8{Int64: n, Valid: ok})
}

func (d *hashDest) ScanBytes(v []byte) error { return fill(d[:], v) }
func (d *hashDest) Scan(v any) error         { return d.ScanBytes(v.([]byte)) }

func (d *sealDest) ScanBytes(v []byte) error { copy(d[:], v); return nil }
func (d *sealDest) Scan(v any) error         { return d.ScanBytes(v.([]byte)) }

func (d *sumDest) ScanBytes(v []byte) error {
	q, err := reeve.QuantityFromBytes(v)
	*d = sumDest(q)
	return err
}

func (d *sumDest) Scan(v any) error { return d.ScanBytes(v.([]byte)) }

func (d bigDest) ScanText(v pgtype.Text) error {
	n, ok := new(big.Int).SetString(v.String, 10)
	if !ok {
		return fmt.Errorf("a column holds no integer: %q", v.String)
	}
	*d.to = n
	return nil
}

func (d bigDest) Scan(v any) error {
	text, _ := v.(string)
	return d.ScanText(pgtype.Text{String: text, Valid: true})
}

func (d fieldsDest) ScanText(v pgtype.Text) error {
	if v.Valid {
		*d.to = reeve.Fields(v.String)
	}
	return nil
}

func (d fieldsDest) Scan(v any) error {
	text, ok := v.(string)
	return d.ScanText(pgtype.Text{String: text, Valid: ok})
}

// fill copies a value of exactly the destination's length.
func fill(to, from []byte) error {
	if len(from) != len(to) {
		return fmt.Errorf("a column holds %d bytes, not %d", len(from), len(to))
	}
	copy(to, from)
	return nil
}
