package console

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/reeve-cloud/reeve"
)

// form is what a browser sends back.
type form struct {
	To     string // where to; "" is the page's own path
	Get    bool   // it only asks
	Tall   bool   // its fields stand below each other, although it only asks
	Asks   bool   // it only asks, by POST: what is asked stands in no address
	Fields []field
	Submit string
	Danger bool
	Wrong  string // why it was refused before
	Back   string // where who changes their mind goes

	// Key names the form, so that it is carried out once however often it is sent.
	Key string

	// Live fetches what it asks for while it is filled in, and puts the part of
	// the answer with this id in place of the page's.
	Live string
}

// field is one thing that a form asks for.
type field struct {
	Name, Label string
	Hint        string
	Kind        string // of the input; also select, checks, textarea, token (of a link) and hidden; text if ""
	Value       string
	Values      []string // of checks
	Options     []option
	Required    bool
	Auto        string // its autocomplete token (HTML, autofill)
	Max         int    // characters; 0 leaves it open
	Wrong       string // what is wrong with it

	// Current says that the value is the thing's own at present: who sends the
	// form must have seen it. Was is what the form was made of, then.
	Current bool
	Was     string
}

type option struct{ Value, Text string }

// ID is the input's.
func (f field) ID() string { return "f-" + f.Name }

// Type is the input's.
func (f field) Type() string {
	if f.Kind == "" {
		return "text"
	}
	return f.Kind
}

// Has tells whether a value is chosen.
func (f field) Has(value string) bool {
	return f.Value == value && f.Kind != "checks" || slices.Contains(f.Values, value)
}

// Described names what tells about the input.
func (f field) Described() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.ID()+"-hint")
	}
	if f.Wrong != "" {
		ids = append(ids, f.ID()+"-wrong")
	}
	return strings.Join(ids, " ")
}

// The fields that every form may have beside its own.
const (
	keyField    = "key"
	reasonField = "reason"
	wasPrefix   = "was." // and the name of a field whose value was the thing's own
)

// newKey makes a form's name.
func newKey() string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	return hex.EncodeToString(random[:])
}

// values are what a browser has sent.
type values struct{ url.Values }

// text is a field without what surrounds it.
func (in values) text(name string) string { return strings.TrimSpace(in.Get(name)) }

// digest is of all that was sent to a path.
func (in values) digest(path string) [sha256.Size]byte {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%q", path)
	for _, name := range slices.Sorted(maps.Keys(in.Values)) {
		_, _ = fmt.Fprintf(h, " %q %q", name, in.Values[name])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// read reads the form of the request.
func (v *visit) read() (values, error) {
	if err := v.r.ParseForm(); err != nil {
		return values{}, asInvalid(err)
	}
	for name, all := range v.r.PostForm {
		for _, text := range append(all, name) {
			if strings.ContainsRune(text, 0) {
				return values{}, reeve.Errorf(reeve.Invalid, "a field holds a NUL character")
			}
		}
	}
	return values{v.r.PostForm}, nil
}

// asInvalid keeps an error's kind, and takes one without for the browser's fault.
func asInvalid(err error) error {
	if e := reeve.AsError(err); e.Kind != reeve.Internal {
		return e
	}
	return reeve.Errorf(reeve.Invalid, "the form could not be read").Wrap(err)
}

// fill puts what was sent into a form's fields, secrets excepted. What is just as
// it was when the form was made has not been written by who sends it: it stays as
// it is now.
func (in values) fill(fields []field) {
	for i := range fields {
		f := &fields[i]
		sent, ok := in.Values[f.Name]
		switch {
		case f.Kind == "password" || f.Kind == "hidden":
		case f.Kind == "checks":
			f.Values = sent
		case ok:
			if was, known := in.was(f); !known || was != plainLines(sent[0]) {
				f.Value = sent[0]
			}
		}
	}
}

// was is what a field held when the form was made, if it shows what a thing has.
func (in values) was(f *field) (string, bool) {
	return plainLines(in.Get(wasPrefix + f.Name)), f.Current && in.Has(wasPrefix+f.Name)
}

// meanwhile tells what of a thing is not as it was when the form was made, and
// takes it down in the fields.
func (in values) meanwhile(fields []field) bool {
	changed := false
	for i := range fields {
		f := &fields[i]
		was, known := in.was(f)
		if !known || was == f.Value {
			continue
		}
		f.Was = f.Value
		f.Wrong = fmt.Sprintf("Changed meanwhile from “%s” to “%s”.", was, f.Value)
		changed = true
	}
	return changed
}
