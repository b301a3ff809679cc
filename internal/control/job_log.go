package control

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
)

// Job is what this replica remembers, since it started, of one of the things it
// does again and again behind the requests. Times are nil for what has not
// happened yet.
type Job struct {
	Name    string
	Running bool // a run has begun and not ended

	LastRun *time.Time    // when the newest run began
	Took    time.Duration // how long the newest run took that has ended
	NextRun *time.Time    // when the next one begins, about; nil while one runs

	LastSuccess *time.Time // when the newest run ended that did all it should
	LastFailure *time.Time // when the newest run ended that did not
	LastError   string     // why, in words that anybody may read
}

// The jobs. Not every replica has all of them: what is not configured, or what a
// process that has its database to itself need not do, does not run.
const (
	jobNumbering    = "numbering"
	jobListening    = "listening"
	jobFollowing    = "following"
	jobSessions     = "sessions"
	jobUsage        = "usage"
	jobAlerts       = "alerts"
	jobWebhooks     = "webhooks"
	jobMails        = "mails"
	jobMonths       = "months"
	jobLastUses     = "last-uses"
	jobFreezes      = "freezes"
	jobEnded        = "ended-keys"
	jobTexts        = "texts"
	jobRetention    = "retention"
	jobLeases       = "leases"
	jobUserSessions = "user-sessions"
	jobInvitations  = "invitations"
	jobDeletions    = "deletions"
)

// jobLog remembers how the jobs of this replica went. It holds one entry of each.
type jobLog struct {
	now  func() time.Time
	mu   sync.Mutex
	jobs map[string]*Job
}

func newJobLog(now func() time.Time) *jobLog { return &jobLog{now: now, jobs: map[string]*Job{}} }

// run does a job once, notes how it went, and gives what it gave. The next run
// is noted to begin after a pause.
func (l *jobLog) run(name string, pause time.Duration, work func() error) error {
	began := time.Now()
	l.note(name, func(j *Job, now time.Time) { j.Running, j.LastRun, j.NextRun = true, &now, nil })
	err := work()
	took := time.Since(began)
	l.note(name, func(j *Job, now time.Time) {
		next := now.Add(pause)
		j.Running, j.Took, j.NextRun = false, took, &next
		if err == nil {
			j.LastSuccess = &now
		} else {
			j.LastFailure, j.LastError = &now, jobError(err)
		}
	})
	return err
}

// postpone notes that the next run of a job begins after another pause.
func (l *jobLog) postpone(name string, pause time.Duration) {
	l.note(name, func(j *Job, now time.Time) {
		next := now.Add(pause)
		j.NextRun = &next
	})
}

func (l *jobLog) note(name string, change func(*Job, time.Time)) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	j := l.jobs[name]
	if j == nil {
		j = &Job{Name: name}
		l.jobs[name] = j
	}
	change(j, now)
}

// all gives the jobs that ran or run, by name.
func (l *jobLog) all() []Job {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Job, 0, len(l.jobs))
	for _, j := range slices.SortedFunc(maps.Values(l.jobs), func(a, b *Job) int { return strings.Compare(a.Name, b.Name) }) {
		out = append(out, *j)
	}
	return out
}

// jobError words a failure for a page: the sentence that a caller would be told.
// What has no kind may quote anything, and is in the log alone.
func jobError(err error) string {
	if known := reeve.AsError(err); known.Kind != reeve.Internal {
		return known.Message
	}
	switch {
	case errors.Is(err, errGap):
		return errGap.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "it took too long"
	default:
		return "internal error: the log says more"
	}
}
