package console

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/macaroon"
)

// keyOps are the operations that a form can leave out.
var keyOps = []macaroon.Op{macaroon.OpRead, macaroon.OpWrite, macaroon.OpList, macaroon.OpDelete}

// restrictionFields ask for what a key may. end is what the last instant at which
// it works is to it.
func restrictionFields(end string) []field {
	operations := field{Name: "operations", Label: "What it may do", Kind: "checks"}
	for _, op := range keyOps {
		operations.Options = append(operations.Options, option{op.String(), sentenceCase(op.String())})
		operations.Values = append(operations.Values, op.String())
	}
	return []field{
		operations,
		{
			Name: "paths", Label: "Where it may act", Kind: "textarea", Max: 4 * macaroon.MaxLength,
			Hint: "One place a line: a bucket, or a bucket and a prefix, as in photos/2026/. A prefix is compared with paths as they are " +
				"stored: where clients encrypt them, it is the encrypted one. Left empty, the key may act everywhere.",
		},
		instantField("not_before", "Works from", "UTC. Left empty, it works at once."),
		instantField("not_after", "Works until", "UTC. "+end),
	}
}

// restriction reads what a key may.
func (in values) restriction() (out macaroon.Caveat, err error) {
	chosen := in.Values["operations"]
	for _, op := range keyOps {
		if !slices.Contains(chosen, op.String()) {
			out.Disallow |= macaroon.Ops(op)
		}
	}
	if out.Disallow == macaroon.Ops(keyOps...) {
		return out, reeve.Errorf(reeve.Invalid, "choose at least one operation: without any the key could do nothing")
	}
	for line := range strings.Lines(in.Get("paths")) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		bucket, prefix, _ := strings.Cut(line, "/")
		out.AllowedPaths = append(out.AllowedPaths, macaroon.Path{Bucket: []byte(bucket), EncryptedPathPrefix: []byte(prefix)})
	}
	for name, at := range map[string]*time.Time{"not_before": &out.NotBefore, "not_after": &out.NotAfter} {
		given, err := in.instant(name)
		if err != nil {
			return out, err
		}
		if given != nil {
			*at = *given
		}
	}
	return out, nil
}

// restricted is what a restriction leaves, as pages say it.
type restricted struct{ macaroon.Caveat }

// operations says what may be done.
func (r restricted) operations() string {
	var may, rest []string
	for _, op := range keyOps {
		if !r.Disallow.Has(op) {
			may = append(may, op.String())
		}
	}
	for _, name := range (r.Disallow &^ macaroon.Ops(keyOps...)).Names() {
		rest = append(rest, strings.ReplaceAll(name, "_", " "))
	}
	out := "nothing"
	switch {
	case len(may) == len(keyOps):
		out = "everything"
	case len(may) > 0:
		out = strings.Join(may, ", ")
	}
	if len(rest) > 0 {
		out += ", not " + strings.Join(rest, ", ")
	}
	return sentenceCase(out)
}

// places says where; all but the first few as a number.
func (r restricted) places(few int) string {
	if len(r.AllowedPaths) == 0 {
		return "everywhere"
	}
	var out []string
	for _, p := range r.AllowedPaths[:min(few, len(r.AllowedPaths))] {
		out = append(out, placeName(p))
	}
	if more := len(r.AllowedPaths) - len(out); more > 0 {
		return "in " + strings.Join(out, ", ") + " and " + strconv.Itoa(more) + " more"
	}
	return "in " + strings.Join(out, ", ")
}

func placeName(p macaroon.Path) string {
	out := strings.ToValidUTF8(string(p.Bucket), "?")
	if len(p.EncryptedPathPrefix) > 0 {
		out += "/" + strings.ToValidUTF8(string(p.EncryptedPathPrefix), "?")
	}
	return out
}

// words says in one line what is left.
func (r restricted) words() string {
	out := r.operations() + ", " + r.places(2)
	if len(r.Disallow.Names()) == 0 && len(r.AllowedPaths) == 0 {
		out = "Everything"
	}
	if !r.NotBefore.IsZero() {
		out += ", from " + timeText(r.NotBefore) + " on"
	}
	return out
}

// sentenceCase begins a text with a capital.
func sentenceCase(s string) string { return strings.TrimSuffix(sentence(s), ".") }

// decapitalised begins a text with a small letter, within a sentence.
func decapitalised(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
