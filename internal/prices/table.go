package prices

import (
	"fmt"
	"io"
	"math/big"
	"strings"
	"text/tabwriter"

	"github.com/reeve-cloud/reeve"
)

// Print shows what is in force from each month in which something changes, and
// what a project would pay in the newest of them.
func Print(w io.Writer, list reeve.PriceList) error {
	months := list.Months()
	if len(months) == 0 {
		_, err := fmt.Fprintln(w, "no prices: everything costs nothing")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "FROM\tMETER\tUNIT\tUNITS A MONTH\tUS CENTS A UNIT\n")
	for _, month := range months {
		from := month.String()
		for _, m := range reeve.UsageMeters {
			price, priced := list.Of(m, month)
			if !priced {
				fmt.Fprintf(table, "%s\t%s\t\t\tno price\n", from, m)
			}
			name, unit := string(m), price.Unit.String()
			for _, row := range rows(price) {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", from, name, unit, row[0], row[1])
				from, name, unit = "", "", ""
			}
			from = ""
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return printExample(w, list, months[len(months)-1])
}

// rows gives the tiers of a price in words, the free allowance first.
func rows(p reeve.Price) [][2]string {
	var out [][2]string
	before := "all"
	if p.Free != nil && p.Free.Sign() > 0 {
		before = "beyond " + reeve.FormatNumber(p.Free)
		out = append(out, [2]string{"up to " + reeve.FormatNumber(p.Free), "free"})
	}
	for _, tier := range p.Tiers {
		units := before
		if tier.UpTo != nil {
			units = "up to " + reeve.FormatNumber(tier.UpTo)
			before = "beyond " + reeve.FormatNumber(tier.UpTo)
		}
		out = append(out, [2]string{units, reeve.FormatNumber(tier.Price)})
	}
	return out
}

// printExample shows how the lines of a project come about that uses half as
// much again as where the last tier begins.
func printExample(w io.Writer, list reeve.PriceList, month reeve.Month) error {
	fmt.Fprintf(w, "\nExample: a project in %s, which has %d hours\n\n", month, month.Hours())
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "METER\tUSED\tUNITS × US CENTS\tMICRO-CENTS\tCENTS\n")
	total := new(big.Int)
	for _, price := range list.In(month).All() {
		per := price.Unit.In(month)
		quantity := new(big.Int).Mul(exampleUnits(price).Num(), per)
		quantity.Quo(quantity, exampleUnits(price).Denom())
		used := new(big.Rat).SetFrac(quantity, per)
		cost := price.Cost(quantity, month)
		var parts []string
		for _, tier := range cost.Tiers {
			units := new(big.Rat).SetFrac(tier.Quantity, per)
			parts = append(parts, reeve.FormatNumber(units)+" × "+reeve.FormatNumber(tier.Price))
		}
		cents := reeve.Cents(cost.Microcents)
		total.Add(total, cents)
		fmt.Fprintf(table, "%s\t%s × %s\t%s\t%s\t%s\n",
			price.Meter, reeve.FormatNumber(used), price.Unit, strings.Join(parts, " + "), cost.Microcents, cents)
	}
	fmt.Fprintf(table, "total\t\t\t\t%s\n", total)
	return table.Flush()
}

// exampleUnits is half as much again as where the last tier begins, and at
// least one unit and a half.
func exampleUnits(p reeve.Price) *big.Rat {
	out := big.NewRat(1, 1)
	if p.Free != nil && p.Free.Sign() > 0 {
		out = p.Free
	}
	for _, tier := range p.Tiers {
		if tier.UpTo != nil {
			out = tier.UpTo
		}
	}
	return new(big.Rat).Mul(out, big.NewRat(3, 2))
}
