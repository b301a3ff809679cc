package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
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
	if r.destroys(op, verb, asked) {
		question := maskText(fmt.Sprintf("%s at %s (%s)?", op.Summary, profile.URL, strings.Join(pathValues(op, asked.params), ", ")))
		if err := confirm(cmd, question); err != nil {
			return err
		}
	}
	columns := place(op).columns
	if r.all || r.limit > 0 {
		return elsewhere(r.pages(ctx, pager{c, op, asked.params, body}, r.printer(cmd, columns).list(op)), profile)
	}
	if op.Reply != "stream" {
		var stop func()
		ctx, stop = context.WithTimeout(ctx, r.timeout)
		defer stop()
	}
	if r.output == "csv" && slices.Contains(op.Formats, "csv") && asked.params["format"] == "" {
		asked.params["format"] = "csv"
	}
	reply, err := c.Do(ctx, op.ID, asked.params, body)
	if err != nil {
		return elsewhere(err, profile)
	}
	format := asked.params["format"]
	if mediaType(reply) == "text/html" && format != "html" || mediaType(reply) != jsonType && op.Reply == "json" && format == "" && len(reply.Body) > 0 {
		if reply.Stream != nil {
			_ = reply.Stream.Close()
		}
		return failed(notReeve(reply))
	}
	return failed(r.reply(cmd, op, reply, columns))
}

// reply prints one answer.
func (r *runner) reply(cmd *cobra.Command, op *client.Operation, reply *client.Reply, columns []string) error {
	switch {
	case reply.Stream != nil:
		defer func() { _ = reply.Stream.Close() }()
		_, err := io.Copy(harmless(cmd.OutOrStdout()), reply.Stream)
		if cmd.Context().Err() != nil { // it was told to stop
			return nil
		}
		return err
	case len(reply.Body) == 0:
		return nil
	case mediaType(reply) != jsonType:
		_, err := harmless(cmd.OutOrStdout()).Write(reply.Body)
		return err
	}
	value, err := readReply(reply)
	if err != nil {
		return err
	}
	p := r.printer(cmd, columns)
	p.fixed = op.Columns
	if err := p.print(value, op.Items); err != nil {
		return err
	}
	if o, ok := value.(object); ok && r.output == "table" && o.get("dryRun") == true && servesDryRun(op) {
		r.remark(cmd, "nothing was done: --dry-run=false --plan %v carries it out", o.get("plan"))
	}
	if r.output == "table" && nextOf(value, reply) != "" {
		r.remark(cmd, "there is more: --all, or --limit N")
	}
	if r.output == "table" && reply.ETag != "" && isTerminal(cmd.OutOrStdout()) {
		r.remark(cmd, "ETag %s", reply.ETag)
	}
	return nil
}

const jsonType = "application/json"

func mediaType(reply *client.Reply) string {
	out, _, _ := strings.Cut(reply.ContentType, ";")
	return strings.ToLower(strings.TrimSpace(out))
}

// readReply reads a reply of JSON.
func readReply(reply *client.Reply) (any, error) {
	if mediaType(reply) != jsonType {
		return nil, notReeve(reply)
	}
	value, err := parseJSON(reply.Body)
	if err != nil {
		err = fmt.Errorf("the reply is not JSON: %w", err)
	}
	return value, err
}

// notReeve says that somebody else answered.
func notReeve(reply *client.Reply) error {
	return fmt.Errorf("the answer is %s, not reeve's JSON: is this the address of its API?", cmp.Or(mediaType(reply), "of no type"))
}

// destroys tells whether somebody is asked first.
func (r *runner) destroys(op *client.Operation, verb string, asked request) bool {
	if r.yes || r.dryRun || !op.Writes() {
		return false
	}
	if servesDryRun(op) {
		return asked.meant()
	}
	word, _, _ := strings.Cut(verb, "-")
	return op.Method == http.MethodDelete ||
		slices.Contains([]string{"delete", "remove", "revoke", "void", "close", "freeze", "disable", "erase", "purge"}, word)
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
