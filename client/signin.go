package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// signIn is POST /user/login of tenants.
var signIn = &Operation{Face: FaceTenant, ID: "signIn", Method: http.MethodPost, Path: "/user/login", Public: true, Reply: "json", Envelope: true, Body: &Body{Required: true}}

// SignedIn is what signing in answers.
type SignedIn struct {
	UserID string
	Token  string          // of the session
	User   json.RawMessage // all that the answer says of the user
}

// SignIn begins a session of a user of a tenant; code is that of a second
// factor, "" if there is none. The session is the credential of NewTenant:
//
//	tenant, err := client.NewTenant(at, client.Session(in.UserID, in.Token))
func SignIn(ctx context.Context, at, email, password, code string, opts ...Option) (*SignedIn, error) {
	c, err := New(FaceTenant, at, Credential{}, opts...)
	if err != nil {
		return nil, err
	}
	body := map[string]string{"email": email, "password": password}
	if code != "" {
		body["code"] = code
	}
	reply, err := fetch[struct{ Users []json.RawMessage }](ctx, c, signIn, call{body: body})
	if err != nil {
		return nil, err
	}
	if len(reply.Users) == 0 {
		return nil, errors.New("client: signing in answered no user")
	}
	var user struct {
		ID        string
		AuthToken string `json:"auth_token"`
	}
	if err := json.Unmarshal(reply.Users[0], &user); err != nil || user.ID == "" || user.AuthToken == "" {
		return nil, errors.New("client: signing in answered no session")
	}
	return &SignedIn{user.ID, user.AuthToken, reply.Users[0]}, nil
}
