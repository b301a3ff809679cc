package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// BillingMonth is a month that is closed or being closed.
type BillingMonth struct {
	Month  reeve.Month
	Closed bool // all its statements are final
}

// ListMonths lists the months that are closed or being closed, oldest first.
func (c *Control) ListMonths(ctx context.Context) ([]BillingMonth, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return nil, err
	}
	months, err := c.store.BillingMonths(ctx)
	out := make([]BillingMonth, len(months))
	for i, m := range months {
		out[i] = BillingMonth{m.Month, m.Closed}
	}
	return out, err
}

// CountStatements tells how many statements of a month there are, drafts
// excepted: of one that is being closed, how far that has come.
func (c *Control) CountStatements(ctx context.Context, month reeve.Month) (int, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return 0, err
	}
	return c.store.CountStatements(ctx, store.StatementFilter{Month: month})
}

// firstMonth is the first that may be closed.
const firstMonth = reeve.Month(1970_01)

// ClosedMonth is what closing a month came to.
type ClosedMonth struct {
	Month      reeve.Month
	Statements int // of the month, whoever made them
}

// CloseMonth makes the final statements of a month that is over, with the
// prices as they are when it begins. It may be called again, at once by many
// or after it was interrupted: it goes on where it was left, and a month that
// is closed stays as it is. Months are closed in order: one before that has
// usage or is begun, and is not closed, is a Conflict.
func (c *Control) CloseMonth(ctx context.Context, month reeve.Month) (out ClosedMonth, err error) {
	by, err := operator(ctx, reeve.CloseMonths)
	if err != nil {
		return out, err
	}
	if month < firstMonth {
		return out, reeve.Errorf(reeve.Invalid, "a month is written as 2006-01")
	}
	if c.store.Now().Before(month.End()) {
		return out, reeve.Errorf(reeve.Conflict, "the month is not over")
	}
	if err := c.drainUsage(ctx); err != nil {
		return out, err
	}
	closed, err := c.beginClosing(ctx, month)
	if err == nil && !closed {
		err = c.closeOpen(ctx, by, month)
	}
	if err != nil {
		return out, err
	}
	out.Month = month
	out.Statements, err = c.store.CountStatements(ctx, store.StatementFilter{Month: month})
	return out, err
}

// beginClosing freezes the month's prices: from then on usage of it is late.
// It tells whether the month is closed already.
func (c *Control) beginClosing(ctx context.Context, month reeve.Month) (closed bool, err error) {
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.LockUsage(ctx); err != nil {
			return err
		}
		known, err := readMonths(ctx, tx.Reader)
		if err != nil {
			return err
		}
		if state, ok := known.states[month]; ok {
			closed = state
			return nil
		}
		closed = false
		if open := known.unclosed(month); len(open) > 0 {
			return reeve.Errorf(reeve.Conflict, "an earlier month is not closed").WithDetail("%s", open[0])
		}
		// Nothing was used in those in between: they are closed with it.
		for m := known.first(month); m < month; m = m.Add(1) {
			if _, ok := known.states[m]; !ok {
				tx.PutBillingMonth(store.BillingMonth{Month: m, Closed: true, Prices: pricesText(c.settings.Prices.In(m))})
			}
		}
		tx.PutBillingMonth(store.BillingMonth{Month: month, Prices: pricesText(c.settings.Prices.In(month))})
		return nil
	})
	return closed, err
}

func pricesText(list reeve.PriceList) string {
	text, err := json.Marshal(list)
	if err != nil {
		panic(fmt.Sprintf("control: a price list: %v", err)) // it was made from text
	}
	return string(text)
}

// billingMonths is what is known of all months.
type billingMonths struct {
	states map[reeve.Month]bool // closed, of those that are or are being closed
	used   []reeve.Month        // those that may have usage, oldest first
	start  reeve.Month          // in which the program first ran; 0: not known
}

func readMonths(ctx context.Context, r store.Reader) (out billingMonths, err error) {
	months, err := r.BillingMonths(ctx)
	if err != nil {
		return out, err
	}
	out.states = map[reeve.Month]bool{}
	for _, m := range months {
		out.states[m.Month] = m.Closed
	}
	if out.start, err = r.BillingStart(ctx); err != nil {
		return out, err
	}
	out.used, err = r.UsageMonths(ctx)
	return out, err
}

// unclosed lists the months before one that are not closed, oldest first: those
// that have usage, and those that are begun, which may come to have some. What
// was used before the program first ran is billed when somebody asks for it, and
// stands in nobody's way until then.
func (b billingMonths) unclosed(before reeve.Month) (out []reeve.Month) {
	for _, m := range b.used {
		if _, begun := b.states[m]; m < before && !begun && m >= b.start {
			out = append(out, m)
		}
	}
	for m, closed := range b.states {
		if m < before && !closed {
			out = append(out, m)
		}
	}
	slices.Sort(out)
	return out
}

// first gives the first month that is to be closed before one.
func (b billingMonths) first(before reeve.Month) reeve.Month {
	if b.start != 0 {
		return b.start
	}
	out := before
	for m := range b.states {
		out = min(out, m)
	}
	return out
}

// How often the job looks for months to close.
const closeEvery = 5 * time.Minute

// closeMonths closes months that are over for Settings.CloseAfter, until the
// context ends; failures are handed to report, and tried again. It remembers
// the month in which the program first ran, and closes none before it.
func (c *Control) closeMonths(ctx context.Context, report func(error)) {
	ctx = WithCaller(ctx, system)
	for {
		c.runner(ctx, jobMonths, closeEvery, report)(func() error { return c.CloseDueMonths(ctx) })
		select {
		case <-ctx.Done():
			return
		case <-time.After(closeEvery):
		}
	}
}

// CloseDueMonths closes the months that are over for Settings.CloseAfter, from
// the one on in which the program first ran; none if that is zero.
func (c *Control) CloseDueMonths(ctx context.Context) error {
	if _, err := operator(ctx, reeve.CloseMonths); err != nil {
		return err
	}
	now := c.store.Now()
	start, err := c.store.BillingStart(ctx)
	if err == nil && start == 0 {
		start = reeve.MonthOf(now)
		err = c.store.Write(ctx, func(tx *store.Tx) error {
			tx.StartBilling(start)
			return nil
		})
	}
	if err != nil || c.settings.CloseAfter <= 0 {
		return err
	}
	months, err := c.store.BillingMonths(ctx)
	if err != nil {
		return err
	}
	closed := map[reeve.Month]bool{}
	for _, m := range months {
		closed[m.Month] = m.Closed
	}
	for m := start; m < reeve.MonthOf(now.Add(-c.settings.CloseAfter)); m = m.Add(1) {
		if closed[m] {
			continue
		}
		if _, err := c.CloseMonth(ctx, m); err != nil {
			return errors.Join(fmt.Errorf("close %s", m), err)
		}
	}
	return nil
}
