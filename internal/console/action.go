package console

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

// action is something that can be done: a page that asks for it and says what
// will come of it, and the call that does it. It is done once for each form that
// was shown, however often that is sent, in one transaction with the keeping of
// its answer.
type action struct {
	Path string // below the root, as net/http's mux has it

	// Ask makes the question, for who may ask it.
	Ask func(*visit) (*question, error)

	// Asked, if there is one, is the page with the form that has led to the question:
	// it is shown again when that asks for what cannot be.
	Asked func(*visit) *page

	// Do does it. It may be called again before anything of it counts.
	Do func(*visit, values) (*outcome, error)

	// Before does what cannot be a part of a transaction, ahead of it.
	Before func(context.Context) error

	// Resumable is an action of many transactions, none of which does harm when
	// it is done again.
	Resumable bool

	Timeout time.Duration // if the face's own does not suit

	// Long is the page that tells how far it has come and what came of it (see
	// visit.run), of what takes long: it is Resumable, has a Timeout, and goes on
	// when the browser has gone.
	Long func(*visit, values) string
}

// question is what is asked before something is done.
type question struct {
	Title   string
	Up      []link
	Lead    string
	Effects []string // what comes of it
	Facts   []fact
	Fields  []field
	Submit  string
	Danger  bool
	Back    string // where who changes their mind goes
	After   []section

	// Edited is what the fields' current values are of: it must be as it was
	// when the question was shown.
	Edited control.Edited
}

// outcome is what has come of an action.
type outcome struct {
	To      string   `json:"to,omitempty"`   // the page that is shown next, whole
	Next    string   `json:"next,omitempty"` // what is done there, after secrets; "Done" if ""
	Said    string   `json:"said"`           // what that one says
	Secrets []secret `json:"secrets,omitempty"`

	// Of what takes long: why it failed after its page was shown, and what that
	// page makes of it otherwise.
	Failed string          `json:"failed,omitempty"`
	Data   json.RawMessage `json:"data,omitempty"`
}

// does serves an action.
func (s *site) does(a action) {
	s.pages.Handle(root+a.Path, map[string]web.Page{
		http.MethodGet: s.visited(func(v *visit) error {
			return v.answer(func(v *visit) (*page, error) {
				q, err := a.Ask(v)
				if err != nil && a.Asked != nil {
					return a.Asked(v), err
				}
				if err != nil {
					return nil, err
				}
				return v.ask(q, newKey()), nil
			})
		}),
		http.MethodPost: s.visited(func(v *visit) error { return v.do(a) }),
	})
}

// ask makes the page of a question.
func (v *visit) ask(q *question, key string) *page {
	fields := slices.Clone(q.Fields)
	if asksSecret(fields) {
		key = "" // a digest of the form would be kept with it
	}
	for i := range fields {
		if f := &fields[i]; f.Current {
			f.Was = f.Value
		}
	}
	if v.face.Name == operatorName {
		fields = append(fields, field{
			Name: reasonField, Label: "Reason", Required: v.control.ReasonsRequired(), Max: reeve.MaxReason,
			Hint: "It is kept in the record of changes.",
		})
	}
	return &page{
		Title: q.Title, Up: q.Up, Lead: q.Lead, Facts: q.Facts, Narrow: true,
		Private: slices.ContainsFunc(fields, func(f field) bool { return f.Name == sealedField }),
		Sections: append([]section{{
			Effects: q.Effects,
			Form:    &form{Fields: fields, Submit: q.Submit, Danger: q.Danger, Back: q.Back, Key: key},
		}}, q.After...),
	}
}

// do carries an action out, and shows what came of it; or the question again,
// with what is wrong.
func (v *visit) do(a action) error {
	in, err := v.read()
	if err != nil {
		return err
	}
	if a.Timeout > 0 {
		var done context.CancelFunc
		v.ctx, done = web.Extend(v.ctx, a.Timeout)
		defer done()
	}
	if err := v.explain(in); err != nil {
		return v.refuse(a, in, err)
	}
	if a.Long != nil {
		return v.doLong(a, in)
	}
	out, err := v.once(a, in)
	if err != nil {
		return v.refuse(a, in, err)
	}
	return v.tell(out)
}

// explain notes why an operator does something.
func (v *visit) explain(in values) error {
	if v.face.Name != operatorName {
		return nil
	}
	caller := control.CallerOf(v.ctx)
	var err error
	caller.Reason, err = reeve.CleanReason(in.Get(reasonField))
	v.ctx = control.WithCaller(v.ctx, caller)
	return err
}

// errMeanwhile says that somebody else was quicker.
var errMeanwhile = reeve.Errorf(reeve.Precondition, "somebody has changed this since you opened the form: look at what is new, then send it again")

// once carries an action out, if it was not before: what was done already may
// not be asked for any more.
func (v *visit) once(a action, in values) (out outcome, err error) {
	if a.Before != nil {
		if err := a.Before(v.ctx); err != nil {
			return out, err
		}
	}
	request := v.repeatable(a.Resumable)
	if key := in.Get(keyField); key != "" && len(key) <= maxKey {
		request.Key, request.Digest = key, in.digest(v.r.URL.Path)
	}
	outside := v.ctx
	defer func() { v.ctx = outside }()
	reply, _, err := v.control.Once(outside, request, func(ctx context.Context, settle func(reeve.Reply) error) (reeve.Reply, error) {
		v.ctx = ctx
		if err := v.unchanged(a, in); err != nil {
			return reeve.Reply{}, err
		}
		done, err := a.Do(v, in)
		if err != nil {
			return reeve.Reply{}, err
		}
		body, err := json.Marshal(done)
		return reeve.Reply{Status: http.StatusOK, Body: body}, err
	})
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(reply.Body, &out)
}

// maxKey is the length of the longest key of a form.
const maxKey = 64

// repeatable is a request of the console's by who is signed in, without its key.
func (v *visit) repeatable(resumable bool) reeve.Repeatable {
	return reeve.Repeatable{Face: "console " + v.face.Name, Actor: v.who.Actor.String(), Resumable: resumable}
}

// asksSecret tells whether a form has a field whose digest must not be kept.
func asksSecret(fields []field) bool {
	return slices.ContainsFunc(fields, func(f field) bool { return f.Kind == "password" })
}

// unchanged asks whether an action may be asked for, holds what it is about, and
// refuses it if that is not what the form was made of.
func (v *visit) unchanged(a action, in values) error {
	q, err := a.Ask(v)
	if err != nil || q.Edited == (control.Edited{}) {
		return err
	}
	if err := v.control.LockForEdit(v.ctx, q.Edited); err != nil {
		return err
	}
	held := q.Edited
	if q, err = a.Ask(v); err == nil && (q.Edited != held || in.meanwhile(q.Fields)) {
		err = errMeanwhile
	}
	return err
}

// tell shows what came of an action: its secrets, once, or the next page.
func (v *visit) tell(out outcome) error {
	if len(out.Secrets) == 0 {
		v.flash(out.Said)
		return v.redirect(out.To)
	}
	return v.send(&page{Title: out.Said, Narrow: true, Sections: []section{{
		Note: "This is shown only now: copy it before you go on.", Secrets: out.Secrets,
		Actions: []link{{Text: cmp.Or(out.Next, "Done"), To: out.To, Main: true}},
	}}})
}

// refuse shows the question again, with what was filled in and what is wrong.
// What is no fault of the form's is an error as of any page.
func (v *visit) refuse(a action, in values, err error) error {
	status, shown := web.Failed(v.ctx, err)
	if shown.Kind == reeve.Internal || shown.Kind == reeve.Unavailable {
		return err
	}
	q, wrong := a.Ask(v)
	if wrong != nil {
		return wrong
	}
	switch shown.Kind {
	case reeve.Invalid, reeve.Conflict, reeve.Exhausted:
	case reeve.Precondition:
		in.meanwhile(q.Fields)
	case reeve.Mismatch:
		shown = errSentBefore
	default:
		return err
	}
	key := newKey()
	if errors.Is(err, reeve.ErrRunning) { // it is being done: sent again, it is told what came of it
		key, shown = in.Get(keyField), errStillRunning
	}
	p := v.ask(q, key)
	f := p.Sections[0].Form
	in.fill(f.Fields)
	f.Wrong, p.Status = refusalWords(shown), status
	return v.send(p)
}

// again offers to send a form once more whose answer did not come: nothing can
// be asked now, and it may have been done. What was filled in stays, and the key,
// so that nothing is done twice. It answers false where there is no such form.
func (v *visit) again(status int, shown *reeve.Error) bool {
	if v.r.Method != http.MethodPost || shown.Kind != reeve.Unavailable {
		return false
	}
	in, err := v.read()
	if err != nil || in.Get(keyField) == "" {
		return false
	}
	f := &form{To: v.r.URL.RequestURI(), Submit: "Send it again", Wrong: refusalWords(shown)}
	for _, name := range slices.Sorted(maps.Keys(in.Values)) {
		for _, value := range in.Values[name] {
			f.Fields = append(f.Fields, field{Name: name, Kind: "hidden", Value: value})
		}
	}
	return v.send(&page{
		Title: errorTitles[status], Status: status, Narrow: true, Sections: []section{{Form: f}},
		Lead: "What you have filled in is kept on this page. Nothing is done twice, however often you send it.",
	}) == nil
}

var errStillRunning = reeve.Errorf(reeve.Conflict, "this form was sent before, and is still being worked on: send it again in a moment to see what came of it")

var errSentBefore = reeve.Errorf(reeve.Mismatch,
	"this form was sent before, with other values: look at what became of that, then send it again if you still want to")
