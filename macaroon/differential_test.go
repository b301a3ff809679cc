package macaroon_test

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
	storj "storj.io/common/macaroon"

	"github.com/reeve-cloud/reeve/macaroon"
)

// pair is the same key in both implementations.
type pair struct {
	secret macaroon.Secret
	ours   macaroon.Key
	theirs *storj.APIKey
	given  []macaroon.Caveat
}

func drawPair(t *rapid.T) pair {
	p := pair{secret: draw32(t, "secret")}
	head := draw32(t, "head")
	p.ours = macaroon.Mint(p.secret, head)
	theirs, err := storj.FromParts(head[:], p.secret[:])
	if err != nil {
		t.Fatal(err)
	}
	for range rapid.IntRange(0, 4).Draw(t, "caveats") {
		c := drawCaveat(t)
		p.given = append(p.given, c)
		if p.ours, err = p.ours.Attenuate(c); err != nil {
			t.Fatal(err)
		}
		if theirs, err = theirs.Restrict(toStorj(c)); err != nil {
			t.Fatal(err)
		}
	}
	p.theirs = theirs
	return p
}

// TestKeysAgree: both make the same text from the same secret, head and caveats, and ours comes back out of it.
func TestKeysAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPair(t)
		if diff := cmp.Diff(p.theirs.Serialize(), p.ours.Serialize()); diff != "" {
			t.Fatalf("serialised (-reference +ours):\n%s", diff)
		}
		parsed, err := macaroon.Parse(p.theirs.Serialize())
		if err != nil {
			t.Fatal(err)
		}
		head, tail := parsed.Head(), parsed.Tail()
		if diff := cmp.Diff(p.theirs.Head(), head[:]); diff != "" {
			t.Fatalf("head (-reference +ours):\n%s", diff)
		}
		if diff := cmp.Diff(p.theirs.Tail(), tail[:]); diff != "" {
			t.Fatalf("tail (-reference +ours):\n%s", diff)
		}
		caveats, err := parsed.Caveats()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p.given, caveats, equateEmpty); diff != "" {
			t.Fatalf("caveats (-given +parsed):\n%s", diff)
		}
	})
}

// TestTailsAgree: the same verdict and the same ancestors, with the right secret and with a wrong one.
func TestTailsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPair(t)
		if rapid.Bool().Draw(t, "foreign secret") {
			p.secret[0] ^= 1
		}
		mac, err := storj.ParseMacaroon(p.theirs.SerializeRaw())
		if err != nil {
			t.Fatal(err)
		}
		wantOK, wantTails := mac.ValidateAndTails(p.secret[:])
		if got := p.ours.Verify(p.secret); got != wantOK {
			t.Fatalf("Verify = %v, reference says %v", got, wantOK)
		}
		tails, ok := p.ours.VerifyTails(p.secret, make([][macaroon.Size]byte, 1))
		if ok != wantOK {
			t.Fatalf("VerifyTails = %v, reference says %v", ok, wantOK)
		}
		for _, got := range [][][macaroon.Size]byte{tails[1:], p.ours.Tails(p.secret)} {
			if diff := cmp.Diff(wantTails, slicesOf(got)); diff != "" {
				t.Fatalf("tails (-reference +ours):\n%s", diff)
			}
		}
	})
}

func slicesOf(arrays [][macaroon.Size]byte) (s [][]byte) {
	for i := range arrays {
		s = append(s, arrays[i][:])
	}
	return s
}

// sameVerdict reports whether both allow, or both refuse for the same class of reason.
func sameVerdict(ours, theirs error) bool {
	return (ours == nil) == (theirs == nil) &&
		errors.Is(ours, macaroon.ErrUnauthorized) == storj.ErrUnauthorized.Has(theirs) &&
		errors.Is(ours, macaroon.ErrFormat) == storj.ErrFormat.Has(theirs)
}

// TestChecksAgree: the same verdict on an action, for whole keys of any generation and for each caveat.
func TestChecksAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, a := drawPair(t), drawAction(t)
		version := macaroon.Version(rapid.IntRange(0, 7).Draw(t, "version"))

		got := p.ours.Check(a)
		if got == nil && !version.Permits(a.Op) {
			got = macaroon.ErrUnauthorized
		}
		want := p.theirs.Check(context.Background(), p.secret[:], storj.APIKeyVersion(version), toStorjAction(a), nil)
		if !sameVerdict(got, want) {
			t.Fatalf("Check(%+v) = %v, reference says %v; caveats %+v", a, got, want, p.given)
		}
		for _, c := range p.given {
			s := toStorj(c)
			if allowed := c.Check(a) == nil; allowed != s.Allows(toStorjAction(a)) {
				t.Fatalf("Caveat.Check(%+v) allows = %v, reference disagrees; caveat %+v", a, allowed, c)
			}
		}
	})
}

func TestAllowedBucketsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPair(t)
		a := macaroon.Action{Op: macaroon.OpRead, Time: drawTime(t, "time")}
		got, err := p.ours.AllowedBuckets(a)
		want, wantErr := p.theirs.GetAllowedBuckets(context.Background(), toStorjAction(a))
		if !sameVerdict(err, wantErr) {
			t.Fatalf("AllowedBuckets: %v, reference says %v", err, wantErr)
		}
		wantBuckets := macaroon.Buckets{All: want.All, Names: slices.Sorted(maps.Keys(want.Buckets))}
		if diff := cmp.Diff(wantBuckets, got, equateEmpty); diff != "" {
			t.Fatalf("buckets (-reference +ours):\n%s", diff)
		}
	})
}

func TestMaxObjectTTLAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPair(t)
		got, err := p.ours.MaxObjectTTL()
		want, wantErr := p.theirs.GetMaxObjectTTL(context.Background())
		if err != nil || wantErr != nil {
			t.Fatal(err, wantErr)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("lifetime (-reference +ours):\n%s", diff)
		}
	})
}

// TestDamageAgrees changes bytes of a good key and compares what both say of it.
func TestDamageAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wire := slices.Clone(drawPair(t).theirs.SerializeRaw())
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(wire)-1).Draw(t, "at")
			b := rapid.SampledFrom([]byte{0, 1, 2, 4, 6, 0x20, 0x80, 0xff}).Draw(t, "byte")
			switch rapid.IntRange(0, 2).Draw(t, "change") {
			case 0:
				wire[at] = b
			case 1:
				wire = slices.Insert(wire, at, b)
			case 2:
				wire = append(wire[:at:at], wire[at+1:]...)
			}
		}
		compareParse(t, serialize(wire))
	})
}

// TestDurationsAgree: lifetimes at the edge of what a Duration holds, and beyond it, are cut alike.
func TestDurationsAgree(t *testing.T) {
	const edge = math.MaxInt64 / int64(time.Second)
	for _, seconds := range []int64{math.MinInt64, -edge - 1, -edge, -1, 0, 1, edge, edge + 1, math.MaxInt64} {
		for _, nanos := range []int32{math.MinInt32, -999999999, -1, 0, 1, 999999999, math.MaxInt32} {
			parts := binary.AppendUvarint([]byte{1 << 3}, uint64(seconds))
			parts = binary.AppendUvarint(append(parts, 2<<3), uint64(nanos))
			raw := append([]byte{22<<3&0x7f | 2 | 0x80, 22 >> 4, byte(len(parts))}, parts...)
			got, err := macaroon.ParseCaveat(raw)
			if err != nil {
				t.Fatal(err)
			}
			want, err := storj.ParseCaveat(raw)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.MaxObjectTtl, got.MaxObjectTTL); diff != "" {
				t.Errorf("%d s %d ns (-reference +ours):\n%s", seconds, nanos, diff)
			}
		}
	}
}
