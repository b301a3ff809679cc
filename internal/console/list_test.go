package console

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/reeve-cloud/reeve/internal/control"
)

// TestLongLists: a list that was not counted to its end says so, goes on, and is
// whole as CSV.
func TestLongLists(t *testing.T) {
	const all = 2*control.MostCounted + 7
	list := func(counted control.Count) lister[int] {
		return func(p control.Page) ([]int, control.Count, error) {
			from := min(p.Number*p.Size, all)
			return make([]int, min(p.Size, all-from)), counted, nil
		}
	}
	row := func(int) []cell { return []cell{text("x")} }
	for _, c := range []struct {
		path    string
		counted control.Count
		text    string
		next    bool
	}{
		{"/console/x", control.Count{N: control.MostCounted, More: true}, "1 to 50 of 10,000 or more", true},
		{"/console/x?page=201", control.Count{N: control.MostCounted, More: true}, "10001 to 10050 of 10,000 or more", true},
		{"/console/x?page=401", control.Count{N: control.MostCounted, More: true}, "20001 to 20007 of 10,000 or more", false},
		{"/console/x?page=999", control.Count{N: control.MostCounted, More: true}, "10,000 or more in all", false},
		{"/console/x?page=400", control.Count{N: all}, "19951 to 20000 of 20,007", true},
		{"/console/x?page=401", control.Count{N: all}, "20001 to 20007 of 20,007", false},
	} {
		v := &visit{r: httptest.NewRequest(http.MethodGet, c.path, nil)}
		tab := &table{}
		if err := fillPage(v, "page", tab, list(c.counted), row); err != nil {
			t.Fatal(err)
		}
		if tab.Pager.Text != c.text || (tab.Pager.Next != "") != c.next {
			t.Errorf("%s: %q, next %q", c.path, tab.Pager.Text, tab.Pager.Next)
		}
		rows := 0
		for _, err := range tab.All {
			if rows++; err != nil {
				t.Fatal(err)
			}
		}
		if rows != all {
			t.Errorf("%s: %d rows in all", c.path, rows)
		}
	}
}
