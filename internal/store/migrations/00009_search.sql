-- What things are found and listed by, folded (see fold.go). A spot is made of
-- the id, and as good as random: in its order the rows are a sample of all.
-- name and address are cut to what an index holds. The indexes of the orders end
-- with what is searched, so that many rows are looked at without being read; but
-- for those of one owner: each would seem to serve the other's order, by a sort.
CREATE TABLE user_texts (
    spot       {{bigint}} PRIMARY KEY,
    id         {{id}} NOT NULL UNIQUE,
    text       {{text}} NOT NULL, -- all that is searched
    name       {{text}} NOT NULL,
    address    {{text}} NOT NULL,
    created_at {{bigint}} NOT NULL
){{strict}};
CREATE INDEX user_texts_created ON user_texts (created_at, id, name, address);
CREATE INDEX user_texts_name ON user_texts (name, id, address, created_at);
CREATE INDEX user_texts_address ON user_texts (address, id, name, created_at);
{{user_grams}}

CREATE TABLE organization_texts (
    spot       {{bigint}} PRIMARY KEY,
    id         {{id}} NOT NULL UNIQUE,
    text       {{text}} NOT NULL,
    name       {{text}} NOT NULL,
    owner_id   {{id}} NOT NULL,
    created_at {{bigint}} NOT NULL
){{strict}};
CREATE INDEX organization_texts_created ON organization_texts (created_at, id, name);
CREATE INDEX organization_texts_name ON organization_texts (name, id, created_at);
CREATE INDEX organization_texts_owner_created ON organization_texts (owner_id, created_at, id);
CREATE INDEX organization_texts_owner_name ON organization_texts (owner_id, name, id);
{{organization_grams}}

CREATE TABLE project_texts (
    spot            {{bigint}} PRIMARY KEY,
    id              {{id}} NOT NULL UNIQUE,
    text            {{text}} NOT NULL,
    name            {{text}} NOT NULL,
    owner_id        {{id}} NOT NULL,
    organization_id {{id}} NOT NULL,
    created_at      {{bigint}} NOT NULL
){{strict}};
CREATE INDEX project_texts_created ON project_texts (created_at, id, name);
CREATE INDEX project_texts_name ON project_texts (name, id, created_at);
CREATE INDEX project_texts_owner_created ON project_texts (owner_id, created_at, id);
CREATE INDEX project_texts_owner_name ON project_texts (owner_id, name, id);
CREATE INDEX project_texts_organization_created ON project_texts (organization_id, created_at, id);
CREATE INDEX project_texts_organization_name ON project_texts (organization_id, name, id);
{{project_grams}}

CREATE TABLE coupon_texts (
    spot       {{bigint}} PRIMARY KEY,
    id         {{id}} NOT NULL UNIQUE,
    text       {{text}} NOT NULL,
    name       {{text}} NOT NULL,
    owner_id   {{id}} NOT NULL,
    ends_at    {{bigint}} NOT NULL, -- not usable from then on
    created_at {{bigint}} NOT NULL
){{strict}};
CREATE INDEX coupon_texts_created ON coupon_texts (created_at, id, name);
CREATE INDEX coupon_texts_name ON coupon_texts (name, id, created_at);
CREATE INDEX coupon_texts_owner_created ON coupon_texts (owner_id, created_at, id);
CREATE INDEX coupon_texts_owner_name ON coupon_texts (owner_id, name, id);
{{coupon_grams}}

-- Whether the texts of all things that were there before these tables are in.
CREATE TABLE text_fills (
    kind {{text}} PRIMARY KEY,
    done {{bool}} NOT NULL
){{strict}};
INSERT INTO text_fills (kind, done) SELECT 'user', NOT EXISTS (SELECT 1 FROM users);
INSERT INTO text_fills (kind, done) SELECT 'organization', NOT EXISTS (SELECT 1 FROM organizations);
INSERT INTO text_fills (kind, done) SELECT 'project', NOT EXISTS (SELECT 1 FROM projects);
INSERT INTO text_fills (kind, done) SELECT 'coupon', NOT EXISTS (SELECT 1 FROM coupons);

-- Keys are found by their exact names.
CREATE INDEX api_keys_name ON api_keys (name, id);
CREATE INDEX organization_keys_name ON organization_keys (name, id);
