package cli

import (
	"slices"
	"strings"
	"unicode"

	"github.com/reeve-cloud/reeve/client"
)

// entry says under which noun and verb an operation is found, and which
// columns a table of its list has (nil: all). Without a verb it is the noun
// itself.
type entry struct {
	noun, verb string
	columns    []string
}

// words gives the command's.
func (e entry) words() string { return strings.TrimSpace(e.noun + " " + e.verb) }

// subjects are what is neither in the path nor a flag: a parameter or field
// that is an argument, by face and id.
var subjects = map[string]string{
	"operator/search": "q", "operator/searchPrivately": "q", "operator/inspect": "key",
}

// subject gives that of an operation; "" if it has none.
func subject(op *client.Operation) string { return subjects[op.Face+"/"+op.ID] }

// entries are the operations that are not where their tag and id would put
// them, by face and id.
var entries = map[string]entry{
	"operator/getCouponBalance":   {"coupons", "balance", nil},
	"operator/listUserStatements": {"users", "statements", statementColumns},

	"operator/listAPIKeys":        {"keys", "list", []string{"id", "name", "createdAt"}},
	"operator/createAPIKey":       {"keys", "create", nil},
	"operator/deleteAPIKeyByName": {"keys", "delete", nil},
	"operator/deleteAPIKey":       {"keys", "delete-key", nil},
	"operator/revoke":             {"keys", "revoke", nil},
	"operator/getRevocation":      {"keys", "receipt", nil},
	"operator/listSessions":       {"sessions", "list", nil},
	"operator/scan":               {"keys", "scan", nil}, // scan is the program's own

	"operator/search":              {"search", "", nil},
	"operator/searchPrivately":     {"search", "privately", nil},
	"operator/inspect":             {"inspect", "", nil},
	"operator/restoreUser":         {"users", "restore", nil},
	"operator/restoreProject":      {"projects", "restore", nil},
	"operator/restoreOrganization": {"orgs", "restore", nil},

	"operator/listOrganizationKeys":  {"org-keys", "list", nil},
	"operator/createOrganizationKey": {"org-keys", "create", nil},
	"operator/deleteOrganizationKey": {"org-keys", "delete", nil},
	"operator/rotateOrganizationKey": {"org-keys", "rotate", nil},
	"tenant/listOrganizationKeys":    {"org-keys", "list", nil},
	"tenant/createOrganizationKey":   {"org-keys", "create", nil},
	"tenant/deleteOrganizationKey":   {"org-keys", "delete", nil},
	"tenant/narrowOrganizationKey":   {"org-keys", "narrow", nil},
	"tenant/rotateOrganizationKey":   {"org-keys", "rotate", nil},

	"tenant/listUserOrganizations":    {"orgs", "list", nil},
	"tenant/listOrganizationProjects": {"projects", "list", nil},
	"tenant/listOrganizationChanges":  {"changes", "list", []string{"number", "time", "actor.type", "actor.id", "action", "target", "request_id"}},
	"tenant/listAPIKeys":              {"keys", "list", tenantKeyColumns},
	"tenant/getProjectLimits":         {"limits", "get", nil},

	"tenant/listOrganizationUsers":      {"org-members", "list", nil},
	"tenant/updateOrganizationMember":   {"org-members", "set", nil},
	"tenant/removeOrganizationMember":   {"org-members", "remove", nil},
	"tenant/updateProjectMember":        {"members", "set", nil},
	"tenant/removeProjectMember":        {"members", "remove", nil},
	"operator/listOrganizationMembers":  {"org-members", "list", nil},
	"operator/putOrganizationMember":    {"org-members", "set", nil},
	"operator/deleteOrganizationMember": {"org-members", "remove", nil},
	"operator/listProjectMembers":       {"members", "list", nil},
	"operator/putProjectMember":         {"members", "set", nil},
	"operator/deleteProjectMember":      {"members", "remove", nil},
	"tenant/listProjectUsers":           {"members", "list", []string{"id", "email", "first_name", "last_name", "role", "disabled", "create_time"}},
	"tenant/addProjectUser":             {"members", "add", nil},
	"tenant/disableProjectUser":         {"members", "disable", nil},
	"tenant/enableProjectUser":          {"members", "enable", nil},

	"operator/getBudget":     {"budgets", "get", nil},
	"operator/setBudget":     {"budgets", "set", nil},
	"operator/deleteBudget":  {"budgets", "delete", nil},
	"operator/getWebhook":    {"webhooks", "get", nil},
	"operator/setWebhook":    {"webhooks", "set", nil},
	"operator/deleteWebhook": {"webhooks", "delete", nil},

	"operator/getLimits":  {"limits", "get", nil},
	"operator/putLimits":  {"limits", "set", nil},
	"operator/postLimits": {"limits", "update", nil},

	"operator/listMonths":           {"months", "list", nil},
	"operator/closeMonth":           {"months", "close", nil},
	"operator/listStatements":       {"statements", "list", statementColumns},
	"tenant/listStatements":         {"statements", "list", statementColumns},
	"operator/listCreditNotes":      {"credit-notes", "list", nil},
	"operator/createCreditNote":     {"credit-notes", "create", nil},
	"operator/checkUsage":           {"usage", "check", nil},
	"operator/getProjectUsage":      {"usage", "project", nil},
	"operator/getOrganizationUsage": {"usage", "org", nil},
	"tenant/getProjectUsage":        {"usage", "project", nil},
	"tenant/getOrganizationUsage":   {"usage", "org", nil},

	"operator/listChanges": {"changes", "list", []string{"number", "at", "actor", "action", "target", "reason", "requestId"}},
	"operator/getMe":       {"operators", "me", nil},
	"operator/getSystem":   {"system", "", nil},
	"operator/getEffects":  {"effects", "", nil},

	"gateway/verify":       {"keys", "verify", nil},
	"gateway/reportUsage":  {"usage", "report", nil},
	"gateway/followFeed":   {"feed", "follow", nil},
	"gateway/renewSession": {"feed", "renew", nil},
	"gateway/endSession":   {"feed", "end", nil},

	"gateway/reserveLease":   {"leases", "reserve", nil},
	"gateway/settleLease":    {"leases", "settle", nil},
	"gateway/releaseLease":   {"leases", "release", nil},
	"gateway/takeBucket":     {"buckets", "take", nil},
	"gateway/giveBackBucket": {"buckets", "give-back", nil},
}

var tenantKeyColumns = []string{"id", "name", "create_time", "expires_time", "restrictions", "last_used_time"}

var statementColumns = []string{
	"id", "organizationName", "organization_name", "month", "status", "gross", "coupons", "credits", "due", "open",
}

// nouns are those of tags that are called otherwise.
var nouns = map[string]string{
	"organizations": "orgs", "organization": "orgs", "apikeys": "keys", "health": "server", "scan": "keys", "proxies": "proxy",
	"revocations": "keys",
}

// discreet gives the operation that asks the same in its body, where no proxy
// logs it, if what is asked for is a secret.
func discreet(op *client.Operation, args []string) *client.Operation {
	if op.Face != client.FaceOperator || op.ID != "search" || !slices.ContainsFunc(args, func(text string) bool { return text == "-" || maskText(text) != text }) {
		return op
	}
	if other := client.FindOperation(op.Face, "searchPrivately"); other != nil {
		return other
	}
	return op
}

// place gives an operation's entry: the table's, else one made of its tag and
// id.
func place(op *client.Operation) entry {
	if out, ok := entries[op.Face+"/"+op.ID]; ok {
		return out
	}
	noun, ok := nouns[op.Tag]
	if !ok {
		noun = strings.ReplaceAll(strings.ToLower(op.Tag), " ", "-")
	}
	if slices.Contains(ownCommands, noun) {
		noun += "-api"
	}
	said := wordsOf(op.ID)
	verb := said[:1]
	for _, word := range said[1:] {
		if !sameNoun(word, op.Tag) && !sameNoun(word, noun) && (word != "api" || noun != "keys") {
			verb = append(verb, word)
		}
	}
	if out := (entry{noun: noun, verb: strings.Join(verb, "-")}); out.verb != noun {
		return out
	}
	return entry{noun: noun} // reeve bulk, not bulk bulk
}

// ownCommands are the program's other commands, which no noun may hide.
var ownCommands = []string{
	"api", "scan", "login", "logout", "whoami", "profiles", "help", "completion", "serve", "gateway", "migrate", "config", "token", "rekey",
	"verify", "close-month", "version",
}

// sameNoun tells whether a word is a noun, in the singular or the plural.
func sameNoun(word, noun string) bool {
	return word == noun || word+"s" == noun || strings.TrimSuffix(word, "y")+"ies" == noun
}

// wordsOf splits a name such as deleteAPIKeyByName into lower-case words.
func wordsOf(name string) []string {
	var out []string
	runes := []rune(name)
	start := 0
	for i, r := range runes {
		separator := !unicode.IsLetter(r) && !unicode.IsDigit(r)
		upper := i > start && unicode.IsUpper(r) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if separator || upper {
			if i > start {
				out = append(out, strings.ToLower(string(runes[start:i])))
			}
			start = i
			if separator {
				start++
			}
		}
	}
	if start < len(runes) {
		out = append(out, strings.ToLower(string(runes[start:])))
	}
	return out
}

// kebab spells a name as a flag's: organizationId is organization-id.
func kebab(name string) string { return strings.Join(wordsOf(name), "-") }

// verbs groups all operations by noun and verb. Operations of one face that
// would share a verb keep their ids.
func verbs() map[string]map[string][]*client.Operation {
	out := map[string]map[string][]*client.Operation{}
	for _, op := range client.Operations {
		at := place(op)
		if out[at.noun] == nil {
			out[at.noun] = map[string][]*client.Operation{}
		}
		of := out[at.noun]
		if slices.ContainsFunc(of[at.verb], func(other *client.Operation) bool { return other.Face == op.Face }) {
			at.verb = kebab(op.ID)
		}
		of[at.verb] = append(of[at.verb], op)
	}
	return out
}
