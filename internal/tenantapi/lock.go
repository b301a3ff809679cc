package tenantapi

import (
	"context"
	"fmt"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// lock keeps the project that a path names as it is, for an edit that depends on
// it.
func (a *api) lock(ctx context.Context, pattern string, value func(string) string) error {
	id, err := reeve.ParseID(reeve.PrefixProject, value("project"))
	if err != nil {
		return fmt.Errorf("no lock for %s: %w", pattern, err)
	}
	return a.control.LockForEdit(ctx, control.Edited{Project: id})
}
