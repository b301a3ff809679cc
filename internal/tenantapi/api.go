// Package tenantapi is the tenants' API: the ThetaEdgeCloud platform services
// API with its paths, fields and envelopes. Each handler turns the wire into
// one call of control and back.
package tenantapi

import (
	"context"
	"encoding"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

// api holds what the handlers call.
type api struct{ control *control.Control }

// New makes the tenant listener's API.
func New(c *control.Control, opts web.Options) *web.API {
	a := &api{control: c}
	out := web.New(a.face(), opts)
	a.organizations(out)
	a.projects(out)
	a.members(out)
	a.limits(out)
	a.changes(out)
	a.users(out)
	a.keys(out)
	a.organizationKeys(out)
	a.usage(out)
	a.statements(out)
	a.signIn(out)
	a.accounts(out)
	a.totp(out)
	a.invitations(out)
	return out
}

func (a *api) face() web.Face {
	return web.Face{
		Name:        "tenant",
		Title:       "reeve tenant API",
		Description: "The ThetaEdgeCloud platform services API.",
		Prefixes:    []string{"/project", "/organization", "/user"},
		Public:      public,

		Authenticate: a.authenticate,
		Credential:   credential,
		Confirm:      a.control.AuthenticateTenant,
		Once:         a.control.Once,
		Lock:         a.lock,
		Body:         errorBody,
		BadBody:      badBody,
		Security: []web.SecurityScheme{{
			Name: "organizationKey", Type: "apiKey", Header: keyHeader,
			Description: "A key of the organisation.",
		}, {
			Name: "session", Type: "apiKey", Header: sessionHeader,
			Description: "The auth_token of POST /user/login, with the user's id in X-Auth-Id.",
		}},
		Common: []reeve.Kind{reeve.Unauthenticated, reeve.Denied, reeve.Exhausted, reeve.Unavailable, reeve.Internal},
	}
}

// The headers of an organisation's key and of a session's token.
const (
	keyHeader     = "x-api-key"
	sessionHeader = "X-Auth-Token"
)

// credential finds the one credential that counts of a request: a session comes
// before a key.
func credential(r *http.Request) string {
	if text := r.Header.Get(sessionHeader); text != "" {
		return text
	}
	return r.Header.Get(keyHeader)
}

// authenticate checks the form of the credential. Each call looks it up together
// with its project; web confirms it before it refuses a request itself.
func (a *api) authenticate(r *http.Request) (context.Context, error) {
	ctx := r.Context()
	caller := control.Caller{
		Address: web.ClientAddress(ctx), RequestID: web.RequestID(ctx),
		Resolved: func(actor reeve.Actor) { web.SetActor(ctx, actor.String()) },
	}
	text := credential(r)
	if r.Header.Get(sessionHeader) != "" {
		if err := session(&caller, r.Header.Get("X-Auth-Id"), text); err != nil {
			return ctx, err
		}
		return control.WithCaller(ctx, caller), nil
	}
	token, ok := reeve.ParseToken(reeve.TokenOrganization, text)
	if !ok {
		return ctx, reeve.ErrUnauthenticated
	}
	hash := token.Hash()
	caller.Key = &hash
	return control.WithCaller(ctx, caller), nil
}

// session checks the form of a session's token and its user's id.
func session(caller *control.Caller, user, text string) error {
	token, ok := reeve.ParseToken(reeve.TokenSession, text)
	id, err := reeve.ParseID(reeve.PrefixUser, user)
	if !ok || err != nil || id == reeve.Zero {
		return reeve.ErrUnauthenticated
	}
	hash := token.Hash()
	caller.Session, caller.AuthID = &hash, id
	return nil
}

// failure is the error envelope.
type failure struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	Code    int    `json:"code" doc:"The HTTP status."`
}

func errorBody(status int, e *reeve.Error) any {
	return failure{Status: "error", Message: e.Message, Code: status}
}

// badBody words a body that cannot be decoded without naming types of ours.
func badBody(err error) *reeve.Error {
	var wrong *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &wrong):
		return reeve.Errorf(reeve.Invalid, "%s", strings.TrimPrefix(err.Error(), "json: "))
	case wrong.Field == "":
		return reeve.Errorf(reeve.Invalid, "request body must be an object")
	}
	want := "a string"
	switch kind := wrong.Type.Kind(); {
	case reflect.PointerTo(wrong.Type).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
	case wrong.Value == notATime:
		want = "a time (RFC 3339)"
	case kind == reflect.Bool:
		want = "true or false"
	case kind == reflect.Int64:
		want = "a whole number"
	case kind == reflect.Slice:
		want = "a list"
	case kind == reflect.Struct:
		want = "an object"
	}
	return reeve.Errorf(reeve.Invalid, "%s must be %s", wrong.Field, want)
}

// envelope is the answer to a call that succeeded: always with a body.
type envelope[T any] struct {
	Status string `json:"status"`
	Body   T      `json:"body"`
}

func success[T any](body T) envelope[T] { return envelope[T]{Status: "success", Body: body} }

// wireTime prints as RFC 3339 in UTC with exactly three decimals.
type wireTime struct{ time.Time }

const wireTimeLayout = "2006-01-02T15:04:05.000Z"

// MarshalText prints the time.
func (t wireTime) MarshalText() ([]byte, error) {
	return t.UTC().AppendFormat(nil, wireTimeLayout), nil
}

// MarshalJSON is there because time.Time's own would be taken.
func (t wireTime) MarshalJSON() ([]byte, error) {
	return t.UTC().AppendFormat(nil, `"`+wireTimeLayout+`"`), nil
}

// JSONSchema describes the time.
func (wireTime) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: "date-time", Pattern: `\.\d{3}Z$`}
}

// The ids that go out, as TypeIDs.
type (
	projectTypeID        reeve.ID
	organizationTypeID   reeve.ID
	serviceAccountTypeID reeve.ID
	userTypeID           reeve.ID
	statementTypeID      reeve.ID
	sessionTypeID        reeve.ID
	invitationTypeID     reeve.ID
)

func (id sessionTypeID) MarshalText() ([]byte, error) {
	return []byte(reeve.ID(id).TypeID(reeve.PrefixUserSession)), nil
}

func (id invitationTypeID) MarshalText() ([]byte, error) {
	return []byte(reeve.ID(id).TypeID(reeve.PrefixInvitation)), nil
}

func (sessionTypeID) JSONSchema() *jsonschema.Schema {
	return web.TypeIDSchema(reeve.PrefixUserSession)
}

func (invitationTypeID) JSONSchema() *jsonschema.Schema {
	return web.TypeIDSchema(reeve.PrefixInvitation)
}

func (id projectTypeID) MarshalText() ([]byte, error) {
	return []byte(reeve.ID(id).TypeID(reeve.PrefixProject)), nil
}

func (id organizationTypeID) MarshalText() ([]byte, error) {
	return []byte(reeve.ID(id).TypeID(reeve.PrefixOrganization)), nil
}

func (id serviceAccountTypeID) MarshalText() ([]byte, error) {
	return []byte(reeve.ID(id).TypeID(reeve.PrefixServiceAccount)), nil
}

func (id userTypeID) MarshalText() ([]byte, error) {
	return []byte(reeve.ID(id).TypeID(reeve.PrefixUser)), nil
}

func (id statementTypeID) MarshalText() ([]byte, error) {
	return []byte(reeve.ID(id).TypeID(reeve.PrefixStatement)), nil
}

func (statementTypeID) JSONSchema() *jsonschema.Schema {
	return web.TypeIDSchema(reeve.PrefixStatement)
}

func (projectTypeID) JSONSchema() *jsonschema.Schema { return web.TypeIDSchema(reeve.PrefixProject) }

func (organizationTypeID) JSONSchema() *jsonschema.Schema {
	return web.TypeIDSchema(reeve.PrefixOrganization)
}

func (serviceAccountTypeID) JSONSchema() *jsonschema.Schema {
	return web.TypeIDSchema(reeve.PrefixServiceAccount)
}

func (userTypeID) JSONSchema() *jsonschema.Schema { return web.TypeIDSchema(reeve.PrefixUser) }

// The ids that come in, in either spelling. A malformed one names nothing, so
// that it gets the same answer, in the same way, as another tenant's.
type (
	projectID      struct{ id reeve.ID }
	organizationID struct{ id reeve.ID }
	statementID    struct{ id reeve.ID }
	sessionID      struct{ id reeve.ID }
	invitationID   struct{ id reeve.ID }
	userID         struct {
		id    reeve.ID
		given bool // in whatever form
	}
)

// UnmarshalText never fails.
func (p *projectID) UnmarshalText(text []byte) error {
	p.id, _ = reeve.ParseID(reeve.PrefixProject, string(text))
	return nil
}

// UnmarshalText never fails.
func (p *organizationID) UnmarshalText(text []byte) error {
	p.id, _ = reeve.ParseID(reeve.PrefixOrganization, string(text))
	return nil
}

// UnmarshalText never fails.
func (p *statementID) UnmarshalText(text []byte) error {
	p.id, _ = reeve.ParseID(reeve.PrefixStatement, string(text))
	return nil
}

// UnmarshalText never fails.
func (p *userID) UnmarshalText(text []byte) error {
	p.id, _ = reeve.ParseID(reeve.PrefixUser, string(text))
	p.given = true
	return nil
}

// UnmarshalText never fails.
func (p *sessionID) UnmarshalText(text []byte) error {
	p.id, _ = reeve.ParseID(reeve.PrefixUserSession, string(text))
	return nil
}

// UnmarshalText never fails.
func (p *invitationID) UnmarshalText(text []byte) error {
	p.id, _ = reeve.ParseID(reeve.PrefixInvitation, string(text))
	return nil
}

func (sessionID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixUserSession) }

func (invitationID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixInvitation) }

func (projectID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixProject) }

func (organizationID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixOrganization) }

func (statementID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixStatement) }

func (userID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixUser) }

type projectPath struct {
	Project projectID `path:"project" doc:"The project's id."`
}

type organizationPath struct {
	Organization organizationID `path:"organization" doc:"The organisation's id."`
}

// mayIn is may for an organisation.
func (a *api) mayIn(ctx context.Context, organization organizationID, action reeve.Action) error {
	return a.control.AuthorizeOrganization(ctx, organization.id, action)
}

// may tells, before a malformed body is reported, whether the caller may know.
func (a *api) may(ctx context.Context, project projectID, action reeve.Action) error {
	return a.control.Authorize(ctx, project.id, action)
}
