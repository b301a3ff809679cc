package reeve

import "time"

// Member is a user's place in an organisation or a project. A role in an
// organisation counts on all its projects. A disabled member has no rights
// but keeps the place, the role and the date.
type Member struct {
	UserID    ID
	Email     string
	FullName  string
	Role      Role
	Disabled  bool
	CreatedAt time.Time
}
