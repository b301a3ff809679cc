package control

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
)

// alertWatch is what is to be looked at for alerts, and what need not be again.
// None of it is the truth: what is lost with the process the next sweep finds,
// and the database raises nothing twice.
type alertWatch struct {
	mu            sync.Mutex
	projects      map[reeve.ID]struct{} // touched since they were looked at
	organizations map[reeve.ID]struct{}
	ahead         []reeve.ID             // organisations that come before those
	costed        map[reeve.ID]time.Time // when an organisation's month was priced last, of late
	turn          time.Duration          // for how long months are priced at a time
	month         reeve.Month
	highest       map[alertSubject]int // raised in the month, per cent
}

type alertSubject struct {
	id   reeve.ID
	kind reeve.AlertKind
}

// watchedProject is what the watch must know of a project.
type watchedProject struct {
	id, organization reeve.ID
	limits           reeve.Limits
}

const (
	alertGather = 2 * time.Second  // how long what is touched is gathered
	alertSweep  = time.Hour        // how often everything is looked at
	alertPause  = 30 * time.Second // after a sweep that failed
	costPause   = 10 * time.Second // how long an organisation's month is not priced again
	alertBatch  = 500
	maxHighest  = 1_000_000
)

func newAlertWatch() *alertWatch {
	return &alertWatch{
		projects: map[reeve.ID]struct{}{}, organizations: map[reeve.ID]struct{}{},
		costed: map[reeve.ID]time.Time{}, highest: map[alertSubject]int{},
		turn: costTurn,
	}
}

// touch notes that a project's usage or limits have changed.
func (w *alertWatch) touch(project reeve.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.projects[project] = struct{}{}
}

// touchOrganization notes that an organisation's budget or cost has changed.
func (w *alertWatch) touchOrganization(organization reeve.ID) {
	w.touchOrganizations([]reeve.ID{organization})
}

func (w *alertWatch) touchOrganizations(organizations []reeve.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range organizations {
		w.organizations[id] = struct{}{}
	}
}

// putOff lets organisations that were not looked at be the first that are looked
// at next.
func (w *alertWatch) putOff(organizations []reeve.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead = append(w.ahead, organizations...)
	for _, id := range organizations {
		delete(w.costed, id)
	}
}

// takeProjects gives what was touched, once.
func (w *alertWatch) takeProjects() []reeve.ID {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]reeve.ID, 0, len(w.projects))
	for id := range w.projects {
		out = append(out, id)
	}
	clear(w.projects)
	return out
}

// takeOrganizations gives what was put off and then what was touched, once, but
// for those that were priced a moment ago.
func (w *alertWatch) takeOrganizations(now time.Time) (out []reeve.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, at := range w.costed {
		if now.Sub(at) >= costPause {
			delete(w.costed, id)
		}
	}
	take := func(id reeve.ID) {
		if _, late := w.costed[id]; !late {
			out = append(out, id)
			w.costed[id] = now
			delete(w.organizations, id)
		}
	}
	for _, id := range w.ahead {
		take(id)
	}
	w.ahead = nil
	for id := range w.organizations {
		take(id)
	}
	return out
}

// isNews tells whether a reading has reached more than is known to be raised.
func (w *alertWatch) isNews(month reeve.Month, r reading) bool {
	reached := reeve.Reached(r.value, r.limit)
	if len(reached) == 0 {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.month != month || w.highest[alertSubject{r.subject, r.kind}] < reached[len(reached)-1]
}

// raised notes that what readings have reached was raised.
func (w *alertWatch) raised(month reeve.Month, readings []reading) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.month != month || len(w.highest) > maxHighest {
		w.month = month
		clear(w.highest)
	}
	for _, r := range readings {
		reached := reeve.Reached(r.value, r.limit)
		w.highest[alertSubject{r.subject, r.kind}] = reached[len(reached)-1]
	}
}

// watchAlerts looks at everything at the start and every hour, and in between at
// what was touched, until the context ends. Failures are handed to report, and
// tried again.
func (c *Control) watchAlerts(ctx context.Context, report func(error)) {
	next := time.Now()
	for {
		sweep := !time.Now().Before(next)
		c.runner(ctx, jobAlerts, alertGather, report)(func() error {
			failed := c.checkTouched(ctx)
			if !sweep {
				return failed
			}
			next = time.Now().Add(alertSweep)
			swept := c.sweepAlerts(ctx)
			if swept != nil {
				next = time.Now().Add(alertPause)
			}
			return errors.Join(swept, failed)
		})
		select {
		case <-ctx.Done():
			return
		case <-time.After(alertGather):
		}
	}
}

// checkTouched looks at what was touched. Of projects that this replica does not
// know yet the sweep will hear.
func (c *Control) checkTouched(ctx context.Context) error {
	touched := c.alerts.takeProjects()
	limited := make([]watchedProject, 0, len(touched))
	for _, id := range touched {
		project := c.live.project(id)
		if project == nil {
			continue
		}
		state := project.state.Load()
		c.alerts.touchOrganization(state.organization)
		if p, ok := c.watched(id, state.organization, state.limits); ok {
			limited = append(limited, p)
		}
	}
	err := c.checkTouchedProjects(ctx, limited)
	return errors.Join(err, c.checkBudgets(ctx, c.alerts.takeOrganizations(time.Now())))
}

func (c *Control) checkTouchedProjects(ctx context.Context, projects []watchedProject) error {
	ctx, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	err := c.checkProjects(ctx, projects)
	if err != nil { // all of it again: what was raised stays raised
		for _, p := range projects {
			c.alerts.touch(p.id)
		}
	}
	return err
}

// watched gives what the watch must know of a project, if it has a limit to be
// watched.
func (c *Control) watched(id, organization reeve.ID, limits reeve.Limits) (watchedProject, bool) {
	limits = limits.Or(c.settings.DefaultLimits)
	return watchedProject{id, organization, limits}, number(limits.Usage) >= 0 || number(limits.Bandwidth) >= 0
}

// sweepAlerts looks at every project that has a limit and every organisation
// that has a budget, or sees to it that it is looked at next.
func (c *Control) sweepAlerts(ctx context.Context) error {
	for after := reeve.Zero; ; {
		page, err := c.store.ProjectsAfter(ctx, after, alertBatch)
		if err != nil {
			return err
		}
		var limited []watchedProject
		for i := range page {
			after = page[i].ID
			if p, ok := c.watched(page[i].ID, page[i].OrganizationID, page[i].Limits); ok {
				limited = append(limited, p)
			}
		}
		if err := c.checkProjects(ctx, limited); err != nil {
			return err
		}
		if len(page) < alertBatch {
			break
		}
	}
	var budgeted []reeve.ID // of all pages: an owner's may be on many
	for after := reeve.Zero; ; {
		page, err := c.store.OrganizationsWithBudget(ctx, after, alertBatch)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return c.checkBudgets(ctx, budgeted)
		}
		budgeted = append(budgeted, page...)
		after = page[len(page)-1]
	}
}
