-- Pages of members, oldest membership first, are read without sorting all.
CREATE INDEX organization_members_order ON organization_members (organization_id, created_at, user_id);
CREATE INDEX project_members_order ON project_members (project_id, created_at, user_id);
