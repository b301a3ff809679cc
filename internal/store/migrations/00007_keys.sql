-- expires_at is when the server deletes the key: its own end, or that of the
-- overlap with the key that replaced it. caveat is how the key that was handed
-- out is narrowed, NULL if it is not; it is no secret. The other two tell of a
-- rotation, and may name keys that are gone.
ALTER TABLE api_keys ADD COLUMN expires_at {{bigint}};
ALTER TABLE api_keys ADD COLUMN caveat {{bytes}};
ALTER TABLE api_keys ADD COLUMN rotated_from {{id}};
ALTER TABLE api_keys ADD COLUMN replaced_by {{id}};
CREATE INDEX api_keys_end ON api_keys (expires_at, id) WHERE expires_at IS NOT NULL;

-- parent_id is the key that this one was derived from: it goes with it.
ALTER TABLE organization_keys ADD COLUMN parent_id {{id}} REFERENCES organization_keys (id) ON DELETE CASCADE;
ALTER TABLE organization_keys ADD COLUMN rotated_from {{id}};
ALTER TABLE organization_keys ADD COLUMN replaced_by {{id}};
CREATE INDEX organization_keys_parent ON organization_keys (parent_id);

-- The newest token of a gateway is in its own row, the ones before it are here
-- until they end.
ALTER TABLE gateways ADD COLUMN token_id {{id}}; -- NULL is the own id of the gateway
ALTER TABLE gateways ADD COLUMN token_created_at {{bigint}}; -- NULL is that of the gateway
CREATE TABLE gateway_tokens (
    id         {{id}} PRIMARY KEY,
    gateway_id {{id}} NOT NULL REFERENCES gateways (id) ON DELETE CASCADE,
    hash       {{bytes}} NOT NULL UNIQUE,
    created_at {{bigint}} NOT NULL,
    expires_at {{bigint}} NOT NULL
){{strict}};
CREATE INDEX gateway_tokens_gateway ON gateway_tokens (gateway_id);
CREATE INDEX gateway_tokens_end ON gateway_tokens (expires_at);
