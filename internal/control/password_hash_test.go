package control

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// phc writes an argon2id hash of a password with other parameters than ours.
func phc(password string, memory, time uint32, threads uint8) []byte {
	salt := []byte("0123456789abcdef")
	encode := base64.RawStdEncoding.EncodeToString
	key := argon2.IDKey([]byte(password), salt, time, memory, threads, 32)
	return fmt.Appendf(nil, "$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", memory, time, threads, encode(salt), encode(key))
}

// TestJudgePassword: which forms of hash let whom in, and which are replaced.
func TestJudgePassword(t *testing.T) {
	const password = "correct horse"
	long := strings.Repeat("x", 100)
	crypted, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	cut, err := bcrypt.GenerateFromPassword([]byte(long)[:72], bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	ours := hashPassword(password)
	for _, test := range []struct {
		name           string
		hash           []byte
		password       string
		right, replace bool
	}{
		{"ours", ours, password, true, false},
		{"ours, wrong", ours, password + "x", false, false},
		{"ours, empty", ours, "", false, false},
		{"other parameters", phc(password, 19*1024, 2, 1), password, true, true},
		{"other parameters, wrong", phc(password, 19*1024, 2, 1), "x", false, false},
		{"bcrypt $2a", crypted, password, true, true},
		{"bcrypt $2b", []byte(strings.Replace(string(crypted), "$2a$", "$2b$", 1)), password, true, true},
		{"bcrypt $2y", []byte(strings.Replace(string(crypted), "$2a$", "$2y$", 1)), password, true, true},
		{"bcrypt, wrong", crypted, "x", false, false},
		{"bcrypt, more than it hashes", cut, long, true, true},
		{"bcrypt, other end", cut, long[:72] + "other", true, true},
		{"bcrypt, too dear", []byte(strings.Replace(string(crypted), "$04$", "$15$", 1)), password, false, false},
		{"another bcrypt", []byte(strings.Replace(string(crypted), "$2a$", "$2x$", 1)), password, false, false},
		{"none", nil, "", false, false},
		{"a password as it is", []byte(password), password, false, false},
		{"cut", ours[:len(ours)-1], password, false, false},
		{"with more", append(append([]byte{}, ours...), 'A'), password, false, false},
		{"no passes", []byte(strings.Replace(string(ours), "t=3", "t=0", 1)), password, false, false},
		{"no threads", []byte(strings.Replace(string(ours), "p=1", "p=0", 1)), password, false, false},
		{"too much memory", []byte(strings.Replace(string(ours), "m=12288", "m=4294967295", 1)), password, false, false},
		{"too many passes", []byte(strings.Replace(string(ours), "t=3", "t=4000000", 1)), password, false, false},
		{"argon2i", []byte(strings.Replace(string(ours), "argon2id", "argon2i", 1)), password, false, false},
		{"a short key", []byte("$argon2id$v=19$m=12288,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AAAA"), password, false, false},
	} {
		got := judgePassword(test.hash, test.password)
		if got.right != test.right || got.right && (got.better != nil) != test.replace {
			t.Errorf("%s: %+v", test.name, got)
		}
		if got.right && got.better != nil && !judgePassword(got.better, test.password).right {
			t.Errorf("%s: the new hash does not let in", test.name)
		}
	}
}

// TestHashForm: hashes are as they always were, so that those in databases go on
// to let in.
func TestHashForm(t *testing.T) {
	hash := string(hashPassword("x"))
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=12288,t=3,p=1$") || len(hash) != 97 {
		t.Error(hash)
	}
	if hash == string(hashPassword("x")) {
		t.Error("no salt")
	}
}
