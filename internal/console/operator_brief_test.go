package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// TestBriefTables: what a thing's page shows of a longer list is had whole as
// CSV, or not at all; amounts are plain numbers there.
func TestBriefTables(t *testing.T) {
	s, b := asRoot(t)
	ctx := control.WithCaller(t.Context(), root(t))
	const many = 12
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range many {
		name := fmt.Sprintf("member%02d@mail.test", i)
		u, err := s.Control.CreateUser(ctx, control.NewUser{Email: name, FullName: name, Password: "secret7"})
		check(err)
		check(s.Control.PutOrganizationMember(ctx, s.ID(t, "acme"), u.ID, reeve.RoleViewer))
		check(s.Control.PutProjectMember(ctx, s.ID(t, "px"), u.ID, reeve.RoleViewer))
		_, err = s.Control.CreateOrganization(ctx, name, s.ID(t, "bob"))
		check(err)
		b.get("coupons/new?user=" + s.Value(t, "bob")).send(fields{"amount": "1234.50", "duration": "2", "description": name}).titled("Coupon of $1,234.50")
	}
	for path, rows := range map[string]int{
		"users/{bob}?csv=coupons":           many,
		"projects/{px}?csv=members":         many + 1,
		"projects/{px}/members?csv=members": many + 1,
	} {
		if csv := b.get(s.Expand(path)).text; strings.Count(csv, "\r\n") != rows+1 {
			t.Errorf("%s has not %d rows: %s", path, rows, csv)
		}
	}
	if csv := b.get(s.Expand("users/{bob}?csv=organizations")).text; strings.Count(csv, "\r\n") < many+2 {
		t.Errorf("organisations: %s", csv)
	}
	if csv := b.get(s.Expand("users/{bob}?csv=coupons")).text; strings.Count(csv, ",1234.50,1234.50,") != many {
		t.Errorf("coupons: %s", csv)
	}
	b.get(s.Expand("organizations/{acme}?csv=last-changes")).answered(http.StatusNotFound, "Not found")
	b.get(s.Expand("projects/{px}")).says("The oldest 5 members", "All 13 members")
}
