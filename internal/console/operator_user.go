package console

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

// operatorUsers serves users' pages.
func (s *site) operatorUsers() {
	s.show("users/{user}", (*visit).showUser)
	s.does(action{Path: "users/new", Ask: (*visit).askCreateUser, Do: (*visit).createUser})
	s.does(action{Path: "users/{user}/edit", Ask: (*visit).askEditUser, Do: (*visit).editUser})
	s.does(action{Path: "users/{user}/reset", Ask: (*visit).askResetUser, Do: (*visit).resetUser})
	s.does(action{Path: "users/{user}/totp", Ask: (*visit).askRemoveTOTP, Do: (*visit).removeTOTP})
	s.does(action{Path: "users/{user}/freeze", Ask: (*visit).askFreezeUser, Do: (*visit).freezeUser})
	s.does(action{Path: "users/{user}/unfreeze", Ask: (*visit).askUnfreezeUser, Do: (*visit).unfreezeUser})
	s.does(action{Path: "users/{user}/delete", Before: s.control.AddUpUsage, Ask: (*visit).askDeleteUser, Do: (*visit).deleteUser})
	s.does(action{Path: "users/{user}/erase", Before: s.control.AddUpUsage, Ask: (*visit).askEraseUser, Do: (*visit).eraseUser})
}

var errNoUser = reeve.Errorf(reeve.NotFound, "there is no such user; one who was deleted may be among the deletions")

// userOf finds the user whom the path names, by id or by address.
func (v *visit) userOf() (out control.UserDetails, err error) {
	text := v.r.PathValue("user")
	if id, wrong := reeve.ParseID(reeve.PrefixUser, text); wrong == nil {
		out, err = v.control.GetUserByID(v.ctx, id)
	} else {
		out, err = v.control.GetUser(v.ctx, text)
	}
	if reeve.IsKind(err, reeve.NotFound) {
		err = errNoUser
	}
	return out, err
}

// userUp is the way to a user's page.
func userUp(u reeve.User) []link {
	return []link{{Text: "Users", To: to("users")}, {Text: calledOr(u.FullName, u.Email), To: to("users", u.ID.String())}}
}

// showUser shows a user with what is the user's.
func (v *visit) showUser() (*page, error) {
	found, err := v.userOf()
	if err != nil {
		return nil, err
	}
	u := found.User
	projects, sessions, err := v.control.CountOfUser(v.ctx, u.ID)
	if err != nil {
		return nil, err
	}
	p := &page{
		Title: calledOr(u.FullName, u.Email), Up: userUp(u)[:1], Badges: freezeState(u.Freeze).Badges, Actions: v.userActions(found),
		Facts: append([]fact{
			{"Address", text(u.Email)},
			{"Short name", text(calledOr(u.ShortName, "none"))},
			{"Second factor", totpState(found.TOTP)},
			{"Sessions", text(howMany(sessions))},
			{"Projects owned", text(howMany(projects) + " of " + document.Thousands(strconv.Itoa(u.ProjectLimit)))},
			{"Created", moment(u.CreatedAt)},
			{"ID", code(u.ID.String())},
		}, freezeFacts(u.Freeze)...),
	}
	changes := func(control.UserDetails) (section, error) {
		return v.changesSection(control.ChangeFilter{Target: &u.ID}, "Last changes")
	}
	p.Sections, err = sideBySide(found,
		single(v.userProjects), single(v.userOrganizations), single(v.userPlaces), single(v.userCoupons), single(v.userStatements), single(changes))
	return p, err
}

func totpState(on bool) cell {
	if on {
		return state("on", "good")
	}
	return state("off", "plain")
}

// userActions are what can be done to a user.
func (v *visit) userActions(found control.UserDetails) (out []link) {
	u := found.User
	at := func(name string) string { return to("users", u.ID.String(), name) }
	if v.may(reeve.ManageUsers) {
		out = append(out, link{Text: "Edit", To: at("edit"), Main: true}, link{Text: "Reset password", To: at("reset")})
		if found.TOTP {
			out = append(out, link{Text: "Remove second factor", To: at("totp")})
		}
	}
	out = append(out, v.freezeActions(u.Freeze, to("users", u.ID.String()))...)
	if v.may(reeve.ManageUsers) {
		out = append(out, link{Text: "Delete", To: at("delete"), Danger: true})
		if v.may(reeve.EraseForGood) {
			out = append(out, link{Text: "Erase", To: at("erase"), Danger: true})
		}
	}
	return out
}

// userProjects tells what the user owns, and how much of it is used.
func (v *visit) userProjects(found control.UserDetails) (section, error) {
	id := found.User.ID
	owned, next, err := v.control.ListProjects(v.ctx, control.Listing{Owner: &id, Limit: shortList})
	if err != nil {
		return section{}, err
	}
	t := &table{
		ID: "projects", Caption: "Projects owned", Empty: "The user owns no project.", Brief: next != "",
		Columns: []column{{Name: "Name"}, {Name: "State"}, {Name: "Stored"}, {Name: "Egress this month"}, {Name: "Buckets"}, {Name: "Created"}},
	}
	ids := make([]reeve.ID, len(owned))
	for i, p := range owned {
		ids[i] = p.ID
	}
	frozen, err := v.control.FrozenProjects(v.ctx, ids)
	if err != nil {
		return section{}, err
	}
	for _, p := range owned {
		limits, err := v.control.GetLimitsInForce(v.ctx, p.ID)
		if err != nil {
			return section{}, err
		}
		state := freezeState(p.Freeze)
		if p.Freeze == nil && slices.Contains(frozen, p.ID) {
			state.Badges = []badge{{"frozen with the user or the organisation", "bad"}}
		}
		t.Rows = append(t.Rows, []cell{
			linked(p.Name, to("projects", p.ID.String())), state, text(usedOf(limits.Usage, decimalSizes)), text(usedOf(limits.Bandwidth, decimalSizes)),
			text(usedOf(limits.Buckets, counts)), moment(p.CreatedAt),
		})
	}
	out := section{Title: "Projects owned", Table: t}
	if next != "" {
		out.Actions = append(out.Actions, link{Text: "All projects owned", To: at(to("projects"), "owner", id.String())})
	}
	if v.may(reeve.ManageTenants) {
		out.Actions = append(out.Actions, link{Text: "New project", To: at(to("projects", "new"), "owner", id.String())})
	}
	return out, nil
}

// usedOf says how much of a limit is used.
func usedOf(l control.LimitInForce, in scale) string {
	limit := "unlimited"
	if n, ok := l.Limit.Number(); ok {
		limit = in.words(float64(n))
	}
	return in.words(float64(l.Used)) + " of " + limit
}

// userOrganizations tells where the user is a member.
func (v *visit) userOrganizations(found control.UserDetails) (section, error) {
	id := found.User.ID
	list := func(p control.Page) ([]control.Place, int, error) { return v.control.ListOrganizationsOf(v.ctx, id, p) }
	t := &table{
		ID: "organizations", Caption: "Organisations", Empty: "The user is in no organisation.",
		Columns: []column{{Name: "Name"}, {Name: "Role"}, {Name: "Created"}, {}},
	}
	row := func(place control.Place) []cell {
		o := place.Organization
		out := []cell{linked(o.Name, organizationPath(o)), text(string(place.Role)), moment(o.CreatedAt), {}}
		if o.OwnerID == id {
			out[1].Text = "owner"
		} else {
			out[3] = doings(v.placeDoings(organizationPath(o, "members", id.String()), o.Name)...)
		}
		return out
	}
	total, err := fillFirst(t, preview, exactly(list), row)
	out := section{Title: "Organisations", Table: t}
	if total.N > preview {
		out.Actions = append(out.Actions, link{Text: "All " + several(total, "organisation"), To: at(to("organizations"), "member", id.String())})
	}
	if v.may(reeve.ManageTenants) {
		out.Actions = append(out.Actions, link{Text: "New organisation", To: at(to("organizations", "new"), "owner", found.User.Email)})
	}
	return out, err
}

// userPlaces tells on which projects the user has a role of their own.
func (v *visit) userPlaces(found control.UserDetails) (section, error) {
	var others []reeve.Project
	for _, p := range found.Projects {
		if p.OwnerID != found.User.ID {
			others = append(others, p)
		}
	}
	t := firstOf(&table{
		ID: "places", Caption: "Projects of others", Empty: "The user is a member of no project that another owns.",
		Columns: []column{{Name: "Name"}, {Name: "Created"}, {}},
	}, others, func(p reeve.Project) []cell {
		path := to("projects", p.ID.String())
		return []cell{
			linked(p.Name, path), moment(p.CreatedAt), doings(v.placeDoings(path+"/members/"+found.User.ID.String(), p.Name)...),
		}
	})
	out := section{Title: "Projects of others", Table: t}
	if len(others) > preview {
		out.Note = fmt.Sprintf("The first %d of %d; the CSV has all.", preview, len(others))
	}
	return out, nil
}

// userCoupons tells what pays for the user.
func (v *visit) userCoupons(found control.UserDetails) (section, error) {
	t := &table{
		ID: "coupons", Caption: "Coupons", Empty: "The user has no coupon.",
		Columns: []column{{Name: "Description"}, {Name: "State"}, {Name: "Left", Number: true}, {Name: "Of", Number: true}, {Name: "Until"}},
	}
	now := v.control.Now()
	row := func(c reeve.Coupon) []cell {
		return []cell{
			linked(calledOr(shortened(c.Description), "Coupon"), to("coupons", c.ID.String())), couponState(c.StatusAt(now)),
			moneyCell(c.Remaining()), moneyCell(c.Amount), moment(c.Until()),
		}
	}
	t = firstOf(t, found.Coupons, row)
	id := found.User.ID.String()
	out := section{Title: "Coupons", Table: t}
	if len(found.Coupons) > preview {
		out.Actions = append(out.Actions, link{Text: fmt.Sprintf("All %d coupons", len(found.Coupons)), To: at(to("coupons"), "user", id)})
	}
	if v.may(reeve.ManageMoney) {
		out.Actions = append(out.Actions, link{Text: "New coupon", To: at(to("coupons", "new"), "user", id)})
	}
	return out, nil
}

// shortened is the beginning of a text, on one line.
func shortened(s string) string {
	const most = 80
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return string(runes)
}

func couponState(s reeve.CouponStatus) cell {
	switch s {
	case reeve.CouponActive:
		return state("active", "good")
	case reeve.CouponUsed:
		return state("used up", "plain")
	}
	return state("expired", "plain")
}

// userStatements tells what the user's organisations had to pay of late. Drafts
// would have to be added up first.
func (v *visit) userStatements(found control.UserDetails) (section, error) {
	id := found.User.ID
	owned, more, err := v.control.ListOrganizations(v.ctx, control.Listing{Owner: &id, Limit: preview})
	if err != nil {
		return section{}, err
	}
	var all []reeve.Statement
	for _, o := range owned {
		page, _, err := v.control.ListStatements(v.ctx, control.StatementFilter{OrganizationID: o.ID, Limit: preview})
		if err != nil {
			return section{}, err
		}
		all = append(all, page...)
	}
	slices.SortStableFunc(all, func(a, b reeve.Statement) int { return cmp.Compare(b.Month, a.Month) })
	all = all[:min(preview, len(all))]
	out := section{Title: "Statements", Note: "The newest of closed months.", Table: &table{
		ID: "statements", Caption: "Statements", Empty: "There are no final statements of the user's organisations.",
		Columns: statementColumns, Rows: rowsOf(all, statementInFull), Brief: true, // the newest of several organisations
	}}
	if more != "" {
		out.Note = "The newest of closed months, of the " + tally(len(owned), "organisation") + " that the user owned last."
	}
	return out, nil
}
