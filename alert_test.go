package reeve_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
)

func TestReached(t *testing.T) {
	for _, row := range []struct {
		value, limit int64
		want         int // of 50, 80, 100
	}{
		{0, 100, 0},
		{49, 100, 0},
		{50, 100, 1},
		{79, 100, 1},
		{80, 100, 2},
		{99, 100, 2},
		{100, 100, 3},
		{1000, 100, 3},
		{-1, 100, 0},
		{0, 0, 0},
		{1, 0, 3},
		{-1, 0, 0},
		{1, -1, 3},
		{1, 3, 0},
		{2, 3, 1},
		{1, 2, 1},
		{1, 1, 3},
		{4, 5, 2},
		{math.MaxInt64, math.MaxInt64, 3},
		{math.MaxInt64 - 1, math.MaxInt64, 2},
		{math.MaxInt64/2 + 1, math.MaxInt64, 1},
		{math.MaxInt64 / 2, math.MaxInt64, 0},
		{1, math.MaxInt64, 0},
		{math.MaxInt64, 1, 3},
		{math.MaxInt64, 0, 3},
		{math.MinInt64, math.MaxInt64, 0},
	} {
		got := reeve.Reached(row.value, row.limit)
		if diff := cmp.Diff(reeve.Thresholds[:row.want], append([]int{}, got...)); diff != "" {
			t.Errorf("%d of %d (-want +got):\n%s", row.value, row.limit, diff)
		}
	}
}

// TestReachedIsExact holds the thresholds against integers without end.
func TestReachedIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(1, math.MaxInt64).Draw(t, "limit")
		value := rapid.Int64Range(0, math.MaxInt64).Draw(t, "value")
		if rapid.Bool().Draw(t, "near") {
			value = max(limit/10*rapid.Int64Range(4, 10).Draw(t, "tenths")+rapid.Int64Range(-9, 9).Draw(t, "off"), 0)
		}
		got := map[int]bool{}
		for _, threshold := range reeve.Reached(value, limit) {
			got[threshold] = true
		}
		for _, threshold := range reeve.Thresholds {
			left := new(big.Int).Mul(big.NewInt(value), big.NewInt(100))
			right := new(big.Int).Mul(big.NewInt(limit), big.NewInt(int64(threshold)))
			if want := left.Cmp(right) >= 0; got[threshold] != want {
				t.Fatalf("%d %% of %d with %d: %t", threshold, limit, value, !want)
			}
		}
	})
}

func TestCheckBudget(t *testing.T) {
	for cents, want := range map[int64]string{
		0: "Amount is not set", -1: "negative amount", math.MinInt64: "negative amount", 1: "", math.MaxInt64: "",
	} {
		checkMessage(t, reeve.CheckBudget(cents), want)
	}
}

// checkMessage checks that an error is Invalid with a sentence; "" is none.
func checkMessage(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = reeve.AsError(err).Message
	}
	if got != want || err != nil && !reeve.IsKind(err, reeve.Invalid) {
		t.Errorf("%v, want %q", err, want)
	}
}
