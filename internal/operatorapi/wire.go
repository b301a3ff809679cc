package operatorapi

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

// badBody words a body that cannot be decoded as the original does: the detail
// is encoding/json's text. Of our types only those that the original named are
// shown by name.
func badBody(err error) *reeve.Error {
	detail := err.Error()
	var id *reeve.Error
	if errors.As(err, &id) {
		detail = id.Detail
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field == "" && isOriginals(wrong.Type.Name()) {
		detail = fmt.Sprintf("json: cannot unmarshal %s into Go value of type console.%s", wrong.Value, wrong.Type.Name())
	} else if wrong != nil && wrong.Field != "" {
		name := wrong.Struct
		if !isOriginals(name) {
			name = ""
		}
		detail = fmt.Sprintf("json: cannot unmarshal %s into Go struct field %s.%s of type %s",
			wrong.Value, name, wrong.Field, wrong.Type)
	}
	return reeve.Errorf(reeve.Invalid, "failed to unmarshal request").WithDetail("%s", detail)
}

// isOriginals tells whether the original has a type of that name.
func isOriginals(name string) bool { return name == "CreateUser" || name == "User" }

// badForm words a query or form that cannot be decoded.
func badForm(err error) *reeve.Error {
	return reeve.Errorf(reeve.Invalid, "invalid form").WithDetail("%s", err)
}

// The ids that come in, in either spelling. In a path a malformed one is
// Invalid in the original's words; in a body the words are badBody's.
type (
	projectID      struct{ id reeve.ID }
	userID         struct{ id reeve.ID }
	organizationID struct{ id reeve.ID }
	gatewayID      struct{ id reeve.ID }
	operatorID     struct{ id reeve.ID }
	couponID       struct{ id reeve.ID }
	deadCouponID   struct{ id reeve.ID } // DELETE spells its error differently
	creditID       struct{ id reeve.ID }
	partnerID      struct{ id reeve.ID }
	apiKeyID       struct{ id reeve.ID }
)

func (p *projectID) UnmarshalText(text []byte) error {
	return parseID(&p.id, reeve.PrefixProject, text, "invalid project-uuid")
}

func (p *userID) UnmarshalText(text []byte) error {
	return parseID(&p.id, reeve.PrefixUser, text, "invalid user-uuid")
}

func (p *organizationID) UnmarshalText(text []byte) error {
	return parseID(&p.id, reeve.PrefixOrganization, text, "invalid organization-uuid")
}

func (p *gatewayID) UnmarshalText(text []byte) error {
	return parseID(&p.id, reeve.PrefixGateway, text, "invalid gateway-uuid")
}

func (p *operatorID) UnmarshalText(text []byte) error {
	return parseID(&p.id, reeve.PrefixOperator, text, "invalid operator-uuid")
}

func (p *couponID) UnmarshalText(text []byte) error {
	return parseID(&p.id, reeve.PrefixCoupon, text, "invalid couponId")
}

func (p *deadCouponID) UnmarshalText(text []byte) error {
	return parseID(&p.id, reeve.PrefixCoupon, text, "invalid couponid")
}

func (p *creditID) UnmarshalText(text []byte) error {
	return parseID(&p.id, reeve.PrefixCredit, text, "invalid credit-uuid")
}

func (p *statementID) UnmarshalText(text []byte) error {
	return parseID(&p.id, reeve.PrefixStatement, text, "invalid statement-uuid")
}

func (p *apiKeyID) UnmarshalText(text []byte) error {
	return parseID(&p.id, reeve.PrefixAPIKey, text, "invalid apikey-uuid")
}

func (p *partnerID) UnmarshalText(text []byte) error {
	// A partner is no thing of ours: there is only the one spelling.
	if len(text) != uuidLength {
		return idError(text, "invalid partner-uuid")
	}
	return parseID(&p.id, "", text, "invalid partner-uuid")
}

func parseID(to *reeve.ID, prefix reeve.Prefix, text []byte, sentence string) (err error) {
	if *to, err = reeve.ParseID(prefix, string(text)); err != nil {
		return idError(text, sentence)
	}
	return nil
}

const uuidLength = 36

func idError(text []byte, sentence string) error {
	e := reeve.Errorf(reeve.Invalid, "%s", sentence)
	if len(text) != uuidLength {
		return e.WithDetail("uuid: invalid string length %d expected %d", len(text), uuidLength)
	}
	return e.WithDetail("uuid: invalid string")
}

// orNil gives the id, if there is one.
func (p *userID) orNil() *reeve.ID {
	if p == nil {
		return nil
	}
	return &p.id
}

func (projectID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixProject) }

func (userID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixUser) }

func (organizationID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixOrganization) }

func (gatewayID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixGateway) }

func (operatorID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixOperator) }

func (couponID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixCoupon) }

func (deadCouponID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixCoupon) }

func (creditID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixCredit) }

func (statementID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixStatement) }

func (apiKeyID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixAPIKey) }

func (partnerID) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: "uuid"}
}

// The paths that several operations share.
type (
	projectPath struct {
		Project projectID `path:"project" doc:"The project's id."`
	}
	organizationPath struct {
		Organization organizationID `path:"organization" doc:"The organisation's id."`
	}
	userPath struct {
		Email string `path:"email,secret" doc:"The user's address, in any case."`
	}
)

// nameBody is the body of what is made or renamed by a name alone.
type nameBody struct {
	Name string `json:"name"`
}
