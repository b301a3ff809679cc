package control

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
)

// TestForgottenProject: a key that was taken in with a project that is forgotten
// meanwhile is never another project's.
func TestForgottenProject(t *testing.T) {
	l := newLive()
	a, b := &reeve.Project{ID: reeve.ID{1}}, &reeve.Project{ID: reeve.ID{2}}
	l.put(a)
	project := l.put(b)
	l.add(head{8}, liveKey{id: reeve.ID{3}, project: project})
	l.forget()
	l.add(head{9}, liveKey{id: reeve.ID{3}, project: project})
	l.put(b)
	l.put(a)
	for _, h := range []head{{8}, {9}} {
		if key, found, _ := l.key(&h); found {
			t.Errorf("%d is a key of %s", h[0], key.project.state.Load().id)
		}
	}
	l.add(head{9}, liveKey{id: reeve.ID{3}, project: l.project(b.ID)})
	if key, found, _ := l.key(&head{9}); !found || key.project.state.Load().id != b.ID {
		t.Errorf("found %v", found)
	}
}

// TestLongNames: a name that does not fit beside the key is kept elsewhere, and
// goes with it.
func TestLongNames(t *testing.T) {
	l := newLive()
	project := l.put(&reeve.Project{ID: reeve.ID{1}})
	const long = "a name that is longer than most names are"
	l.add(head{1}, liveKey{name: long, project: project})
	l.add(head{2}, liveKey{name: long[:shortName], project: project})
	for h, want := range map[head]string{{1}: long, {2}: long[:shortName]} {
		if key, _, _ := l.key(&h); key.name != want {
			t.Errorf("%q, want %q", key.name, want)
		}
		l.drop(h, time.Now())
		if _, found, gone := l.key(&h); found || !gone || len(l.shard(&h).names) > 0 {
			t.Errorf("%q: found %v, gone %v", want, found, gone)
		}
	}
}
