// Package control holds the use cases: each method asks the policy, then does
// its work in one transaction that records the change. Both published APIs
// and the gateways' reach the same methods.
//
// Who asks is in the context (see WithCaller). Errors are of the domain's
// kinds: Unauthenticated and Denied from the policy, NotFound, Conflict and
// Invalid from the rules, Unavailable when the database cannot be used.
package control

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/boottime"
	"github.com/reeve-cloud/reeve/internal/store"
)

// Settings are what an operator may configure of the rules.
type Settings struct {
	OperatorToken   string       // accepted beside those in the database; "" for none
	ProjectLimit    int          // how many projects a new user may own
	PasswordHashing int          // how many password hashes are computed at once
	DefaultLimits   reeve.Limits // of projects for which they are unset; unset here is unlimited
	Keyring         *Keyring
	Prices          reeve.PriceList // of months that are not closed
	CloseAfter      time.Duration   // how long after its end a month is closed; 0: when asked to

	// Deliver makes one attempt at a message of a webhook: it gives nil when the
	// endpoint has taken it, reeve.ErrGone when that wants none any more. No
	// messages are delivered if it is nil.
	Deliver func(context.Context, reeve.Delivery) error

	RequireReason bool          // operators say why they change something
	RestoreWindow time.Duration // how long what is deleted can be restored; 0: not at all

	// SessionLease is how long a gateway or a replica may answer from memory
	// without a word of this server; 90 s if zero.
	SessionLease time.Duration

	// A user's session ends when it was idle for SessionIdle (24 h if zero), and
	// in any case when it is older than SessionLifetime (30 days if zero). An
	// operator's does too, and when it is older than 12 hours.
	SessionIdle, SessionLifetime time.Duration

	// Mail makes one attempt at sending a mail; reeve.ErrRefusedMail when another
	// one is of no use. No mail is sent if it is nil.
	Mail func(context.Context, reeve.Mail) error

	// RefusalTime is how long it takes at least to be told that a password is
	// wrong, once it is judged; 500 ms if zero. Hashes that take less time to
	// check cannot be told from each other, and from none.
	RefusalTime time.Duration

	PublicURL string // of the console, for links; without a slash at the end

	Version string // of this program, as System tells it
}

// The defaults.
const (
	sessionLease    = 90 * time.Second
	sessionIdle     = 24 * time.Hour
	sessionLifetime = 30 * 24 * time.Hour
	refusalTime     = 500 * time.Millisecond
)

// Control does the work.
type Control struct {
	store      *store.Store
	keys       *Keyring
	passwords  *passwords
	signIns    *signInThrottle
	operators  *operatorTokens
	live       *live
	feed       *feed
	sessions   *sessions
	settings   Settings
	admissions *admissions
	usage      *usagePasses
	alerts     *alertWatch
	deliveries *deliveries
	used       *lastUses
	running    *running
	jobs       *jobLog
	began      time.Duration            // by boottime
	replica    atomic.Pointer[reeve.ID] // this one's session; nil while it has none

	textsFilled   atomic.Bool // see checkTexts
	closeProjects int         // see closeProjects
}

// New makes a Control on an open, migrated store.
func New(s *store.Store, settings Settings) *Control {
	for _, setting := range []struct {
		of        *time.Duration
		byDefault time.Duration
	}{
		{&settings.SessionLease, sessionLease},
		{&settings.SessionIdle, sessionIdle},
		{&settings.SessionLifetime, sessionLifetime},
		{&settings.RefusalTime, refusalTime},
	} {
		if *setting.of == 0 {
			*setting.of = setting.byDefault
		}
	}
	return &Control{
		store:      s,
		keys:       settings.Keyring,
		passwords:  newPasswords(settings.PasswordHashing, settings.RefusalTime),
		signIns:    newSignInThrottle(s.Now),
		operators:  newOperatorTokens(settings.OperatorToken),
		live:       newLive(),
		feed:       newFeed(),
		sessions:   newSessions(),
		settings:   settings,
		admissions: &admissions{},
		usage:      newUsagePasses(),
		alerts:     newAlertWatch(),
		deliveries: newDeliveries(),
		used:       newLastUses(),
		running:    &running{ids: map[reeve.ID]bool{}},
		jobs:       newJobLog(s.Now),
		began:      boottime.Now(),

		closeProjects: closeProjects,
	}
}

// Ready tells whether requests can be served: the database answers and is
// migrated, and all keys are in memory, so that unknown ones do not reach it.
// Otherwise it is Unavailable.
func (c *Control) Ready(ctx context.Context) error {
	if err := c.store.Ready(ctx); err != nil {
		return err
	}
	if !c.Loaded() {
		return errLoading
	}
	return nil
}

// Loaded tells whether all keys are in memory, and it may be trusted.
func (c *Control) Loaded() bool { return c.live.trusted() }

var errLoading = reeve.Errorf(reeve.Unavailable, "the keys are not loaded yet")

// Now gives the server's time.
func (c *Control) Now() time.Time { return c.store.Now() }

// ReasonsRequired tells whether operators must say why they change something.
func (c *Control) ReasonsRequired() bool { return c.settings.RequireReason }

// RestoreWindow is how long what is deleted can be restored; 0: not at all.
func (c *Control) RestoreWindow() time.Duration { return c.settings.RestoreWindow }

// SendsMail tells whether mail is sent at all.
func (c *Control) SendsMail() bool { return c.settings.Mail != nil }

// newID makes the id of a new thing. It panics only when the system has no
// random bytes, as crypto/rand itself does.
func newID() reeve.ID { return reeve.ID(uuid.Must(uuid.NewV7())) }

// newToken makes a token and its stored form.
func newToken(prefix reeve.TokenPrefix) (reeve.Token, reeve.TokenHash) {
	token := reeve.NewToken(prefix, randomBytes())
	return token, token.Hash()
}

func randomBytes() (out [32]byte) {
	_, _ = rand.Read(out[:]) // never fails: it aborts the program instead
	return out
}

// change is what a use case tells of what it did.
type change struct {
	action        string
	target        reeve.ID
	before, after fields

	// Whose change it is to see: an organisation's, or that of the project's
	// organisation; operators' alone if neither is given.
	organization, project reeve.ID
}

// fields become a JSON object with its keys in order; nil becomes null.
type fields map[string]any

func (f fields) json() reeve.Fields {
	if f == nil {
		return nil
	}
	text, err := json.Marshal(f)
	if err != nil {
		panic(fmt.Sprintf("control: a change's fields: %v", err)) // only our own types go in
	}
	return text
}

// record puts a change into the log, in the transaction that makes it.
func record(tx *store.Tx, by Caller, c change) {
	tx.RecordIn(c.project, reeve.Change{
		Actor: by.Actor.String(), Action: c.action, Target: c.target, OrganizationID: c.organization,
		Before: c.before.json(), After: c.after.json(),
		Reason: by.Reason, RequestID: by.RequestID,
	})
}
