package gateway

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/reeve-cloud/reeve"
)

// follow reads the feed, from one replica after the other, until the session is over or the token is refused.
func (s *session) follow(ctx context.Context) error {
	at := int(s.remote.preferred.Load())
	var pause pause
	for {
		heard, err := s.read(ctx, at)
		s.heard.Store(0)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrToken):
			return err
		}
		if heard {
			pause.reset()
		}
		at = (at + 1) % len(s.remote.replicas)
		pause.wait(ctx, false)
	}
}

// read takes in what one replica sends, until the stream breaks or falls silent. heard tells whether anything came.
func (s *session) read(ctx context.Context, at int) (heard bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(feedWait, func() { cancel(errFeedSilent) })
	defer silent.Stop()
	s.mu.Lock()
	after := s.number
	s.mu.Unlock()
	stream, err := s.remote.stream(ctx, at, after)
	if err != nil {
		return false, err
	}
	defer func() { _ = stream.Close() }()
	s.hear()
	events := newEventReader(stream)
	for {
		e, err := events.next()
		if err != nil {
			if errors.Is(err, io.EOF) || ctx.Err() != nil {
				err = errors.Join(err, context.Cause(ctx))
			}
			return heard, err
		}
		silent.Reset(feedWait)
		s.take(e)
		heard = true
		s.hear()
	}
}

// hear notes that there is a feed.
func (s *session) hear() { s.heard.Store(int64(s.clock.ticks().plus(feedQuiet))) }

// feedData is what events say.
type feedData struct {
	KeyID     *uuid.UUID `json:"keyId"`
	ProjectID *uuid.UUID `json:"projectId"`
	Within    *uuid.UUID `json:"organizationId"`
	OwnerID   *uuid.UUID `json:"ownerId"`
	Lineage   *KeyName   `json:"lineage"`
	Before    *time.Time `json:"before"`
}

// UnmarshalText reads 32 hexadecimal digits.
func (n *KeyName) UnmarshalText(text []byte) error {
	if len(text) != 2*len(n) {
		return hex.ErrLength
	}
	_, err := hex.Decode(n[:], text)
	return err
}

// String gives 32 hexadecimal digits.
func (n KeyName) String() string { return hex.EncodeToString(n[:]) }

// MarshalText gives 32 hexadecimal digits.
func (n KeyName) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// idOf gives an id, zero for none.
func idOf(id *uuid.UUID) reeve.ID {
	if id == nil {
		return reeve.Zero
	}
	return reeve.ID(*id)
}

// take applies an event to the cache, and only then calls it taken in. What a later version of the server may say that
// this one cannot read drops the cache: too much, never too little.
func (s *session) take(e event) {
	var data feedData
	err := json.Unmarshal(e.data, &data)
	waited := true
	switch {
	case e.name == "at" && err == nil:
		waited = false
	case e.name == "revoked" && err == nil && data.ProjectID != nil && data.KeyID != nil:
		s.cache.revoke(e.number, reeve.ID(*data.ProjectID), reeve.ID(*data.KeyID), data.Lineage)
	case e.name == "cut" && err == nil && data.ProjectID != nil && data.Before != nil:
		s.cache.cut(e.number, reeve.ID(*data.ProjectID), *data.Before)
	case e.name == "frozen" && err == nil && (data.ProjectID != nil || data.Within != nil || data.OwnerID != nil):
		s.cache.freeze(e.number, idOf(data.ProjectID), idOf(data.Within), idOf(data.OwnerID))
	case e.name == "project" && err == nil && data.ProjectID != nil:
		s.cache.forget(e.number, reeve.ID(*data.ProjectID))
		waited = false
	case e.name == "reset":
		s.cache.restart(e.number)
	default:
		s.cache.clear(e.number)
	}
	s.mu.Lock()
	if e.number > s.number || e.name == "reset" {
		s.number = e.number
	}
	s.mu.Unlock()
	if waited {
		s.wake()
	}
}
