package gatewayapi

import (
	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

// NewSidecar makes the API of a sidecar: what programs and proxies on the same
// machine ask the gateway listener, judged by another, and without a token.
// Without ingest there is nowhere to report usage.
func NewSidecar(judge Judgement, ingest Ingestion, opts web.Options) *web.API {
	out := web.New(web.Face{
		Name:        "sidecar",
		Title:       "reeve gateway sidecar API",
		Description: "The part of the gateway API that a sidecar answers for programs on its machine, as the server does.",
		Body:        problemBody,
		ErrorType:   "application/problem+json",
		Common:      []reeve.Kind{reeve.Unauthenticated, reeve.Unavailable, reeve.Internal},
	}, opts)
	a := &api{judgement: judge, ingestion: ingest}
	a.verify(out)
	a.auth(out)
	if ingest != nil {
		a.sidecarUsage(out)
	}
	return out
}
