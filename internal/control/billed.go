package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// checkBilled answers a Conflict, in the original's words, when an owner or an
// organisation still has something to pay for.
func checkBilled(ctx context.Context, tx *store.Tx, who string, f store.StatementFilter, organizations []reeve.Organization) error {
	open, err := tx.HasOpenStatement(ctx, f)
	if err != nil {
		return err
	}
	if open {
		return reeve.Errorf(reeve.Conflict, "%s has unpaid/pending invoices", who)
	}
	for _, o := range organizations {
		unbilled, err := hasUnbilled(ctx, tx, o.ID)
		if err != nil {
			return err
		}
		if unbilled {
			return reeve.Errorf(reeve.Conflict, "%s has pending invoice items", who)
		}
	}
	return nil
}

// hasUnbilled tells whether an organisation's deleted projects have usage that
// no statement has billed yet.
func hasUnbilled(ctx context.Context, tx *store.Tx, organization reeve.ID) (bool, error) {
	gone, err := tx.DepartedOf(ctx, organization)
	if err != nil || len(gone) == 0 {
		return false, err
	}
	late, err := tx.UsageLate(ctx, gone, lastMonth)
	if err != nil || len(late) > 0 {
		return len(late) > 0, err
	}
	known, err := readMonths(ctx, tx.Reader)
	if err != nil {
		return false, err
	}
	for _, month := range known.unclosed(reeve.MonthOf(tx.Now()).Add(1)) {
		there, err := tx.StatementsIn(ctx, []reeve.ID{organization}, month)
		if err != nil {
			return false, err
		}
		if len(there) > 0 {
			continue
		}
		totals, err := tx.UsageTotals(ctx, gone, month, tx.Now())
		if err != nil {
			return false, err
		}
		for _, total := range totals {
			if total != (reeve.UsageTotal{ProjectID: total.ProjectID, Month: month}) {
				return true, nil
			}
		}
	}
	return false, nil
}
