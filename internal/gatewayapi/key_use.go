package gatewayapi

import (
	"context"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) keyUses(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/gateway/uses", ID: "reportKeyUses", Tag: "keys",
		Summary: "Report when keys were used last, for a gateway that judges them from memory",
		Description: "Keys that are unknown are ignored, as are uses of more than a day ago; one that is to come counts as one of " +
			"now. It may be repeated. What /gateway/verify and /gateway/auth judge need not be reported.",
		Errors: []reeve.Kind{reeve.Invalid},
	}, a.reportKeyUses)
}

type keyUsesIn struct {
	Body struct {
		Uses []keyUse `json:"uses" doc:"At most 1000."`
	} `body:""`
}

type keyUse struct {
	KeyID keyID     `json:"keyId"`
	At    time.Time `json:"at"`
}

// keyID is the id of a root key in either spelling.
type keyID struct{ id reeve.ID }

// UnmarshalText reads an id; one that is malformed names nothing.
func (k *keyID) UnmarshalText(text []byte) error {
	k.id, _ = reeve.ParseID(reeve.PrefixAPIKey, string(text))
	return nil
}

func (keyID) JSONSchema() *jsonschema.Schema { return web.IDSchema(reeve.PrefixAPIKey) }

func (a *api) reportKeyUses(ctx context.Context, in *keyUsesIn) (web.Empty, error) {
	uses := make([]control.KeyUse, len(in.Body.Uses))
	for i, use := range in.Body.Uses {
		uses[i] = control.KeyUse{KeyID: use.KeyID.id, At: use.At}
	}
	return web.Empty{}, a.control.NoteKeyUses(ctx, uses)
}
