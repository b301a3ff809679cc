package tenantapi

import (
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// pageQuery picks a page of a list.
type pageQuery struct {
	Page   string `query:"page" doc:"Which page, from 0 on; 0 when absent."`
	Number string `query:"number" doc:"How many things a page holds: 1 to 500; 50 when absent."`
}

// How many things a page holds, and the last page that can be asked for.
const (
	defaultPage = 50
	maxPage     = 500
	lastPage    = 1_000_000
)

func (q pageQuery) page() (control.Page, error) {
	out := control.Page{Size: defaultPage, Exact: true}
	var err error
	if q.Page != "" {
		if out.Number, err = strconv.Atoi(q.Page); err != nil || out.Number < 0 || out.Number > lastPage {
			return out, reeve.Errorf(reeve.Invalid, "page must be 0 to %d", lastPage)
		}
	}
	if q.Number != "" {
		if out.Size, err = strconv.Atoi(q.Number); err != nil || out.Size < 1 || out.Size > maxPage {
			return out, reeve.Errorf(reeve.Invalid, "number must be 1 to %d", maxPage)
		}
	}
	return out, nil
}
