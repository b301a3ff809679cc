package control

import (
	"context"
	"fmt"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// Identity is somebody whom an identity provider vouches for.
type Identity struct {
	Issuer  string             // the provider; with the subject it says who it is for good
	Subject string             // the provider's word for whom it means
	Name    string             // what to call an operator who is new
	Role    reeve.OperatorRole // what the provider's groups come to; "" is none
}

// maxIdentity is how many bytes of an issuer or a subject there may be; a
// subject has 255 by the standard.
const maxIdentity = 500

var errNoRole = reeve.Errorf(reeve.Denied, "none of your groups has a role here")

// SignInIdentity opens a session for whom a provider vouches. It asks nobody:
// who calls it has made sure of that. Who comes for the first time becomes a
// named operator; whose role has changed gets that of now. Without a role it is
// Denied, and all sessions that the provider opened for that operator end.
func (c *Control) SignInIdentity(ctx context.Context, who Identity) (reeve.Token, error) {
	if who.Issuer == "" || who.Subject == "" || len(who.Issuer) > maxIdentity || len(who.Subject) > maxIdentity {
		return "", reeve.ErrUnauthenticated
	}
	if _, err := reeve.ParseOperatorRole(string(who.Role)); err != nil {
		if err := c.turnAway(ctx, who); err != nil {
			return "", err
		}
		return "", errNoRole
	}
	token, hash := newToken(reeve.TokenConsole)
	by := Caller{Actor: system.Actor, RequestID: callerOf(ctx).RequestID}
	write := func() error {
		return c.store.Write(ctx, func(tx *store.Tx) error {
			operator, err := meet(ctx, tx, by, who)
			if err != nil {
				return err
			}
			openOperatorSession(tx, store.OperatorSession{OperatorID: operator.ID, Provided: true, Mapped: who.Role}, hash)
			return nil
		})
	}
	err := write()
	for range 2 { // a name that was free may be an operator's by now
		if !reeve.IsKind(err, reeve.Conflict) {
			break
		}
		err = write()
	}
	if err != nil {
		return "", err
	}
	c.store.AfterCommit(ctx, c.operators.forget)
	return token, nil
}

// turnAway ends the sessions of an identity that has no role any more.
func (c *Control) turnAway(ctx context.Context, who Identity) error {
	return c.store.Write(ctx, func(tx *store.Tx) error {
		operator, err := tx.LockOperatorOfIdentity(ctx, who.Issuer, who.Subject)
		if reeve.IsKind(err, reeve.NotFound) {
			return nil
		}
		if err == nil {
			tx.DeleteProvidedSessions(operator.ID)
		}
		return err
	})
}

// meet finds the operator whom a provider means, makes one if there is none, and
// gives it the role of now.
func meet(ctx context.Context, tx *store.Tx, by Caller, who Identity) (reeve.NamedOperator, error) {
	if err := tx.LockOperatorIdentities(ctx); err != nil {
		return reeve.NamedOperator{}, err
	}
	known, err := tx.LockOperatorOfIdentity(ctx, who.Issuer, who.Subject)
	switch {
	case reeve.IsKind(err, reeve.NotFound):
		return welcome(ctx, tx, by, who)
	case err != nil || known.Role == who.Role:
		return known, err
	}
	before := fields{"role": known.Role}
	known.Role = who.Role
	tx.UpdateOperator(known)
	record(tx, by, change{action: "operator.update", target: known.ID, before: before, after: fields{"role": known.Role}})
	return known, nil
}

// welcome makes an operator for whom a provider means.
func welcome(ctx context.Context, tx *store.Tx, by Caller, who Identity) (reeve.NamedOperator, error) {
	name, err := freeName(ctx, tx, who)
	if err != nil {
		return reeve.NamedOperator{}, err
	}
	out := reeve.NamedOperator{ID: newID(), Name: name, Role: who.Role, CreatedAt: tx.Now()}
	tx.CreateOperator(out)
	tx.CreateOperatorIdentity(who.Issuer, who.Subject, out.ID)
	after := operatorFields(out)
	after["issuer"] = who.Issuer
	record(tx, by, change{action: "operator.create", target: out.ID, after: after})
	return out, nil
}

// longestName leaves room for a number behind a name, in bytes.
const longestName = 180

// freeName gives a name that no operator has, in whatever case: an identity
// provider's people must not pass for others.
func freeName(ctx context.Context, tx *store.Tx, who Identity) (string, error) {
	operators, err := tx.Operators(ctx)
	if err != nil {
		return "", err
	}
	taken := make(map[string]bool, len(operators))
	for _, o := range operators {
		taken[store.Fold(o.Name)] = true
	}
	name := "operator"
	for _, text := range []string{who.Name, who.Subject} {
		if clean, err := operatorName(shortened(text, longestName)); err == nil {
			name = clean
			break
		}
	}
	free := name
	for n := 2; taken[store.Fold(free)]; n++ {
		free = fmt.Sprintf("%s %d", name, n)
	}
	return free, nil
}
