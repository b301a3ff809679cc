-- Operators who are not the root. Their tokens are in operator_tokens.
CREATE TABLE operators (
    id         {{id}} PRIMARY KEY,
    name       {{text}} NOT NULL UNIQUE,
    role       {{text}} NOT NULL,
    created_at {{bigint}} NOT NULL
){{strict}};

-- operator_id is NULL of the root's; expires_at is the end of an overlap.
ALTER TABLE operator_tokens ADD COLUMN operator_id {{id}} REFERENCES operators (id) ON DELETE CASCADE;
ALTER TABLE operator_tokens ADD COLUMN expires_at {{bigint}};
CREATE INDEX operator_tokens_operator ON operator_tokens (operator_id);

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
