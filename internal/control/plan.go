package control

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/reeve-cloud/reeve"
)

// plan tells plans apart, also of the same action and things: when it was made,
// in microseconds, and 8 random bytes.
type plan reeve.ID

// planLife is how long a plan can be carried out.
const planLife = 24 * time.Hour

func newPlan(now time.Time) (out plan) {
	random := randomBytes()
	copy(out[copy(out[:], binary.BigEndian.AppendUint64(nil, uint64(now.UnixMicro()))):], random[:])
	return out
}

func (p plan) age(now time.Time) time.Duration {
	return now.Sub(time.UnixMicro(int64(binary.BigEndian.Uint64(p[:]))))
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

var (
	errNoPlan  = reeve.Errorf(reeve.Invalid, "plan is not the token of a plan")
	errOldPlan = reeve.Errorf(reeve.Conflict, "the plan is older than %s", planLife)
)

func parsePlan(token string, now time.Time) (p plan, err error) {
	if token == "" {
		return p, reeve.Errorf(reeve.Invalid, "plan is not set")
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != len(p)+sha256.Size {
		return p, errNoPlan
	}
	copy(p[:], raw)
	if p.age(now) > planLife {
		return p, errOldPlan
	}
	return p, nil
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
