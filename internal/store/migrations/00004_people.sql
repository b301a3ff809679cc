-- Operators who are not the root.
CREATE TABLE operators (
    id         {{id}} PRIMARY KEY,
    name       {{text}} NOT NULL UNIQUE,
    role       {{text}} NOT NULL,
    created_at {{bigint}} NOT NULL
){{strict}};

-- Tokens with less than all rights for good: those of named operators, and those
-- of the root, operator_id NULL, that end with an overlap. They are not in
-- operator_tokens: a replica of the version before, which runs on while the first
-- of this one has migrated, takes each token there for the root's.
CREATE TABLE bounded_operator_tokens (
    id          {{id}} PRIMARY KEY,
    operator_id {{id}} REFERENCES operators (id) ON DELETE CASCADE,
    hash        {{bytes}} NOT NULL UNIQUE,
    created_at  {{bigint}} NOT NULL,
    expires_at  {{bigint}}
){{strict}};
CREATE INDEX bounded_operator_tokens_operator ON bounded_operator_tokens (operator_id);

CREATE TABLE user_sessions (
    id         {{id}} PRIMARY KEY,
    user_id    {{id}} NOT NULL REFERENCES users (id),
    hash       {{bytes}} NOT NULL UNIQUE,
    address    {{text}} NOT NULL,
    agent      {{text}} NOT NULL,
    created_at {{bigint}} NOT NULL
){{strict}};
CREATE INDEX user_sessions_user ON user_sessions (user_id);
CREATE INDEX user_sessions_age ON user_sessions (created_at);

-- When a key, a token or a session was used last, and by whom or from where.
-- Written in batches, behind the requests.
CREATE TABLE last_uses (
    id      {{id}} PRIMARY KEY,
    used_at {{bigint}} NOT NULL,
    used_by {{text}} NOT NULL
){{strict}};
CREATE INDEX last_uses_age ON last_uses (used_at);

-- Whose change it is to see: NULL where no organisation is meant.
ALTER TABLE pending_changes ADD COLUMN organization_id {{id}};
ALTER TABLE changes ADD COLUMN organization_id {{id}};
CREATE INDEX changes_organization ON changes (organization_id, number);
