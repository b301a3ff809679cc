package browser

import (
	"testing"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// operators is a server with tenants, at whose operators' console the root
// operator has signed in.
func operators(t *testing.T) (*reevetest.Server, *person) {
	t.Helper()
	s := server(t)
	return s, operator(t, s)
}

func operator(t *testing.T, s *reevetest.Server) *person {
	t.Helper()
	return visitor(t, s.URL("operator")).open("/console/users").titled("Sign in").
		fill("Operator token", reevetest.OperatorToken).click("Sign in").titled("Users")
}

func TestOperatorUsers(t *testing.T) {
	_, p := operators(t)
	p.click("New user").fill("Address", "dora@mail.test").fill("Full name", "Dora").fill("Reason", "asked for by mail").click("Create").
		see("dora@mail.test is a user now.")
	p.click("Users").fill("Name, address or id", "alice").click("Show").see("alice@mail.test").miss("bob@mail.test").
		click("Alice van Test").titled("Alice van Test")
	p.click("Edit").fill("Full name", "Alice Test").fill("Project limit", "3").click("Save").see("The user is changed.").titled("Alice Test")
	p.click("Reset password").click("Make a link").see("Hand this link on").click("Done")
	p.click("Freeze").choose("Cause", "billing").fill("Reason", "three months open").click("Freeze").see("The user is frozen.")
	p.click("The user").click("Unfreeze").click("Unfreeze").titled("Alice Test")
	p.click("Users").click("Dora").click("Delete").see("What will happen").click("Delete").see("dora@mail.test is deleted.")
	p.click("Deleted users").titled("Deletions").click("Restore dora@mail.test").click("Restore").titled("Dora")
}

func TestOperatorOrganizations(t *testing.T) {
	_, p := operators(t)
	p.click("Organisations").titled("Organisations").click("New organisation").fill("Name", "Umbrella").fill("Owner", "carol@mail.test").click("Create").
		titled("Umbrella").see("Umbrella is an organisation now.")
	p.click("Rename").fill("Name", "Parasol").click("Rename").titled("Parasol")
	p.click("Add member").fill("User", "bob@mail.test").choose("Role", "editor").click("Add").see("The user is a member now.")
	p.click("Change role of Bob").choose("Role", "viewer").click("Change").see("The member's role is viewer now.")
	p.click("Remove Bob").click("Remove").see("The member is removed.").click("Parasol")
	p.click("New organisation key").fill("Name", "deploy").click("Create").see("The key is made").press("Copy").see("Copied").click("Done")
	p.click("Rotate deploy").click("Rotate").see("The key is replaced").click("Done")
	p.click("Delete deploy").click("Delete").see("The key is deleted.").click("Parasol")
	p.click("Set budget").fill("US dollars a month", "99.50").click("Set").see("The budget is $99.50 a month.")
	p.click("Delete budget").click("Delete").see("The budget is deleted.")
	p.click("Set webhook").fill("URL", "https://hooks.test/in").click("Set").see("The webhook is set").click("Done")
	p.click("Delete webhook").click("Delete").see("The webhook is deleted.")
	p.click("All credits").click("New credit").fill("Amount in US dollars", "25").fill("Description", "For the outage").click("Grant the credit").
		see("The credit of $25.00 is granted.").click("Void").click("Void the credit").see("The credit is void.")
	p.click("Parasol").click("Freeze").choose("Cause", "security").click("Freeze").see("The organisation is frozen.")
	p.click("The organisation").click("Unfreeze").click("Unfreeze").see("The organisation is not frozen any more.")
	p.click("Delete").click("Delete").titled("Organisations").see("Parasol is deleted.")
}

func TestOperatorProjects(t *testing.T) {
	_, p := operators(t)
	p.click("Projects").titled("Projects").click("New project").fill("Name", "Depot").fill("Owner", "alice@mail.test").click("Create project").
		titled("Depot").see("The project Depot is created.")
	p.click("Edit").fill("Name", "Store").fill("Description", "What is kept").click("Save").titled("Store")
	p.click("Change limits").fill("Storage", "1 TB").click("Set limits").see("The limits are set.", "1 TB")
	p.click("New API key").fill("Name", "backup").click("Create API key").see("The API key backup is created").click("Done").titled("backup")
	p.click("Rotate").click("Rotate API key").see("is rotated").click("Done")
	p.click("Revoke").see("What will happen").click("Revoke API key").see("is revoked.")
	p.click("The project").click("Revoke many").click("Revoke API keys")
	p.click("Projects").click("px").click("Add member").fill("User", "bob@mail.test").choose("Role", "viewer").click("Add member").
		see("Bob is a member with the role viewer.")
	p.click("Change role of Bob").choose("Role", "editor").click("Change role")
	p.click("Remove Bob").click("Remove member").see("Bob is no member of px any more.")
	p.click("px").click("Freeze").fill("Reason", "under attack").click("Freeze project").see("The project is frozen.")
	p.click("The project").click("Unfreeze").click("Unfreeze project").see("The project is not frozen any more.")
	p.expect("409 (Conflict)").click("Transfer").fill("Owner", "carol@mail.test").click("Transfer project").see("What will happen").
		click("Transfer project").see("The project is transferred.")
	p.click("Delete").click("Delete").see("The project is deleted.")
}

func TestOperatorTools(t *testing.T) {
	s, p := operators(t)
	p.click("Gateways").titled("Gateways").click("New gateway").fill("Name", "edge-1").click("Create gateway").see("The gateway edge-1 is created").
		click("Done").titled("edge-1")
	p.click("Rotate its token").click("Rotate token").see("The gateway has a new token").click("Done")
	p.click("Delete").click("Delete gateway").see("The gateway is deleted.")
	p.click("Operators").titled("Operators").click("New operator").fill("Name", "night watch").choose("Role", "support").click("Create operator").
		see("The operator night watch is created")
	token := p.secret("Operator token")
	p.click("Done").titled("night watch")
	watch := visitor(t, s.URL("operator")).open("/console/users").fill("Operator token", token).click("Sign in")
	watch.see("night watch", "support").click("night watch").click("Rotate your token").click("Rotate token").see("There is a new token")
	p.click("Edit").choose("Role", "finance").click("Save").see("The operator is saved.")
	p.click("Rotate the token").click("Rotate token").see("There is a new token").click("Done")
	p.click("Delete").click("Delete operator").see("The operator is deleted.")

	s.Do(t, reevetest.Step{Call: "POST /api/projects/{px}/apikeys", Body: `{"name":"leaked"}`, Status: 200, Reply: `{"apikey":"{leaked}"}`})
	p.click("Inspect").fill("Key, grant or token", s.Value(t, "leaked")).click("Inspect").see("px")
	p.click("Revoke…").click("Revoke").see("The key is revoked.")
	p.click("Inspect").click("Look through a text for keys").fill("Text", "export KEY="+s.Value(t, "key")).click("Look through it").
		click("Revoke what opens something…").click("Revoke").see("1 credential revoked.")
}
