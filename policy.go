package reeve

import "slices"

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

// Stronger gives the stronger of two roles; "" is weaker than any.
func (r Role) Stronger(other Role) Role {
	if slices.Index(Roles, other) > slices.Index(Roles, r) {
		return other
	}
	return r
}

// Action is something that a role may or may not allow.
type Action string

// The actions of tenants. What is not listed for a role is denied.
const (
	ReadProject            Action = "project.read"
	ReadMembers            Action = "member.read"
	ReadUsage              Action = "usage.read"
	ReadStatements         Action = "statement.read"
	ReadOrganization       Action = "organization.read"
	ReadAPIKeys            Action = "apikey.read"
	UpdateProject          Action = "project.update"
	ManageAPIKeys          Action = "apikey.manage"
	ManageMembers          Action = "member.manage"
	UpdateOrganization     Action = "organization.update"
	CreateProject          Action = "project.create"
	DeleteProject          Action = "project.delete"
	ReadOrganizationKeys   Action = "organization_key.read"
	ManageOrganizationKeys Action = "organization_key.manage"
	ReadChanges            Action = "change.read"
)

// Rule is one row of a table of what roles may do.
type Rule[A, R ~string] struct {
	Action A
	About  string // what it lets its holder do
	Writes bool   // it changes something
	Roles  []R    // who may
}

var (
	anyMember    = []Role{RoleViewer, RoleEditor, RoleAdmin}
	fromEditor   = []Role{RoleEditor, RoleAdmin}
	adminsAlone  = []Role{RoleAdmin}
	anyOperator  = []OperatorRole{OperatorViewer, OperatorFinance, OperatorSupport, OperatorAdmin}
	supportStaff = []OperatorRole{OperatorSupport, OperatorAdmin}
	financeStaff = []OperatorRole{OperatorFinance, OperatorAdmin}
	moneyOrHelp  = []OperatorRole{OperatorFinance, OperatorSupport, OperatorAdmin}
	rulersAlone  = []OperatorRole{OperatorAdmin}
)

// Policy is the one table of what tenants may do.
var Policy = []Rule[Action, Role]{
	{ReadOrganization, "see an organisation and its projects", false, anyMember},
	{ReadProject, "see a project and its limits", false, anyMember},
	{ReadMembers, "see who is in it", false, anyMember},
	{ReadAPIKeys, "see a project's API keys", false, anyMember},
	{ReadUsage, "see what is used", false, anyMember},
	{ReadStatements, "see statements", false, anyMember},
	{UpdateProject, "rename and describe a project", true, fromEditor},
	{ManageAPIKeys, "create, rotate and delete a project's API keys", true, fromEditor},
	{ManageMembers, "add, invite, change and remove members", true, adminsAlone},
	{UpdateOrganization, "rename an organisation", true, adminsAlone},
	{CreateProject, "create projects", true, adminsAlone},
	{DeleteProject, "delete projects", true, adminsAlone},
	{ReadOrganizationKeys, "see an organisation's keys", false, adminsAlone},
	{ManageOrganizationKeys, "create, rotate and delete an organisation's keys", true, adminsAlone},
	{ReadChanges, "read an organisation's record of changes", false, adminsAlone},
}

// Allows tells whether a role allows an action.
func (r Role) Allows(action Action) bool { return allows(Policy, action, r) }

// Writes tells whether an action changes something, which nobody may do to
// what is frozen. An action that is in no table is taken for one.
func (a Action) Writes() bool {
	at := slices.IndexFunc(Policy, func(rule Rule[Action, Role]) bool { return rule.Action == a })
	return at < 0 || Policy[at].Writes
}

// ForOperators is what an operator must be allowed for a tenant's action.
func (a Action) ForOperators() OperatorAction {
	switch {
	case !a.Writes():
		return Look
	case a == ManageAPIKeys, a == ManageOrganizationKeys:
		return ManageKeys
	default:
		return ManageTenants
	}
}

// OperatorRole is what a named operator may do.
type OperatorRole string

// The roles of operators. They are no ladder: finance and support each may
// what the other may not.
const (
	OperatorViewer  OperatorRole = "viewer"
	OperatorFinance OperatorRole = "finance"
	OperatorSupport OperatorRole = "support"
	OperatorAdmin   OperatorRole = "admin"
)

// OperatorRoles lists the roles of operators.
var OperatorRoles = anyOperator

// ParseOperatorRole reads a role; there are no other spellings.
func ParseOperatorRole(text string) (OperatorRole, error) {
	if role := OperatorRole(text); slices.Contains(OperatorRoles, role) {
		return role, nil
	}
	return "", Errorf(Invalid, "role must be admin, support, finance or viewer")
}

// OperatorAction is something that an operator's role may or may not allow.
type OperatorAction string

// The actions of operators.
const (
	Look              OperatorAction = "look"
	ManageUsers       OperatorAction = "user.manage"
	ManageTenants     OperatorAction = "tenant.manage"
	ManageLimits      OperatorAction = "limits.manage"
	ManageKeys        OperatorAction = "key.manage"
	ManageWebhooks    OperatorAction = "webhook.manage"
	FreezeForBilling  OperatorAction = "freeze.billing"
	Freeze            OperatorAction = "freeze"
	ManageMoney       OperatorAction = "money.manage"
	CloseMonths       OperatorAction = "month.close"
	EraseForGood      OperatorAction = "erase"
	ManageGateways    OperatorAction = "gateway.manage"
	ManageOperators   OperatorAction = "operator.manage"
	ManageMaintenance OperatorAction = "maintenance"
)

// OperatorPolicy is the one table of what operators may do. The root operator
// may everything.
var OperatorPolicy = []Rule[OperatorAction, OperatorRole]{
	{Look, "see and search everything, secrets excepted", false, anyOperator},
	{ManageUsers, "create, change, delete and restore users", true, supportStaff},
	{ManageTenants, "the same for organisations, projects and members; transfer projects", true, supportStaff},
	{ManageLimits, "set projects' limits", true, supportStaff},
	{ManageKeys, "create and revoke keys of projects and organisations", true, supportStaff},
	{ManageWebhooks, "set organisations' webhooks", true, supportStaff},
	{FreezeForBilling, "freeze and unfreeze for unpaid bills", true, moneyOrHelp},
	{Freeze, "freeze and unfreeze for any cause", true, supportStaff},
	{ManageMoney, "coupons, credits, budgets, credit notes; settle statements", true, financeStaff},
	{CloseMonths, "close months", true, financeStaff},
	{EraseForGood, "delete without a way back", true, rulersAlone},
	{ManageGateways, "create, rotate and delete gateways", true, rulersAlone},
	{ManageOperators, "create, change and delete operators, rotate their tokens", true, rulersAlone},
	{ManageMaintenance, "master keys and the check of the log", true, rulersAlone},
}

// Allows tells whether an operator's role allows an action.
func (r OperatorRole) Allows(action OperatorAction) bool { return allows(OperatorPolicy, action, r) }

// Both gives the strongest role that allows nothing but what both roles allow:
// of two of which one allows all that the other does, that other one. It is ""
// if one of them is no role.
func (r OperatorRole) Both(other OperatorRole) (out OperatorRole) {
	most := 0
	for _, role := range OperatorRoles {
		allowed := 0
		for _, rule := range OperatorPolicy {
			if !role.Allows(rule.Action) {
				continue
			}
			if !r.Allows(rule.Action) || !other.Allows(rule.Action) {
				allowed = 0
				break
			}
			allowed++
		}
		if allowed > most {
			most, out = allowed, role
		}
	}
	return out
}

func allows[A, R ~string](policy []Rule[A, R], action A, role R) bool {
	for _, rule := range policy {
		if rule.Action == action {
			return slices.Contains(rule.Roles, role)
		}
	}
	return false
}
