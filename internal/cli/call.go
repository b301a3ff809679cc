package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/client"
)

// runner calls an operation and prints what comes of it.
type runner struct {
	*options
	data  string
	all   bool
	limit int
}

// call does what a command line asks for.
func (r *runner) call(cmd *cobra.Command, profile Profile, op *client.Operation, asked request, verb string) error {
	c, err := r.client(profile)
	if err != nil {
		return err
	}
	body, err := asked.json()
	if err != nil {
		return err
	}
	ctx := r.context(cmd.Context())
	if r.dryRun && op.Writes() && !servesDryRun(op) {
		would, err := c.Request(ctx, op.ID, asked.params, body)
		if err != nil {
			return err
		}
		return r.show(cmd, would)
	}
	if r.destroys(op, verb) {
		question := maskText(fmt.Sprintf("%s at %s (%s)?", op.Summary, profile.URL, strings.Join(pathValues(op, asked.params), ", ")))
		if err := confirm(cmd.InOrStdin(), cmd.ErrOrStderr(), question); err != nil {
			return err
		}
	}
	if op.Reply != "stream" {
		var stop func()
		ctx, stop = context.WithTimeout(ctx, r.timeout)
		defer stop()
	}
	columns := place(op).columns
	if r.all || r.limit > 0 {
		value, err := r.pages(ctx, c, op, asked.params, body)
		if err != nil {
			return failed(err)
		}
		return failed(r.printer(cmd, columns).print(value, op.Items))
	}
	if r.output == "csv" && slices.Contains(op.Formats, "csv") && asked.params["format"] == "" {
		asked.params["format"] = "csv"
	}
	reply, err := c.Do(ctx, op.ID, asked.params, body)
	if err != nil {
		return failed(err)
	}
	return failed(r.reply(cmd, op, reply, columns))
}

// reply prints one answer.
func (r *runner) reply(cmd *cobra.Command, op *client.Operation, reply *client.Reply, columns []string) error {
	switch {
	case reply.Stream != nil:
		defer func() { _ = reply.Stream.Close() }()
		_, err := io.Copy(cmd.OutOrStdout(), reply.Stream)
		if cmd.Context().Err() != nil { // it was told to stop
			return nil
		}
		return err
	case len(reply.Body) == 0:
		return nil
	case !strings.HasPrefix(reply.ContentType, "application/json"):
		_, err := cmd.OutOrStdout().Write(reply.Body)
		return err
	}
	value, err := parseJSON(reply.Body)
	if err != nil {
		return fmt.Errorf("the reply is not JSON: %w", err)
	}
	if err := r.printer(cmd, columns).print(value, op.Items); err != nil {
		return err
	}
	if r.output == "table" && nextOf(value, reply) != "" {
		r.remark(cmd, "there is more: --all, or --limit N")
	}
	if r.output == "table" && reply.ETag != "" && isTerminal(cmd.OutOrStdout()) {
		r.remark(cmd, "ETag %s", reply.ETag)
	}
	return nil
}

// destroys tells whether somebody is asked first.
func (r *runner) destroys(op *client.Operation, verb string) bool {
	if r.yes || r.dryRun || !op.Writes() {
		return false
	}
	word, _, _ := strings.Cut(verb, "-")
	return op.Method == http.MethodDelete ||
		slices.Contains([]string{"delete", "remove", "revoke", "void", "close", "freeze", "disable", "erase", "purge", "bulk"}, word)
}

func pathValues(op *client.Operation, params map[string]string) []string {
	var out []string
	for _, p := range op.Params {
		if p.In == "path" {
			out = append(out, params[p.Name])
		}
	}
	if out == nil {
		return []string{op.ID}
	}
	return out
}

// show prints a request that is not sent, without its secrets.
func (r *runner) show(cmd *cobra.Command, would *http.Request) error {
	var body []byte
	if would.Body != nil {
		var err error
		if body, err = io.ReadAll(would.Body); err != nil {
			return err
		}
	}
	header := object{}
	for _, name := range []string{"Content-Type", "X-Reason", "If-Match"} {
		if text := would.Header.Get(name); text != "" {
			header = append(header, member{name, maskText(text)})
		}
	}
	if r.idempotencyKey != "" {
		header = append(header, member{"Idempotency-Key", r.idempotencyKey})
	}
	out := object{{"method", would.Method}, {"url", maskText(would.URL.String())}, {"header", header}, {"body", maskBody(body)}}
	if r.output != "table" {
		return r.printer(cmd, nil).print(out, "")
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", out.get("method"), out.get("url"))
	for _, m := range header {
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", m.key, visible(m.value.(string)))
	}
	if len(body) == 0 {
		return nil
	}
	fmt.Fprintln(cmd.OutOrStdout())
	p := r.printer(cmd, nil)
	p.format = "json"
	return p.print(out.get("body"), "")
}

// largestPage is the most that lists give at once.
const largestPage = 500

// pages follows a list and gives its reply with all rows in it, up to the
// limit.
func (r *runner) pages(ctx context.Context, c *client.Client, op *client.Operation, params map[string]string, body any) (any, error) {
	size := largestPage
	if r.limit > 0 {
		size = min(size, r.limit)
	}
	for _, name := range []string{"limit", "number"} {
		if p := op.Param(name); p != nil && p.In == "query" {
			params[name] = strconv.Itoa(size)
		}
	}
	var rows []any
	for page := 0; ; page++ {
		if op.Page != "" {
			params[op.Page] = strconv.Itoa(page)
		}
		reply, err := c.Do(ctx, op.ID, params, body)
		if err != nil {
			return nil, err
		}
		value, err := parseJSON(reply.Body)
		if err != nil {
			return nil, fmt.Errorf("the reply is not JSON: %w", err)
		}
		found := itemsOf(value, op.Items)
		rows = append(rows, found...)
		next := nextOf(value, reply)
		more := op.Cursor != "" && next != "" && next != params[op.Cursor] || op.Page != "" && len(found) == size
		if r.limit > 0 && len(rows) >= r.limit {
			rows, more = rows[:r.limit], false
		}
		if !more {
			return withItems(value, op.Items, rows), nil
		}
		if op.Cursor != "" {
			params[op.Cursor] = next
		}
	}
}

// itemsOf gives the rows of a list's reply.
func itemsOf(value any, items string) []any {
	if o, ok := value.(object); ok {
		value = o.get(items)
	}
	out, _ := value.([]any)
	return out
}

// withItems gives the reply with other rows, and without a cursor.
func withItems(value any, items string, rows []any) any {
	if rows == nil {
		rows = []any{}
	}
	o, ok := value.(object)
	if !ok {
		return rows
	}
	o = slices.DeleteFunc(slices.Clone(o), func(m member) bool { return m.key == "next" })
	return o.set(items, rows)
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
