package operatorapi

import (
	"context"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) operators(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/operators", ID: "createOperator", Tag: "operators", Exact: true,
		Summary: "Add an operator; the token is shown only here",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.Conflict},
	}, a.createOperator)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/operators", ID: "listOperators", Tag: "operators",
		Summary: "List the operators, oldest first; the root operator is not among them",
	}, a.listOperators)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/operators/me", ID: "getMe", Tag: "operators",
		Summary: "Tell whose token this is",
	}, a.getMe)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/operators/{operator}", ID: "getOperator", Tag: "operators",
		Summary: "Get an operator",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.getOperator)
	web.Handle(out, web.Op{
		Method: "PUT", Path: "/api/operators/{operator}", ID: "updateOperator", Tag: "operators",
		Summary: "Change an operator's name or role",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.updateOperator)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: "/api/operators/{operator}", ID: "deleteOperator", Tag: "operators",
		Summary: "Delete an operator; the tokens stop working within a second",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.deleteOperator)
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/operators/{operator}/token", ID: "rotateOperatorToken", Tag: "operators",
		Summary:     "Make an operator a new token, which is shown only here; the old ones end after the overlap",
		Description: "An operator may always do so for itself. root is the root operator.",
		Errors:      []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.rotateOperatorToken)
}

type createOperatorIn struct {
	Body struct {
		Name string             `json:"name"`
		Role reeve.OperatorRole `json:"role" doc:"admin, support, finance or viewer."`
	} `body:""`
}

type createdOperator struct {
	ID    reeve.ID `json:"id"`
	Token string   `json:"token"`
}

func (a *api) createOperator(ctx context.Context, in *createOperatorIn) (createdOperator, error) {
	o, token, err := a.control.CreateOperator(ctx, in.Body.Name, in.Body.Role)
	return createdOperator{ID: o.ID, Token: string(token)}, err
}

type operatorOut struct {
	ID         reeve.ID           `json:"id"`
	Name       string             `json:"name"`
	Role       reeve.OperatorRole `json:"role" doc:"admin, support, finance or viewer."`
	CreatedAt  time.Time          `json:"createdAt"`
	LastUsedAt *time.Time         `json:"lastUsedAt" doc:"To within a few seconds; null: never."`
	Tokens     []operatorTokenOut `json:"tokens" doc:"Those that may be used, oldest first."`
}

type operatorTokenOut struct {
	ID         reeve.ID   `json:"id"`
	CreatedAt  time.Time  `json:"createdAt"`
	ExpiresAt  *time.Time `json:"expiresAt" doc:"The end of an overlap; null: none."`
	LastUsedAt *time.Time `json:"lastUsedAt"`
}

func newOperatorOut(o control.OperatorDetails) operatorOut {
	out := operatorOut{
		ID: o.ID, Name: o.Name, Role: o.Role, CreatedAt: o.CreatedAt, LastUsedAt: o.LastUsedAt,
		Tokens: make([]operatorTokenOut, len(o.Tokens)),
	}
	for i, token := range o.Tokens {
		out.Tokens[i] = operatorTokenOut(token)
	}
	return out
}

func (a *api) listOperators(ctx context.Context, _ *web.Empty) ([]operatorOut, error) {
	operators, err := a.control.ListOperators(ctx)
	out := make([]operatorOut, len(operators))
	for i, o := range operators {
		out[i] = newOperatorOut(o)
	}
	return out, err
}

type meOut struct {
	ID        string             `json:"id" doc:"root, or the operator's id."`
	Name      string             `json:"name"`
	Role      reeve.OperatorRole `json:"role"`
	Rotatable bool               `json:"rotatable" doc:"Whether there is a token that can be rotated: the root's may be the configured one alone."`
}

func (a *api) getMe(ctx context.Context, _ *web.Empty) (meOut, error) {
	o, rotatable, err := a.control.Myself(ctx)
	return meOut{ID: o.Actor().String(), Name: o.Name, Role: o.Role, Rotatable: rotatable}, err
}

type operatorPath struct {
	Operator operatorID `path:"operator" doc:"The operator's id."`
}

func (a *api) getOperator(ctx context.Context, in *operatorPath) (operatorOut, error) {
	o, err := a.control.GetOperator(ctx, in.Operator.id)
	return newOperatorOut(o), err
}

type updateOperatorIn struct {
	operatorPath
	Body struct {
		Name *string             `json:"name,omitempty"`
		Role *reeve.OperatorRole `json:"role,omitempty" doc:"admin, support, finance or viewer."`
	} `body:""`
}

func (a *api) updateOperator(ctx context.Context, in *updateOperatorIn) (web.Empty, error) {
	if in.Body.Name == nil && in.Body.Role == nil {
		return web.Empty{}, reeve.Errorf(reeve.Invalid, "neither name nor role is set")
	}
	return web.Empty{}, a.control.UpdateOperator(ctx, in.Operator.id, reeve.OperatorPatch{Name: in.Body.Name, Role: in.Body.Role})
}

func (a *api) deleteOperator(ctx context.Context, in *operatorPath) (web.Empty, error) {
	return web.Empty{}, a.control.DeleteOperator(ctx, in.Operator.id)
}

// operatorOrRoot is an operator's id, or the root operator.
type operatorOrRoot struct{ id reeve.ID }

// UnmarshalText reads an id or the word root.
func (p *operatorOrRoot) UnmarshalText(text []byte) error {
	if string(text) == "root" {
		return nil
	}
	var id operatorID
	err := id.UnmarshalText(text)
	if err == nil && id.id == reeve.Zero {
		err = reeve.Errorf(reeve.NotFound, "operator not found")
	}
	p.id = id.id
	return err
}

// JSONSchema describes the text.
func (operatorOrRoot) JSONSchema() *jsonschema.Schema {
	root := any("root")
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string", Const: &root}, web.IDSchema(reeve.PrefixOperator)}}
}

type rotateOperatorTokenIn struct {
	Operator operatorOrRoot `path:"operator" doc:"The operator's id, or root."`
	Body     struct {
		Overlap int64 `json:"overlap,omitempty" doc:"Seconds for which the old tokens go on, at most 2592000; 0 when absent."`
	} `body:"optional"`
}

type operatorTokenMade struct {
	Token string `json:"token"`
}

func (a *api) rotateOperatorToken(ctx context.Context, in *rotateOperatorTokenIn) (operatorTokenMade, error) {
	token, err := a.control.RotateOperatorToken(ctx, in.Operator.id, overlapOf(in.Body.Overlap))
	return operatorTokenMade{string(token)}, err
}

// overlapOf makes a duration of whole seconds; one that is too long for that is
// longer than any that is allowed.
func overlapOf(n int64) time.Duration {
	const most = int64(1<<63-1) / int64(time.Second)
	return time.Duration(max(-most, min(n, most))) * time.Second
}
