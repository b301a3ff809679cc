package control

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// TokenLease is how long a replica may go on accepting an operator's token
// without looking at the database again. A command that replaces the token
// waits so long before it says so.
const TokenLease = time.Second

// operatorTokens are the operators' tokens as this process knows them.
type operatorTokens struct {
	configured *reeve.TokenHash // another one of the root operator's

	mu     sync.Mutex
	tokens []store.OperatorToken
	until  time.Time // when they must be read again
}

func newOperatorTokens(configured string) *operatorTokens {
	if configured == "" {
		return &operatorTokens{}
	}
	hash := reeve.TokenHash(sha256.Sum256([]byte(configured)))
	return &operatorTokens{configured: &hash}
}

// AuthenticateOperator finds the operator that a token belongs to: the root for
// the configured one, or one of the database's. Comparisons take the same time
// for any text.
func (c *Control) AuthenticateOperator(ctx context.Context, text string) (reeve.Actor, error) {
	o := c.operators
	hash := reeve.TokenHash(sha256.Sum256([]byte(text)))
	if o.configured != nil && subtle.ConstantTimeCompare(hash[:], o.configured[:]) == 1 {
		return reeve.Actor{Kind: reeve.Operator}, nil
	}
	if _, ok := reeve.ParseToken(reeve.TokenOperator, text); !ok {
		return reeve.Actor{}, reeve.ErrUnauthenticated
	}
	known, err := o.known(ctx, c.store)
	if err != nil {
		return reeve.Actor{}, err
	}
	now := c.store.Now()
	for _, token := range known {
		if subtle.ConstantTimeCompare(hash[:], token.Hash[:]) == 1 && token.Live(now) {
			c.used.mark(token.ID, now, "")
			if token.OperatorID != reeve.Zero {
				c.used.mark(token.OperatorID, now, "")
			}
			return reeve.Actor{Kind: reeve.Operator, ID: token.OperatorID, OperatorRole: token.Role}, nil
		}
	}
	return reeve.Actor{}, reeve.ErrUnauthenticated
}

// known gives the database's tokens, read within the last TokenLease. The
// lease starts before the read, so that a replaced token never outlives it.
func (o *operatorTokens) known(ctx context.Context, s *store.Store) ([]store.OperatorToken, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if now.Before(o.until) {
		return o.tokens, nil
	}
	tokens, err := s.OperatorTokens(ctx)
	if err != nil {
		return nil, err
	}
	o.tokens, o.until = tokens, now.Add(TokenLease)
	return tokens, nil
}

// forget makes the next request read the tokens: some have just changed here.
func (o *operatorTokens) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.until = time.Time{}
}

// FirstOperatorToken makes a root operator token if there is none at all, in
// the configuration or the database; ok tells whether it did. Of several
// replicas one does.
func (c *Control) FirstOperatorToken(ctx context.Context) (token reeve.Token, ok bool, err error) {
	if c.operators.configured != nil {
		return "", false, nil
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		ok = false
		if err := tx.LockOperatorTokens(ctx); err != nil {
			return err
		}
		have, err := tx.HasRootToken(ctx)
		if err != nil || have {
			return err
		}
		ok = true
		token = makeOperatorToken(tx, system, reeve.Zero, 0)
		return nil
	})
	return token, ok && err == nil, err
}

// ReplaceOperatorToken makes a new root operator token, for who lost the old
// one. The old one stops working, within TokenLease on running replicas.
func (c *Control) ReplaceOperatorToken(ctx context.Context) (token reeve.Token, err error) {
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.LockOperatorTokens(ctx); err != nil {
			return err
		}
		token = makeOperatorToken(tx, system, reeve.Zero, 0)
		return nil
	})
	return token, err
}

// makeOperatorToken makes an operator a new token; zero is the root. The old
// ones end after the overlap.
func makeOperatorToken(tx *store.Tx, by Caller, operator reeve.ID, overlap time.Duration) reeve.Token {
	token, hash := newToken(reeve.TokenOperator)
	id := newID()
	tx.EndOperatorTokens(operator, tx.Now().Add(overlap))
	tx.CreateOperatorToken(id, operator, hash)
	after := fields{"id": id}
	if operator != reeve.Zero {
		after["operatorId"] = operator
	}
	if overlap > 0 {
		after["overlapSeconds"] = int64(overlap / time.Second)
	}
	record(tx, by, change{action: "operator_token.create", target: id, after: after})
	return token
}
