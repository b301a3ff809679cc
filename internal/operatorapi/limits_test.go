package operatorapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// limits is the body of GET limit.
func limits(usage, bandwidth string, rate, buckets int64) string {
	return fmt.Sprintf(`{"usage":%s,"bandwidth":%s,"rate":{"rps":%d},"maxBuckets":%d}`, usage, bandwidth, rate, buckets)
}

const unset = `{"amount":"0 B","bytes":0}`

// TestSizes: every spelling that the original reads, and how it prints them.
func TestSizes(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	s.Tenants(t)
	tests := []struct {
		text  string
		bytes int64
		shown string
	}{
		{"1000000000000", 1e12, "1.00 TB"},
		{"1099511627776", 1 << 40, "1.0 TiB"},
		{"25000000000", 25e9, "25.00 GB"},
		{"10 GB", 10e9, "10.00 GB"},
		{"10gb", 10e9, "10.00 GB"},
		{"1TiB", 1 << 40, "1.0 TiB"},
		{"2 tib", 2 << 40, "2.0 TiB"},
		{"2Ti", 2 << 40, "2.0 TiB"},
		{"1.5GiB", 3 << 29, "1.5 GiB"},
		{"7k", 7000, "7.00 KB"},
		{"1e", 1e18, "1.00 EB"},
		{"1e3", 1000, "1.00 KB"},
		{"9EB", 9e18, "9.00 EB"},
		{"+5", 5, "5 B"},
		{" 6 ", 6, "6 B"},
		{"6 B", 6, "6 B"},
		{"1.9", 1, "1 B"},
		{"0.5", 0, "0 B"},
		{"-0", 0, "0 B"},
		{"0", 0, "0 B"},
		{"1024", 1024, "1.0 KiB"},
		{"999", 999, "1.0 KiB"},
		{"700", 700, "0.7 KiB"},
		{"1500", 1500, "1.5 KiB"},
		{"500", 500, "500 B"},
		{"1234567890", 1234567890, "1.1 GiB"},
		{"666666666667", 666666666667, "620.9 GiB"},
	}
	for _, test := range tests {
		size := fmt.Sprintf(`{"amount":%q,"bytes":%d}`, test.shown, test.bytes)
		s.Run(
			t,
			step{Call: "PUT /api/projects/{px}/limit?bandwidth=" + url.QueryEscape(test.text), Status: 200},
			step{Call: "GET /api/projects/{px}/limit", Status: 200, Reply: limits(unset, size, 0, 0)},
			step{Call: "GET /api/projects/{px}", Status: 200, Reply: reevetest.Any, Has: []string{`"bandwidthLimit":"` + test.shown + `"`, `"storageLimit":null`}},
		)
	}
}

// TestLimitsAreRefused: each is refused whole, whatever else it says.
func TestLimitsAreRefused(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Do(t, step{Call: "POST /api/projects/{px}/limit?usage=3&bandwidth=4&rate=5&buckets=6", Status: 200})
		before := s.Count(t)
		arguments, form := "invalid arguments", "invalid form"
		value := func(name, details string) string {
			return fault(arguments, `schema: error converting value for "`+name+`"`+details)
		}
		size := func(details string) string { return value("usage", ". Details: "+details) }
		tests := []struct{ query, reply string }{
			{"usage=", size("empty size")},
			{"usage=1XB", size(`unknown suffix "XB"`)},
			{"usage=0x10", size(`strconv.ParseFloat: parsing "0x10": invalid syntax`)},
			{"usage=abc", size(`unknown suffix "ABCB"`)},
			{"usage=GB", size(`strconv.ParseFloat: parsing "": invalid syntax`)},
			{"usage=B", size(`strconv.ParseFloat: parsing "": invalid syntax`)},
			{"usage=1e30", fault("negative usage", "-9223372036854775808 B")},
			{"usage=10EB", fault("negative usage", "-9223372036854775808 B")},
			{"usage=-1", fault("negative usage", "-1 B")},
			{"usage=-5GB", fault("negative usage", "-5.00 GB")},
			{"usage=7&bandwidth=-1", fault("negative bandwidth", "-1 B")},
			{"rate=", value("rate", "")},
			{"buckets=", value("buckets", "")},
			{"rate=abc", value("rate", "")},
			{"rate=1.5", value("rate", "")},
			{"rate=9223372036854775808", value("rate", "")},
			{"rate=-1", fault("negative rate", "-1")},
			{"buckets=-1", fault("negative bucket coun", "-1")},
			{"rate=3000000000", fault("failed to update rate", "3000000000 is greater than maximum value for Int4")},
			{"buckets=2147483648", fault("failed to update bucket limit", "2147483648 is greater than maximum value for Int4")},
			{"usage=7&rate=-1&buckets=9", fault("negative rate", "-1")},
			{"foo=1", fault(arguments, `schema: invalid path "foo"`)},
			{"foo=1&usage=x", fault(arguments, `schema: invalid path "foo" (and 1 other error)`)},
			{"foo=1&usage=x&rate=y", fault(arguments, `schema: invalid path "foo" (and 2 other errors)`)},
			{"usage=1;rate=2", fault(form, "invalid semicolon separator in query")},
			{"usage=%zz", fault(form, `invalid URL escape "%zz"`)},
			{"usage=%00", size(`strconv.ParseFloat: parsing "\x00": invalid syntax`)},
			{"usage=%ff", size(`strconv.ParseFloat: parsing "\xff": invalid syntax`)},
			{"Default=1", fault(arguments, `schema: invalid path "Default"`)},
			{"usage=Unlimited", size(`unknown suffix "UNLIMITEDB"`)},
		}
		for i, test := range tests {
			method := []string{"PUT", "POST"}[i%2]
			s.Run(
				t,
				step{Call: method + " /api/projects/{px}/limit?" + test.query, Status: 400, Reply: test.reply},
				step{Call: method + " /api/projects/{px}/limit", Form: test.query, Status: 400, Reply: test.reply},
			)
		}
		s.Run(
			t,
			step{
				Call: "PUT /api/projects/{px}/limit?usage=1", Body: "x", Header: http.Header{"Content-Type": {";;"}},
				Status: 400, Reply: fault(form, "mime: no media type"),
			},
			step{Call: "PUT /api/projects/x/limit?usage=y", Status: 400, Reply: fault("invalid project-uuid", "uuid: invalid string length 1 expected 36")},
			step{Call: "GET /api/projects/x/limit", Status: 400, Reply: reevetest.Any, Has: []string{"invalid project-uuid"}},
			step{Call: "PUT /api/projects/" + nobody + "/limit?usage=1", Status: 404, Reply: fault("project not found")},
			step{Call: "POST /api/projects/" + nobody + "/limit", Status: 404, Reply: fault("project not found")},
			step{Call: "GET /api/projects/" + nobody + "/limit", Status: 404, Reply: fault("project not found")},
			step{Call: "GET /api/projects/{px}/limit", Status: 200, Reply: limits(`{"amount":"3 B","bytes":3}`, `{"amount":"4 B","bytes":4}`, 5, 6)},
		)
		if after := s.Count(t); after != before {
			t.Errorf("%d changes were made", after-before)
		}
	})
}

// TestUpdateLimits: where values may stand, which of several counts, and the
// three states of a limit.
func TestUpdateLimits(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		put := "PUT /api/projects/{px}/limit"
		state := func(usage string, rate, buckets int64) step {
			return step{Call: "GET /api/projects/{px}/limit", Status: 200, Reply: limits(usage, unset, rate, buckets)}
		}
		project := func(want string) step {
			return step{Call: "GET /api/projects/{px}", Status: 200, Reply: reevetest.Any, Has: []string{want}}
		}
		seven, eight := `{"amount":"7 B","bytes":7}`, `{"amount":"8 B","bytes":8}`
		s.Run(t, []step{
			state(unset, 0, 0),
			{Name: "nothing", Call: put, Status: 200},
			{Call: put + "?usage=7", Status: 200},
			state(seven, 0, 0),
			{Call: "POST /api/projects/{prj:px}/limit", Form: "USAGE=8&Rate=1", Loose: true, Status: 200},
			state(eight, 1, 0),
			{Name: "the last of repeated values", Call: put + "?rate=2&rate=3", Status: 200},
			state(eight, 3, 0),
			{Name: "the query beats the form", Call: put + "?usage=7", Form: "usage=8&buckets=4", Status: 200},
			state(seven, 3, 4),
			{Name: "a form of another type is no form", Call: put, Body: `usage=8`, Loose: true, Status: 200},
			{
				Name: "multipart is ignored", Call: put, Body: "--b\r\nContent-Disposition: form-data; name=\"usage\"\r\n\r\n8\r\n--b--\r\n",
				Header: http.Header{"Content-Type": {"multipart/form-data; boundary=b"}}, Loose: true, Status: 200,
			},
			state(seven, 3, 4),
			{Name: "zero is a limit", Call: put + "?usage=0&rate=0&buckets=2147483647", Status: 200},
			project(`"rateLimit":0,"maxBuckets":2147483647,"createdAt":"{now}","memberCount":1,"storageLimit":"0 B","bandwidthLimit":null`),
			{Name: "unlimited prints as unset", Call: put + "?usage=unlimited&rate=unlimited&buckets=unlimited&bandwidth=unlimited", Status: 200},
			project(`"rateLimit":null,"maxBuckets":null,"createdAt":"{now}","memberCount":1,"storageLimit":null,"bandwidthLimit":null`),
			state(unset, 0, 0),
			{Call: put + "?usage=default&rate=default&buckets=default", Status: 200},
			project(`"rateLimit":null,"maxBuckets":null`),
			state(unset, 0, 0),
			{
				Name: "the log tells the three apart", Call: "GET /api/changes?action=limits.update&limit=2", Status: 200, Reply: reevetest.Any,
				Has: []string{
					`"before":{"buckets":"unlimited","rate":"unlimited","usage":"unlimited"},"after":{"buckets":"default","rate":"default","usage":"default"}`,
					`"before":{"bandwidth":"default","buckets":"2147483647","rate":"0","usage":"0"}`,
				},
			},
		}...)
	})
}
