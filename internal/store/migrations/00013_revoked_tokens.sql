-- What a deleted organisation key and a session that was ended leave behind:
-- who finds the token later learns that it is revoked, and whose it was. They
-- outlive whose they were: no foreign keys.
CREATE TABLE revoked_tokens (
    hash            {{bytes}} PRIMARY KEY,
    id              {{id}} NOT NULL,
    organization_id {{id}}, -- of a key
    user_id         {{id}}, -- of a session
    revoked_at      {{bigint}} NOT NULL
){{strict}};
CREATE INDEX revoked_tokens_age ON revoked_tokens (revoked_at);
