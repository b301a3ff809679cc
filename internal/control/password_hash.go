package control

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// argon are the parameters of one argon2id hash.
type argon struct {
	memory, time uint32 // KiB, passes
	threads      uint8
	salt, key    []byte
}

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

// The most that a hash which came from elsewhere may cost to check; a dearer one
// lets nobody in.
const (
	maxArgonMemory  = 64 * 1024 // KiB
	maxArgonWork    = 4 * maxArgonMemory
	maxArgonThreads = 16
	maxArgonBytes   = 64
	maxBcryptCost   = 14
)

// bcryptPassword is how much of a password bcrypt hashes, in bytes.
const bcryptPassword = 72

func (a argon) ours() bool {
	return a.memory == argonMemory && a.time == argonTime && a.threads == argonThreads &&
		len(a.salt) == argonSalt && len(a.key) == argonKey
}

// of computes the key of a password.
func (a argon) of(password string) []byte {
	return argon2.IDKey([]byte(password), a.salt, a.time, a.memory, a.threads, uint32(len(a.key)))
}

// newArgon draws the salt of a new hash.
func newArgon() argon {
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt)
	return argon{argonMemory, argonTime, argonThreads, salt, make([]byte, argonKey)}
}

// text is the PHC string format (https://github.com/P-H-C/phc-string-format).
func (a argon) text() []byte {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Appendf(nil, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, a.memory, a.time, a.threads, encode(a.salt), encode(a.key))
}

// parseArgon reads what text writes; ok is false for anything else, and for what
// costs too much.
func parseArgon(hash []byte) (a argon, ok bool) {
	parts := bytes.Split(hash, []byte("$"))
	if len(parts) != 6 || len(parts[0]) > 0 || string(parts[1]) != "argon2id" || string(parts[2]) != fmt.Sprintf("v=%d", argon2.Version) {
		return a, false
	}
	if n, err := fmt.Sscanf(string(parts[3]), "m=%d,t=%d,p=%d", &a.memory, &a.time, &a.threads); n != 3 || err != nil {
		return a, false
	}
	decode := base64.RawStdEncoding.Strict().DecodeString
	var err error
	if a.salt, err = decode(string(parts[4])); err != nil {
		return a, false
	}
	if a.key, err = decode(string(parts[5])); err != nil {
		return a, false
	}
	return a, bytes.Equal(a.text(), hash) && a.bounded()
}

func (a argon) bounded() bool {
	return a.time > 0 && a.threads > 0 && a.threads <= maxArgonThreads && a.memory <= maxArgonMemory &&
		uint64(a.time)*uint64(max(a.memory, 1)) <= maxArgonWork &&
		len(a.salt) >= 8 && len(a.salt) <= maxArgonBytes && len(a.key) >= 16 && len(a.key) <= maxArgonBytes
}

// isBcrypt tells whether a hash is of bcrypt, and does not cost too much.
func isBcrypt(hash []byte) bool {
	cost, err := bcrypt.Cost(hash)
	return err == nil && cost <= maxBcryptCost &&
		(bytes.HasPrefix(hash, []byte("$2a$")) || bytes.HasPrefix(hash, []byte("$2b$")) || bytes.HasPrefix(hash, []byte("$2y$")))
}

// matchesBcrypt compares as the original does: what is beyond the 72nd byte of
// a password does not count.
func matchesBcrypt(hash []byte, password string) bool {
	return bcrypt.CompareHashAndPassword(hash, []byte(password)[:min(len(password), bcryptPassword)]) == nil
}

// verdict is what was found out about a password.
type verdict struct {
	right  bool
	better []byte // a hash to keep instead of the one at hand, if it is right; nil: that one is good
}

// judgePassword tells whether a password is the one that a hash was made of. It
// computes one argon2id hash whatever it is given, so that no answer comes
// sooner than others; one more, and only for who knows the password, where the
// hash at hand is not as we make them.
func judgePassword(hash []byte, password string) verdict {
	known, ok := parseArgon(hash)
	if ok {
		right := subtle.ConstantTimeCompare(known.of(password), known.key) == 1
		if !right || known.ours() {
			return verdict{right: right}
		}
		return verdict{right: true, better: hashPassword(password)}
	}
	fresh := hashPassword(password)
	if !isBcrypt(hash) {
		return verdict{}
	}
	return verdict{right: matchesBcrypt(hash, password), better: fresh}
}

// hashPassword gives a password's hash as we make them.
func hashPassword(password string) []byte {
	out := newArgon()
	out.key = out.of(password)
	return out.text()
}
