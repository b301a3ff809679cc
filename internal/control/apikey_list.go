package control

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/macaroon"
)

// APIKeyUse is a project's key with what it is restricted to and when it was
// used last; what is secret of it is left out.
type APIKeyUse struct {
	reeve.APIKey
	Restriction *macaroon.Caveat // nil: none
	LastUsedAt  time.Time        // zero: no use is known
	LastUsedBy  reeve.Gateway    // without its name if it is gone
}

// NewAPIKeyUse is a key that nobody has used.
func NewAPIKeyUse(key reeve.APIKey) (APIKeyUse, error) {
	key.Secret = nil
	out := APIKeyUse{APIKey: key}
	if key.Caveat == nil {
		return out, nil
	}
	restriction, err := macaroon.ParseCaveat(key.Caveat)
	out.Restriction = &restriction
	return out, err
}

// ListAPIKeyUses lists a part of a project's keys by name, and counts all.
func (c *Control) ListAPIKeyUses(ctx context.Context, project reeve.ID, page Page) ([]APIKeyUse, int, error) {
	if _, _, err := c.authorize(ctx, c.store.Reader, project, reeve.ReadAPIKeys); err != nil {
		return nil, 0, err
	}
	keys, total, err := c.store.APIKeysPage(ctx, project, c.store.Now(), page.Size, page.Number*page.Size)
	if err != nil {
		return nil, 0, err
	}
	out, err := c.apiKeyUses(ctx, keys)
	return out, total, err
}

// GetAPIKeyUse finds one of a project's keys.
func (c *Control) GetAPIKeyUse(ctx context.Context, project, id reeve.ID) (APIKeyUse, error) {
	by, _, err := c.authorize(ctx, c.store.Reader, project, reeve.ReadAPIKeys)
	if err != nil {
		return APIKeyUse{}, err
	}
	key, err := c.store.APIKey(ctx, id)
	if err == nil && (key.ProjectID != project || key.Ended(c.store.Now())) {
		err = errNoKey
	}
	if err != nil {
		return APIKeyUse{}, by.veil(err)
	}
	out, err := c.apiKeyUses(ctx, []reeve.APIKey{key})
	if err != nil {
		return APIKeyUse{}, err
	}
	return out[0], nil
}

// FindAPIKey finds a key of any project by its id, for operators.
func (c *Control) FindAPIKey(ctx context.Context, id reeve.ID) (APIKeyUse, error) {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return APIKeyUse{}, err
	}
	key, err := c.store.APIKey(ctx, id)
	if err == nil && key.Ended(c.store.Now()) {
		err = errNoKey
	}
	if err != nil {
		return APIKeyUse{}, err
	}
	out, err := c.apiKeyUses(ctx, []reeve.APIKey{key})
	if err != nil {
		return APIKeyUse{}, err
	}
	return out[0], nil
}

// Restricts says in words what the key may not do; nothing if it may all that
// its project's keys may.
func (k APIKeyUse) Restricts() []string {
	if k.Restriction == nil {
		return nil
	}
	return restrictions(k.Restriction)
}

// apiKeyUses adds to keys what belongs to them.
func (c *Control) apiKeyUses(ctx context.Context, keys []reeve.APIKey) ([]APIKeyUse, error) {
	ids := make([]reeve.ID, len(keys))
	for i := range keys {
		ids[i] = keys[i].ID
	}
	uses, err := c.usesOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	names := map[reeve.ID]string{}
	if len(uses) > 0 {
		gateways, err := c.store.Gateways(ctx)
		if err != nil {
			return nil, err
		}
		for _, g := range gateways {
			names[g.ID] = g.Name
		}
	}
	out := make([]APIKeyUse, len(keys))
	for i, key := range keys {
		if out[i], err = NewAPIKeyUse(key); err != nil {
			return nil, err
		}
		if use, ok := uses[key.ID]; ok {
			by, _ := reeve.ParseID(reeve.PrefixGateway, use.By) // as it was marked
			out[i].LastUsedAt, out[i].LastUsedBy = use.At, reeve.Gateway{ID: by, Name: names[by]}
		}
	}
	return out, nil
}
