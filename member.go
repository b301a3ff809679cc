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

// IsAdmin tells whether the member counts as an admin now.
func (m Member) IsAdmin() bool { return m.Role == RoleAdmin && !m.Disabled }

// LastAdmin tells whether one member is the only enabled admin among all.
func LastAdmin(members []Member, user ID) bool {
	only := false
	for _, member := range members {
		switch {
		case !member.IsAdmin():
		case member.UserID == user:
			only = true
		default:
			return false
		}
	}
	return only
}

// FindMember finds a user's membership.
func FindMember(members []Member, user ID) (Member, bool) {
	for _, member := range members {
		if member.UserID == user {
			return member, true
		}
	}
	return Member{}, false
}
