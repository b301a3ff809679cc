-- Operators who have signed in to the console. operator_id is NULL of the root.
-- A session is opened with an operator's token, and lives no longer than that,
-- or by an identity provider, and then has the role that was mapped.
CREATE TABLE operator_sessions (
    id          {{id}} PRIMARY KEY,
    hash        {{bytes}} NOT NULL UNIQUE, -- SHA-256 of the session's token
    operator_id {{id}} REFERENCES operators (id) ON DELETE CASCADE,
    token_hash  {{bytes}}, -- of the operator's token; NULL if a provider opened it
    role        {{text}} NOT NULL, -- '' unless a provider opened it
    created_at  {{bigint}} NOT NULL
){{strict}};
CREATE INDEX operator_sessions_operator ON operator_sessions (operator_id);
CREATE INDEX operator_sessions_age ON operator_sessions (created_at);

-- Whom an identity provider means by which of its subjects.
CREATE TABLE operator_identities (
    issuer      {{text}} NOT NULL,
    subject     {{text}} NOT NULL,
    operator_id {{id}} NOT NULL UNIQUE REFERENCES operators (id) ON DELETE CASCADE,
    created_at  {{bigint}} NOT NULL,
    PRIMARY KEY (issuer, subject)
){{clustered}};

-- Of a session of an operator; NULL of the root's.
ALTER TABLE revoked_tokens ADD COLUMN operator_id {{id}};
