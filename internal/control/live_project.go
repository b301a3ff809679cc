package control

import (
	"maps"
	"time"

	"github.com/reeve-cloud/reeve"
)

// project finds a project; nil if it is not here.
func (l *live) project(id reeve.ID) *liveProject {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.projects[id]
}

// organizations fills in the organisations of those of some projects that are
// here.
func (l *live) organizations(out []reeve.ID, project func(int) reeve.ID) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for i := range out {
		if p := l.projects[project(i)]; p != nil {
			out[i] = p.state.Load().organization
		}
	}
}

// put takes a project in, or its newer state.
func (l *live) put(p *reeve.Project) *liveProject {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := l.projects[p.ID]
	if kept == nil {
		kept = &liveProject{number: uint32(len(l.numbered)), era: l.era}
		l.projects[p.ID], l.numbered = kept, append(l.numbered, kept)
	}
	kept.state.Store(newProjectState(p))
	return kept
}

// dropProject takes a project out, which has no keys any more. Its number stays
// taken.
func (l *live) dropProject(id reeve.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if gone := l.projects[id]; gone != nil {
		delete(l.projects, id)
		l.numbered[gone.number] = &liveProject{number: gone.number, era: l.era}
		l.numbered[gone.number].state.Store(&projectState{id: id, gone: true})
	}
}

// isFrozen tells whether a project is frozen: by itself, with its organisation
// or with its owner. One that has gone is.
func (l *live) isFrozen(p *projectState) bool {
	frozen := *l.frozen.Load()
	return p.gone || len(frozen) > 0 && (frozen[p.id] || frozen[p.organization] || frozen[p.owner])
}

// putFrozen takes in which of some things are frozen.
func (l *live) putFrozen(states map[reeve.ID]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := maps.Clone(*l.frozen.Load())
	for id, frozen := range states {
		if frozen {
			next[id] = true
		} else {
			delete(next, id)
		}
	}
	l.frozen.Store(&next)
}

// cut refuses a project's keys of before a time.
func (l *live) cut(id reeve.ID, before time.Time) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	p := l.projects[id]
	if p == nil {
		return
	}
	for {
		old := p.state.Load()
		cut := *old
		cut.revokedBefore = max(cut.revokedBefore, before.UnixMicro())
		if p.state.CompareAndSwap(old, &cut) {
			return
		}
	}
}
