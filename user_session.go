package reeve

import "time"

// UserSession is a user who has signed in. Only the hash of its token is kept.
type UserSession struct {
	ID        ID
	UserID    ID
	Address   string // where it was opened from
	Agent     string // what it was opened with, as it says itself
	CreatedAt time.Time
	UsedAt    time.Time // to within a few seconds
}

// MaxAgent is how much of a User-Agent is kept, in bytes.
const MaxAgent = 200

// Live tells whether a session may still be used: it ends when it was idle for
// so long, and in any case when it is so old.
func (s UserSession) Live(now time.Time, idle, lifetime time.Duration) bool {
	return now.Before(s.UsedAt.Add(idle)) && now.Before(s.CreatedAt.Add(lifetime))
}
