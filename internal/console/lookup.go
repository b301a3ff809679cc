package console

import "github.com/reeve-cloud/reeve"

// lookups keep the names of things that were looked up. What is gone, or not the
// asker's to see, has none; any other error is kept, and what was made since must
// not be shown.
type lookups struct {
	known map[reeve.ID]string
	err   error
}

// maxLookups is how many names are kept at once: a whole table may have many more.
const maxLookups = 2000

// name gives the name of a thing, "" for none, and asks for it if it is not known.
func (l *lookups) name(id reeve.ID, find func() (string, error)) string {
	if name, ok := l.known[id]; ok || l.err != nil {
		return name
	}
	name, err := find()
	switch {
	case reeve.IsKind(err, reeve.Denied), reeve.IsKind(err, reeve.NotFound):
		name = ""
	case err != nil:
		l.err = err
		return ""
	}
	if l.known == nil || len(l.known) >= maxLookups {
		l.known = map[reeve.ID]string{}
	}
	l.known[id] = name
	return name
}

// rows gives the rows of a table that are made with these names, up to an error
// of theirs.
func (l *lookups) rows(all func(func([]cell, error) bool)) func(func([]cell, error) bool) {
	return func(yield func([]cell, error) bool) {
		for row, err := range all {
			if err == nil && l.err != nil {
				row, err = nil, l.err
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// projectName is what a project is called, "" if it has no name to tell.
func (v *visit) projectName(l *lookups, id reeve.ID) string {
	return l.name(id, func() (string, error) {
		project, err := v.control.GetProject(v.ctx, id)
		return project.Name, err
	})
}

// project is a project by its name, with its page; only its id if it has none.
func (v *visit) project(l *lookups, id reeve.ID) cell {
	typed := id.TypeID(reeve.PrefixProject)
	name := v.projectName(l, id)
	if name == "" {
		return code(typed)
	}
	return linked(name, to("projects", typed))
}
