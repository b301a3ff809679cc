package forward_test

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/forward"
)

// FuzzPath: a target that is not refused means the same to net/url, to those
// who resolve dots and join slashes, and to those who strip parameters.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{
		"/b/p", "/b/p?q", "/b/%2e%2e/x", "/b/..;x/y", "/b%2fp", "//b", "/%62/p;v=1", "/b/\xff", "/b/%", `/b\c`, "/b/#", "*", "/b/%252e%252e",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, target string) {
		got, err := forward.FromTarget(nginx("", ""), "PUT", target)
		if err != nil {
			return
		}
		place := "/" + string(got.Bucket)
		if len(got.Path) > 0 {
			place += "/" + string(got.Path)
		}
		raw, _, _ := strings.Cut(target, "?")
		read, err := url.PathUnescape(raw)
		if err != nil || len(got.Path) > 0 && read != place || len(got.Path) == 0 && strings.TrimSuffix(read, "/") != strings.TrimSuffix(place, "/") {
			t.Fatalf("%q: %q, but net/url has %q, %v", target, place, read, err)
		}
		if clean := path.Clean(place); clean != strings.TrimSuffix(place, "/") && clean != place {
			t.Fatalf("%q: %q, but cleaned it is %q", target, place, clean)
		}
		if strings.ContainsAny(place, "\\\x00\r\n") || strings.Contains(string(got.Bucket), "/") {
			t.Fatalf("%q: %q", target, place)
		}
		var stripped []string
		for segment := range strings.SplitSeq(place, "/") {
			name, _, _ := strings.Cut(segment, ";")
			stripped = append(stripped, name)
		}
		bare := strings.Join(stripped, "/")
		if clean := path.Clean(bare); clean != strings.TrimSuffix(bare, "/") && clean != bare {
			t.Fatalf("%q: %q, but without parameters it is %q", target, place, clean)
		}
	})
}

// FuzzQuery: what the auth URL says has one meaning, net/url's.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"", "proxy=nginx", "proxy=nginx&action=read&bucket=a%2Fb&cost=1", "bucket=%zz", "a;b", "&", "cost"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		got, err := forward.FromHeader(nginx("GET", "/b/p"), query)
		if err != nil {
			return
		}
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatalf("%q: %v", query, err)
		}
		if bucket, given := values["bucket"]; given && (len(bucket) != 1 || bucket[0] != string(got.Bucket)) {
			t.Fatalf("%q: bucket %q", query, got.Bucket)
		}
		if action := values.Get("action"); action != "" && action != got.Op.String() && (action != "read" || len(got.Path) > 0) {
			t.Fatalf("%q: action %s", query, got.Op)
		}
	})
}
