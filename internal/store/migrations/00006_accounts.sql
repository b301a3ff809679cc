-- The secrets that users' codes are made of; each counts once its user has
-- shown a code of it.
CREATE TABLE user_totps (
    user_id      {{id}} PRIMARY KEY REFERENCES users (id),
    secret       {{bytes}} NOT NULL, -- sealed by the master key of the id sealed_by
    sealed_by    {{bytes}} NOT NULL,
    created_at   {{bigint}} NOT NULL,
    confirmed_at {{bigint}}
){{strict}};
CREATE INDEX user_totps_seal ON user_totps (sealed_by, user_id);

-- The newest step whose code was taken, so that none is taken twice.
CREATE TABLE totp_steps (
    user_id {{id}} PRIMARY KEY REFERENCES users (id),
    step    {{bigint}} NOT NULL
){{strict}};

CREATE TABLE recovery_codes (
    user_id {{id}} NOT NULL REFERENCES users (id),
    hash    {{bytes}} NOT NULL, -- SHA-256
    PRIMARY KEY (user_id, hash)
){{clustered}};

-- Who may become a member. project_id is NULL of an organisation's.
CREATE TABLE invitations (
    id              {{id}} PRIMARY KEY,
    organization_id {{id}} NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    project_id      {{id}} REFERENCES projects (id) ON DELETE CASCADE,
    email           {{text}} NOT NULL,
    email_key       {{text}} NOT NULL,
    role            {{text}} NOT NULL,
    created_at      {{bigint}} NOT NULL,
    expires_at      {{bigint}} NOT NULL
){{strict}};
CREATE INDEX invitations_organization ON invitations (organization_id, created_at, id);
CREATE INDEX invitations_project ON invitations (project_id);
CREATE INDEX invitations_expiry ON invitations (expires_at);

-- Mail that is to be sent. The text, and the secret in it, are made when it is.
CREATE TABLE mails (
    id         {{id}} PRIMARY KEY,
    kind       {{text}} NOT NULL,
    subject    {{text}} NOT NULL, -- the address, or the id, that it is about
    attempts   {{bigint}} NOT NULL,
    next_at    {{bigint}} NOT NULL,
    created_at {{bigint}} NOT NULL,
    UNIQUE (kind, subject)
){{strict}};
CREATE INDEX mails_due ON mails (next_at);

-- How many mails went out on a day because of an organisation, or of somebody in
-- it: the newest day's count. A day is a number of days since 1970, in UTC.
CREATE TABLE mail_counts (
    id    {{id}} PRIMARY KEY,
    day   {{bigint}} NOT NULL,
    mails {{bigint}} NOT NULL
){{strict}};
CREATE INDEX mail_counts_age ON mail_counts (day);
