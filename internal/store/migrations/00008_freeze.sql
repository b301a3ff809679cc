-- What is frozen: users, organisations and projects by their ids. It goes with
-- them; no foreign key, for they are in three tables.
CREATE TABLE freezes (
    id           {{id}} PRIMARY KEY,
    kind         {{text}} NOT NULL, -- user, organization or project
    type         {{text}} NOT NULL,
    frozen_at    {{bigint}} NOT NULL,
    frozen_until {{bigint}} -- NULL: it does not end by itself
){{strict}};
CREATE INDEX freezes_until ON freezes (frozen_until);
INSERT INTO freezes (id, kind, type, frozen_at)
SELECT id, 'project', 'operator', created_at FROM projects WHERE frozen;

-- projects.frozen is written along with a project's own freeze, and read by
-- replicas of the version before alone, which run on while the first of this one
-- has migrated.
