package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// asRoot opens a server with the tenants of the tests, and a browser that the
// root operator has signed in with.
func asRoot(t *testing.T) (*reevetest.Server, *browser) {
	t.Helper()
	s := reevetest.Open(t)
	s.Tenants(t)
	return s, asOperator(t, s, reevetest.OperatorToken)
}

// asOperator is a browser that an operator has signed in with.
func asOperator(t *testing.T, s *reevetest.Server, token string) *browser {
	t.Helper()
	b := newBrowser(t, s, "operator")
	b.get("sign-in?next=/console/gateways").send(fields{"token": token}).titled("Gateways")
	return b
}

// asRole is a browser that a new operator with a role has signed in with.
func asRole(t *testing.T, s *reevetest.Server, role string) *browser {
	t.Helper()
	s.Operator(t, "their"+role, role)
	return asOperator(t, s, s.Value(t, "their"+role))
}

// root is a context that may do everything.
func root(t *testing.T) (out control.Caller) {
	t.Helper()
	return control.Caller{Actor: reeve.Actor{Kind: reeve.Operator}}
}

// makeKeys makes some API keys of a bound project, whose names count.
func makeKeys(t *testing.T, s *reevetest.Server, project string, n int) {
	t.Helper()
	ctx := control.WithCaller(t.Context(), root(t))
	for i := range n {
		if _, _, err := s.Control.CreateAPIKey(ctx, s.ID(t, project), fmt.Sprintf("key %03d", i), nil); err != nil {
			t.Fatal(err)
		}
	}
}

// TestProject: an operator finds all about a project on its page, and edits
// it there.
func TestProject(t *testing.T) {
	s, b := asRoot(t)
	path := s.Expand("/console/projects/{px}")
	page := b.get(path).titled("px").says("active", "Organisation acme", "Owner Alice van Test", "No API keys.", "Last changes")
	page = page.follow("Edit").titled("Edit px")
	page.send(fields{"name": "Website", "description": "all of it", "reason": "asked for"}).titled("Website").
		says("The project Website is saved.", "all of it", "asked for")
	page.send(fields{"name": "Shop"}).answered(http.StatusUnprocessableEntity, "Edit Website") // sent before
	b.get(path+"/edit").send(fields{"name": ""}).answered(http.StatusBadRequest, "Edit Website").says("Name is not set.")
	b.get("projects/"+reevetest.NewID().String()).answered(http.StatusNotFound, "Not found")
	b.get("projects/none").answered(http.StatusNotFound, "Not found")
}

// TestNewProject: a project is made for whom one names by address or id, in an
// organisation that one names by id or name.
func TestNewProject(t *testing.T) {
	s, b := asRoot(t)
	for owner, organization := range map[string]string{
		"alice@mail.test":      "acme",
		s.Value(t, "alice"):    s.Value(t, "org:acme"),
		"  ALICE@mail.test   ": "",
	} {
		b.get("projects/new").send(fields{"name": "fresh", "owner": owner, "organization": organization}).titled("fresh").
			says("The project fresh is created.", "Organisation acme")
	}
	for _, wrong := range []struct{ owner, organization, says string }{
		{"nobody@mail.test", "", "There is no user with the address or id “nobody@mail.test”."},
		{"nobody", "", "There is no user with the address or id “nobody”."},
		{"alice@mail.test", "nowhere", "There is no organisation that is called “nowhere”: give its id."},
		{"alice@mail.test", "evil", "Owner is not a member of the organization."},
	} {
		page := b.get("projects/new").send(fields{"name": "fresh", "owner": wrong.owner, "organization": wrong.organization})
		if page.says(wrong.says); page.status == http.StatusOK {
			t.Errorf("%v is taken", wrong)
		}
	}
}

// TestProjectLimits: limits are written in words, and one below what is used
// is set only after what it does was said.
func TestProjectLimits(t *testing.T) {
	s, b := asRoot(t)
	path := s.Expand("/console/projects/{px}")
	page := b.get(path+"/limits").titled("Limits of px").says("Storage", "Used now: 0 B", "default")
	page.send(fields{"usage": "1.5 TB", "bandwidth": "unlimited", "rate": "100", "buckets": "7"}).titled("px").says("The limits are set.")
	limits, err := s.Control.GetProject(control.WithCaller(t.Context(), root(t)), s.ID(t, "px"))
	if err != nil {
		t.Fatal(err)
	}
	want := reeve.Limits{Usage: reeve.LimitOf(1_500_000_000_000), Bandwidth: reeve.Unlimited, Rate: reeve.LimitOf(100), Buckets: reeve.LimitOf(7)}
	if limits.Limits != want {
		t.Errorf("the limits are %v, not %v", limits.Limits, want)
	}
	page = b.get(path + "/limits")
	for _, value := range []string{`value="1.50 TB"`, `value="unlimited"`, `value="100"`, `value="7"`} {
		if !strings.Contains(page.text, value) {
			t.Errorf("the form lacks %s", value)
		}
	}
	for _, wrong := range []string{"much", "-1", "1.5 XB", "1.5"} {
		page.send(fields{"rate": wrong}).answered(http.StatusBadRequest, "Limits of px").says("“" + wrong + "” is no limit of requests a second")
	}
	gateway := control.WithCaller(t.Context(), control.Caller{Actor: reeve.Actor{Kind: reeve.GatewayProgram, ID: reevetest.NewID()}})
	for _, bucket := range []string{"bucket-a", "bucket-b"} {
		if err := s.Control.TakeBucket(gateway, s.ID(t, "px"), bucket); err != nil {
			t.Fatal(err)
		}
	}
	page = b.get(path+"/limits").send(fields{"buckets": "1"}).answered(http.StatusConflict, "Limits of px").
		says("Buckets: 1 is less than the 2 that are used: no bucket can be made until enough are deleted. Nothing is deleted.")
	page.send(nil).titled("px").says("The limits are set.")
}

// TestAnyProjectMembers: members are added, changed and removed.
func TestAnyProjectMembers(t *testing.T) {
	s, b := asRoot(t)
	path := s.Expand("/console/projects/{px}/members")
	add := b.get(path).titled("Members of px").follow("Add member").titled("Add a member to px")
	add.send(fields{"user": "mallory@mail.test"}).answered(http.StatusConflict, "Add a member to px").says("User is not a member of the organization.")
	page := add.send(fields{"user": "bob@mail.test", "role": "viewer"})
	page = page.titled("Members of px").says("bob@mail.test", "viewer")
	name := "Bob"
	page.follow("Change role of " + name).titled("Role of " + name).send(fields{"role": "editor"}).titled("Members of px").says(name + " is a member with the role editor.")
	page = page.follow("Remove "+name).titled("Remove "+name).says(name+" loses the role editor in px at once.", "What will happen")
	page.send(nil).titled("Members of px").says("is no member of px any more").silent("bob@mail.test")
	page.send(nil).titled("Members of px").says("is no member of px any more") // once more, it is told again
	b.get(s.Expand(path+"/{alice}/role")).send(fields{"role": "viewer"}).answered(http.StatusConflict, "Role of Alice van Test").says("The owner cannot be removed or demoted.")
}

// TestProjectFreeze: a freeze says what it means, shows a receipt, and ends.
func TestProjectFreeze(t *testing.T) {
	s, b := asRoot(t)
	makeKeys(t, s, "px", 2)
	path := s.Expand("/console/projects/{px}")
	page := b.get(path).follow("Freeze").titled("Freeze px").says("2 API keys, with all that derive from them, are refused")
	page.send(fields{"type": "legal", "until": "soon"}).answered(http.StatusBadRequest, "Freeze px").says("“soon” is no time")
	page.send(fields{"type": "legal", "until": "2001-01-01T00:00"}).answered(http.StatusBadRequest, "Freeze px").says("Until is not in the future.")
	page.send(fields{"type": "legal", "until": "2099-12-31T18:30", "reason": "court"}).titled("Receipt: project frozen").
		says("The project is frozen.", "court").follow("The project").titled("px").says("frozen: legal", "2099-12-31 18:30 UTC")
	b.get(path).follow("Unfreeze").titled("Unfreeze px").says("an authority asks for it").send(nil).titled("px").says("active")
	b.get(path+"/unfreeze").answered(http.StatusNotFound, "Not found")
}

// TestManyLines: browsers send the end of a line as CR LF, which is no change.
func TestManyLines(t *testing.T) {
	s, b := asRoot(t)
	path := s.Expand("/console/projects/{px}")
	b.get(path + "/edit").send(fields{"description": "a\r\nb"}).titled("px")
	b.get(path + "/edit").send(fields{"name": "py", "description": "a\r\nb", "was.description": "a\r\nb"}).titled("py").says("a b")
}

// TestProjectTransfer: who loses access is said before it is done.
func TestProjectTransfer(t *testing.T) {
	s, b := asRoot(t)
	path := s.Expand("/console/projects/{px}")
	s.Member(t, "projects", "px", "bob", "viewer")
	page := b.get(path).follow("Transfer").titled("Transfer px")
	page = page.send(fields{"owner": "mallory@mail.test", "organization": "evil"}).answered(http.StatusConflict, "Transfer px").
		says("Mallory Mean becomes its owner in place of Alice van Test", "It moves from acme to evil.", "2 members, who are not in evil, lose access.")
	page.send(nil).titled("px").says("The project is transferred.", "Organisation evil", "Owner Mallory Mean")
	for field, id := range map[string]string{"owner": s.Expand("{px}"), "organization": s.Expand("{px}")} {
		b.get(path+"/transfer").send(fields{field: id}).answered(http.StatusBadRequest, "Transfer px").says("not found")
	}
	b.get(path+"/transfer").send(fields{"organization": "nowhere"}).answered(http.StatusBadRequest, "Transfer px").says("There is no organisation that is called “nowhere”")
}

// TestProjectEnd: a project is deleted or erased, and what stands in the way
// is said.
func TestProjectEnd(t *testing.T) {
	s, b := asRoot(t)
	makeKeys(t, s, "px", 1)
	page := b.get(s.Expand("/console/projects/{px}")).follow("Delete").titled("Delete px").says("It still has 1 API key: revoke them first.")
	page.send(nil).answered(http.StatusConflict, "Delete px")
	foreign := s.Expand("/console/projects/{foreign}")
	b.get(foreign+"/delete").says("1 member of foreign loses access.", "it can be restored").send(nil).says("The project is deleted.")
	b.get(foreign).answered(http.StatusNotFound, "Not found")
	s.Project(t, "third", "alice", "")
	b.get(s.Expand("/console/projects/{third}/delete")).follow("Erase it instead, without a way back").titled("Erase third").
		says("there is no way back").send(nil).says("The project is erased.")
}

// TestOperatorRights: who may not do something is not offered it, and refused.
func TestOperatorRights(t *testing.T) {
	s, _ := asRoot(t)
	makeKeys(t, s, "px", 1)
	s.Member(t, "projects", "px", "bob", "viewer")
	forms := map[string]reeve.OperatorAction{
		"projects/new": reeve.ManageTenants, "projects/{px}/edit": reeve.ManageTenants, "projects/{px}/transfer": reeve.ManageTenants,
		"projects/{px}/delete": reeve.ManageTenants, "projects/{px}/erase": reeve.EraseForGood, "projects/{px}/limits": reeve.ManageLimits,
		"projects/{px}/freeze": reeve.FreezeForBilling, "projects/{px}/members/new": reeve.ManageTenants,
		"projects/{px}/members/{bob}/role": reeve.ManageTenants, "projects/{px}/members/{bob}/remove": reeve.ManageTenants,
		"projects/{px}/keys/new": reeve.ManageKeys, "projects/{px}/keys/revoke": reeve.ManageKeys,
		"gateways/new": reeve.ManageGateways, "operators/new": reeve.ManageOperators,
	}
	for _, role := range reeve.OperatorRoles {
		b := asRole(t, s, string(role))
		for form, action := range forms {
			path := s.Expand("/console/" + form)
			want := http.StatusForbidden
			if role.Allows(action) {
				want = http.StatusOK
			}
			if got := b.get(path); got.status != want {
				t.Errorf("%s gets %s with %d, not %d", role, form, got.status, want)
			}
			if want == http.StatusForbidden {
				b.do(http.MethodPost, path, nil, nil).answered(http.StatusForbidden, "Not allowed")
			}
		}
		page := b.get(s.Expand("/console/projects/{px}")).titled("px")
		for text, action := range map[string]reeve.OperatorAction{
			"Edit": reeve.ManageTenants, "Freeze": reeve.FreezeForBilling, "Change limits": reeve.ManageLimits,
			"New API key": reeve.ManageKeys, "Revoke key 000": reeve.ManageKeys, "Change role of Bob": reeve.ManageTenants,
		} {
			if offered := strings.Contains("\n"+strings.Join(page.links(), "\n")+"\n", "\n"+text+"\n"); offered != role.Allows(action) {
				t.Errorf("%s is offered %q: %t", role, text, offered)
			}
		}
	}
	finance := asOperator(t, s, s.Value(t, "theirfinance"))
	page := finance.get(s.Expand("/console/projects/{px}/freeze")).titled("Freeze px").silent("an authority asks for it")
	page.send(fields{"type": "legal"}).answered(http.StatusForbidden, "Not allowed")
	page.send(fields{"type": "billing"}).titled("Receipt: project frozen")
}

// TestOrganizationByName: the only one of a name is found behind as many newer
// ones as there may be whose names hold it.
func TestOrganizationByName(t *testing.T) {
	s, b := asRoot(t)
	ctx := control.WithCaller(t.Context(), root(t))
	name := "solo"
	for i := range 60 {
		if _, err := s.Control.CreateOrganization(ctx, name, s.ID(t, "alice")); err != nil {
			t.Fatal(err)
		}
		name = fmt.Sprintf("solo %d", i)
	}
	b.get("projects/new").send(fields{"name": "fresh", "owner": "alice@mail.test", "organization": "solo"}).titled("fresh").says("Organisation solo")
}

// TestChangesLead: each link among the changes leads somewhere.
func TestChangesLead(t *testing.T) {
	s, b := asRoot(t)
	makeKeys(t, s, "px", 1)
	b.get(s.Expand("organizations/{acme}/apikeys/new")).send(fields{"name": "ci"}).titled("The key is made")
	b.get("gateways/new").send(fields{"name": "edge"})
	s.Operator(t, "theirsupport", "support")
	page := b.get("changes").titled("Changes").says("ci")
	seen := map[string]bool{}
	for n := range page.root.Descendants() {
		if to := attribute(n, "href"); n.Data == "a" && strings.HasPrefix(to, "/console/") && !seen[to] {
			seen[to] = true
			if got := b.get(to); got.status != http.StatusOK {
				t.Errorf("%s (%s) is %d", words(n), to, got.status)
			}
		}
	}
	if !seen[s.Expand("/console/organizations/{acme}/apikeys")] {
		t.Errorf("the organisation's key leads nowhere: %v", seen)
	}
}
