package control

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/reeve-cloud/reeve"
)

// plan is the random part of a bulk plan's token: so each plan is done once.
type plan [16]byte

func newPlan() (out plan) {
	random := randomBytes()
	copy(out[:], random[:])
	return out
}

// token is the plan and the SHA-256 of it, the action and the things, in
// base64url. It is no secret: who may do the action may make a plan of it.
func (p plan) token(b Bulk, ids []reeve.ID) string {
	sum := sha256.New()
	action, err := json.Marshal(b.Action.fields())
	if err != nil {
		panic(fmt.Sprintf("control: a bulk action: %v", err)) // only our own types go in
	}
	_, _ = fmt.Fprintf(sum, "%s%s %s", p[:], b.Kind, action) // never fails
	for _, id := range ids {
		_, _ = sum.Write(id[:])
	}
	return base64.RawURLEncoding.EncodeToString(sum.Sum(p[:]))
}

var errNoPlan = reeve.Errorf(reeve.Invalid, "plan is not the token of a plan")

func parsePlan(token string) (p plan, err error) {
	if token == "" {
		return p, reeve.Errorf(reeve.Invalid, "plan is not set")
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != len(p)+sha256.Size {
		return p, errNoPlan
	}
	copy(p[:], raw)
	return p, nil
}

// couponFor is the id of the coupon that the plan gives a user: the first half
// of a SHA-256, as a UUID of version 8 (RFC 9562).
func (p plan) couponFor(user reeve.ID) (id reeve.ID) {
	sum := sha256.Sum256(append(append([]byte("reeve coupon"), p[:]...), user[:]...))
	copy(id[:], sum[:])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return id
}

// fields tells an action from any other.
func (a BulkAction) fields() fields {
	out := fields{}
	if l := a.Limits; l != nil {
		for name, limit := range map[string]*reeve.Limit{"usage": l.Usage, "bandwidth": l.Bandwidth, "rate": l.Rate, "buckets": l.Buckets} {
			if limit != nil {
				out["limits."+name] = limit.String()
			}
		}
	}
	if a.Coupon != nil {
		out["coupon"] = *a.Coupon
	}
	if a.Freeze != nil {
		out["freeze"] = freezeFields(&reeve.Frozen{Type: a.Freeze.Type, Until: a.Freeze.Until})
	}
	if a.Unfreeze {
		out["unfreeze"] = true
	}
	return out
}
