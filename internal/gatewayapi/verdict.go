package gatewayapi

import (
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
	"github.com/reeve-cloud/reeve/macaroon"
)

// verdict is how a key was judged. What it says of key and project is null for
// a key that is none of ours or revoked.
type verdict struct {
	Valid          bool          `json:"valid"`
	Code           verdictCode   `json:"code"`
	ProjectID      *reeve.ID     `json:"projectId"`
	OrganizationID *reeve.ID     `json:"organizationId"`
	OwnerID        *reeve.ID     `json:"ownerId"`
	KeyID          *reeve.ID     `json:"keyId" doc:"Of the root key, however far the key is narrowed."`
	KeyName        *string       `json:"keyName"`
	Restrictions   []restriction `json:"restrictions" doc:"The key's caveats, in the order in which they were added."`
	Limits         *limits       `json:"limits"`
	Rate           *rate         `json:"rate" doc:"null if the project has no rate limit."`
	Decision       string        `json:"decision" doc:"Names this verdict: the request's id and, in a batch, the place."`
	Epoch          int64         `json:"epoch" doc:"The newest change that the verdict knows of, as the feed numbers them."`
	Lineage        []string      `json:"lineage,omitempty" doc:"Names the key and each of its ancestors, the root first: the feed's revoked events name one of them."`
	IssuedAt       *time.Time    `json:"issuedAt,omitempty" doc:"When the root key was made."`
}

type verdictCode reeve.VerdictCode

func (verdictCode) JSONSchema() *jsonschema.Schema {
	out := &jsonschema.Schema{Type: "string"}
	for _, code := range reeve.VerdictCodes {
		out.Enum = append(out.Enum, string(code))
	}
	return out
}

// limits are the project's; null is no limit.
type limits struct {
	Usage     *int64 `json:"usage" doc:"Bytes stored."`
	Bandwidth *int64 `json:"bandwidth" doc:"Bytes of egress a month."`
	Rate      *int64 `json:"rate" doc:"Units a second."`
	Buckets   *int64 `json:"buckets"`
}

type rate struct {
	Limit     int64 `json:"limit" doc:"Units a second."`
	Remaining int64 `json:"remaining" doc:"Units left in this second, as far as this replica knows."`
	Reset     int64 `json:"reset" doc:"Seconds until there are limit units again, rounded up."`
}

// restriction is a caveat.
type restriction struct {
	Disallow     []string   `json:"disallow" doc:"Operations that are forbidden everywhere."`
	AllowedPaths []location `json:"allowedPaths" doc:"The only places where the key may act; empty is everywhere."`
	NotBefore    *time.Time `json:"notBefore"`
	NotAfter     *time.Time `json:"notAfter"`
	MaxObjectTTL *float64   `json:"maxObjectTTL" doc:"Seconds that an object may live at most."`
}

type location struct {
	Bucket              string `json:"bucket"`
	EncryptedPathPrefix []byte `json:"encryptedPathPrefix"`
}

func newVerdict(v *control.Verdict, decision string, lineage bool) verdict {
	out := verdict{
		Valid: v.Code == reeve.CodeValid, Code: verdictCode(v.Code), Restrictions: []restriction{},
		Decision: decision, Epoch: v.Epoch,
	}
	if v.KeyID == reeve.Zero {
		return out
	}
	out.ProjectID, out.OrganizationID, out.OwnerID = &v.ProjectID, &v.OrganizationID, &v.OwnerID
	out.KeyID, out.KeyName = &v.KeyID, &v.KeyName
	out.Limits = &limits{number(v.Limits.Usage), number(v.Limits.Bandwidth), number(v.Limits.Rate), number(v.Limits.Buckets)}
	if v.Rate != nil {
		out.Rate = &rate{v.Rate.Limit, v.Rate.Remaining, seconds(v.Rate.Reset)}
	}
	// Caveats that cannot be understood refuse, and show nothing.
	caveats, _ := v.Key.Caveats()
	for i := range caveats {
		out.Restrictions = append(out.Restrictions, newRestriction(&caveats[i]))
	}
	if lineage {
		for _, tail := range v.Lineage {
			out.Lineage = append(out.Lineage, control.TailName(tail))
		}
		out.IssuedAt = &v.IssuedAt
	}
	return out
}

func number(l reeve.Limit) *int64 {
	if n, ok := l.Number(); ok {
		return &n
	}
	return nil
}

// seconds rounds up: who waits so long does not come early.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

func newRestriction(c *macaroon.Caveat) restriction {
	out := restriction{Disallow: c.Disallow.Names(), AllowedPaths: []location{}}
	for _, p := range c.AllowedPaths {
		out.AllowedPaths = append(out.AllowedPaths, location{string(p.Bucket), append([]byte{}, p.EncryptedPathPrefix...)})
	}
	if !c.NotBefore.IsZero() {
		out.NotBefore = &c.NotBefore
	}
	if !c.NotAfter.IsZero() {
		out.NotAfter = &c.NotAfter
	}
	if c.MaxObjectTTL != nil {
		ttl := c.MaxObjectTTL.Seconds()
		out.MaxObjectTTL = &ttl
	}
	return out
}

type projectID struct{ id reeve.ID }

// UnmarshalText reads either spelling.
func (p *projectID) UnmarshalText(text []byte) (err error) {
	if p.id, err = reeve.ParseID(reeve.PrefixProject, string(text)); err != nil {
		return reeve.Errorf(reeve.Invalid, "malformed project id")
	}
	return nil
}

func (projectID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixProject) }
