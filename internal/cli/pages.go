package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/reeve-cloud/reeve/client"
)

// largestPage is the most that lists give at once.
const largestPage = 500

// pager asks for one page after another.
type pager struct {
	client *client.Client
	op     *client.Operation
	params map[string]string
	body   any
}

// pages follows a list and prints each page before it asks for the next, up to
// the limit. An error after the first page says how much was printed.
func (r *runner) pages(ctx context.Context, p pager, out listing) error {
	size := largestPage
	if r.limit > 0 {
		size = min(size, r.limit)
	}
	for _, name := range []string{"limit", "number"} {
		if param := p.op.Param(name); param != nil && param.In == "query" {
			p.params[name] = strconv.Itoa(size)
		}
	}
	printed := 0
	for page := 0; ; page++ {
		if p.op.Page != "" {
			p.params[p.op.Page] = strconv.Itoa(page)
		}
		value, next, err := r.page(ctx, p)
		if err == nil {
			rows := itemsOf(value, p.op.Items)
			more := p.op.Cursor != "" && next != "" && next != p.params[p.op.Cursor] || p.op.Page != "" && len(rows) == size
			if r.limit > 0 && printed+len(rows) >= r.limit {
				rows, more = rows[:r.limit-printed], false
			}
			if err = out.page(value, rows, !more); err == nil && !more {
				return nil
			}
			printed += len(rows)
		}
		if errors.Is(err, context.Canceled) {
			err = errInterrupted
		}
		if err != nil && page > 0 {
			err = fmt.Errorf("the output is incomplete: it ends after %d rows: %w", printed, err)
		}
		if err != nil {
			return err
		}
		if p.op.Cursor != "" {
			p.params[p.op.Cursor] = next
		}
	}
}

// page asks for one page, and gives the cursor of the one after it.
func (r *runner) page(ctx context.Context, p pager) (value any, next string, err error) {
	ctx, stop := context.WithTimeout(ctx, r.timeout)
	defer stop()
	reply, err := p.client.Do(ctx, p.op.ID, p.params, p.body)
	if err != nil {
		return nil, "", err
	}
	if value, err = readReply(reply); err != nil {
		return nil, "", err
	}
	return value, nextOf(value, reply), nil
}

// itemsOf gives the rows of a list's reply.
func itemsOf(value any, items string) []any {
	if o, ok := value.(object); ok {
		value = o.get(items)
	}
	out, _ := value.([]any)
	return out
}

// nextOf gives the cursor of the page after a reply: the reply's own, else
// that of its Link.
func nextOf(value any, reply *client.Reply) string {
	if o, ok := value.(object); ok {
		if next, ok := o.get("next").(string); ok {
			return next
		}
	}
	return reply.Next
}
