package reevetest

import (
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// Password is the password of users who have one.
const Password = "correct horse"

// passwordHash is its hash (bcrypt, cost 4) in base64.
const passwordHash = "JDJhJDA0JFByMUt4RktVRmhaNmZ6alIzZW1PT3VRUVZTQnNXZDFWOGZwLkNhd1JmTldwMDN3WDJyL3JL"

// GivePassword gives a bound user Password.
func (s *Server) GivePassword(t *testing.T, user string) {
	t.Helper()
	s.Do(t, Step{Call: "PUT /api/users/" + user + "@mail.test", Body: `{"passwordHash":"` + passwordHash + `"}`, Status: 200})
}

// SignIn gives a bound user Password and signs the user in; {user_token} is the
// session's.
func (s *Server) SignIn(t *testing.T, user string) {
	t.Helper()
	s.GivePassword(t, user)
	s.LogIn(t, user)
}

// LogIn signs a user in who has Password, for a new {user_token}.
func (s *Server) LogIn(t *testing.T, user string) {
	t.Helper()
	s.Do(t, Step{
		Call: "POST /user/login", As: "-", Body: `{"email":"` + user + `@mail.test","password":"` + Password + `"}`, Status: 200,
		Reply: Any, After: func(t *testing.T, reply Reply) {
			_, rest, _ := strings.Cut(reply.Body, `"auth_token":"`)
			text, _, _ := strings.Cut(rest, `"`)
			s.Bind(user+"_token", text)
		},
	})
}

// BindLinks binds {invitation_token} and {reset_token} to signed tokens of
// nothing.
func (s *Server) BindLinks(t *testing.T) {
	t.Helper()
	ring := keyring(t)
	link := control.Link{Subject: NewID(), Expires: time.Now().AddDate(10, 0, 0)}
	s.Bind("invitation_token", string(ring.Sign(reeve.TokenInvitation, link)))
	s.Bind("reset_token", string(ring.Sign(reeve.TokenPasswordReset, link)))
}

// keyring is every Server's.
func keyring(t *testing.T) *control.Keyring {
	t.Helper()
	ring, err := control.NewKeyring([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}
