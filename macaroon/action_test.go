package macaroon_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	storj "storj.io/common/macaroon"

	"github.com/reeve-cloud/reeve/macaroon"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// TestCheck says the rules in examples; that the reference has the same rules is tested elsewhere.
func TestCheck(t *testing.T) {
	disallow := func(ops ...macaroon.Op) macaroon.Caveat { return macaroon.Caveat{Disallow: macaroon.Ops(ops...)} }
	at := func(op macaroon.Op, bucket, path string) macaroon.Action {
		return macaroon.Action{Op: op, Bucket: []byte(bucket), EncryptedPath: []byte(path), Time: noon}
	}
	photos := macaroon.Caveat{AllowedPaths: []macaroon.Path{
		{Bucket: []byte("photos"), EncryptedPathPrefix: []byte("2026/")},
	}}
	for _, test := range []struct {
		name   string
		caveat macaroon.Caveat
		action macaroon.Action
		want   error
	}{
		{"nothing restricted", macaroon.Caveat{}, at(macaroon.OpDelete, "b", "p"), nil},
		{"unknown operation", macaroon.Caveat{}, at(16, "b", "p"), macaroon.ErrUnauthorized},
		{"zero operation", macaroon.Caveat{}, at(0, "b", "p"), macaroon.ErrUnauthorized},
		{"no time", macaroon.Caveat{}, macaroon.Action{Op: macaroon.OpRead}, macaroon.ErrAction},
		{"at not_after", macaroon.Caveat{NotAfter: noon}, at(macaroon.OpRead, "b", "p"), nil},
		{"past not_after", macaroon.Caveat{NotAfter: noon.Add(-1)}, at(macaroon.OpRead, "b", "p"), macaroon.ErrUnauthorized},
		{"at not_before", macaroon.Caveat{NotBefore: noon}, at(macaroon.OpRead, "b", "p"), nil},
		{"ahead of not_before", macaroon.Caveat{NotBefore: noon.Add(1)}, at(macaroon.OpRead, "b", "p"), macaroon.ErrUnauthorized},
		{"read", disallow(macaroon.OpRead), at(macaroon.OpRead, "b", "p"), macaroon.ErrUnauthorized},
		{"read of a bucket", disallow(macaroon.OpRead), at(macaroon.OpRead, "b", ""), nil},
		{"write beside reads", disallow(macaroon.OpRead), at(macaroon.OpWrite, "b", "p"), nil},
		{"retention seen", disallow(macaroon.OpGetRetention), at(macaroon.OpGetRetention, "b", "p"), nil},
		{
			"retention hidden", disallow(macaroon.OpGetRetention, macaroon.OpPutRetention),
			at(macaroon.OpGetRetention, "b", "p"), macaroon.ErrUnauthorized,
		},
		{"below the prefix", photos, at(macaroon.OpWrite, "photos", "2026/a"), nil},
		{"beside the prefix", photos, at(macaroon.OpWrite, "photos", "2025/a"), macaroon.ErrUnauthorized},
		{"list above the prefix", photos, at(macaroon.OpList, "photos", ""), macaroon.ErrUnauthorized},
		{"read of the prefix's bucket", photos, at(macaroon.OpRead, "photos", ""), nil},
		{"read of another bucket", photos, at(macaroon.OpRead, "music", ""), macaroon.ErrUnauthorized},
		{"list of buckets", photos, at(macaroon.OpRead, "", ""), nil},
		{"project information", photos, at(macaroon.OpProjectInfo, "", ""), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.caveat.Check(test.action); !errors.Is(err, test.want) {
				t.Errorf("Caveat.Check = %v, want %v", err, test.want)
			}
			key, err := macaroon.Mint(macaroon.Secret(fill(1)), fill(2)).Attenuate(test.caveat)
			if err != nil {
				t.Fatal(err)
			}
			if err := key.Check(test.action); !errors.Is(err, test.want) {
				t.Errorf("Key.Check = %v, want %v", err, test.want)
			}
		})
	}
	root := macaroon.Mint(macaroon.Secret(fill(1)), fill(2))
	if err := root.Check(macaroon.Action{Op: macaroon.OpRead}); !errors.Is(err, macaroon.ErrAction) {
		t.Errorf("root without a time: %v, want ErrAction", err)
	}
}

func TestNotDisallowable(t *testing.T) {
	for _, set := range []macaroon.OpSet{1, macaroon.Ops(macaroon.OpProjectInfo)} {
		raw, err := macaroon.Caveat{Disallow: set}.MarshalBinary()
		if !errors.Is(err, macaroon.ErrFormat) {
			t.Errorf("set %b: %x, %v, want ErrFormat", set, raw, err)
		}
	}
}

// TestOperationsAgree: an operation is disallowed by its own bit, as the reference has it, and by no other.
func TestOperationsAgree(t *testing.T) {
	for forbidden := macaroon.OpRead; forbidden <= macaroon.OpGetBucketNotify; forbidden++ {
		if forbidden == macaroon.OpProjectInfo {
			continue
		}
		c := macaroon.Caveat{Disallow: macaroon.Ops(forbidden)}
		raw, err := c.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := storj.ParseCaveat(raw)
		if err != nil {
			t.Fatal(err)
		}
		var got, want []macaroon.Op
		for op := macaroon.Op(0); op <= 17; op++ {
			a := macaroon.Action{Op: op, Bucket: []byte("b"), EncryptedPath: []byte("p"), Time: noon}
			if c.Check(a) == nil {
				got = append(got, op)
			}
			if theirs.Allows(toStorjAction(a)) {
				want = append(want, op)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("allowed without %d (-reference +ours):\n%s", forbidden, diff)
		}
	}
}

// TestVersionsAgree: each generation of keys admits the operations that the reference lets its unrestricted key do.
func TestVersionsAgree(t *testing.T) {
	secret := fill(1)
	root, err := storj.FromParts(secret[:], secret[:])
	if err != nil {
		t.Fatal(err)
	}
	for version := range macaroon.Version(8) {
		for op := macaroon.OpRead; op <= macaroon.OpGetBucketNotify; op++ {
			a := toStorjAction(macaroon.Action{Op: op, Time: noon})
			want := root.Check(t.Context(), secret[:], storj.APIKeyVersion(version), a, nil) == nil
			if got := version.Permits(op); got != want {
				t.Errorf("version %d, operation %d: %v, reference says %v", version, op, got, want)
			}
		}
	}
}

// hotKey is a key as a gateway sees it: narrowed to a time and a path.
func hotKey(t testing.TB) (macaroon.Key, macaroon.Secret) {
	t.Helper()
	secret := macaroon.Secret(fill(1))
	key, err := macaroon.Mint(secret, fill(2)).Attenuate(macaroon.Caveat{
		Disallow: macaroon.Ops(macaroon.OpDelete), NotAfter: noon, Nonce: []byte("1234"),
		AllowedPaths: []macaroon.Path{{Bucket: []byte("photos"), EncryptedPathPrefix: []byte("2026/")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return key, secret
}

var hotAction = macaroon.Action{
	Op: macaroon.OpRead, Bucket: []byte("photos"), EncryptedPath: []byte("2026/a"), Time: noon,
}

func TestVerdictAllocatesNothing(t *testing.T) {
	key, secret := hotKey(t)
	space := make([][macaroon.Size]byte, 0, 4)
	ok := true
	allocs := testing.AllocsPerRun(100, func() {
		tails, verified := key.VerifyTails(secret, space)
		ok = ok && verified && len(tails) == 2 && key.Verify(secret) && key.Check(hotAction) == nil
	})
	if !ok || allocs != 0 {
		t.Errorf("verdict %v with %v allocations, want true with none", ok, allocs)
	}
}

func BenchmarkVerifyTails(b *testing.B) {
	key, secret := hotKey(b)
	space := make([][macaroon.Size]byte, 0, 4)
	b.ReportAllocs()
	for b.Loop() {
		key.VerifyTails(secret, space)
	}
}

func BenchmarkCheck(b *testing.B) {
	key, _ := hotKey(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := key.Check(hotAction); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	key, _ := hotKey(b)
	long, err := key.Attenuate(macaroon.Caveat{Nonce: make([]byte, 2830)})
	if err != nil {
		b.Fatal(err)
	}
	for name, k := range map[string]macaroon.Key{"usual": key, "longest": long} {
		s := k.Serialize()
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := macaroon.Parse(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
