package control

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/reeve-cloud/reeve"
)

// PricesOf gives the prices in force in a month: those that a closed one was
// closed with, and the configured ones of all others.
func (c *Control) PricesOf(ctx context.Context, month reeve.Month) (reeve.PriceList, error) {
	if _, err := operator(ctx); err != nil {
		return reeve.PriceList{}, err
	}
	list := c.settings.Prices
	closed, err := c.store.BillingMonths(ctx)
	for _, m := range closed {
		if m.Month != month {
			continue
		}
		if err := json.Unmarshal([]byte(m.Prices), &list); err != nil {
			return reeve.PriceList{}, fmt.Errorf("read the prices of %s: %w", month, err)
		}
	}
	return list.In(month), err
}
