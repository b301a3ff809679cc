CREATE TABLE users (
    id            {{id}} PRIMARY KEY,
    email         {{text}} NOT NULL,
    email_key     {{text}} UNIQUE, -- NULL once deleted: the address is free
    full_name     {{text}} NOT NULL,
    short_name    {{text}} NOT NULL,
    password_hash {{bytes}} NOT NULL,
    project_limit {{bigint}} NOT NULL,
    created_at    {{bigint}} NOT NULL
){{strict}};

CREATE TABLE organizations (
    id         {{id}} PRIMARY KEY,
    name       {{text}} NOT NULL,
    owner_id   {{id}} NOT NULL REFERENCES users (id),
    created_at {{bigint}} NOT NULL
){{strict}};
CREATE INDEX organizations_owner ON organizations (owner_id);

CREATE TABLE organization_members (
    organization_id {{id}} NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id         {{id}} NOT NULL REFERENCES users (id),
    role            {{text}} NOT NULL,
    disabled        {{bool}} NOT NULL,
    created_at      {{bigint}} NOT NULL,
    PRIMARY KEY (organization_id, user_id)
){{strict}};
CREATE INDEX organization_members_user ON organization_members (user_id);

CREATE TABLE organization_keys (
    id              {{id}} PRIMARY KEY,
    organization_id {{id}} NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name            {{text}} NOT NULL,
    role            {{text}} NOT NULL,
    hash            {{bytes}} NOT NULL UNIQUE,
    created_at      {{bigint}} NOT NULL,
    expires_at      {{bigint}},
    UNIQUE (organization_id, name)
){{strict}};

CREATE TABLE projects (
    id                 {{id}} PRIMARY KEY,
    organization_id    {{id}} NOT NULL REFERENCES organizations (id),
    owner_id           {{id}} NOT NULL REFERENCES users (id),
    service_account_id {{id}} NOT NULL UNIQUE,
    name               {{text}} NOT NULL,
    description        {{text}} NOT NULL,
    usage_limit        {{bigint}}, -- limits: NULL is unset, -1 unlimited
    bandwidth_limit    {{bigint}},
    rate_limit         {{bigint}},
    bucket_limit       {{bigint}},
    created_at         {{bigint}} NOT NULL
){{strict}};
CREATE INDEX projects_organization ON projects (organization_id);
CREATE INDEX projects_owner ON projects (owner_id);

CREATE TABLE project_members (
    project_id {{id}} NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id    {{id}} NOT NULL REFERENCES users (id),
    role       {{text}} NOT NULL,
    disabled   {{bool}} NOT NULL,
    created_at {{bigint}} NOT NULL,
    PRIMARY KEY (project_id, user_id)
){{strict}};
CREATE INDEX project_members_user ON project_members (user_id);

CREATE TABLE api_keys (
    id         {{id}} PRIMARY KEY,
    project_id {{id}} NOT NULL REFERENCES projects (id),
    partner_id {{id}},
    name       {{text}} NOT NULL,
    head       {{bytes}} NOT NULL UNIQUE,
    secret     {{bytes}} NOT NULL,
    sealed_by  {{bytes}} NOT NULL, -- the id of the master key that sealed the secret
    created_at {{bigint}} NOT NULL,
    UNIQUE (project_id, name)
){{strict}};
CREATE INDEX api_keys_sealed_by ON api_keys (sealed_by, id);

-- A tail names a key derived from an API key, and so all that derive from it.
CREATE TABLE revoked_tails (
    tail       {{bytes}} PRIMARY KEY,
    api_key_id {{id}} NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    created_at {{bigint}} NOT NULL
){{strict}};
CREATE INDEX revoked_tails_key ON revoked_tails (api_key_id);

CREATE TABLE buckets (
    project_id {{id}} NOT NULL REFERENCES projects (id),
    name       {{text}} NOT NULL,
    created_at {{bigint}} NOT NULL,
    PRIMARY KEY (project_id, name)
){{strict}};

CREATE TABLE usage_totals (
    project_id {{id}} NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    month      {{bigint}} NOT NULL, -- 202611 is November 2026, UTC
    storage    {{bigint}} NOT NULL,
    objects    {{bigint}} NOT NULL,
    egress     {{bigint}} NOT NULL,
    PRIMARY KEY (project_id, month)
){{strict}};
CREATE INDEX usage_totals_month ON usage_totals (month);

-- Money's history outlives its project: no foreign key.
CREATE TABLE billing_records (
    project_id {{id}} NOT NULL,
    month      {{bigint}} NOT NULL,
    state      {{bigint}} NOT NULL,
    PRIMARY KEY (project_id, month)
){{strict}};

CREATE TABLE coupons (
    id          {{id}} PRIMARY KEY,
    user_id     {{id}} NOT NULL REFERENCES users (id),
    amount      {{bigint}} NOT NULL,
    duration    {{bigint}} NOT NULL,
    description {{text}} NOT NULL,
    type        {{bigint}} NOT NULL,
    status      {{bigint}} NOT NULL,
    created_at  {{bigint}} NOT NULL
){{strict}};
CREATE INDEX coupons_user ON coupons (user_id);

CREATE TABLE gateways (
    id         {{id}} PRIMARY KEY,
    name       {{text}} NOT NULL,
    hash       {{bytes}} NOT NULL UNIQUE,
    created_at {{bigint}} NOT NULL
){{strict}};

CREATE TABLE operator_tokens (
    id         {{id}} PRIMARY KEY,
    hash       {{bytes}} NOT NULL UNIQUE,
    created_at {{bigint}} NOT NULL
){{strict}};

-- A change waits here from its transaction's commit until it is numbered; the
-- sequence is drawn by the INSERT, after the target's row is locked.
CREATE TABLE pending_changes (
    sequence   {{sequence}},
    at         {{bigint}} NOT NULL,
    actor      {{text}} NOT NULL,
    action     {{text}} NOT NULL,
    target     {{id}} NOT NULL,
    before     {{text}},
    after      {{text}},
    reason     {{text}} NOT NULL,
    request_id {{text}} NOT NULL
){{strict}};

CREATE TABLE changes (
    number     {{bigint}} PRIMARY KEY,
    at         {{bigint}} NOT NULL,
    actor      {{text}} NOT NULL,
    action     {{text}} NOT NULL,
    target     {{id}} NOT NULL,
    before     {{text}},
    after      {{text}},
    reason     {{text}} NOT NULL,
    request_id {{text}} NOT NULL,
    hash       {{bytes}} NOT NULL
){{strict}};
CREATE INDEX changes_target ON changes (target, number);
CREATE INDEX changes_actor ON changes (actor, number);
CREATE INDEX changes_action ON changes (action, number);

-- The ends of the chain: 'head' is the newest numbered change, 'anchor' the
-- newest one that retention removed.
CREATE TABLE change_ends (
    name   {{text}} PRIMARY KEY,
    number {{bigint}} NOT NULL,
    hash   {{bytes}} NOT NULL
){{strict}};
INSERT INTO change_ends (name, number, hash)
VALUES ('head', 0, {{zerohash}}), ('anchor', 0, {{zerohash}});
