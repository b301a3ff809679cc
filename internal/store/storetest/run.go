package storetest

import (
	"slices"
	"testing"

	"github.com/reeve-cloud/reeve/internal/store"
)

// suite is a part of the conformance suite, on a database of its own.
type suite struct {
	name string
	run  func(t *testing.T, w world)
}

// things test what is stored, and how it is found.
var things = []suite{
	{"users", testUsers},
	{"user refusals", testUserRefusals},
	{"erased user", testEraseUser},
	{"organizations", testOrganizations},
	{"organization deletion", testDeleteOrganization},
	{"organization keys", testOrganizationKeys},
	{"key and project", testKeyAndProject},
	{"key and organization", testKeyAndOrganization},
	{"projects", testProjects},
	{"project limits", testProjectLimits},
	{"project deletion", testDeleteProject},
	{"freezes", testFreezes},
	{"holds", testHolds},
	{"members of organizations", testOrganizationMembers},
	{"members of projects", testProjectMembers},
	{"search for members", testFindMembers},
	{"admins", testAdmins},
	{"projects of a member", testProjectsOfMember},
	{"API keys", testAPIKeys},
	{"API key pages", testAPIKeyPages},
	{"revoked tails", testRevokedTails},
	{"coupons", testCoupons},
	{"credits", testCredits},
	{"applications", testApplications},
	{"buckets", testBuckets},
	{"bucket places", testBucketPlaces},
	{"meters", testMeters},
	{"leases", testLeases},
	{"lapsing leases", testLapse},
	{"leases of a gateway", testGatewayLeases},
	{"sums of leases", testLeaseSums},
	{"database", testDatabase},
	{"backlog", testBacklog},
	{"counts", testCounts},
	{"times of changes", testChangeTimes},
	{"usage", testUsage},
	{"usage of a span", testUsageSpan},
	{"projects of an organization", testProjectsOfOrganization},
	{"usage marks", testUsageMarks},
	{"usage events", testUsageEvents},
	{"webhooks", testWebhooks},
	{"webhook messages", testWebhookMessages},
	{"alerts", testAlerts},
	{"budgets", testBudgets},
	{"statements", testStatements},
	{"payers", testPayers},
	{"gateways", testGateways},
	{"operators", testOperators},
	{"operator tokens", testOperatorTokens},
	{"operator sessions", testOperatorSessions},
	{"operator identities", testOperatorIdentities},
	{"TOTP", testTOTP},
	{"invitations", testInvitations},
	{"mails", testMails},
	{"sessions of users", testUserSessions},
	{"what users see", testSeen},
	{"gateway tokens", testGatewayTokens},
	{"the life of an API key", testAPIKeyLife},
	{"the life of an organization key", testOrganizationKeyLife},
	{"last uses", testLastUses},
	{"text order", testTextOrder},
	{"found users", testFoundUsers},
	{"listed users", testListedUsers},
	{"listed tenants", testListedTenants},
}

// transactions test how it is written.
var transactions = []suite{
	{"commit", testCommit},
	{"rollback", testRollback},
	{"panic", testPanic},
	{"unrecorded", testUnrecorded},
	{"facts", testFacts},
	{"swallowed failure", testSwallowed},
	{"time", testTime},
	{"counters", testCounters},
	{"cancelled", testCancelled},
	{"cancelled at any instant", testCancelledAnywhere},
	{"failing writes", testFailingWrites},
}

// enclosures test many writes in one transaction.
var enclosures = []suite{
	{"enclosure", testEnclosure},
	{"enclosure given up", testEnclosureGivenUp},
	{"enclosure that begins late", testEnclosureBegins},
	{"kept replies", testKeptReplies},
}

// log test the change log.
var log = []suite{
	{"changes", testChanges},
	{"change filter", testChangeFilter},
	{"change of every field", testChangeFields},
	{"numbering", testNumbering},
	{"many changes at once", testManyChanges},
	{"retention", testRetention},
}

// Run is the conformance suite. open gives a fresh, migrated database and
// closes it at the test's end.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	for _, suite := range slices.Concat(things, transactions, enclosures, log) {
		t.Run(suite.name, func(t *testing.T) { suite.run(t, world{t, open(t)}) })
	}
}
