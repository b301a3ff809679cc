package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/client"
	"github.com/reeve-cloud/reeve/internal/scan"
)

// search is reeve scan.
type search struct {
	options
	offline, revoke bool
	rows            []any
	pending         []pending
	ask             *client.Client // nil: nobody
}

// pending is a find that the server is asked about.
type pending struct {
	row int
	key string
}

// batch is how many keys the server is asked about at once.
const batch = 100

// Scan makes the command that looks for leaked credentials.
func Scan(version string) *cobra.Command {
	s := &search{options: options{version: version}}
	cmd := &cobra.Command{
		Use: "scan FILE...|-", GroupID: GroupAccess, Args: cobra.MinimumNArgs(1),
		Short: "Look for leaked keys and tokens in files",
		Long: `Look for leaked keys and tokens in files, directories or standard input (-):
tokens of reeve, API keys and Storj access grants, each known by its checksum.

Every find is FILE:LINE:COLUMN, its kind and a name for it: the first digits of
the SHA-256 of what it opens with, never the text itself. Where the profile is
an operator's, or --server says which server, that is asked whose it is and
whether it still opens anything; --revoke has it revoked. The keys are sent to
that server and to nobody else; with --offline nobody is asked.

Exits with 0 if nothing was found, with 1 if something was, and with 7 if
nothing was but something could not be read.`,
		Example: `  reeve scan .env config/
  git log -p | reeve scan --offline -
  reeve scan --revoke --reason "pushed to a public repository" leak.txt`,
		RunE: func(cmd *cobra.Command, args []string) error { return s.run(cmd, args) },
	}
	cmd.Flags().BoolVar(&s.offline, "offline", false, "ask no server")
	cmd.Flags().BoolVar(&s.revoke, "revoke", false, "have the server revoke what is found")
	s.add(cmd.Flags(), false)
	cmd.Flags().StringVar(&s.reason, "reason", "", "why it is revoked; the change log shows it")
	cmd.Flags().BoolVarP(&s.yes, "yes", "y", false, "do not ask whether --revoke is meant")
	cmd.Flags().SortFlags = false
	complete(cmd)
	return cmd
}

func (s *search) run(cmd *cobra.Command, args []string) error {
	if err := s.prepare(); err != nil {
		return err
	}
	var trouble error
	for _, name := range args {
		if err := s.name(cmd, name); err != nil { // the name itself may be a key
			trouble = errors.Join(trouble, errors.New(maskText(err.Error())))
		}
	}
	unread := trouble != nil
	if cmd.Context().Err() != nil {
		return errInterrupted // what is still being read is left alone
	}
	if err := s.enquire(cmd); err != nil {
		trouble = errors.Join(trouble, fmt.Errorf("the server did not say whose they are: %w", err))
	}
	if err := s.print(cmd); err != nil {
		return failed(err)
	}
	if len(s.rows) > 0 { // whatever else went wrong
		return &Failure{ExitFailure, trouble}
	}
	if unread {
		return &Failure{ExitUnread, trouble}
	}
	return failed(trouble)
}

// prepare finds out whom to ask.
func (s *search) prepare() error {
	if err := s.check(); err != nil {
		return err
	}
	if s.offline {
		if s.revoke {
			return errors.New("--offline and --revoke: give one of them")
		}
		return nil
	}
	profile, err := s.find()
	if err == nil && profile.Face == client.FaceOperator {
		s.ask, err = s.client(profile)
		return err
	}
	if err == nil && (s.revoke || s.server != "" || s.profile != "") {
		return errors.New("only operators can ask whose a key is: use another profile, or --offline")
	}
	if err != nil && (s.revoke || s.server != "" || s.profile != "") {
		return err
	}
	return nil // there is nobody to ask
}

// name searches a file, a directory with all below it that can be read, or
// standard input.
func (s *search) name(cmd *cobra.Command, name string) error {
	if name == "-" {
		_, err := await(cmd.Context(), func() (struct{}, error) { return struct{}{}, s.read("-", cmd.InOrStdin()) })
		return err
	}
	var trouble error
	err := filepath.WalkDir(name, func(path string, entry fs.DirEntry, err error) error {
		if cmd.Context().Err() != nil {
			return fs.SkipAll
		}
		if err == nil && (entry.IsDir() || !entry.Type().IsRegular() && path != name) {
			return nil
		}
		if err == nil {
			err = s.open(cmd.Context(), path)
		}
		trouble = errors.Join(trouble, err) // the others are still searched
		return nil
	})
	return errors.Join(trouble, err)
}

// open searches one file.
func (s *search) open(ctx context.Context, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return s.read(path, whileAsked{ctx, file})
}

// whileAsked is a stream that ends with a context.
type whileAsked struct {
	ctx context.Context
	in  io.Reader
}

func (w whileAsked) Read(into []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.in.Read(into)
}

func (s *search) read(path string, in io.Reader) error {
	err := scan.Find(in, func(f scan.Found) error {
		s.pending = append(s.pending, pending{len(s.rows), f.Key})
		s.rows = append(s.rows, object{
			{"file", maskText(path)}, {"line", number(f.Line)}, {"column", number(f.Column)}, {"kind", string(f.Kind)}, {"name", name(f.Key)},
		})
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func number(n int) json.Number { return json.Number(fmt.Sprint(n)) }

// scanPath is where operators ask whose keys are.
const scanPath = "/api/scan"

// scanning is that operation, as far as this program knows it.
func scanning() *client.Operation {
	at := slices.IndexFunc(client.Operations, func(op *client.Operation) bool {
		return op.Face == client.FaceOperator && op.Method == http.MethodPost && op.Path == scanPath
	})
	if at >= 0 {
		return client.Operations[at]
	}
	return &client.Operation{
		Face: client.FaceOperator, ID: "scan", Method: http.MethodPost, Path: scanPath, Reply: "json", Body: &client.Body{Required: true},
	}
}

// enquire asks whose the finds are.
func (s *search) enquire(cmd *cobra.Command) error {
	if s.ask == nil || len(s.pending) == 0 {
		return nil
	}
	if s.revoke && !s.yes {
		question := fmt.Sprintf("Revoke %d keys and tokens at %s?", len(s.pending), s.ask.URL())
		if err := confirm(cmd, question); err != nil {
			return err
		}
	}
	ctx, stop := context.WithTimeout(s.context(cmd.Context()), s.timeout)
	defer stop()
	op := scanning()
	for some := range slices.Chunk(s.pending, batch) {
		body := map[string]any{}
		keys := make([]string, len(some))
		for i, p := range some {
			keys[i] = p.key
		}
		body["keys"] = keys
		if s.revoke {
			body["revoke"] = true
		}
		reply, err := s.ask.Call(ctx, op, nil, body)
		if err != nil {
			return err
		}
		if err := s.note(some, reply.Body); err != nil {
			return err
		}
	}
	return nil
}

// note adds what the server says to the finds.
func (s *search) note(asked []pending, body []byte) error {
	value, err := parseJSON(body)
	if err != nil {
		return fmt.Errorf("the reply is not JSON: %w", err)
	}
	for _, found := range itemsOf(value, "found") {
		o, ok := found.(object)
		index, isNumber := o.get("index").(json.Number)
		if !ok || !isNumber {
			return errors.New("the server's answer cannot be understood")
		}
		at, err := index.Int64()
		if err != nil || at < 0 || at >= int64(len(asked)) {
			return errors.New("the server's answer cannot be understood")
		}
		row := s.rows[asked[at].row].(object)
		for _, m := range o {
			switch m.key {
			case "index", "kind":
			case "name":
				row = row.set("called", m.value)
			default:
				row = row.set(m.key, m.value)
			}
		}
		s.rows[asked[at].row] = row
	}
	return nil
}

// print writes the finds: as grep does, unless another form is asked for.
func (s *search) print(cmd *cobra.Command) error {
	if s.output != "table" {
		return s.printer(cmd, nil).print(append([]any{}, s.rows...), "")
	}
	for _, r := range s.rows {
		o := r.(object)
		text := fmt.Sprintf("%s:%s:%s: %s %s", o.get("file"), o.get("line"), o.get("column"), o.get("kind"), o.get("name"))
		for _, m := range flattenTail(o) {
			text += " " + m
		}
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), visible(text)); err != nil {
			return err
		}
	}
	return nil
}

// flattenTail spells what the server added to a find.
func flattenTail(o object) []string {
	var out []string
	flat := flatten(o)
	for _, key := range flat.keys {
		switch key {
		case "file", "line", "column", "kind", "name":
			continue
		}
		if c := flat.cells[key]; !c.null && c.text != "" {
			out = append(out, key+"="+c.text)
		}
	}
	return out
}
