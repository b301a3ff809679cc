package operatorapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

func TestCreateUser(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		unmarshal := "failed to unmarshal request"
		invalid := "user data is not valid"
		s.Run(t, []step{
			{Call: "POST /api/users", Status: 400, Reply: fault(unmarshal, "unexpected end of JSON input")},
			{Call: "POST /api/users", Body: `[]`, Status: 400, Reply: fault(unmarshal,
				"json: cannot unmarshal array into Go value of type console.CreateUser")},
			{Call: "POST /api/users", Body: `{"email":1}`, Status: 400, Reply: fault(unmarshal,
				"json: cannot unmarshal number into Go struct field CreateUser.email of type string")},
			{Call: "POST /api/users", Body: `{}x`, Status: 400, Reply: fault(unmarshal,
				"invalid character 'x' after top-level value")},
			{Call: "POST /api/users", Body: `null`, Status: 400, Reply: fault("email is not set")},
			{Call: "POST /api/users", Body: `{}`, Status: 400, Reply: fault("email is not set")},
			{Call: "POST /api/users", Body: `{"email":null,"password":"x"}`, Status: 400, Reply: fault("email is not set")},
			{Call: "POST /api/users", Body: `{"email":"","password":"x"}`, Status: 400, Reply: fault("email is not set")},
			{Call: "POST /api/users", Body: `{"email":"a"}`, Status: 400, Reply: fault("password is not set")},
			{Call: "POST /api/users", Body: `{"email":"alice","password":"12345"}`, Status: 400, Reply: fault(invalid,
				"validation: full name can not be empty; "+
					"validation: Your password needs at least 6 characters long; "+
					"validation: mail: missing '@' or angle-addr")},
			{
				Name: "success, in the documented order", Call: "POST /api/users",
				Body:  `{"EMAIL":"Alice@mail.test","fullName":" Alice Test ","password":"secret","projectLimit":99,"partnerId":"garbage","x":[1]}`,
				Loose: true, Status: 200,
				Reply: `{"id":"{alice}","email":"Alice@mail.test","fullName":"Alice Test","shortName":"","passwordHash":"",` +
					`"status":1,"createdAt":"{now}","projectLimit":10}`,
			},
			{
				Name: "taken in any case, before the rest is judged", Call: "POST /api/users",
				Body: `{"email":"aLICE@mail.test","password":"1"}`, Status: 409,
				Reply: fault("user with email already exists aLICE@mail.test"),
			},
			{Call: "POST /api/users", Body: `{"email":"b@x","password":"123456","fullName":"a\nb"}`, Status: 400, Reply: fault(invalid,
				"validation: full name has control characters")},
			{
				Call: "POST /api/users", Body: `{"email":"b@x","password":"123456","fullName":"` + strings.Repeat("ü", 201) + `"}`,
				Status: 400, Reply: fault(invalid, "validation: full name is longer than 200 characters"),
			},
			{Call: "POST /api/users", Body: `{"email":"b@x","password":"123456","fullName":"\u0000"}`, Status: 400, Reply: fault(unmarshal,
				"JSON text holds a NUL")},
			{
				Name: "a name in the address, and a long password", Call: "POST /api/users",
				Body:   `{"email":"Bob <bob@mail.test>","fullName":"<Bob>","password":"` + strings.Repeat("x", 100) + `"}`,
				Status: 200, Reply: reevetest.Any,
				Has: []string{`"email":"Bob \u003cbob@mail.test\u003e","fullName":"\u003cBob\u003e"`},
			},
		}...)
		s.Run(t, step{
			Call: "GET /api/users/ALICE%40mail.test", Status: 200,
			Reply: `{"user":{"id":"{alice}","fullName":"Alice Test","email":"Alice@mail.test","projectLimit":10},"projects":[],"coupons":[]}`,
		})
	})
}

func TestGetUser(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Member(t, "projects", "px", "bob", "viewer")
		s.Run(t, []step{
			{Call: "GET /api/users/nobody", Status: 404, Reply: fault(`user with email "nobody" not found`)},
			{
				Name: "quoted by %q, then escaped", Call: `GET /api/users/a%22b%3C%5C`, Status: 404,
				Reply: `{"error":"user with email \"a\\\"b\u003c\\\\\" not found","detail":""}`,
			},
			{Call: "GET /api/users/a%2Bb+c%20d", Status: 404, Reply: fault(`user with email "a+b+c d" not found`)},
			{Call: "GET /api/users/%00", Status: 404, Reply: fault("not found")},
			{Call: "GET /api/users/%ff", Status: 404, Reply: fault("not found")},
			{Call: "GET /api/users/", Status: 404, Reply: fault("not found")},
			{Call: "POST /api/coupons", Body: `{"userId":"{alice}","duration":1,"amount":1,"description":"first"}`, Status: 200, Reply: `{"id":"{one}"}`},
		}...)
		s.Clock.Advance(1_000_000)
		s.Bind("then", s.Value(t, "now"))
		s.Project(t, "another", "alice", "acme")
		s.Run(t, []step{
			{Call: "POST /api/coupons", Body: `{"userId":"{alice}","duration":2,"amount":2,"description":"second"}`, Status: 200, Reply: `{"id":"{two}"}`},
			{
				Name: "projects by name, coupons newest first", Call: "GET /api/users/alice@mail.test", Status: 200,
				Reply: `{"user":{"id":"{alice}","fullName":"Alice van Test","email":"alice@mail.test","projectLimit":10},"projects":[` +
					`{"id":"{another}","name":"another","description":"","ownerId":"{alice}"},` +
					`{"id":"{px}","name":"px","description":"","ownerId":"{alice}"}],"coupons":[` +
					`{"id":"{two}","userId":"{alice}","duration":2,"amount":2,"description":"second","type":0,"status":0,"created":"{then}"},` +
					`{"id":"{one}","userId":"{alice}","duration":1,"amount":1,"description":"first","type":0,"status":0,"created":"{before}"}]}`,
			},
			{
				Name: "a member's projects too", Call: "GET /api/users/bob@mail.test", Status: 200,
				Reply: `{"user":{"id":"{bob}","fullName":"Bob","email":"bob@mail.test","projectLimit":10},"projects":[` +
					`{"id":"{px}","name":"px","description":"","ownerId":"{alice}"}],"coupons":[]}`,
			},
			{Name: "not those of the organisation", Call: "GET /api/users/carol@mail.test", Status: 200, Reply: reevetest.Any, Has: []string{`"projects":[]`}},
		}...)
	})
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		unmarshal := "failed to unmarshal request"
		before := s.Count(t)
		s.Run(t, []step{
			{Name: "unknown before the body", Call: "PUT /api/users/x", Body: `garbage`, Status: 404, Reply: fault(`user with email "x" not found`)},
			{Call: "PUT /api/users/x", Status: 404, Reply: fault(`user with email "x" not found`)},
			{Call: "PUT /api/users/alice@mail.test", Body: `{"email":1}`, Status: 400, Reply: fault(unmarshal,
				"json: cannot unmarshal number into Go struct field User.email of type string")},
			{Call: "PUT /api/users/alice@mail.test", Body: `{"id":""}`, Status: 400, Reply: reevetest.Any, Has: []string{unmarshal}},
			{Call: "PUT /api/users/alice@mail.test", Body: `{"partnerId":""}`, Status: 400, Reply: reevetest.Any, Has: []string{unmarshal}},
			{Call: "PUT /api/users/alice@mail.test", Body: `{"passwordHash":"!!"}`, Status: 400, Reply: fault(unmarshal, "illegal base64 data at input byte 0")},
			{Call: "PUT /api/users/alice@mail.test", Body: `{"createdAt":"yesterday"}`, Status: 400, Reply: reevetest.Any, Has: []string{unmarshal}},
			{Call: "PUT /api/users/alice@mail.test", Body: `{"projectLimit":3000000000}`, Status: 400, Reply: fault("failed to update user",
				"3000000000 is greater than maximum value for Int4")},
			{Call: "PUT /api/users/alice@mail.test", Body: `{"fullName":"a\u0007"}`, Status: 400, Reply: fault("full name has control characters")},
			{Call: "PUT /api/users/alice@mail.test", Body: `{"email":"BOB@mail.test"}`, Status: 409, Reply: fault("user with email already exists BOB@mail.test")},
			{Name: "empty changes nothing", Call: "PUT /api/users/alice@mail.test", Body: `{"email":"","fullName":"","shortName":"","passwordHash":"","projectLimit":0}`, Status: 200},
			{Call: "PUT /api/users/alice@mail.test", Body: `null`, Status: 200},
			{Call: "PUT /api/users/alice@mail.test", Body: `{"projectLimit":-5}`, Status: 200},
			{Call: "PUT /api/users/alice@mail.test", Body: `{"id":"` + nobody + `","partnerId":"` + nobody + `","status":2,"unknown":[1]}`, Status: 200},
		}...)
		if after := s.Count(t); after != before {
			t.Errorf("%d changes were made", after-before)
		}
		s.Run(t, []step{
			{Call: "PUT /api/users/ALICE@mail.test", Body: `{"email":"not an email","shortName":"al","projectLimit":200}`, Status: 200},
			{Call: "GET /api/users/alice@mail.test", Status: 404, Reply: fault(`user with email "alice@mail.test" not found`)},
			{
				Call: "GET /api/users/not%20an%20email", Status: 200, Reply: reevetest.Any,
				Has: []string{`"fullName":"Alice van Test","email":"not an email","projectLimit":200`},
			},
			{Name: "the case of one's own address", Call: "PUT /api/users/not%20an%20email", Body: `{"email":"NOT an email","passwordHash":"aGFzaA=="}`, Status: 200},
			{
				Name: "personal fields are told as changed only", Call: "GET /api/changes?action=user.update&target={usr:alice}", Status: 200, Reply: reevetest.Any,
				Has: []string{
					`"before":{"projectLimit":10},"after":{"email":"changed","projectLimit":200,"shortName":"changed"}`,
					`"after":{"email":"changed","passwordHash":"changed"}`,
				},
				Not: []string{"not an email", "aGFzaA", "mail.test"},
			},
		}...)
	})
}

func TestDeleteUser(t *testing.T) {
	t.Parallel()
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		s.Tenants(t)
		s.Member(t, "projects", "px", "bob", "viewer")
		for _, name := range []string{"dave", "erin"} {
			s.User(t, name, name)
		}
		s.Organization(t, "lonely", "dave")
		s.Organization(t, "shared", "erin")
		s.Member(t, "organizations", "shared", "carol", "viewer")
		projects := "some projects still exist"
		s.Run(t, []step{
			{Call: "DELETE /api/users/x", Status: 404, Reply: fault(`user with email "x" not found`)},
			{Name: "an owner of a project", Call: "DELETE /api/users/alice@mail.test", Status: 409, Reply: fault(projects,
				"[{{px} px  00000000-0000-0000-0000-000000000000 {alice} <nil> <nil> 2026-11-22 15:44:53.173422 +0000 UTC 0 <nil> <nil>}]")},
			{Name: "a member of a foreign project", Call: "DELETE /api/users/bob@mail.test", Status: 409, Reply: reevetest.Any, Has: []string{projects}},
			{Name: "and stays one", Call: "GET /api/projects/{px}/members", Status: 200, Reply: reevetest.Any, Has: []string{`"{bob}"`}},
			{
				Name: "an owner who is not alone", Call: "DELETE /api/users/erin@mail.test", Status: 409,
				Reply: fault("some organizations still exist", "[{shared}]"),
			},
			{Name: "members of an organisation only", Call: "DELETE /api/users/carol@mail.test", Status: 200},
			{Call: "GET /api/organizations/{acme}/members", Status: 200, Reply: reevetest.Any, Not: []string{"{carol}"}},
			{Name: "alone now", Call: "DELETE /api/users/erin@mail.test", Status: 200},
			{Call: "GET /api/organizations/{shared}", Status: 404, Reply: fault("organization not found")},
			{Call: "DELETE /api/users/DAVE@mail.test", Status: 200},
			{Call: "DELETE /api/users/dave@mail.test", Status: 404, Reply: fault(`user with email "dave@mail.test" not found`)},
			{Call: "GET /api/organizations/{lonely}", Status: 404, Reply: fault("organization not found")},
			{Call: "GET /api/users/dave@mail.test", Status: 404, Reply: fault(`user with email "dave@mail.test" not found`)},
			{Call: "PUT /api/users/dave@mail.test", Body: `{}`, Status: 404, Reply: fault(`user with email "dave@mail.test" not found`)},
			{
				Call: "GET /api/users/deactivated+{dave}@deleted.invalid", Status: 404,
				Reply: fault(`user with email "deactivated+{dave}@deleted.invalid" not found`),
			},
			{Call: "DELETE /api/users/deactivated+{dave}@deleted.invalid", Status: 404, Reply: reevetest.Any},
			{
				Name: "the tombstone", Call: "GET /api/changes?target={dave}&action=user.delete", Status: 200, Reply: reevetest.Any,
				Has: []string{`"before":{"projectLimit":10},"after":{"email":"deactivated+{dave}@deleted.invalid"}`}, Not: []string{"dave@mail"},
			},
			{
				Name: "the address is free", Call: "POST /api/users", Body: `{"email":"dave@mail.test","fullName":"Dave II","password":"123456"}`,
				Status: 200, Reply: reevetest.Any, Not: []string{"{dave}"},
			},
			{Name: "a new user", Call: "POST /api/coupons", Body: `{"userId":"{dave}","duration":1,"amount":1,"description":"x"}`, Status: 404, Reply: reevetest.Any},
		}...)
	})
}

// TestAddressesAreNotLogged: a user's address is personal, whoever asks for it
// and whatever comes of it.
func TestAddressesAreNotLogged(t *testing.T) {
	t.Parallel()
	s := reevetest.Open(t)
	s.Plain = true
	s.User(t, "alice", "Alice")
	const address = "/api/users/alice@mail.test"
	s.Run(t, []step{
		{Call: "GET " + address, Status: 200, Reply: reevetest.Any},
		{Call: "GET " + address, As: "wrong", Status: 403, Reply: reevetest.Any},
		{Call: "GET " + address + "/nothing", Status: 404, Reply: reevetest.Any},
		{Call: "PATCH " + address, Status: 405, Allow: "DELETE, GET, HEAD, PUT", Reply: reevetest.Any},
		{Call: "PUT " + address, Body: `{"email":"alice-of-old"}`, Status: 200},
		{Call: "GET /api/users/alice-of-old", Status: 200, Reply: reevetest.Any},
	}...)
	s.Store.Close()
	s.Run(t, []step{
		{Call: "GET /api/users/alice-of-old", Status: 503, Reply: reevetest.Any},
		{Call: "GET " + address, Status: 503, Reply: reevetest.Any},
	}...)
	// A record follows its reply.
	for deadline := time.Now().Add(10 * time.Second); strings.Count(s.Log.String(), "\n") < 8 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	log := s.Log.String()
	if strings.Contains(log, "alice") || strings.Count(log, `"path":"/api/users/***"`) != 7 {
		t.Error(log)
	}
}
