package console

import (
	"fmt"
	"iter"
	"strconv"

	"github.com/reeve-cloud/reeve/internal/control"
)

// preview is how many things of a kind the page of another shows.
const preview = 10

// lister reads a page of a list, and tells how many things there are in all.
type lister[T any] func(control.Page) ([]T, control.Count, error)

// exactly makes a lister of what counts all that there is.
func exactly[T any](list func(control.Page) ([]T, int, error)) lister[T] {
	return func(p control.Page) ([]T, control.Count, error) {
		some, total, err := list(p)
		return some, control.Count{N: total}, err
	}
}

// fillPage puts the page of a list that a parameter asks for into a table, and
// the whole list into its CSV.
func fillPage[T any](v *visit, name string, t *table, list lister[T], row func(T) []cell) error {
	return fillPageOf(v, name, pageSize, t, list, row)
}

// fillPageOf is fillPage with pages of another size.
func fillPageOf[T any](v *visit, name string, size int, t *table, list lister[T], row func(T) []cell) error {
	total, err := fill(t, control.Page{Number: v.pageNumber(name), Size: size}, list, row)
	if total.N > 0 {
		t.Empty = "Nothing is on this page of the list."
	}
	t.Pager = v.pages(name, size, len(t.Rows), total)
	return err
}

// fillFirst puts the first few of a list into a table, and the whole list into
// its CSV; total is how many there are.
func fillFirst[T any](t *table, few int, list lister[T], row func(T) []cell) (total control.Count, err error) {
	return fill(t, control.Page{Size: few}, list, row)
}

func fill[T any](t *table, page control.Page, list lister[T], row func(T) []cell) (total control.Count, err error) {
	some, total, err := list(page)
	t.Rows, t.All = rowsOf(some, row), allPages(list, row)
	return total, err
}

// rowsOf are the rows of some things.
func rowsOf[T any](some []T, row func(T) []cell) [][]cell {
	out := make([][]cell, len(some))
	for i, thing := range some {
		out[i] = row(thing)
	}
	return out
}

// allPages are the rows of a whole list that is read page by page.
func allPages[T any](list lister[T], row func(T) []cell) iter.Seq2[[]cell, error] {
	return func(yield func([]cell, error) bool) {
		n := 0
		steps(func() ([][]cell, bool, error) {
			some, total, err := list(control.Page{Number: n, Size: csvPage})
			n++
			return rowsOf(some, row), len(some) > 0 && (n*csvPage < total.N || total.More), err
		})(yield)
	}
}

// steps are the rows of a list that is read step by step, as long as there are
// more.
func steps(step func() (rows [][]cell, more bool, err error)) iter.Seq2[[]cell, error] {
	return func(yield func([]cell, error) bool) {
		for more := true; more; {
			var rows [][]cell
			var err error
			if rows, more, err = step(); err != nil {
				yield(nil, err)
				return
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// firstOf shows the first of some things, which are all there are.
func firstOf[T any](t *table, all []T, row func(T) []cell) *table {
	_, _ = fillFirst(t, preview, pagesOf(all), row) // nothing is read
	return t
}

// pagesOf reads what is there already as if it were read page by page.
func pagesOf[T any](all []T) lister[T] {
	return func(p control.Page) ([]T, control.Count, error) {
		from := min(p.Number*p.Size, len(all))
		return all[from:min(from+p.Size, len(all))], control.Count{N: len(all)}, nil
	}
}

// inPages shows a page of some things, which are all there are.
func inPages[T any](v *visit, t *table, all []T, row func(T) []cell) *table {
	_ = fillPage(v, "page", t, pagesOf(all), row) // nothing is read
	return t
}

// pageNumber is which page of a list is asked for, from 0 on.
func (v *visit) pageNumber(name string) int {
	n, err := strconv.Atoi(v.r.URL.Query().Get(name))
	if err != nil || n < 1 || n > 1_000_000 {
		return 0
	}
	return n - 1
}

// pages makes the pager of a list that was counted.
func (v *visit) pages(name string, size, shown int, total control.Count) *pager {
	n := v.pageNumber(name)
	here := v.r.URL.RequestURI()
	out := &pager{Text: fmt.Sprintf("%d to %d of %s", n*size+1, n*size+shown, howMany(total))}
	if shown == 0 {
		out.Text = howMany(total) + " in all"
	}
	if n > 0 {
		out.Prev = at(here, name, strconv.Itoa(n))
	}
	if (n+1)*size < total.N || total.More && shown == size {
		out.Next = at(here, name, strconv.Itoa(n+2))
	}
	return out
}

// onwards leads to the next page of a list, which begins after what a parameter
// says, and back to the first page.
func (v *visit) onwards(name, next string) *pager {
	out := &pager{}
	here := v.r.URL.RequestURI()
	if v.r.URL.Query().Get(name) != "" {
		out.First = at(here, name, "")
	}
	if next != "" {
		out.Next = at(here, name, next)
	}
	return out
}
