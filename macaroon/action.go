package macaroon

import (
	"bytes"
	"slices"
	"time"
)

// Op is a kind of action. The numbers are storj.io/common's.
type Op uint8

// The operations a caveat can judge, on objects unless a bucket or the project is named. Reading, listing and
// deleting also mean the bucket itself when the path is empty. OpLock is the older, coarse form of the retention and
// legal-hold operations, which object lock refined later; no operation implies another.
const (
	OpRead                Op = 1
	OpWrite               Op = 2
	OpList                Op = 3
	OpDelete              Op = 4
	OpProjectInfo         Op = 5
	OpLock                Op = 6
	OpPutRetention        Op = 7
	OpGetRetention        Op = 8
	OpPutLegalHold        Op = 9
	OpGetLegalHold        Op = 10
	OpBypassGovernance    Op = 11
	OpPutBucketObjectLock Op = 12
	OpGetBucketObjectLock Op = 13
	OpPutBucketNotify     Op = 14
	OpGetBucketNotify     Op = 15
	lastOp                   = OpGetBucketNotify
)

// OpSet is a set of operations; the zero OpSet is empty.
//
// Bit n stands for the operation n, which is why bit 0 never means anything.
type OpSet uint16

// Ops returns the set of the given operations; numbers that are no operation are left out.
func Ops(ops ...Op) (s OpSet) {
	for _, op := range ops {
		if op.known() {
			s |= 1 << op
		}
	}
	return s
}

// Has reports whether op is in the set.
func (s OpSet) Has(op Op) bool { return op.known() && s&(1<<op) != 0 }

// opNames are the operations' names, as other programs read them.
var opNames = [...]string{
	OpRead: "read", OpWrite: "write", OpList: "list", OpDelete: "delete", OpProjectInfo: "project_info", OpLock: "lock",
	OpPutRetention: "put_retention", OpGetRetention: "get_retention",
	OpPutLegalHold: "put_legal_hold", OpGetLegalHold: "get_legal_hold", OpBypassGovernance: "bypass_governance",
	OpPutBucketObjectLock: "put_bucket_object_lock", OpGetBucketObjectLock: "get_bucket_object_lock",
	OpPutBucketNotify: "put_bucket_notify", OpGetBucketNotify: "get_bucket_notify",
}

// String returns the operation's name, such as read.
func (op Op) String() string {
	if !op.known() {
		return "unknown"
	}
	return opNames[op]
}

// Names returns the names of the operations in the set, in the order of their numbers; never nil.
func (s OpSet) Names() []string {
	names := []string{}
	for op := OpRead; op <= lastOp; op++ {
		if s.Has(op) {
			names = append(names, op.String())
		}
	}
	return names
}

func (op Op) known() bool { return op >= OpRead && op <= lastOp }

// Version is the generation of a root key, kept beside it by whoever minted it: a set of bits that each admit a
// family of operations which older keys were never meant to grant. The numbers are storj.io/common's.
type Version uint

// The generations. VersionAuditable admits nothing by itself.
const (
	VersionMin        Version = 0
	VersionObjectLock Version = 1 << 0
	VersionAuditable  Version = 1 << 1
	VersionEventing   Version = 1 << 2
)

// Permits reports whether keys of the version may be used for op at all. It is asked besides [Key.Check].
func (v Version) Permits(op Op) bool {
	switch op {
	case OpLock, OpPutRetention, OpGetRetention, OpPutLegalHold, OpGetLegalHold, OpBypassGovernance,
		OpPutBucketObjectLock, OpGetBucketObjectLock:
		return v&VersionObjectLock != 0
	case OpPutBucketNotify, OpGetBucketNotify:
		return v&VersionEventing != 0
	}
	return true
}

// Action is what somebody wants to do with a key. Bucket and path are compared bytewise, as they are stored: the path
// is encrypted component by component, so that a prefix of the plain path is one of the encrypted path.
type Action struct {
	Op            Op
	Bucket        []byte    // empty: no bucket in particular
	EncryptedPath []byte    // empty: the bucket itself
	Time          time.Time // when; required
}

// Check returns nil if the caveat allows the action, ErrUnauthorized if it does not, and ErrAction without a time.
// Both ends of the time window are inside it.
func (c *Caveat) Check(a Action) error {
	if a.Time.IsZero() {
		return errNoTime
	}
	if !c.NotAfter.IsZero() && a.Time.After(c.NotAfter) {
		return errDisallowed
	}
	if !c.NotBefore.IsZero() && a.Time.Before(c.NotBefore) {
		return errDisallowed
	}
	// Reading a bucket itself, or the list of buckets, is never disallowed as a read: every holder may see the
	// buckets that the paths leave. Whoever lists them filters by AllowedBuckets.
	if a.Op == OpRead && len(a.EncryptedPath) == 0 {
		if len(a.Bucket) == 0 || len(c.AllowedPaths) == 0 || c.namesBucket(a.Bucket) {
			return nil
		}
		return errDisallowed
	}
	if !a.Op.known() || c.disallows(a.Op) {
		return errDisallowed
	}
	if a.Op != OpProjectInfo && len(c.AllowedPaths) > 0 && !c.covers(a.Bucket, a.EncryptedPath) {
		return errDisallowed
	}
	return nil
}

// disallows reports whether the caveat forbids op wherever it happens. Who may set a retention may also see it: the
// reference forbids the second only together with the first. Project information cannot be forbidden.
func (c *Caveat) disallows(op Op) bool {
	switch op {
	case OpProjectInfo:
		return false
	case OpGetRetention:
		return c.Disallow.Has(OpGetRetention) && c.Disallow.Has(OpPutRetention)
	}
	return c.Disallow.Has(op)
}

// covers reports whether one of the allowed paths holds the object. A prefix need not end at a separator: whoever
// narrows a key to a folder writes the separator into the prefix.
func (c *Caveat) covers(bucket, path []byte) bool {
	for i := range c.AllowedPaths {
		p := &c.AllowedPaths[i]
		if bytes.Equal(p.Bucket, bucket) && bytes.HasPrefix(path, p.EncryptedPathPrefix) {
			return true
		}
	}
	return false
}

// namesBucket reports whether one of the allowed paths is in the bucket.
func (c *Caveat) namesBucket(bucket []byte) bool {
	for i := range c.AllowedPaths {
		if bytes.Equal(c.AllowedPaths[i].Bucket, bucket) {
			return true
		}
	}
	return false
}

// Check returns nil if every caveat allows the action, ErrUnauthorized if one does not, ErrFormat if one cannot be
// understood, and ErrAction without a time. The answer means nothing for a key that does not verify, and the caller
// also asks [Version.Permits] and whether a tail is revoked. Nothing is allocated unless a caveat has more than
// eight paths or a maximal object lifetime.
func (k Key) Check(a Action) error {
	if a.Time.IsZero() {
		return errNoTime
	}
	var space [8]Path
	for packets := k.packets(); len(packets) > 0; {
		var raw []byte
		raw, packets = nextCaveat(packets)
		c, err := decodeCaveat(raw, space[:])
		if err != nil {
			return err
		}
		if err := c.Check(a); err != nil {
			return err
		}
	}
	return nil
}

// Buckets is a set of buckets: all of them, or those in Names, sorted and perhaps none.
type Buckets struct {
	All   bool
	Names []string
}

// AllowedBuckets returns the buckets in which the key allows anything, for filtering a list of buckets, which
// [Key.Check] allows to every key: those that every caveat with paths names. The caveats must allow the action
// itself; errors are those of Check.
func (k Key) AllowedBuckets(a Action) (Buckets, error) {
	if err := k.Check(a); err != nil {
		return Buckets{}, err
	}
	caveats, err := k.Caveats()
	if err != nil {
		return Buckets{}, err
	}
	allowed := Buckets{All: true}
	for i := range caveats {
		c := &caveats[i]
		switch {
		case len(c.AllowedPaths) == 0:
			// restricts no bucket
		case allowed.All:
			allowed.All = false
			for _, p := range c.AllowedPaths {
				allowed.Names = append(allowed.Names, string(p.Bucket))
			}
		default:
			allowed.Names = slices.DeleteFunc(allowed.Names, func(name string) bool {
				return !c.namesBucket([]byte(name))
			})
		}
	}
	slices.Sort(allowed.Names)
	allowed.Names = slices.Compact(allowed.Names)
	return allowed, nil
}

// MaxObjectTTL returns the shortest maximal lifetime among the caveats, nil if none sets one. Check does not enforce
// it: whoever stores an object for the key does. ErrFormat if a caveat cannot be understood.
func (k Key) MaxObjectTTL() (*time.Duration, error) {
	caveats, err := k.Caveats()
	if err != nil {
		return nil, err
	}
	var shortest *time.Duration
	for _, c := range caveats {
		if ttl := c.MaxObjectTTL; ttl != nil && (shortest == nil || *ttl < *shortest) {
			shortest = ttl
		}
	}
	return shortest, nil
}
