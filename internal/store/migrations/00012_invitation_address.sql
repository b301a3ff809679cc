-- An erased user's address is looked for in all invitations.
CREATE INDEX invitations_address ON invitations (email_key);
