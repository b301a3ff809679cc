package reeve

// Role is what a member or an organisation key may do.
type Role string

// The roles, each allowing all that the one before it allows.
const (
	RoleViewer Role = "viewer"
	RoleEditor Role = "editor"
	RoleAdmin  Role = "admin"
)

// Roles lists the roles, weakest first.
var Roles = []Role{RoleViewer, RoleEditor, RoleAdmin}

// ParseRole reads a role; there are no other spellings.
func ParseRole(text string) (Role, error) {
	for _, role := range Roles {
		if text == string(role) {
			return role, nil
		}
	}
	return "", Errorf(Invalid, "role must be admin, editor or viewer")
}

// Action is something that a role may or may not allow.
type Action string

// The actions of tenants. What is not listed for a role is denied.
const (
	ReadProject   Action = "project.read"
	UpdateProject Action = "project.update"
	ReadMembers   Action = "member.read"
	ManageMembers Action = "member.manage"

	ReadUsage      Action = "usage.read"
	ReadStatements Action = "statement.read"
)

// policy is the one table of what tenants may do.
var policy = map[Action][]Role{
	ReadProject:   {RoleViewer, RoleEditor, RoleAdmin},
	UpdateProject: {RoleEditor, RoleAdmin},
	ReadMembers:   {RoleViewer, RoleEditor, RoleAdmin},
	ManageMembers: {RoleAdmin},

	ReadUsage:      {RoleViewer, RoleEditor, RoleAdmin},
	ReadStatements: {RoleViewer, RoleEditor, RoleAdmin},
}

// Allows tells whether a role allows an action.
func (r Role) Allows(action Action) bool {
	for _, role := range policy[action] {
		if role == r {
			return true
		}
	}
	return false
}
