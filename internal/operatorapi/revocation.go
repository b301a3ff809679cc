package operatorapi

import (
	"context"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
	"github.com/reeve-cloud/reeve/macaroon"
)

func (a *api) revocations(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/revocations", ID: "revoke", Tag: "revocations",
		Summary: "Revoke a key, an ancestor of one, or all keys of a project that are older than a time",
		Description: "Give one of: apikey, and caveats to name an ancestor of it by how many caveats that has; " +
			"keyId, and tail to name a key that derives from it; projectId with name; projectId with before. " +
			"What derives from a revoked key is refused with it. " + waitNote,
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
		Timeout: waitTimeout,
	}, a.revoke)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/revocations/{epoch}", ID: "getRevocation", Tag: "revocations",
		Summary: "The receipt of a revocation: which sessions have taken it in",
		Description: "The epoch is the number of the revocation's change. Once the receipt is complete, no request " +
			"whose judging begins is accepted by what was revoked, by any gateway or replica.",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
		Timeout: waitTimeout,
	}, a.getRevocation)
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/sessions", ID: "listSessions", Tag: "revocations",
		Summary: "List the gateways and replicas that answer from memory, oldest first",
	}, a.listSessions)
}

const (
	// longestWait is the longest wait that may be asked for: more than a
	// session's lease, which is 90 s by default.
	longestWait = 10 * time.Minute
	waitTimeout = longestWait + 10*time.Second

	waitNote = "With wait, the answer comes when every gateway and replica has taken the revocation in or its " +
		"session is over, or when the wait is over, and is a receipt."
)

// waitIn asks for a receipt.
type waitIn struct {
	Wait   *seconds `query:"wait" doc:"How long to wait for all sessions: seconds, or a duration such as 5s; at most 10 minutes."`
	Prefer prefer   `header:"Prefer" doc:"wait=SECONDS does the same (RFC 7240)."`
}

// asked gives how long to wait, if a receipt is asked for.
func (w waitIn) asked() (time.Duration, bool) {
	if w.Wait != nil {
		return time.Duration(*w.Wait), true
	}
	return w.Prefer.wait, w.Prefer.asked
}

// seconds is a time to wait.
type seconds time.Duration

// UnmarshalText reads seconds or a duration.
func (s *seconds) UnmarshalText(text []byte) error {
	wait, err := time.ParseDuration(string(text))
	if number, numberErr := strconv.ParseFloat(string(text), 64); numberErr == nil && number <= longestWait.Seconds() {
		wait, err = time.Duration(number*float64(time.Second)), nil
	}
	if err != nil || wait < 0 || wait > longestWait {
		return reeve.Errorf(reeve.Invalid, "invalid wait").WithDetail("wait must be 0 to %d seconds", int(longestWait.Seconds()))
	}
	*s = seconds(wait)
	return nil
}

func (seconds) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

// prefer is the header Prefer, of which only wait is known.
type prefer struct {
	wait  time.Duration
	asked bool
}

// UnmarshalText looks for wait and, as RFC 7240 wants, ignores what it does not
// know or cannot read.
func (p *prefer) UnmarshalText(text []byte) error {
	for preference := range strings.SplitSeq(string(text), ",") {
		preference, _, _ = strings.Cut(preference, ";")
		name, value, _ := strings.Cut(preference, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "wait") {
			continue
		}
		var wait seconds
		if wait.UnmarshalText([]byte(strings.Trim(strings.TrimSpace(value), `"`))) == nil {
			p.wait, p.asked = time.Duration(wait), true
		}
		return nil
	}
	return nil
}

func (prefer) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

// receipt says how far a revocation has come.
type receipt struct {
	Epoch    int64            `json:"epoch" doc:"The number of the revocation's change."`
	Complete bool             `json:"complete" doc:"No session is pending."`
	Sessions []receiptSession `json:"sessions"`
}

type receiptSession struct {
	sessionOut
	State sessionState `json:"state"`
}

type sessionState reeve.SessionState

func (sessionState) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: []any{
		reeve.SessionPending, reeve.SessionAcknowledged, reeve.SessionExpired, reeve.SessionEnded,
	}}
}

// sessionOut is a program that answers from memory.
type sessionOut struct {
	ID        reeve.ID  `json:"id"`
	Kind      string    `json:"kind" doc:"gateway or replica."`
	GatewayID *reeve.ID `json:"gatewayId" doc:"null for a replica."`
	Name      string    `json:"name"`
	Number    int64     `json:"number" doc:"The newest change that it has taken in."`
	CreatedAt time.Time `json:"createdAt"`
}

func newSessionOut(s *reeve.Session) sessionOut {
	out := sessionOut{s.ID, "gateway", s.GatewayID, s.Name, s.Applied, s.CreatedAt}
	if s.GatewayID == nil {
		out.Kind = "replica"
	}
	return out
}

// receiptIfAsked answers a revocation: with nothing, as the original does,
// unless a receipt is asked for.
func (a *api) receiptIfAsked(ctx context.Context, in waitIn, revoked control.Revoked, err error) (*receipt, error) {
	wait, asked := in.asked()
	if err != nil || !asked {
		return nil, err
	}
	out, err := a.receiptOf(ctx, revoked)
	if err != nil {
		return nil, err
	}
	return out, a.await(ctx, wait, out, &out)
}

// receiptOf gives the receipt of what was just done, as it stands.
func (a *api) receiptOf(ctx context.Context, done control.Revoked) (*receipt, error) {
	epoch, err := a.control.Epoch(ctx, done)
	if err != nil {
		return nil, err
	}
	return a.receipt(ctx, epoch, 0)
}

// await commits what the receipt tells of, with the answer that it is a part of
// by then, and waits for it: no session can take in what is not committed.
func (a *api) await(ctx context.Context, wait time.Duration, receipt *receipt, answer any) error {
	if err := web.Settle(ctx, answer); err != nil || wait == 0 {
		return err
	}
	complete, err := a.receipt(ctx, receipt.Epoch, wait)
	if err == nil {
		*receipt = *complete
	}
	return err
}

func (a *api) receipt(ctx context.Context, epoch int64, wait time.Duration) (*receipt, error) {
	found, err := a.control.Receipt(ctx, epoch, wait)
	if err != nil {
		return nil, err
	}
	out := &receipt{Epoch: found.Epoch, Complete: found.Complete, Sessions: make([]receiptSession, len(found.Sessions))}
	for i := range found.Sessions {
		one := &found.Sessions[i]
		out.Sessions[i] = receiptSession{newSessionOut(&one.Session), sessionState(one.State)}
	}
	return out, nil
}

type revokeIn struct {
	waitIn
	Body struct {
		APIKey    *string    `json:"apikey" doc:"A whole key."`
		Caveats   *int       `json:"caveats" doc:"Revoke the ancestor of apikey that has so many caveats; 0 is the root."`
		KeyID     *apiKeyID  `json:"keyId"`
		Tail      *tail      `json:"tail" doc:"Of a key that derives from keyId: 64 hexadecimal digits."`
		ProjectID *projectID `json:"projectId"`
		Name      *string    `json:"name"`
		Before    *time.Time `json:"before" doc:"Not in the future."`
	} `body:""`
}

// revoked is a revocation with its receipt.
type revoked struct {
	Keys    int      `json:"keys" doc:"How many root keys are gone."`
	Receipt *receipt `json:"receipt"`
}

func (a *api) revoke(ctx context.Context, in *revokeIn) (out revoked, err error) {
	done, err := a.revokeOne(ctx, in)
	if err != nil {
		return out, err
	}
	out.Keys = done.Keys
	if out.Receipt, err = a.receiptOf(ctx, done); err != nil {
		return out, err
	}
	wait, _ := in.asked()
	return out, a.await(ctx, wait, out.Receipt, &out)
}

var errOneOf = reeve.Errorf(reeve.Invalid, "give apikey, keyId, projectId with name, or projectId with before")

func (a *api) revokeOne(ctx context.Context, in *revokeIn) (control.Revoked, error) {
	b := &in.Body
	project, key := b.ProjectID != nil, b.KeyID != nil
	switch {
	case (b.APIKey == nil) == (!project && !key), project && key, b.Caveats != nil && b.APIKey == nil,
		b.Tail != nil && !key, project != (b.Name != nil || b.Before != nil), b.Name != nil && b.Before != nil:
		return control.Revoked{}, errOneOf
	case b.APIKey != nil:
		parsed, err := parseAPIKey(*b.APIKey)
		if err != nil {
			return control.Revoked{}, err
		}
		caveats := control.WholeKey
		if b.Caveats != nil {
			if caveats = *b.Caveats; caveats < 0 {
				return control.Revoked{}, reeve.Errorf(reeve.Invalid, "negative caveats")
			}
		}
		return a.control.RevokeAPIKey(ctx, parsed, caveats)
	case b.Tail != nil:
		return a.control.RevokeTail(ctx, b.KeyID.id, b.Tail.bytes)
	case key:
		return a.control.DeleteAPIKey(ctx, b.KeyID.id)
	case b.Name != nil:
		return a.control.DeleteAPIKeyByName(ctx, b.ProjectID.id, *b.Name)
	default:
		return a.control.RevokeProjectKeys(ctx, b.ProjectID.id, *b.Before)
	}
}

type epochIn struct {
	waitIn
	Epoch int64 `path:"epoch" doc:"The number of the revocation's change."`
}

func (a *api) getRevocation(ctx context.Context, in *epochIn) (*receipt, error) {
	if err := a.control.CheckEpoch(ctx, in.Epoch); err != nil {
		return nil, err
	}
	wait, _ := in.asked()
	return a.receipt(ctx, in.Epoch, wait)
}

func (a *api) listSessions(ctx context.Context, _ *web.Empty) ([]sessionOut, error) {
	sessions, err := a.control.ListSessions(ctx)
	out := make([]sessionOut, len(sessions))
	for i := range sessions {
		out[i] = newSessionOut(&sessions[i])
	}
	return out, err
}

// tail names a derived key by its secret part.
type tail struct{ bytes [macaroon.Size]byte }

// UnmarshalText reads 64 hexadecimal digits.
func (t *tail) UnmarshalText(text []byte) error {
	if n, err := hex.Decode(t.bytes[:], text[:min(len(text), 2*macaroon.Size)]); err != nil || n != macaroon.Size || len(text) != 2*macaroon.Size {
		return reeve.Errorf(reeve.Invalid, "tail must be %d hexadecimal digits", 2*macaroon.Size)
	}
	return nil
}

func (tail) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: "^[0-9a-fA-F]{64}$"}
}
