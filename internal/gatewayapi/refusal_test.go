package gatewayapi

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// TestJudged: every code that refuses has a kind, its own name for a detail,
// and the header that belongs to it.
func TestJudged(t *testing.T) {
	t.Parallel()
	kinds := map[reeve.VerdictCode]reeve.Kind{
		reeve.CodeMalformed: reeve.Unauthenticated, reeve.CodeNotFound: reeve.Unauthenticated,
		reeve.CodeRevoked: reeve.Unauthenticated, reeve.CodeExpired: reeve.Unauthenticated,
		reeve.CodeForbidden: reeve.Denied, reeve.CodeProjectFrozen: reeve.Denied,
		reeve.CodeUsageExceeded: reeve.Denied, reeve.CodeBandwidthExceeded: reeve.Denied,
		reeve.CodeRateLimited: reeve.Exhausted,
	}
	for _, code := range reeve.VerdictCodes {
		if code == reeve.CodeValid {
			continue
		}
		err := judged(&control.Verdict{Code: code, Rate: &control.RateState{Limit: 100, Remaining: 0, Reset: 300 * time.Millisecond}})
		got := reeve.AsError(err)
		if got.Kind != kinds[code] || got.Message != string(code) {
			t.Errorf("%s: %v %q", code, got.Kind, got.Message)
		}
		header, want := http.Header{}, http.Header{}
		switch got.Kind {
		case reeve.Unauthenticated:
			want.Set("WWW-Authenticate", `Bearer realm="reeve", error="invalid_token"`)
		case reeve.Exhausted:
			want.Set("RateLimit", `"default";r=0;t=1`)
			want.Set("RateLimit-Policy", `"default";q=100;w=1`)
			if got.RetryAfter != 300*time.Millisecond {
				t.Errorf("%s: try again after %v", code, got.RetryAfter)
			}
		}
		if setter, ok := err.(interface{ SetHeader(http.Header) }); ok {
			setter.SetHeader(header)
		}
		if diff := cmp.Diff(want, header); diff != "" {
			t.Errorf("%s (-want +got):\n%s", code, diff)
		}
	}
}
