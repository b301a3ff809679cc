-- What was deleted and can be restored until erase_at. snapshot is JSON, made
-- and read by the use cases alone.
CREATE TABLE deletions (
    id         {{id}} PRIMARY KEY, -- the deleted thing's
    kind       {{text}} NOT NULL,
    name       {{text}} NOT NULL, -- a user's address
    name_key   {{text}} NOT NULL, -- what users' addresses are compared by; '' of other kinds
    snapshot   {{text}} NOT NULL,
    deleted_at {{bigint}} NOT NULL,
    erase_at   {{bigint}} NOT NULL
){{strict}};
CREATE INDEX deletions_newest ON deletions (deleted_at, id);
CREATE INDEX deletions_kind ON deletions (kind, deleted_at, id);
CREATE INDEX deletions_name ON deletions (name_key, deleted_at);
CREATE INDEX deletions_end ON deletions (erase_at);
