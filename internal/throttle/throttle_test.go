package throttle

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// clock stands still until it is moved.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func newTest(quota, keys int) (*Limiter, *clock) {
	c := &clock{time.Unix(1_800_000_000, 0)}
	return newLimiter(Policy{Name: "test", Quota: quota, Window: time.Minute}, c.now, keys), c
}

func TestTake(t *testing.T) {
	l, clock := newTest(3, Keys)
	check := func(got, want Decision) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	check(l.Peek("a"), Decision{Allowed: true, Remaining: 3})
	check(l.Take("a"), Decision{Allowed: true, Remaining: 2, Reset: 20 * time.Second})
	check(l.Take("a"), Decision{Allowed: true, Remaining: 1, Reset: 40 * time.Second})
	check(l.Peek("a"), Decision{Allowed: true, Remaining: 1, Reset: 40 * time.Second})
	check(l.Take("a"), Decision{Allowed: true, Remaining: 0, RetryAfter: 20 * time.Second, Reset: time.Minute})
	refused := Decision{RetryAfter: 20 * time.Second, Reset: time.Minute}
	check(l.Take("a"), refused)
	check(l.Peek("a"), refused)
	check(l.Take("b"), Decision{Allowed: true, Remaining: 2, Reset: 20 * time.Second})

	clock.Time = clock.Add(19 * time.Second)
	check(l.Take("a"), Decision{RetryAfter: time.Second, Reset: 41 * time.Second})
	clock.Time = clock.Add(time.Second)
	check(l.Take("a"), Decision{Allowed: true, RetryAfter: 20 * time.Second, Reset: time.Minute})
	l.Forgive("a")
	l.Forgive("nobody")
	check(l.Peek("a"), Decision{Allowed: true, Remaining: 3})
	check(l.Take("a"), Decision{Allowed: true, Remaining: 2, Reset: 20 * time.Second})
	clock.Time = clock.Add(time.Hour)
	check(l.Peek("a"), Decision{Allowed: true, Remaining: 3})
}

// TestReturn: one take comes back, and none that has come back by itself.
func TestReturn(t *testing.T) {
	l, clock := newTest(3, Keys)
	l.Return("a")
	for range 3 {
		l.Take("a")
	}
	l.Return("a")
	if got := l.Peek("a"); got.Remaining != 1 || got.Reset != 40*time.Second {
		t.Errorf("after one: %+v", got)
	}
	clock.Time = clock.Add(time.Minute)
	for range 3 {
		l.Return("a")
	}
	for i := range 4 {
		if got := l.Take("a"); got.Allowed != (i < 3) {
			t.Errorf("take %d of 3: %+v", i+1, got)
		}
	}
}

// TestNetwork: of IPv6 only the network counts, however it is spelled.
func TestNetwork(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "": "", "nobody": "nobody", "a:b": "a:b",
		"2001:db8::1": "2001:db8::/64", "2001:DB8:0:0:ff::": "2001:db8::/64", "fe80::1%eth0": "fe80::/64", "2001:db8:0:1::": "2001:db8:0:1::/64",
	} {
		if got := Network(address); got != want {
			t.Errorf("%q counts as %q, want %q", address, got, want)
		}
	}
}

// TestQuota: Retry-After and the quota of a refusal name one moment.
func TestQuota(t *testing.T) {
	l, _ := newTest(2, Keys)
	if got := l.Describe(l.Take("a")); got.Remaining != 1 || got.Reset != 30*time.Second || got.Limit != 2 || got.Name != "test" {
		t.Errorf("%+v", got)
	}
	l.Take("a")
	if got := l.Describe(l.Take("a")); got.Remaining != 0 || got.Reset != 30*time.Second || got.Window != time.Minute {
		t.Errorf("%+v", got)
	}
}

// TestBounded: of more keys than there is room for, the last are known.
func TestBounded(t *testing.T) {
	const keys = shards * 64
	l, _ := newTest(1, keys)
	for i := range 50 * keys {
		l.Take(fmt.Sprint(i))
	}
	if n := l.Len(); n > keys {
		t.Errorf("%d keys are remembered, want %d at most", n, keys)
	}
	for i := range l.shards {
		if room := cap(l.shards[i].entries); room > 2*64 {
			t.Errorf("room for %d entries", room)
		}
	}
	if l.Take(fmt.Sprint(50*keys - 1)).Allowed {
		t.Error("the last key is forgotten")
	}
	if !l.Take("0").Allowed {
		t.Error("the first key is remembered")
	}
}

// TestOldestGoes: a key that is heard of again outlives those that are not.
func TestOldestGoes(t *testing.T) {
	var s shard
	s.size, s.places = 3, map[uint64]int32{}
	for _, hash := range []uint64{1, 2, 3, 1, 3, 3, 4, 1, 5} {
		s.put(hash, time.Second)
	}
	for hash, want := range map[uint64]bool{1: true, 2: false, 3: false, 4: true, 5: true} {
		if got := s.get(hash) > 0; got != want {
			t.Errorf("key %d: remembered %t, want %t", hash, got, want)
		}
	}
}

func BenchmarkTake(b *testing.B) {
	l := New(Policy{Name: "test", Quota: 60, Window: time.Minute}, time.Now)
	keys := make([]string, 200_000)
	for i := range keys {
		keys[i] = fmt.Sprint(i)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		l.Take(keys[i%len(keys)])
		i++
	}
}
