package operatorapi

import (
	"context"
	"fmt"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// lock keeps what a path names as it is, for an edit that depends on it.
func (a *api) lock(ctx context.Context, pattern string, value func(string) string) error {
	var what control.Edited
	id := func(name string) (out reeve.ID) {
		out, _ = reeve.ParseAnyID(value(name)) // the path's GET has read it
		return out
	}
	_, rest, _ := strings.Cut(pattern, "/api/")
	switch noun, _, _ := strings.Cut(rest, "/"); noun {
	case "projects":
		what.Project = id("project")
	case "organizations":
		what.Organization = id("organization")
	case "coupons":
		what.Coupon = id("coupon")
	case "statements":
		what.Statement = id("statement")
	case "users":
		what.User = value("email")
	case "operators":
		what.Operator = id("operator")
	case "gateways":
		what.Gateways = true
	case "search": // nothing is edited
	default:
		return fmt.Errorf("no lock for %s", pattern)
	}
	return a.control.LockForEdit(ctx, what)
}
