package console

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// usagePictures serves the pictures of usageSections and limitsSection below a
// path, which names a project or an organisation as of says.
func (s *site) usagePictures(path string, of func(*visit) control.SeriesQuery) {
}

// usageSections tell what was used of late, day by day: a curve for each meter,
// and the same as a table. pictures is the path that usagePictures serves, as it
// is for this thing.
func (v *visit) usageSections(q control.SeriesQuery, pictures string) ([]section, error) {
	return nil, nil
}

// limitsSection tells a project's limits with what is used of them, as bars.
func (v *visit) limitsSection(project reeve.ID, pictures string) (section, error) {
	return section{Title: "Limits"}, nil
}
