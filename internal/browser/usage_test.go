package browser

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// busy has the project px use something of each meter, every day of November
// 2026: of the storage more and more, of its limit of egress too much.
func busy(t *testing.T, s *reevetest.Server) {
	t.Helper()
	s.Gateway(t, "meter")
	var records []string
	for day := 1; day <= 22; day++ {
		for meter, value := range map[string]int{
			"storage": 600e9 + day*13e9 + day%5*7e9, "objects": 120_000 + day*1_500, "egress": (day*7919%31 + 4) * 1e8, "requests": (day*104_729%1000 + 300) * 57,
		} {
			records = append(records, fmt.Sprintf(`{"projectId":%q,"bucket":"photos","meter":%q,"at":"2026-11-%02dT10:00:00Z","value":%d}`,
				s.Value(t, "px"), meter, day, value))
		}
	}
	s.Run(
		t,
		reevetest.Step{
			Name: "usage", Call: "POST /gateway/usage", Body: `{"gateway":"g","sequence":1,"records":[` + strings.Join(records, ",") + `]}`,
			Status: 200, Reply: reevetest.Any, Not: []string{"refused"},
		},
		reevetest.Step{Name: "limits", Call: "PUT /api/projects/{px}/limit?usage=1TB&bandwidth=40GB&buckets=50", Status: 200},
	)
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) { // it is added up within a second
		total, err := s.Store.UsageTotal(t.Context(), s.ID(t, "px"), 202611, s.Clock.Now())
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("nothing is added up: %v", err)
		}
		if total.Any() {
			return
		}
	}
}

// TestUsage: both see what is used of what is allowed, day by day.
func TestUsage(t *testing.T) {
	s, p := tenants(t, "alice")
	busy(t, s)
	p.click("acme").click("px").see("over the limit", "Storage", "Requests").press("Usage in numbers").see("2026-11-20")
	p.click("Usage").choose("Time", "November 2026").click("Show").see("1 November 2026 to 22 November 2026")
	o := operator(t, s)
	o.click("Projects").click("px").see("over the limit", "Storage", "Requests")
	s.Do(t, reevetest.Step{Call: "PUT /api/users/alice@mail.test", Body: `{"projectLimit":200}`, Status: 200})
	for i := range 100 {
		s.Project(t, fmt.Sprint("p", i), "alice", "acme")
	}
	o.open(s.Expand("/console/organizations/{acme}")).see("It is added up of many projects", "Bytes stored 80% px")
	o.find("clickable", "Show usage") // scrolls there
	o.see("24 October 2026 to 22 November 2026", "Requests").press("Usage in numbers").see("2026-11-20")
}
