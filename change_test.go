package reeve_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
)

func drawChange(t *rapid.T) reeve.Change {
	text := rapid.StringN(0, 5, -1)
	return reeve.Change{
		Number: rapid.Int64().Draw(t, "number"), At: time.UnixMicro(rapid.Int64Range(0, 1<<60).Draw(t, "at")),
		Actor: text.Draw(t, "actor"), Action: text.Draw(t, "action"), Target: drawID(t),
		Before: reeve.Fields(text.Draw(t, "before")), After: reeve.Fields(text.Draw(t, "after")),
		Reason: text.Draw(t, "reason"), RequestID: text.Draw(t, "request"),
		OrganizationID: rapid.SampledFrom([]reeve.ID{reeve.Zero, {1}, drawID(t)}).Draw(t, "organization"),
	}
}

// TestChainDependsOnAll: whatever field of a row is altered, and whatever the
// row before, the hash is another.
func TestChainDependsOnAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		change := drawChange(t)
		var previous reeve.ChangeHash
		previous[0] = rapid.Byte().Draw(t, "previous")
		hash := change.Chain(previous)
		if again := change.Chain(previous); again != hash {
			t.Fatal("the same row hashes otherwise")
		}
		change.Hash = hash
		if change.Chain(previous) != hash {
			t.Fatal("the row's own hash counts")
		}
		other := previous
		other[31] ^= 1
		if change.Chain(other) == hash {
			t.Fatal("the row before does not count")
		}
		for name, alter := range map[string]func(*reeve.Change){
			"number": func(c *reeve.Change) { c.Number++ }, "at": func(c *reeve.Change) { c.At = c.At.Add(time.Microsecond) },
			"actor": func(c *reeve.Change) { c.Actor += "x" }, "action": func(c *reeve.Change) { c.Action += "x" },
			"target": func(c *reeve.Change) { c.Target[15] ^= 1 }, "before": func(c *reeve.Change) { c.Before = append(c.Before, 'x') },
			"after":  func(c *reeve.Change) { c.After = append(c.After, 'x') },
			"reason": func(c *reeve.Change) { c.Reason += "x" }, "request id": func(c *reeve.Change) { c.RequestID += "x" },
			"organization": func(c *reeve.Change) { c.OrganizationID[15] ^= 1 },
			"borders":      func(c *reeve.Change) { c.Actor, c.Action = c.Actor+c.Action+"y", "" },
		} {
			altered := change
			alter(&altered)
			if altered.Chain(previous) == hash {
				t.Errorf("%s does not count", name)
			}
		}
	})
}

// TestChainIgnoresZone: the same instant hashes alike, whoever read it.
func TestChainIgnoresZone(t *testing.T) {
	at := time.UnixMicro(1_700_000_000_123_456)
	east := reeve.Change{At: at.In(time.FixedZone("east", 3600))}
	if east.Chain(reeve.ChangeHash{}) != (reeve.Change{At: at.UTC()}).Chain(reeve.ChangeHash{}) {
		t.Error("the zone counts")
	}
}

func TestFieldsMarshal(t *testing.T) {
	for want, fields := range map[string]reeve.Fields{"null": nil, `{"a":1}`: reeve.Fields(`{"a":1}`)} {
		if got, err := json.Marshal(fields); err != nil || string(got) != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
}

func TestError(t *testing.T) {
	cause := errors.New("disk on fire")
	base := reeve.Errorf(reeve.Conflict, "name %s is taken", "x")
	full := base.WithDetail("by %d", 7).Wrap(cause)
	if got := full.Error(); got != "name x is taken: by 7: disk on fire" || !errors.Is(full, cause) {
		t.Error(got)
	}
	if base.Detail != "" || base.Cause != nil {
		t.Error("the original was altered")
	}
	if found := reeve.AsError(fmt.Errorf("doing: %w", full)); found != full {
		t.Errorf("found %v", found)
	}
	hidden := reeve.AsError(cause)
	if hidden.Kind != reeve.Internal || hidden.Message != "internal error" || !errors.Is(hidden, cause) {
		t.Errorf("%+v", hidden)
	}
	if reeve.IsKind(nil, reeve.Internal) || !reeve.IsKind(cause, reeve.Internal) || !reeve.IsKind(full, reeve.Conflict) {
		t.Error("kinds are mistaken")
	}
	for kind := reeve.Internal; kind <= reeve.Unavailable; kind++ {
		if kind.String() == "" {
			t.Errorf("kind %d has no name", kind)
		}
	}
}
