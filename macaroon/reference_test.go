package macaroon_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
	"storj.io/common/base58"
	storj "storj.io/common/macaroon"
	"storj.io/picobuf"

	"github.com/reeve-cloud/reeve/macaroon"
)

// equateEmpty makes nil and empty slices alike: protobuf cannot tell them apart.
var equateEmpty = cmpopts.EquateEmpty()

// toStorj says the same restriction in the reference's type.
func toStorj(c macaroon.Caveat) storj.Caveat {
	s := storj.Caveat{
		DisallowReads:                              c.Disallow.Has(macaroon.OpRead),
		DisallowWrites:                             c.Disallow.Has(macaroon.OpWrite),
		DisallowLists:                              c.Disallow.Has(macaroon.OpList),
		DisallowDeletes:                            c.Disallow.Has(macaroon.OpDelete),
		DisallowLocks:                              c.Disallow.Has(macaroon.OpLock),
		DisallowPutRetention:                       c.Disallow.Has(macaroon.OpPutRetention),
		DisallowGetRetention:                       c.Disallow.Has(macaroon.OpGetRetention),
		DisallowPutLegalHold:                       c.Disallow.Has(macaroon.OpPutLegalHold),
		DisallowGetLegalHold:                       c.Disallow.Has(macaroon.OpGetLegalHold),
		DisallowBypassGovernanceRetention:          c.Disallow.Has(macaroon.OpBypassGovernance),
		DisallowPutBucketObjectLockConfiguration:   c.Disallow.Has(macaroon.OpPutBucketObjectLock),
		DisallowGetBucketObjectLockConfiguration:   c.Disallow.Has(macaroon.OpGetBucketObjectLock),
		DisallowPutBucketNotificationConfiguration: c.Disallow.Has(macaroon.OpPutBucketNotify),
		DisallowGetBucketNotificationConfiguration: c.Disallow.Has(macaroon.OpGetBucketNotify),
		MaxObjectTtl:                               c.MaxObjectTTL,
		Nonce:                                      c.Nonce,
	}
	for _, p := range c.AllowedPaths {
		s.AllowedPaths = append(s.AllowedPaths, &storj.Caveat_Path{
			Bucket: p.Bucket, EncryptedPathPrefix: p.EncryptedPathPrefix,
		})
	}
	if !c.NotAfter.IsZero() {
		s.NotAfter = &c.NotAfter
	}
	if !c.NotBefore.IsZero() {
		s.NotBefore = &c.NotBefore
	}
	return s
}

// toStorjAction asks the same question in the reference's type.
func toStorjAction(a macaroon.Action) storj.Action {
	return storj.Action{
		Op: storj.ActionType(a.Op), Bucket: a.Bucket, EncryptedPath: a.EncryptedPath, Time: a.Time,
	}
}

// storjBytes is what the reference writes for the caveat.
func storjBytes(t testing.TB, c macaroon.Caveat) []byte {
	t.Helper()
	s := toStorj(c)
	raw, err := picobuf.Marshal(&s)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// serialize wraps a wire form as the reference does.
func serialize(wire []byte) string { return base58.CheckEncode(wire, 0) }

// words are few, so that buckets and paths of caveats and actions often meet.
var words = rapid.SampledFrom([]string{"", "a", "b", "ab", "abc", "\x00", "photos"})

func drawWord(t *rapid.T, label string) []byte { return []byte(words.Draw(t, label)) }

// drawTime draws moments a few nanoseconds and seconds apart, so that bounds are hit exactly, and a few far away.
func drawTime(t *rapid.T, label string) time.Time {
	seconds := rapid.SampledFrom([]int64{-1, 0, 1, 1577836800, 253402300799}).Draw(t, label+" seconds")
	nanos := rapid.SampledFrom([]int64{0, 1, 999999999}).Draw(t, label+" nanos")
	return time.Unix(seconds, nanos).UTC()
}

var anyOp = rapid.Map(rapid.IntRange(0, 17), func(n int) macaroon.Op { return macaroon.Op(n) })

func drawCaveat(t *rapid.T) macaroon.Caveat {
	var c macaroon.Caveat
	for _, op := range rapid.SliceOfN(anyOp, 0, 4).Draw(t, "disallow") {
		if op != macaroon.OpProjectInfo {
			c.Disallow |= macaroon.Ops(op)
		}
	}
	for range rapid.SampledFrom([]int{0, 0, 1, 2, 10}).Draw(t, "paths") {
		c.AllowedPaths = append(c.AllowedPaths, macaroon.Path{
			Bucket: drawWord(t, "bucket"), EncryptedPathPrefix: drawWord(t, "prefix"),
		})
	}
	if rapid.Bool().Draw(t, "has not_after") {
		c.NotAfter = drawTime(t, "not after")
	}
	if rapid.Bool().Draw(t, "has not_before") {
		c.NotBefore = drawTime(t, "not before")
	}
	if rapid.Bool().Draw(t, "has ttl") {
		ttl := time.Duration(rapid.Int64().Draw(t, "ttl"))
		c.MaxObjectTTL = &ttl
	}
	c.Nonce = rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "nonce")
	return c
}

func drawAction(t *rapid.T) macaroon.Action {
	return macaroon.Action{
		Op:            anyOp.Draw(t, "op"),
		Bucket:        drawWord(t, "action bucket"),
		EncryptedPath: drawWord(t, "action path"),
		Time:          drawTime(t, "action time"),
	}
}

func draw32(t *rapid.T, label string) [macaroon.Size]byte {
	return [macaroon.Size]byte(rapid.SliceOfN(rapid.Byte(), macaroon.Size, macaroon.Size).Draw(t, label))
}
