package tenantapi

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/macaroon"
)

// restrictions are what a key may less than its project's root: one caveat.
type restrictions struct {
	AllowRead   *bool      `json:"allow_read,omitempty" doc:"true when absent, as the other three."`
	AllowWrite  *bool      `json:"allow_write,omitempty"`
	AllowList   *bool      `json:"allow_list,omitempty"`
	AllowDelete *bool      `json:"allow_delete,omitempty"`
	Paths       []keyPath  `json:"paths,omitempty" doc:"The only places where the key may act; everywhere when absent. It must not be empty."`
	NotBefore   *givenTime `json:"not_before,omitempty"`
	NotAfter    *givenTime `json:"not_after,omitempty" doc:"The last instant at which the key works."`
}

type keyPath struct {
	Bucket string `json:"bucket"`
	Prefix string `json:"prefix,omitempty" doc:"Of the objects' paths, as they are stored; the whole bucket when empty."`
}

// errNoPaths tells a list of no paths from none: it reads as if it allowed
// nothing, and would restrict nothing.
var errNoPaths = reeve.Errorf(reeve.Invalid, "paths is empty")

// caveat gives the restrictions as the key carries them.
func (r *restrictions) caveat() (out macaroon.Caveat, err error) {
	switch {
	case r == nil:
		return out, nil
	case r.Paths != nil && len(r.Paths) == 0:
		return out, errNoPaths
	}
	for op, allowed := range map[macaroon.Op]*bool{
		macaroon.OpRead: r.AllowRead, macaroon.OpWrite: r.AllowWrite, macaroon.OpList: r.AllowList, macaroon.OpDelete: r.AllowDelete,
	} {
		if allowed != nil && !*allowed {
			out.Disallow |= macaroon.Ops(op)
		}
	}
	for _, p := range r.Paths {
		out.AllowedPaths = append(out.AllowedPaths, macaroon.Path{Bucket: []byte(p.Bucket), EncryptedPathPrefix: []byte(p.Prefix)})
	}
	out.NotBefore, out.NotAfter = r.NotBefore.or(), r.NotAfter.or()
	return out, nil
}

// notATime is what stands where a time should.
const notATime = "time"

// givenTime is a time that comes in.
type givenTime struct{ time.Time }

// UnmarshalJSON reads RFC 3339.
func (t *givenTime) UnmarshalJSON(data []byte) error {
	if err := t.Time.UnmarshalJSON(data); err != nil {
		return &json.UnmarshalTypeError{Value: notATime, Type: reflect.TypeFor[string]()}
	}
	return nil
}

// or gives the time; zero if there is none.
func (t *givenTime) or() time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}

// pointer gives the time; nil if there is none.
func (t *givenTime) pointer() *time.Time {
	if t == nil {
		return nil
	}
	return &t.Time
}

// JSONSchema describes the time.
func (givenTime) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: "date-time"}
}

// restrictionsOut are a key's restrictions, all of them.
type restrictionsOut struct {
	AllowRead   bool      `json:"allow_read"`
	AllowWrite  bool      `json:"allow_write"`
	AllowList   bool      `json:"allow_list"`
	AllowDelete bool      `json:"allow_delete"`
	Paths       []pathOut `json:"paths"`
	NotBefore   *wireTime `json:"not_before"`
	NotAfter    *wireTime `json:"not_after"`
}

type pathOut struct {
	Bucket string `json:"bucket"`
	Prefix string `json:"prefix"`
}

func newRestrictionsOut(c *macaroon.Caveat) *restrictionsOut {
	if c == nil {
		return nil
	}
	out := &restrictionsOut{
		AllowRead: !c.Disallow.Has(macaroon.OpRead), AllowWrite: !c.Disallow.Has(macaroon.OpWrite),
		AllowList: !c.Disallow.Has(macaroon.OpList), AllowDelete: !c.Disallow.Has(macaroon.OpDelete),
		Paths: make([]pathOut, len(c.AllowedPaths)), NotBefore: timeOrNull(&c.NotBefore), NotAfter: timeOrNull(&c.NotAfter),
	}
	for i, p := range c.AllowedPaths {
		out.Paths[i] = pathOut{strings.ToValidUTF8(string(p.Bucket), "?"), strings.ToValidUTF8(string(p.EncryptedPathPrefix), "?")}
	}
	return out
}

// timeOrNull gives a time, null for none and for zero.
func timeOrNull(t *time.Time) *wireTime {
	if t == nil || t.IsZero() {
		return nil
	}
	return &wireTime{*t}
}
