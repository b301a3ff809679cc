package operatorapi

import (
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
)

// FuzzLimits: whatever a query and a form hold, what is accepted is a limit
// that can be kept, and what is refused is the caller's fault.
func FuzzLimits(f *testing.F) {
	for _, seed := range [][2]string{
		{"usage=1TB&bandwidth=9EB", "rate=1&buckets=unlimited"}, {"usage=abc&RATE=default", ""}, {"usage=1e30", "usage=;"}, {"%zz", "buckets=-1&foo"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, query, form string) {
		in := &limitsIn{}
		err := in.DecodeRequest(&http.Request{
			Method: http.MethodPost, URL: &url.URL{RawQuery: query}, Body: io.NopCloser(strings.NewReader(form)),
			Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		})
		if err != nil {
			var e *reeve.Error
			if errors.As(err, &e) && e.Kind != reeve.Invalid {
				t.Errorf("%q, %q: %v", query, form, err)
			}
			return
		}
		for i, limit := range []*reeve.Limit{in.patch.Usage, in.patch.Bandwidth, in.patch.Rate, in.patch.Buckets} {
			if limit == nil {
				continue
			}
			if n, _ := limit.Number(); n < 0 || i >= 2 && n > math.MaxInt32 {
				t.Errorf("%q, %q: limit %d is %d", query, form, i, n)
			}
		}
	})
}
