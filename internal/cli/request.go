package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/client"
)

// request is what a command asks for.
type request struct {
	params map[string]string
	body   object
	has    bool // a body is sent
}

// build reads a command line for one operation.
func build(cmd *cobra.Command, op *client.Operation, args []string, values map[string]*value, data string, o *options) (request, error) {
	out := request{params: map[string]string{}}
	if err := out.data(cmd, op, data); err != nil {
		return out, err
	}
	if err := out.arguments(cmd, op, args); err != nil {
		return out, err
	}
	known := map[string]bool{}
	for _, f := range flagsOf(op) {
		v := values[f.flag]
		known[f.flag] = true
		if v == nil || !v.set {
			continue
		}
		if err := out.give(cmd, f, v); err != nil {
			return out, fmt.Errorf("--%s: %w", f.flag, err)
		}
	}
	for flag, v := range values {
		if v.set && !known[flag] {
			return out, fmt.Errorf("--%s is not for %ss", flag, op.Face)
		}
	}
	if err := out.common(cmd, op, o); err != nil {
		return out, err
	}
	return out, out.complete(op)
}

// arguments takes what is in the path, in its order, and behind it what the
// operation is about; - is a line of standard input, for secrets.
func (r *request) arguments(cmd *cobra.Command, op *client.Operation, args []string) error {
	names, about := pathNames(op), subject(op)
	if about != "" && (len(args) > len(names) || r.body.find(about) < 0) { // --data may have it
		names = append(names, about)
	}
	if len(args) != len(names) {
		return fmt.Errorf("give %s", orNothing(arguments(op)))
	}
	for i, name := range names {
		text := args[i]
		if text == "-" {
			var err error
			if text, err = await(cmd.Context(), func() (string, error) { return readLine(cmd.InOrStdin()) }); err != nil {
				return err
			}
		}
		if text == "" {
			return fmt.Errorf("%s is empty", strings.ToUpper(name))
		}
		if op.Field(name) != nil && name == about {
			r.body, r.has = r.body.set(name, text), true
		} else {
			r.params[name] = text
		}
	}
	return nil
}

func orNothing(text string) string {
	if text == "" {
		return "no arguments"
	}
	return text
}

// data takes the whole body; flags go over it.
func (r *request) data(cmd *cobra.Command, op *client.Operation, data string) error {
	if data == "" {
		return nil
	}
	if op.Body == nil {
		return errors.New("--data: there is no body to send")
	}
	text, err := readArgument(cmd, data)
	if err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	parsed, err := parseJSON(text)
	if err != nil {
		return fmt.Errorf("--data is not JSON: %w", err)
	}
	body, ok := parsed.(object)
	if !ok {
		return errors.New("--data must be a JSON object")
	}
	r.body, r.has = body, true
	return nil
}

// give sets one parameter or field.
func (r *request) give(cmd *cobra.Command, f flagged, v *value) error {
	if !f.body {
		r.params[f.name] = strings.Join(v.texts, ",")
		return nil
	}
	var parsed any
	var err error
	if inner, ok := strings.CutPrefix(f.typ, "[]"); ok && inner != "object" && inner != "any" {
		list := []any{}
		for _, text := range v.texts {
			one, err := spell(cmd, f, inner, text)
			if err != nil {
				return err
			}
			list = append(list, one)
		}
		parsed = list
	} else if parsed, err = spell(cmd, f, f.typ, v.texts[len(v.texts)-1]); err != nil {
		return err
	}
	r.body, r.has = r.body.set(f.name, parsed), true
	return nil
}

// spell reads a value of a type.
func spell(cmd *cobra.Command, f flagged, typ, text string) (any, error) {
	switch typ {
	case "string":
		if !secretField(f.name) || text != "-" && !strings.HasPrefix(text, "@") {
			return text, nil
		}
		read, err := readArgument(cmd, text)
		return strings.TrimRight(string(read), "\r\n"), err
	case "boolean":
		if text != "true" && text != "false" {
			return nil, errors.New("must be true or false")
		}
		return text == "true", nil
	case "integer", "number":
		number, err := parseJSON([]byte(text))
		if _, ok := number.(json.Number); err != nil || !ok || typ == "integer" && strings.ContainsAny(text, ".eE") {
			return nil, errors.New("must be a number")
		}
		return number, nil
	}
	read, err := readArgument(cmd, text)
	if err != nil {
		return nil, err
	}
	parsed, err := parseJSON(read)
	if err != nil && typ == "any" {
		return text, nil
	}
	if err != nil {
		return nil, fmt.Errorf("must be JSON: %w", err)
	}
	return parsed, nil
}

// common sets what the flags of all commands say of the operation. Servers may
// take what does not say otherwise for a dry run: --dry-run=false is sent, too.
func (r *request) common(cmd *cobra.Command, op *client.Operation, o *options) error {
	if field := op.Field("reason"); o.reason != "" && field != nil && field.Required { // else X-Reason says it
		r.body, r.has = r.body.set("reason", o.reason), true
	}
	if cmd.Flags().Changed("dry-run") {
		for _, name := range dryRunNames {
			switch p := op.Param(name); {
			case op.Field(name) != nil:
				r.body, r.has = r.body.set(name, o.dryRun), true
			case p != nil && p.In == "query":
				r.params[name] = strconv.FormatBool(o.dryRun)
			}
		}
	}
	return nil
}

// dryRunNames are what fields and parameters are called that have a server say
// what it would do.
var dryRunNames = []string{"dryRun", "dry_run"}

// servesDryRun tells whether an operation has such a field.
func servesDryRun(op *client.Operation) bool {
	return slices.ContainsFunc(dryRunNames, func(name string) bool {
		p := op.Param(name)
		return op.Field(name) != nil || p != nil && p.In == "query"
	})
}

// meant tells whether it says that it is no dry run.
func (r *request) meant() bool {
	return slices.ContainsFunc(dryRunNames, func(name string) bool { return r.body.get(name) == false || r.params[name] == "false" })
}

// complete checks that nothing is missing that must be there.
func (r *request) complete(op *client.Operation) error {
	if op.Body != nil && (op.Body.Required || r.has) {
		var missing []string
		for _, f := range op.Body.Fields {
			if f.Required && r.body.find(f.Name) < 0 {
				missing = append(missing, "--"+flagOf(op, f.Name))
			}
		}
		if len(missing) > 0 {
			return fmt.Errorf("give %s, or --data", strings.Join(missing, ", "))
		}
		if r.body == nil {
			r.body = object{}
		}
		r.has = true
	}
	for _, p := range op.Params {
		if _, given := r.params[p.Name]; p.Required && p.In != "path" && !given {
			return fmt.Errorf("give --%s", flagOf(op, p.Name))
		}
	}
	return nil
}

// json gives the body to send; nil for none.
func (r request) json() (any, error) {
	if !r.has {
		return nil, nil
	}
	text, err := plain(r.body)
	return text, err
}

// maxInput bounds what is read of files and standard input.
const maxInput = 64 << 20

func readAll(in io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err == nil && len(text) > maxInput {
		err = fmt.Errorf("longer than %d bytes", maxInput)
	}
	return text, err
}
