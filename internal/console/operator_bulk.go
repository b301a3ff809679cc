package console

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

// bulkTime is enough for as many things as are done at most.
const bulkTime = 10 * time.Minute

func (s *site) operatorBulk() {
	s.show("bulk", (*visit).bulkPage)
	s.show("bulk/result", (*visit).bulkResult)
	s.does(action{
		Path: "bulk/run", Ask: (*visit).askBulk, Do: (*visit).runBulk, Asked: (*visit).bulkForm, Resumable: true, Timeout: bulkTime,
		Long: func(v *visit, in values) string {
			query := v.r.URL.Query()
			query.Set("plan", in.Get("plan"))
			query.Set("count", in.Get("count"))
			return bulkPath("result", query)
		},
	})
}

// bulkPage asks what is to be done, and then to what.
func (v *visit) bulkPage() (*page, error) {
	p := &page{
		Title: "Bulk actions", Narrow: true,
		Lead: fmt.Sprintf("One action to many things, %s at most. What would be done is shown before anything is.", document.Thousands(strconv.Itoa(control.MaxBulk))),
	}
	var options []option
	for _, d := range bulkDoings {
		if v.may(d.right) {
			options = append(options, option{d.name(), d.title})
		}
	}
	if len(options) == 0 {
		p.Sections = []section{{Note: "Your role allows none of them."}}
		return p, nil
	}
	d, asked := v.bulkAsked()
	p.Sections = []section{{Form: &form{Get: true, Submit: "Choose", Fields: []field{
		{Name: "do", Label: "What is to be done", Kind: "select", Value: d.name(), Options: options},
	}}}}
	if asked && v.may(d.right) {
		s := v.bulkForm().Sections[0]
		s.Title, s.Note = d.title, "Which ones: all that is filled in must be so. With nothing filled in, all of them."
		p.Sections = append(p.Sections, s)
	}
	return p, nil
}

// bulkForm asks who may do it what is picked, and what is done to it exactly.
func (v *visit) bulkForm() *page {
	d, asked := v.bulkAsked()
	if !asked || !v.may(d.right) {
		return nil
	}
	return &page{Title: d.title, Up: bulkUp(), Narrow: true, Sections: []section{{
		Form: &form{Get: true, Tall: true, To: to("bulk", "run"), Submit: "Show what would be done", Fields: v.bulkFields(d)},
	}}}
}

func bulkUp() []link { return []link{{Text: "Bulk actions", To: to("bulk")}} }

// askBulk shows what an action would be done to. A plan that was carried out in
// part is gone on with: nothing is done twice then.
func (v *visit) askBulk() (*question, error) {
	query := v.r.URL.Query()
	d, asked := v.bulkAsked()
	if !asked {
		return nil, reeve.Errorf(reeve.NotFound, "choose what is to be done")
	}
	bulk, narrowed, err := v.bulkOf(d, values{query})
	if err != nil {
		return nil, err
	}
	plan, err := v.control.PlanBulk(v.ctx, bulk)
	if err != nil {
		return nil, err
	}
	count := plan.Count
	for _, again := range []string{v.r.PostFormValue("plan"), query.Get("plan")} {
		if again != "" {
			plan.Token = again
			break
		}
	}
	query.Del("plan")
	q := &question{
		Title: d.title + ": " + tally(count, d.one), Up: bulkUp(), Submit: d.title, Danger: d.do == "freeze", Back: bulkPath("", query),
		Effects: []string{tally(count, d.one) + map[bool]string{true: " is ", false: " are "}[count == 1] + d.done + ".", d.consequent},
		Fields:  []field{hidden("plan", plan.Token), hidden("count", strconv.Itoa(count))},
		After:   []section{{Title: "To which", Table: plannedTable(plan)}},
	}
	if !narrowed {
		q.Effects = append(q.Effects, "Nothing was filled in to pick some: these are all there are.")
	}
	if count == 0 {
		return nil, reeve.Errorf(reeve.Invalid, "nothing is like that: ask for less")
	}
	if count > len(plan.Items) {
		q.After[0].Note = fmt.Sprintf("The first %d.", len(plan.Items))
	}
	return q, nil
}

func plannedTable(plan control.BulkPlan) *table {
	t := &table{ID: "planned", Caption: "To which", Columns: []column{{Name: "Name"}, {Name: "ID"}}, Brief: plan.Count > len(plan.Items)}
	for _, item := range plan.Items {
		id := item.ID.String()
		t.Rows = append(t.Rows, []cell{linked(calledOr(item.Name, id), to(foundKinds[item.Kind].path, id)), code(id)})
	}
	return t
}

// bulkOutcome is what has become of an action, as it is kept.
type bulkOutcome struct {
	Done   int           `json:"done"`
	Failed []bulkFailure `json:"failed"`
}

type bulkFailure struct {
	ID    reeve.ID `json:"id"`
	Error string   `json:"error"`
}

func (v *visit) runBulk(in values) (*outcome, error) {
	d, _ := v.bulkAsked()
	bulk, _, err := v.bulkOf(d, values{v.r.URL.Query()})
	if err != nil {
		return nil, err
	}
	result, err := v.control.RunBulk(v.ctx, bulk, in.Get("plan"))
	if reeve.IsKind(err, reeve.Conflict) {
		err = reeve.Errorf(reeve.Conflict, "this is not what was planned any more: cancel, and have it planned again").Wrap(err)
	}
	if err != nil {
		return nil, err
	}
	out := bulkOutcome{Done: result.Done}
	for _, f := range result.Failed {
		out.Failed = append(out.Failed, bulkFailure{f.ID, sentence(f.Err.Message)})
	}
	data, err := json.Marshal(out)
	return &outcome{Said: "It is done.", Data: data}, err
}

// bulkResult tells how far an action has come, and what became of it.
func (v *visit) bulkResult() (*page, error) {
	query := v.r.URL.Query()
	d, asked := v.bulkAsked()
	if !asked {
		return nil, reeve.Errorf(reeve.NotFound, "choose what is to be done")
	}
	going, err := v.run()
	if err != nil {
		return nil, err
	}
	if going == nil {
		going = &run{Lost: true}
	}
	if v.polled() && !going.Running && !going.Lost {
		return v.anew()
	}
	p := &page{Title: d.title, Up: bulkUp()}
	if going.Over() && going.Failed == "" {
		var out bulkOutcome
		if err := json.Unmarshal(going.Data, &out); err != nil {
			return nil, err
		}
		p.Badges = []badge{{"done", "good"}}
		p.Sections = []section{{ID: "progress", Note: tally(out.Done, d.one) + " " + d.done + ". " + tally(len(out.Failed), "failure") + "."}}
		if len(out.Failed) > 0 {
			p.Badges = []badge{{"done in part", "warn"}}
			p.Sections = append(p.Sections, v.failuresSection(d, out.Failed))
		}
		return p, nil
	}
	done, err := v.control.BulkProgress(v.ctx, query.Get("plan"))
	if err != nil {
		return nil, err
	}
	count, _ := strconv.Atoi(query.Get("count"))
	progress := v.bulkProgress(d, *going, done, count)
	if progress.Live {
		p.Refresh = 2
	}
	p.Sections = []section{progress}
	return p, nil
}

// bulkProgress tells how far an action has come of which there is no outcome to
// show: it goes on, has broken off, or is another's or long ago.
func (v *visit) bulkProgress(d bulkDoing, going run, done, count int) section {
	out := section{ID: "progress", Live: true, Note: fmt.Sprintf("%d of %d are %s so far. You may leave this page, it goes on.", done, count, d.done)}
	query := v.r.URL.Query()
	query.Del(runField)
	query.Del("count")
	var rest []link
	if v.may(d.right) {
		rest = []link{{Text: "Do the rest", To: bulkPath("run", query), Main: true}}
	}
	switch {
	case done >= count && !going.Running:
		out.Live, out.Note = false, fmt.Sprintf("%d of %d are %s.", done, count, d.done)
	case going.Failed != "":
		out.Live, out.Bad, out.Actions = false, true, rest
		out.Note = fmt.Sprintf("It broke off after %d of %d: %s", done, count, going.Failed)
	case going.Lost:
		out.Actions = rest
		out.Note = fmt.Sprintf("%d of %d are %s. If that does not rise, it was interrupted. The rest can be done with the same plan: nothing is done twice.", done, count, d.done)
	}
	return out
}

func (v *visit) failuresSection(d bulkDoing, failed []bulkFailure) section {
	return section{Title: "Failures", Table: inPages(v, &table{
		ID: "failures", Caption: "Failures", Columns: []column{{Name: "ID"}, {Name: "Why"}},
	}, failed, func(f bulkFailure) []cell {
		id := f.ID.String()
		return []cell{{Text: id, Code: true, To: to(foundKinds[d.kind].path, id)}, text(f.Error)}
	})}
}
