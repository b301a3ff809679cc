package control

import (
	"context"
	"slices"

	"github.com/reeve-cloud/reeve"
)

// CheckPriced answers a Conflict for a month that has usage, and would be begun
// to be closed without any price: all of it would be free for good.
func (c *Control) CheckPriced(ctx context.Context, month reeve.Month) error {
	if _, err := operator(ctx, reeve.CloseMonths); err != nil {
		return err
	}
	if len(c.settings.Prices.In(month).All()) > 0 {
		return nil
	}
	if err := c.drainUsage(ctx); err != nil {
		return err
	}
	known, err := readMonths(ctx, c.store.Reader)
	if err != nil {
		return err
	}
	if _, begun := known.states[month]; !begun && slices.Contains(known.used, month) {
		return reeve.Errorf(reeve.Conflict, "the month has usage and no prices").WithDetail("%s", month)
	}
	return nil
}

// PricesOf gives the prices in force in a month: those that a closed one was
// closed with, and the configured ones of all others.
func (c *Control) PricesOf(ctx context.Context, month reeve.Month) (reeve.PriceList, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return reeve.PriceList{}, err
	}
	prices, err := c.readPrices(ctx, c.store.Reader)
	if err != nil {
		return reeve.PriceList{}, err
	}
	return prices.of(month).In(month), prices.err
}
