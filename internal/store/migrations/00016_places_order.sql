-- Where a user is a member is read page by page without sorting all.
DROP INDEX organization_members_user;
CREATE INDEX organization_members_user ON organization_members (user_id, disabled, created_at, organization_id);
