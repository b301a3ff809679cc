-- To what a plan of one action to many things was done already, kept for longer
-- than the plan can be carried out.
CREATE TABLE bulk_done (
    plan    {{id}} NOT NULL,
    thing   {{id}} NOT NULL,
    done_at {{bigint}} NOT NULL,
    PRIMARY KEY (plan, thing)
){{strict}};
CREATE INDEX bulk_done_age ON bulk_done (done_at);
