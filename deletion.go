package reeve

import "time"

// DeletionKind is what sort of thing was deleted.
type DeletionKind string

// The things that can be restored.
const (
	DeletedUser         DeletionKind = "user"
	DeletedProject      DeletionKind = "project"
	DeletedOrganization DeletionKind = "organization"
)

// ParseDeletionKind reads a kind; there are no other spellings.
func ParseDeletionKind(text string) (DeletionKind, error) {
	switch kind := DeletionKind(text); kind {
	case DeletedUser, DeletedProject, DeletedOrganization:
		return kind, nil
	}
	return "", Errorf(Invalid, "kind must be user, project or organization")
}

// Deletion is something that was deleted and can be restored before EraseAt;
// from then on nothing is kept of it.
type Deletion struct {
	ID        ID // the deleted thing's
	Kind      DeletionKind
	Name      string // a user's address
	Snapshot  string // what restoring needs; only where a read says so
	DeletedAt time.Time
	EraseAt   time.Time
}
