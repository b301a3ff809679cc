package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// costTurn is for how long months are priced before other alerts have their
// turn.
const costTurn = 10 * time.Second

// checkBudgets raises what organisations' months have cost of their budgets,
// owner by owner. It ends when its turn does, but not before the first owner,
// and at a failure: those that it does not come to come first the next time.
func (c *Control) checkBudgets(ctx context.Context, organizations []reeve.ID) error {
	end := time.Now().Add(c.alerts.turn)
	budgets, err := c.budgetsOf(ctx, organizations)
	if err != nil {
		c.alerts.putOff(organizations)
		return err
	}
	of := map[reeve.ID][]reeve.ID{} // by owner
	var owners []reeve.ID
	for _, id := range organizations {
		if b, ok := budgets[id]; ok {
			if of[b.OwnerID] == nil {
				owners = append(owners, b.OwnerID)
			}
			of[b.OwnerID] = append(of[b.OwnerID], id)
		}
	}
	for i, owner := range owners {
		if err != nil || i > 0 && !time.Now().Before(end) {
			c.alerts.putOff(of[owner])
			continue
		}
		if err = c.checkOwner(ctx, owner, of[owner], budgets); err != nil {
			c.alerts.touchOrganizations(of[owner])
		}
	}
	return err
}

func (c *Control) budgetsOf(ctx context.Context, organizations []reeve.ID) (map[reeve.ID]store.OwnedBudget, error) {
	ctx, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	return c.store.Budgets(ctx, organizations)
}

// checkOwner is checkBudgets for organisations of one owner. Their months are
// priced together: the drafts of all of them are made for any.
func (c *Control) checkOwner(ctx context.Context, owner reeve.ID, organizations []reeve.ID, budgets map[reeve.ID]store.OwnedBudget) error {
	month := reeve.MonthOf(c.store.Now())
	var open []reading // where not all was raised
	for _, id := range organizations {
		budget := budgets[id].Cents
		if r := (reading{id, reeve.AlertBudget, budget, budget}); c.alerts.isNews(month, r) {
			open = append(open, r)
		}
	}
	if len(open) == 0 {
		return nil
	}
	costs, err := c.monthCosts(ctx, owner, organizations, month)
	if err != nil {
		return err
	}
	for _, r := range open {
		r.value = costs[r.subject]
		if !c.alerts.isNews(month, r) {
			continue
		}
		if err := c.raise(ctx, r.subject, month, []reading{r}); err != nil {
			return err
		}
		c.alerts.raised(month, []reading{r})
	}
	return nil
}
