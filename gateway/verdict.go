package gateway

import (
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/macaroon"
)

// Request is what somebody wants to do with a key.
type Request struct {
	Key     string // as its holder shows it: anything at all
	Op      macaroon.Op
	Bucket  string   // empty: no bucket in particular
	Path    string   // of the object, the bytes that it is stored under; empty: the bucket itself
	Project reeve.ID // that the key must be of; zero is any
}

// Verdict is how a key was judged. What it says of key and project is filled from CodeProjectFrozen on, as the server
// does: whoever shows a key that is not valid learns nothing of them.
type Verdict struct {
	Code reeve.VerdictCode
	Identity
}

// Valid tells whether the request may go on.
func (v *Verdict) Valid() bool { return v.Code == reeve.CodeValid }

// Identity is what is known of a key that is one. Its slices are shared: nobody may write to them.
type Identity struct {
	KeyID    reeve.ID // of the root key, however far the key is narrowed
	KeyName  string
	IssuedAt time.Time // when the root key was made

	ProjectID      reeve.ID
	OrganizationID reeve.ID
	OwnerID        reeve.ID
	Limits         reeve.Limits // each a number or reeve.Unlimited; as of Epoch

	Caveats []macaroon.Caveat // nil also if one of them cannot be understood, which refuses every request
	Lineage []KeyName         // the key's ancestors, the root first, its own name last
	Epoch   int64             // the newest change that the server knew of when it judged
}

// KeyName names a key without giving it away: the first half of its tail's SHA-256.
type KeyName [16]byte

// grant is what lets one key be judged again and again: it was genuine, its project not frozen and none of its
// ancestors revoked when Epoch was the newest change.
type grant struct {
	Identity
	unreadable bool // a caveat cannot be understood
}

// newGrant decodes the caveats of a genuine key.
func newGrant(key macaroon.Key, id Identity) grant {
	caveats, err := key.Caveats()
	id.Caveats = caveats
	return grant{Identity: id, unreadable: err != nil}
}

// room is how many bytes of bucket and path are judged without an allocation.
const room = 256

// judge asks the caveats. Nothing else can be said against the key.
func (g *grant) judge(r *Request, now time.Time) Verdict {
	if r.Project != reeve.Zero && r.Project != g.ProjectID {
		return Verdict{Code: reeve.CodeNotFound} // as a key that never was
	}
	out := Verdict{Code: reeve.CodeValid, Identity: g.Identity}
	switch {
	case g.unreadable, macaroon.Ops(r.Op) == 0: // the zero Op is none
		out.Code = reeve.CodeForbidden
	case len(g.Caveats) > 0:
		out.Code = g.ask(r, now)
	}
	return out
}

// ask judges by the caveats as the server does, which TestAsTheServer holds it to. One that has expired is told apart
// from one that refuses for good; and who reads no object in particular must be allowed to read all of the bucket.
func (g *grant) ask(r *Request, now time.Time) reeve.VerdictCode {
	var space [room]byte
	text := append(append(space[:0], r.Bucket...), r.Path...)
	action := macaroon.Action{Op: r.Op, Bucket: text[:len(r.Bucket)], EncryptedPath: text[len(r.Bucket):], Time: now}
	code := reeve.CodeValid
	for i := range g.Caveats {
		c := &g.Caveats[i]
		if !c.NotAfter.IsZero() && now.After(c.NotAfter) {
			return reeve.CodeExpired
		}
		if r.Op == macaroon.OpRead && r.Path == "" && !readsAll(c, r.Bucket) || code == reeve.CodeValid && c.Check(action) != nil {
			code = reeve.CodeForbidden
		}
	}
	return code
}

// readsAll tells whether a caveat allows reading all of a bucket.
func readsAll(c *macaroon.Caveat, bucket string) bool {
	if c.Disallow.Has(macaroon.OpRead) {
		return false
	}
	for i := range c.AllowedPaths {
		if p := &c.AllowedPaths[i]; string(p.Bucket) == bucket && len(p.EncryptedPathPrefix) == 0 {
			return true
		}
	}
	return len(c.AllowedPaths) == 0
}
