-- Usage that was taken in and is not added up yet, some batches in each row.
CREATE TABLE usage_batches (
    sequence {{sequence}},
    records  {{bytes}} NOT NULL -- see pack.go
){{strict}};

-- Batches that could not be read, for somebody to look at.
CREATE TABLE usage_damaged (
    sequence {{bigint}} PRIMARY KEY,
    records  {{bytes}} NOT NULL
){{strict}};

-- Counts the passes that add usage up: who made the last one may go on from
-- what it remembers.
CREATE TABLE usage_passes (
    name   {{text}} PRIMARY KEY,
    number {{bigint}} NOT NULL
){{strict}};
INSERT INTO usage_passes (name, number) VALUES ('usage', 0);

-- What the counters have counted, by hour. A day is a number of days since
-- 1970-01-01 (UTC). Usage outlives its project: no foreign keys.
CREATE TABLE usage_days (
    day        {{bigint}} NOT NULL,
    project_id {{id}} NOT NULL,
    bucket     {{text}} NOT NULL,
    counts     {{bytes}} NOT NULL, -- see pack.go
    PRIMARY KEY (day, project_id, bucket)
){{rewritten}};

-- The gauges' samples as they came. A part is full at some size, and then the
-- next begins; which part a sample is in means nothing.
CREATE TABLE usage_samples (
    day        {{bigint}} NOT NULL,
    project_id {{id}} NOT NULL,
    bucket     {{text}} NOT NULL,
    part       {{bigint}} NOT NULL,
    samples    {{bytes}} NOT NULL, -- see pack.go
    PRIMARY KEY (day, project_id, bucket, part)
){{rewritten}};

-- What the samples of a month make.
CREATE TABLE usage_gauges (
    month      {{bigint}} NOT NULL, -- 202611 is November 2026, UTC
    project_id {{id}} NOT NULL,
    meter      {{text}} NOT NULL,
    bucket     {{text}} NOT NULL,
    first_at   {{bigint}} NOT NULL,
    last_at    {{bigint}} NOT NULL,
    last_value {{bigint}} NOT NULL,
    held       {{bytes}} NOT NULL, -- value × microseconds from first_at to last_at, big-endian
    seen_at    {{bigint}} NOT NULL, -- when the row was written
    PRIMARY KEY (month, project_id, meter, bucket)
){{rewritten}};

-- What the counters have counted in a month, big-endian.
DROP TABLE usage_totals;
CREATE TABLE usage_totals (
    month      {{bigint}} NOT NULL,
    project_id {{id}} NOT NULL,
    egress     {{bytes}} NOT NULL,
    requests   {{bytes}} NOT NULL,
    PRIMARY KEY (month, project_id)
){{rewritten}};

-- Months that were closed already when usage came: their next statement has
-- the difference.
CREATE TABLE usage_late (
    project_id {{id}} NOT NULL,
    month      {{bigint}} NOT NULL,
    PRIMARY KEY (project_id, month)
){{clustered}};

-- The ids of events that were counted: SHA-256 of organisation, source and id,
-- its first half.
CREATE TABLE usage_events (
    digest {{id}} PRIMARY KEY,
    month  {{bigint}} NOT NULL -- in which it was counted, or later
){{clustered}};

-- Where the projects were that are deleted and may have usage to be billed.
CREATE TABLE departed_projects (
    id              {{id}} PRIMARY KEY,
    organization_id {{id}} NOT NULL,
    name            {{text}} NOT NULL,
    deleted_at      {{bigint}} NOT NULL
){{strict}};
CREATE INDEX departed_projects_organization ON departed_projects (organization_id);

-- A month is open until it has a row.
CREATE TABLE billing_months (
    month  {{bigint}} PRIMARY KEY,
    closed {{bool}} NOT NULL, -- all its statements are final
    prices {{text}} NOT NULL  -- as they were when closing began, JSON
){{strict}};
DROP TABLE billing_records;

-- The month in which the program first ran: those before it are closed only
-- by hand. One row at most.
CREATE TABLE billing_start (
    name  {{text}} PRIMARY KEY,
    month {{bigint}} NOT NULL
){{strict}};

-- A final statement never changes but for its status and what credit notes
-- have taken back. Money's history outlives what it is about: no foreign keys.
CREATE TABLE statements (
    id                {{id}} PRIMARY KEY,
    organization_id   {{id}} NOT NULL,
    organization_name {{text}} NOT NULL,
    owner_id          {{id}} NOT NULL,
    month             {{bigint}} NOT NULL,
    status            {{text}} NOT NULL,
    gross             {{bigint}} NOT NULL, -- US cents
    coupons           {{bigint}} NOT NULL,
    credits           {{bigint}} NOT NULL,
    due               {{bigint}} NOT NULL,
    noted             {{bigint}} NOT NULL,
    UNIQUE (organization_id, month)
){{strict}};
CREATE INDEX statements_owner ON statements (owner_id, id);
CREATE INDEX statements_month ON statements (month, id);
CREATE INDEX statements_status ON statements (status, id);

CREATE TABLE statement_lines (
    statement_id {{id}} NOT NULL,
    number       {{bigint}} NOT NULL,
    project_id   {{id}} NOT NULL,
    project_name {{text}} NOT NULL,
    meter        {{text}} NOT NULL,
    month        {{bigint}} NOT NULL,
    quantity     {{text}} NOT NULL, -- decimal, as it is exact
    microcents   {{text}} NOT NULL, -- decimal
    cents        {{bigint}} NOT NULL,
    PRIMARY KEY (statement_id, number)
){{clustered}};
CREATE INDEX statement_lines_project ON statement_lines (project_id, month);

CREATE TABLE statement_settlements (
    statement_id {{id}} NOT NULL,
    number       {{bigint}} NOT NULL,
    kind         {{text}} NOT NULL,
    source_id    {{id}} NOT NULL,
    description  {{text}} NOT NULL,
    cents        {{bigint}} NOT NULL,
    PRIMARY KEY (statement_id, number)
){{clustered}};
CREATE INDEX statement_settlements_source ON statement_settlements (source_id);

CREATE TABLE credit_notes (
    id           {{id}} PRIMARY KEY,
    statement_id {{id}} NOT NULL,
    cents        {{bigint}} NOT NULL,
    reason       {{text}} NOT NULL,
    credit_id    {{id}},
    created_at   {{bigint}} NOT NULL
){{strict}};
CREATE INDEX credit_notes_statement ON credit_notes (statement_id);

-- A coupon's state follows from what of it is applied and the time.
ALTER TABLE coupons ADD COLUMN applied {{bigint}} NOT NULL DEFAULT 0; -- US cents
ALTER TABLE coupons DROP COLUMN status;

CREATE TABLE credits (
    id              {{id}} PRIMARY KEY,
    organization_id {{id}} NOT NULL,
    amount          {{bigint}} NOT NULL, -- US cents
    applied         {{bigint}} NOT NULL,
    priority        {{bigint}} NOT NULL,
    description     {{text}} NOT NULL,
    effective_at    {{bigint}} NOT NULL,
    expires_at      {{bigint}},
    voided_at       {{bigint}},
    created_at      {{bigint}} NOT NULL
){{strict}};
CREATE INDEX credits_organization ON credits (organization_id);

-- What an organisation means to spend in a month, US cents.
ALTER TABLE organizations ADD COLUMN budget {{bigint}};

CREATE TABLE webhooks (
    organization_id {{id}} PRIMARY KEY REFERENCES organizations (id) ON DELETE CASCADE,
    url             {{text}} NOT NULL,
    secret          {{bytes}} NOT NULL,
    sealed_by       {{bytes}} NOT NULL, -- the id of the master key that sealed the secret
    created_at      {{bigint}} NOT NULL
){{strict}};
CREATE INDEX webhooks_sealed_by ON webhooks (sealed_by, organization_id);

-- Alerts that were raised: each once a month.
CREATE TABLE alerts (
    organization_id {{id}} NOT NULL,
    month           {{bigint}} NOT NULL,
    subject_id      {{id}} NOT NULL, -- the project, or the organisation of a budget
    kind            {{text}} NOT NULL, -- usage, bandwidth or budget
    threshold       {{bigint}} NOT NULL, -- per cent
    created_at      {{bigint}} NOT NULL,
    PRIMARY KEY (organization_id, month, subject_id, kind, threshold)
){{clustered}};

-- Messages that are to be delivered, in order within each organisation.
CREATE TABLE webhook_messages (
    sequence        {{sequence}},
    id              {{id}} NOT NULL UNIQUE,
    organization_id {{id}} NOT NULL,
    payload         {{text}} NOT NULL,
    attempts        {{bigint}} NOT NULL,
    next_at         {{bigint}} NOT NULL, -- not tried before
    created_at      {{bigint}} NOT NULL
){{strict}};
CREATE INDEX webhook_messages_organization ON webhook_messages (organization_id, sequence);

-- What of usage was committed before the report that began what is in
-- committed, and when each was committed last: a later report has it in it.
ALTER TABLE meters ADD COLUMN committed_at {{bigint}} NOT NULL DEFAULT 0;
ALTER TABLE meters ADD COLUMN earlier {{bigint}} NOT NULL DEFAULT 0;
ALTER TABLE meters ADD COLUMN earlier_at {{bigint}} NOT NULL DEFAULT 0;
