package control

import (
	"context"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// CreateOperator names an operator and gives its first token, which is not
// kept.
func (c *Control) CreateOperator(ctx context.Context, name string, role reeve.OperatorRole) (reeve.NamedOperator, reeve.Token, error) {
	by, err := operator(ctx, reeve.ManageOperators)
	if err != nil {
		return reeve.NamedOperator{}, "", err
	}
	if name, err = operatorName(name); err != nil {
		return reeve.NamedOperator{}, "", err
	}
	if role, err = reeve.ParseOperatorRole(string(role)); err != nil {
		return reeve.NamedOperator{}, "", err
	}
	out := reeve.NamedOperator{ID: newID(), Name: name, Role: role}
	var token reeve.Token
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		out.CreatedAt = tx.Now()
		tx.CreateOperator(out)
		record(tx, by, change{action: "operator.create", target: out.ID, after: operatorFields(out)})
		token = makeOperatorToken(tx, by, out.ID, 0)
		return nil
	})
	if err != nil {
		return reeve.NamedOperator{}, "", err
	}
	c.store.AfterCommit(ctx, c.operators.forget)
	return out, token, nil
}

// operatorName cleans a name, and refuses those that the change log has for
// others: an operator called root would look like the root.
func operatorName(name string) (string, error) {
	name, err := reeve.CleanName("Name", name)
	for _, taken := range []reeve.Actor{{Kind: reeve.Operator}, {Kind: reeve.System}} {
		if err == nil && strings.EqualFold(name, taken.String()) {
			err = reeve.Errorf(reeve.Invalid, "Name must not be %s", taken)
		}
	}
	return name, err
}

// operatorFields name an operator for good: who a change's actor was must be
// known when the operator is long gone. The name is an account's.
func operatorFields(o reeve.NamedOperator) fields { return fields{"name": o.Name, "role": o.Role} }

// OperatorDetails are an operator with the tokens, which may be used.
type OperatorDetails struct {
	reeve.NamedOperator
	LastUsedAt *time.Time // nil: never
	Tokens     []OperatorTokenDetails
	Provided   bool // an identity provider means the operator, and says the role at each sign-in
}

// OperatorTokenDetails tell of a token all but itself.
type OperatorTokenDetails struct {
	ID         reeve.ID
	CreatedAt  time.Time
	ExpiresAt  *time.Time // nil: never
	LastUsedAt *time.Time // nil: never
}

// ListOperators lists the named operators, oldest first.
func (c *Control) ListOperators(ctx context.Context) ([]OperatorDetails, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return nil, err
	}
	operators, err := c.store.Operators(ctx)
	if err != nil {
		return nil, err
	}
	return c.operatorDetails(ctx, operators)
}

// GetOperator finds a named operator.
func (c *Control) GetOperator(ctx context.Context, id reeve.ID) (OperatorDetails, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return OperatorDetails{}, err
	}
	found, err := c.store.Operator(ctx, id)
	if err != nil {
		return OperatorDetails{}, err
	}
	out, err := c.operatorDetails(ctx, []reeve.NamedOperator{found})
	if err != nil {
		return OperatorDetails{}, err
	}
	return out[0], nil
}

// Myself tells the calling operator who it is; the root operator is zero.
// rotatable tells whether the operator has a token in the database, which it can
// rotate: the root's may be the configured one alone.
func (c *Control) Myself(ctx context.Context) (out reeve.NamedOperator, rotatable bool, err error) {
	by, err := operator(ctx, reeve.Look)
	if err != nil {
		return out, false, err
	}
	if by.Actor.ID == reeve.Zero {
		rotatable, err = c.store.HasRootToken(ctx)
		return reeve.NamedOperator{Name: by.Actor.String(), Role: reeve.OperatorAdmin}, rotatable, err
	}
	out, err = c.store.Operator(ctx, by.Actor.ID)
	if reeve.IsKind(err, reeve.NotFound) {
		err = reeve.ErrUnauthenticated // deleted within the last TokenLease
	}
	if err != nil {
		return out, false, err
	}
	err = mayHaveTokens(ctx, c.store.Reader, by.Actor)
	if reeve.IsKind(err, reeve.Denied) {
		return out, false, nil
	}
	return out, err == nil, err
}

func (c *Control) operatorDetails(ctx context.Context, operators []reeve.NamedOperator) ([]OperatorDetails, error) {
	tokens, err := c.store.OperatorTokens(ctx)
	if err != nil {
		return nil, err
	}
	provided, err := c.store.ProvidedOperators(ctx)
	if err != nil {
		return nil, err
	}
	now := c.store.Now()
	var ids []reeve.ID
	for _, o := range operators {
		ids = append(ids, o.ID)
	}
	for _, token := range tokens {
		ids = append(ids, token.ID)
	}
	uses, err := c.usesOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	used := func(id reeve.ID) *time.Time {
		use, ok := uses[id]
		if !ok {
			return nil
		}
		return &use.At
	}
	out := make([]OperatorDetails, len(operators))
	for i, o := range operators {
		out[i] = OperatorDetails{NamedOperator: o, LastUsedAt: used(o.ID), Provided: provided[o.ID]}
		for _, token := range tokens {
			if token.OperatorID == o.ID && token.Live(now) {
				out[i].Tokens = append(out[i].Tokens, OperatorTokenDetails{token.ID, token.CreatedAt, token.ExpiresAt, used(token.ID)})
			}
		}
	}
	return out, nil
}

// UpdateOperator changes an operator's name or role. The new role counts
// everywhere within TokenLease.
func (c *Control) UpdateOperator(ctx context.Context, id reeve.ID, patch reeve.OperatorPatch) error {
	by, err := operator(ctx, reeve.ManageOperators)
	if err != nil {
		return err
	}
	if patch.Name != nil {
		name, err := operatorName(*patch.Name)
		if err != nil {
			return err
		}
		patch.Name = &name
	}
	if patch.Role != nil {
		if _, err := reeve.ParseOperatorRole(string(*patch.Role)); err != nil {
			return err
		}
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		o, err := tx.LockOperator(ctx, id)
		if err != nil {
			return err
		}
		before, after := fields{}, fields{}
		if patch.Name != nil && *patch.Name != o.Name {
			before["name"], after["name"] = o.Name, *patch.Name
			o.Name = *patch.Name
		}
		if patch.Role != nil && *patch.Role != o.Role {
			before["role"], after["role"] = o.Role, *patch.Role
			o.Role = *patch.Role
		}
		if len(after) == 0 {
			return nil
		}
		tx.UpdateOperator(o)
		record(tx, by, change{action: "operator.update", target: id, before: before, after: after})
		return nil
	})
	c.store.AfterCommit(ctx, c.operators.forget)
	return err
}

// DeleteOperator deletes an operator; the tokens stop within TokenLease. The
// last admin may go: the root operator stays.
func (c *Control) DeleteOperator(ctx context.Context, id reeve.ID) error {
	by, err := operator(ctx, reeve.ManageOperators)
	if err != nil {
		return err
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		o, err := tx.LockOperatorForDelete(ctx, id)
		if err != nil {
			return err
		}
		tx.DeleteOperator(id)
		record(tx, by, change{action: "operator.delete", target: id, before: operatorFields(o)})
		return nil
	})
	c.store.AfterCommit(ctx, c.operators.forget)
	return err
}

// Why an operator gets no further token.
var (
	errProvided         = reeve.Errorf(reeve.Denied, "the operator signs in through an identity provider, and makes itself no token")
	errRootIsConfigured = reeve.Errorf(reeve.Conflict, "the root operator's token is configured, and has none in the database")
	errManyTokens       = reeve.Errorf(reeve.Conflict, "the operator has %d tokens already", reeve.MaxOperatorTokens)
)

// RotateOperatorToken makes an operator a new token, which is not kept; zero is
// the root operator. The old ones end after the overlap, on all replicas within
// TokenLease. An operator may always do so for itself, unless an identity
// provider says what it is: a token would outlive that.
func (c *Control) RotateOperatorToken(ctx context.Context, id reeve.ID, overlap time.Duration) (token reeve.Token, err error) {
	by := callerOf(ctx)
	if by.Actor.Kind != reeve.Operator || by.Actor.ID != id {
		if by, err = operator(ctx, reeve.ManageOperators); err != nil {
			return "", err
		}
	} else if err := by.explained(reeve.ManageOperators); err != nil {
		return "", err
	}
	if overlap < 0 || overlap > reeve.MaxTokenOverlap {
		return "", reeve.Errorf(reeve.Invalid, "overlap must be 0 to %d seconds", int64(reeve.MaxTokenOverlap/time.Second))
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		if err := lockTokensOf(ctx, tx, id); err != nil {
			return err
		}
		if err := mayHaveTokens(ctx, tx.Reader, by.Actor); err != nil {
			return err
		}
		if err := c.mayRotate(ctx, tx, id, overlap); err != nil {
			return err
		}
		token = makeOperatorToken(tx, by, id, overlap)
		return nil
	})
	c.store.AfterCommit(ctx, c.operators.forget)
	return token, err
}

// lockTokensOf guards which tokens an operator has.
func lockTokensOf(ctx context.Context, tx *store.Tx, id reeve.ID) error {
	if id == reeve.Zero {
		return tx.LockOperatorTokens(ctx)
	}
	_, err := tx.LockOperator(ctx, id)
	return err
}

// mayHaveTokens tells whether an operator may make itself tokens.
func mayHaveTokens(ctx context.Context, r store.Reader, actor reeve.Actor) error {
	if actor.May(reeve.ManageOperators) {
		return nil
	}
	provided, err := r.HasIdentity(ctx, actor.ID)
	if err == nil && provided {
		err = errProvided
	}
	return err
}

// mayRotate tells whether an operator may have another token.
func (c *Control) mayRotate(ctx context.Context, tx *store.Tx, id reeve.ID, overlap time.Duration) error {
	tokens, err := tx.OperatorTokens(ctx)
	if err != nil {
		return err
	}
	have := 0
	for _, token := range tokens {
		if token.OperatorID == id && token.Live(tx.Now()) {
			have++
		}
	}
	switch {
	case id == reeve.Zero && have == 0 && c.operators.configured != nil:
		return errRootIsConfigured
	case overlap > 0 && have >= reeve.MaxOperatorTokens:
		return errManyTokens
	}
	return nil
}
