-- A session is a program that answers from its own memory: a gateway, or a
-- replica of the server (gateway_id is NULL). It outlives its gateway, which
-- may answer until its lease is over: no foreign key.
CREATE TABLE sessions (
    id         {{id}} PRIMARY KEY,
    gateway_id {{id}},
    name       {{text}} NOT NULL,
    applied    {{bigint}} NOT NULL, -- the number of the newest change it has taken in
    renewals   {{bigint}} NOT NULL, -- counted, so that who watches can time the lease by its own clock
    lease      {{bigint}} NOT NULL, -- microseconds
    created_at {{bigint}} NOT NULL
){{strict}};

-- What a deleted key leaves behind: its head is refused as revoked, not as
-- unknown. It outlives its project: no foreign key.
CREATE TABLE revoked_heads (
    head       {{bytes}} PRIMARY KEY,
    api_key_id {{id}} NOT NULL,
    revoked_at {{bigint}} NOT NULL
){{strict}};
CREATE INDEX revoked_heads_key ON revoked_heads (api_key_id);
CREATE INDEX revoked_heads_age ON revoked_heads (revoked_at);

-- Keys of the project made before this time are refused.
ALTER TABLE projects ADD COLUMN revoked_before {{bigint}};
ALTER TABLE projects ADD COLUMN frozen {{bool}} NOT NULL DEFAULT FALSE;

-- What counts against a project's limits: rate by the second, bandwidth by the
-- month, usage as it stands. leased is what unsettled leases hold.
CREATE TABLE meters (
    project_id {{id}} NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    meter      {{text}} NOT NULL,
    period     {{bigint}} NOT NULL, -- the second, the month (202611) or 0 that committed belongs to
    committed  {{bigint}} NOT NULL,
    leased     {{bigint}} NOT NULL,
    PRIMARY KEY (project_id, meter)
){{strict}};

-- A lease is a row for each meter that it holds something of.
CREATE TABLE leases (
    id         {{id}} NOT NULL,
    meter      {{text}} NOT NULL,
    project_id {{id}} NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    gateway_id {{id}} REFERENCES gateways (id) ON DELETE SET NULL, -- a lease of the rate outlives its gateway
    amount     {{bigint}} NOT NULL,
    expires_at {{bigint}} NOT NULL,
    created_at {{bigint}} NOT NULL,
    PRIMARY KEY (id, meter)
){{strict}};
CREATE INDEX leases_lapse ON leases (project_id, meter, expires_at);
CREATE INDEX leases_gateway ON leases (gateway_id, project_id);

-- The newest batch of usage that each stream of a gateway has delivered, with
-- the reply it got.
CREATE TABLE usage_marks (
    gateway_id {{id}} NOT NULL REFERENCES gateways (id) ON DELETE CASCADE,
    stream     {{text}} NOT NULL,
    sequence   {{bigint}} NOT NULL,
    digest     {{bytes}} NOT NULL, -- SHA-256 of the batch
    reply      {{text}} NOT NULL,
    seen_at    {{bigint}} NOT NULL, -- when the batch was taken
    PRIMARY KEY (gateway_id, stream)
){{strict}};
ALTER TABLE usage_totals ADD COLUMN requests {{bigint}} NOT NULL DEFAULT 0;
