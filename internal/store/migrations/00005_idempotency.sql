-- Replies to requests with an Idempotency-Key, kept for who asks again.
CREATE TABLE idempotency (
    id         {{id}} PRIMARY KEY, -- of who asked and the key
    request    {{bytes}} NOT NULL, -- SHA-256 of what was asked
    reply      {{bytes}} NOT NULL, -- sealed under the master key
    sealed_by  {{bytes}} NOT NULL,
    created_at {{bigint}} NOT NULL
){{strict}};
CREATE INDEX idempotency_age ON idempotency (created_at);
CREATE INDEX idempotency_sealed_by ON idempotency (sealed_by, id);
