package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// Hold says how a row is held until the transaction ends.
type Hold int

// The ways, from the weakest on. Who drops a row waits for all of them.
const (
	HoldStill  Hold = iota // nobody changes it; others may hold it still, too
	HoldAlone              // nobody else holds it; its children may come
	HoldToDrop             // nor may children
)

func (d *dialect) held(how Hold) string {
	return [...]string{HoldStill: d.lockStill, HoldAlone: d.lock, HoldToDrop: d.lockDrop}[how]
}

// HoldProject finds a project and holds its row.
func (tx *Tx) HoldProject(ctx context.Context, id reeve.ID, how Hold) (reeve.Project, error) {
	return one(ctx, tx.Reader, projectByID(id, tx.d.held(how)), scanProject)
}

// HoldOrganization finds an organisation and holds its row.
func (tx *Tx) HoldOrganization(ctx context.Context, id reeve.ID, how Hold) (reeve.Organization, error) {
	return one(ctx, tx.Reader, organizationByID(id, tx.d.held(how)), scanOrganization)
}

// Again answers what makes Write begin anew, for who has held what turns out not
// to be what was to be held. Where other writes went before in the same
// transaction it is Unavailable.
func (tx *Tx) Again() error { return errRetry }
