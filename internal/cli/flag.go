package cli

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/reeve-cloud/reeve/client"
)

// flagged is a parameter or a field of a body that a flag sets.
type flagged struct {
	name  string // on the wire
	flag  string
	typ   string // as in client.Field
	about string
	enum  []string
	body  bool
	must  bool // be given
}

// flagsOf gives what the flags of an operation set; an argument has none. A flag that all commands
// have keeps its name: another one of that name is called query-… or body-….
func flagsOf(op *client.Operation) []flagged {
	var out []flagged
	add := func(f flagged, place string) {
		if f.flag = kebab(f.name); slices.Contains(commonFlags, f.flag) || listed(op) && slices.Contains(listFlags, f.flag) || slices.ContainsFunc(out, func(other flagged) bool { return other.flag == f.flag }) {
			f.flag = place + "-" + f.flag
		}
		out = append(out, f)
	}
	for _, p := range op.Params {
		if p.In != "path" && p.Name != subject(op) && !shared(op, p.Name) {
			add(flagged{p.Name, "", p.Type, p.Description, p.Enum, false, p.Required}, p.In)
		}
	}
	if op.Body == nil {
		return out
	}
	for _, f := range op.Body.Fields {
		if f.Name != subject(op) && !shared(op, f.Name) {
			add(flagged{f.Name, "", f.Type, f.Description, f.Enum, true, f.Required && op.Body.Required}, "body")
		}
	}
	return out
}

// commonFlags are those of options, listFlags those of lists with pages.
var commonFlags = []string{
	"profile", "server", "token-file", "face", "ca-file", "output", "no-color", "quiet", "timeout", "dry-run", "reason", "if-match", "idempotency-key",
	"yes", "data", "help",
}

var listFlags = []string{"all", "limit"}

// shared tells whether a common flag says what a parameter or field does.
func shared(op *client.Operation, name string) bool {
	switch kebab(name) {
	case "reason", "dry-run", "if-match", "idempotency-key", "x-reason":
		return true
	case "limit":
		return listed(op)
	}
	return name == op.Page && name != ""
}

// listed tells whether an operation has pages.
func listed(op *client.Operation) bool { return op.Cursor != "" || op.Page != "" }

// value is a flag's, as it was given: it becomes JSON when the operation is
// known.
type value struct {
	texts []string
	typ   string
	set   bool
}

func (v *value) String() string { return strings.Join(v.texts, ",") }

// Type names the value in help texts.
func (v *value) Type() string {
	switch v.typ {
	case "any":
		return "JSON"
	case "object":
		return "JSON|@FILE"
	case "boolean":
		return "bool"
	}
	if inner, ok := strings.CutPrefix(v.typ, "[]"); ok {
		if inner == "object" || inner == "any" {
			return "JSON|@FILE"
		}
		return inner + "..."
	}
	return v.typ
}

// Set takes the value; one of a list is added to it.
func (v *value) Set(text string) error {
	if !strings.HasPrefix(v.typ, "[]") {
		v.texts = nil
	}
	v.texts, v.set = append(v.texts, text), true
	return nil
}

// register adds the flags of several operations that share a command.
func register(flags *pflag.FlagSet, ops []*client.Operation) map[string]*value {
	out := map[string]*value{}
	for _, op := range ops {
		for _, f := range flagsOf(op) {
			if out[f.flag] != nil {
				continue
			}
			v := &value{typ: f.typ}
			out[f.flag] = v
			about := f.about
			if f.must {
				about = strings.TrimSpace("Required. " + about)
			}
			if len(f.enum) > 0 {
				about = strings.TrimSpace(about + " One of " + strings.Join(f.enum, ", ") + ".")
			}
			if secretField(f.name) {
				about = strings.TrimSpace(about + " @FILE and - keep it off the command line.")
			}
			flag := flags.VarPF(v, f.flag, "", strings.ReplaceAll(about, "`", "'"))
			if f.typ == "boolean" {
				flag.NoOptDefVal = "true"
			}
		}
	}
	return out
}

// flagOf gives the flag that sets a name.
func flagOf(op *client.Operation, name string) string {
	for _, f := range flagsOf(op) {
		if f.name == name {
			return f.flag
		}
	}
	return kebab(name)
}
