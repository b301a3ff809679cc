package control

import (
	"cmp"
	"context"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// LineExplanation is what a line of a statement was made from.
type LineExplanation struct {
	Number int          // of the line, from 1
	Price  *reeve.Price // nil: there is none, and it costs nothing
	Total  *big.Int     // all that was used in the line's month, as far as the statement knows
	Cost   reeve.Cost   // of the total

	// What earlier statements have billed of the total: the line is the
	// difference. Nothing but in adjustments.
	BilledQuantity, BilledMicrocents *big.Int

	// Records are the hours behind the total. They are what is known now:
	// what came since the statement was made is among them.
	Records []HourRecord
}

// HourRecord is what was used of a bucket in an hour.
type HourRecord struct {
	At       time.Time
	Bucket   string // "": of none
	Quantity reeve.Quantity
}

// maxExplained is how many records an explanation has at most.
const maxExplained = 50_000

// ExplainStatement finds a statement, as GetStatement does, and explains its
// lines, or only the one of a number if that is not 0. Invalid if there is too
// much behind them to tell at once.
func (c *Control) ExplainStatement(ctx context.Context, id reeve.ID, number int) (reeve.Statement, []LineExplanation, error) {
	s, err := c.GetStatement(ctx, id)
	if err != nil {
		return s, nil, err
	}
	if number < 0 || number > len(s.Lines) {
		return s, nil, reeve.Errorf(reeve.Invalid, "the statement has no line %d", number)
	}
	prices, err := c.readPrices(ctx, c.store.Reader)
	if err != nil {
		return s, nil, err
	}
	out := []LineExplanation{}
	for i, line := range s.Lines {
		if number != 0 && i+1 != number {
			continue
		}
		if len(out) == maxExplained {
			return s, nil, tooMuch(number)
		}
		explained, err := c.explainLine(ctx, s, line, prices)
		if err != nil {
			return s, nil, err
		}
		explained.Number = i + 1
		out = append(out, explained)
	}
	if prices.err != nil {
		return s, nil, prices.err
	}
	return s, out, c.explainRecords(ctx, s, out, number)
}

func tooMuch(number int) error {
	if number == 0 {
		return reeve.Errorf(reeve.Invalid, "there is too much behind the statement: have one line explained, by its number")
	}
	return reeve.Errorf(reeve.Invalid, "there is too much behind the line: see the usage of the project's buckets")
}

// explainLine tells how a line's amount was made.
func (c *Control) explainLine(ctx context.Context, s reeve.Statement, line reeve.StatementLine, prices *pricing) (out LineExplanation, err error) {
	out.BilledQuantity, out.BilledMicrocents, out.Total = new(big.Int), new(big.Int), new(big.Int)
	if line.Month != s.Month {
		out.BilledQuantity, out.BilledMicrocents, err = c.store.BilledBefore(ctx, s.ID, line)
		if err != nil {
			return out, err
		}
	}
	out.Total.Add(line.Quantity, out.BilledQuantity)
	out.Cost = reeve.Cost{Microcents: new(big.Int)}
	if price, ok := prices.of(line.Month).Of(line.Meter, line.Month); ok {
		out.Price, out.Cost = &price, price.Cost(out.Total, line.Month)
	}
	return out, nil
}

// explainRecords finds the hours behind lines, project by project.
func (c *Control) explainRecords(ctx context.Context, s reeve.Statement, lines []LineExplanation, number int) error {
	left := maxExplained
	for i := 0; i < len(lines); {
		first := s.Lines[lines[i].Number-1]
		next := i
		sink := &hoursOf{hours: map[hourKey]reeve.Quantity{}}
		usage := usageReader{
			Reader: c.store.Reader, now: c.store.Now(), from: first.Month.Start(), to: first.Month.End(), sink: sink,
		}
		for ; next < len(lines); next++ {
			line := s.Lines[lines[next].Number-1]
			if line.ProjectID != first.ProjectID || line.Month != first.Month {
				break
			}
			usage.meters = append(usage.meters, line.Meter)
		}
		if err := usage.read(ctx, []reeve.ID{first.ProjectID}); err != nil {
			return err
		}
		if sink.full {
			return tooMuch(number)
		}
		for ; i < next; i++ {
			lines[i].Records = sink.records(s.Lines[lines[i].Number-1].Meter)
			if left -= len(lines[i].Records); left < 0 {
				return tooMuch(number)
			}
		}
	}
	return nil
}

// hoursOf adds up hours, as many as can be explained.
type hoursOf struct {
	hours map[hourKey]reeve.Quantity
	full  bool // there were more
}

type hourKey struct {
	store.GaugeKey
	hour time.Time
}

func (h *hoursOf) counted(of store.GaugeKey, hour time.Time, n reeve.Quantity) {
	key := hourKey{of, hour}
	if _, known := h.hours[key]; !known && len(h.hours) == maxExplained {
		h.full = true
		return
	}
	h.hours[key] = h.hours[key].Add(n)
}

func (h *hoursOf) held(of store.GaugeKey, value int64, from, to time.Time) {
	for from.Before(to) && !h.full {
		hour := from.Truncate(time.Hour)
		next := hour.Add(time.Hour)
		if next.After(to) {
			next = to
		}
		h.counted(of, hour, reeve.Hold(value, next.Sub(from)))
		from = next
	}
}

// records lists a meter's hours in which something was used, by time, then by
// bucket.
func (h *hoursOf) records(meter reeve.UsageMeter) []HourRecord {
	out := []HourRecord{}
	for key, n := range h.hours {
		if key.Meter == meter {
			out = append(out, HourRecord{key.hour, key.Bucket, n})
		}
	}
	slices.SortFunc(out, func(a, b HourRecord) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Bucket, b.Bucket))
	})
	return out
}

// ParseExplain reads what of a statement is to be explained: a line's number,
// 0 for all of them.
func ParseExplain(text *string) (number int, explain bool, err error) {
	if text == nil || *text == "false" {
		return 0, false, nil
	}
	if *text == "" || *text == "true" {
		return 0, true, nil
	}
	number, err = strconv.Atoi(*text)
	if err != nil || number < 1 {
		return 0, false, reeve.Errorf(reeve.Invalid, "explain must be true, false or the number of a line")
	}
	return number, true, nil
}
