package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
)

// passwordWait is how long a request waits for its turn before it is told to
// come back.
const passwordWait = 8 * time.Second

// passwords computes hashes, a few at a time: each takes argonMemory, so that
// a flood of user creations or sign-ins would otherwise exhaust the process.
type passwords struct {
	turns chan struct{}
	judge func(hash []byte, password string) verdict
	least time.Duration // see Settings.RefusalTime
}

func newPasswords(atOnce int, least time.Duration) *passwords {
	return &passwords{turns: make(chan struct{}, max(atOnce, 1)), judge: judgePassword, least: least}
}

// refuse waits until it is as long since began as it takes to check any hash
// that is not too dear, or the context ends. It takes no turn.
func (p *passwords) refuse(ctx context.Context, began time.Time) {
	wait := time.NewTimer(p.least - time.Since(began))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}

// turn waits until a hash may be computed; done ends that. It is Unavailable
// when there are too many before it.
func (p *passwords) turn(ctx context.Context) (done func(), err error) {
	wait := time.NewTimer(passwordWait)
	defer wait.Stop()
	select {
	case p.turns <- struct{}{}:
		return func() { <-p.turns }, nil
	case <-wait.C:
		return nil, reeve.Errorf(reeve.Unavailable, "too many passwords are being hashed")
	case <-ctx.Done():
		return nil, reeve.Errorf(reeve.Unavailable, "too many passwords are being hashed").Wrap(ctx.Err())
	}
}

// hash gives a password's hash in the PHC string format; Unavailable when there
// are too many before it.
func (p *passwords) hash(ctx context.Context, password string) ([]byte, error) {
	done, err := p.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	return hashPassword(password), nil
}
