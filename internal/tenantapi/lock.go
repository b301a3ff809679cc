package tenantapi

import (
	"context"
	"fmt"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// lock keeps what a path names first as it is, for an edit that depends on it.
func (a *api) lock(ctx context.Context, pattern string, value func(string) string) error {
	var what control.Edited
	noun, _, _ := strings.Cut(strings.TrimPrefix(pattern, "/"), "/")
	for _, named := range []struct {
		noun   string
		prefix reeve.Prefix
		to     *reeve.ID
	}{
		{"project", reeve.PrefixProject, &what.Project},
		{"organization", reeve.PrefixOrganization, &what.Organization},
		{"user", reeve.PrefixUser, &what.Person},
	} {
		if noun != named.noun {
			continue
		}
		id, err := reeve.ParseID(named.prefix, value(noun))
		if err != nil {
			return fmt.Errorf("no lock for %s: %w", pattern, err)
		}
		*named.to = id
		return a.control.LockForEdit(ctx, what)
	}
	return fmt.Errorf("no lock for %s", pattern)
}
