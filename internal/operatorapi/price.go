package operatorapi

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) prices(out *web.API) {
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/prices", ID: "listPrices", Tag: "prices",
		Summary:     "List the prices in force in a month",
		Description: "Of a closed month, those that it was closed with. Numbers are exact: decimals or fractions, as text.",
		Errors:      []reeve.Kind{reeve.Invalid},
	}, a.listPrices)
}

type pricesIn struct {
	Month string `query:"month" doc:"Such as 2026-11; the current one when absent."`
}

type pricesOut struct {
	Month    reeve.Month `json:"month"`
	Currency string      `json:"currency" doc:"USD: prices are in its cents."`
	Prices   []priceOut  `json:"prices" doc:"At most one of each meter; a meter without costs nothing."`
}

type priceOut struct {
	Meter reeve.UsageMeter `json:"meter"`
	From  reeve.Month      `json:"from" doc:"The first month that it holds for."`
	Unit  string           `json:"unit" doc:"What the free allowance, the tiers and the prices count."`
	Free  string           `json:"free,omitempty" doc:"Units in a month that cost nothing."`
	Tiers []tierOut        `json:"tiers"`
}

type tierOut struct {
	UpTo  string `json:"upTo,omitempty" doc:"Units in a month up to which the price holds, from the first one on; absent of the last tier."`
	Price string `json:"price" doc:"US cents a unit."`
}

func (a *api) listPrices(ctx context.Context, in *pricesIn) (pricesOut, error) {
	month := reeve.MonthOf(a.control.Now())
	if in.Month != "" {
		var err error
		if month, err = reeve.ParseMonth(in.Month); err != nil {
			return pricesOut{}, err
		}
	}
	list, err := a.control.PricesOf(ctx, month)
	out := pricesOut{Month: month, Currency: "USD", Prices: []priceOut{}}
	for _, p := range list.All() {
		price := priceOut{Meter: p.Meter, From: p.From, Unit: p.Unit.String(), Tiers: make([]tierOut, len(p.Tiers))}
		if p.Free != nil {
			price.Free = reeve.FormatNumber(p.Free)
		}
		for i, tier := range p.Tiers {
			price.Tiers[i].Price = reeve.FormatNumber(tier.Price)
			if tier.UpTo != nil {
				price.Tiers[i].UpTo = reeve.FormatNumber(tier.UpTo)
			}
		}
		out.Prices = append(out.Prices, price)
	}
	return out, err
}
