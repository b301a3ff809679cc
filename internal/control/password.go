package control

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/reeve-cloud/reeve"
)

// The cost of a password's hash: argon2id with the third of the parameter sets
// that OWASP's password storage cheat sheet holds to be equally strong. Those
// with more memory let the process grow beyond what it may.
const (
	argonMemory  = 12 * 1024 // KiB
	argonTime    = 3
	argonThreads = 1
	argonSalt    = 16 // bytes
	argonKey     = 32 // bytes
)

// passwordWait is how long a request waits for its turn before it is told to
// come back.
const passwordWait = 8 * time.Second

// passwords computes hashes, a few at a time: each takes argonMemory, so that
// a flood of user creations would otherwise exhaust the process.
type passwords struct{ turns chan struct{} }

func newPasswords(atOnce int) *passwords {
	return &passwords{turns: make(chan struct{}, max(atOnce, 1))}
}

// hash gives a password's hash in the PHC string format
// (https://github.com/P-H-C/phc-string-format); Unavailable when there are
// too many before it.
func (p *passwords) hash(ctx context.Context, password string) ([]byte, error) {
	wait := time.NewTimer(passwordWait)
	defer wait.Stop()
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
	case <-wait.C:
		return nil, reeve.Errorf(reeve.Unavailable, "too many passwords are being hashed")
	case <-ctx.Done():
		return nil, reeve.Errorf(reeve.Unavailable, "too many passwords are being hashed").Wrap(ctx.Err())
	}
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt)
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Appendf(nil, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, argonMemory, argonTime, argonThreads, encode(salt), encode(key)), nil
}
