package tenantapi

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
)

// nouns tells what an action's target is. A membership's is its project or
// organisation.
var nouns = map[string]reeve.Prefix{
	"user": reeve.PrefixUser, "totp": reeve.PrefixUser, "session": reeve.PrefixUser,
	"organization": reeve.PrefixOrganization, "budget": reeve.PrefixOrganization, "webhook": reeve.PrefixOrganization,
	"project": reeve.PrefixProject, "limits": reeve.PrefixProject, "bucket": reeve.PrefixProject,
	"apikey": reeve.PrefixAPIKey, "organization_key": reeve.PrefixOrganizationKey,
	"coupon": reeve.PrefixCoupon, "credit": reeve.PrefixCredit, "statement": reeve.PrefixStatement,
	"invitation": reeve.PrefixInvitation,
}

// fieldIDs tells what the fields hold that are ids. Those of "" are of the
// target's kind.
var fieldIDs = map[string]reeve.Prefix{
	"userId": reeve.PrefixUser, "ownerId": reeve.PrefixUser,
	"organizationId": reeve.PrefixOrganization, "projectId": reeve.PrefixProject,
	"statementId": reeve.PrefixStatement, "creditId": reeve.PrefixCredit, "sessionId": reeve.PrefixUserSession,
	"parentId": "", "rotatedFrom": "", "replacedBy": "",
}

// fieldNames are those that tenants know under another name than their own in
// lower case.
var fieldNames = map[string]string{"organizationId": "org_id", "expiresAt": "expires_time"}

// changeTarget spells the target's id as what it is.
func changeTarget(organization reeve.ID, c reeve.Change) string {
	noun, _, _ := strings.Cut(c.Action, ".")
	prefix, known := nouns[noun]
	switch {
	case noun == "member" && c.Target == organization:
		prefix = reeve.PrefixOrganization
	case noun == "member":
		prefix = reeve.PrefixProject
	case !known:
		return c.Target.String()
	}
	return c.Target.TypeID(prefix)
}

// changeFields is what a change tells of a thing: an object, or null.
type changeFields struct{ reeve.Fields }

// JSONSchema describes the object: its fields depend on the action.
func (changeFields) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Types: []string{"object", "null"}}
}

// newChangeFields tells of a thing in the tenants' words.
func newChangeFields(action string, f reeve.Fields) changeFields {
	if len(f) == 0 {
		return changeFields{f}
	}
	noun, _, _ := strings.Cut(action, ".")
	decoder := json.NewDecoder(bytes.NewReader([]byte(f)))
	decoder.UseNumber()
	var members map[string]any
	if decoder.Decode(&members) != nil || members == nil {
		return changeFields{f}
	}
	text, err := json.Marshal(inTenantsWords(nouns[noun], members))
	if err != nil {
		return changeFields{f}
	}
	return changeFields{reeve.Fields(text)}
}

func inTenantsWords(target reeve.Prefix, members map[string]any) map[string]any {
	out := make(map[string]any, len(members))
	for name, value := range members {
		switch v := value.(type) {
		case string:
			if prefix, ok := fieldIDs[name]; ok {
				value = asTypeID(prefix, target, v)
			}
		case map[string]any:
			value = inTenantsWords(target, v)
		}
		out[tenantsName(name)] = value
	}
	return out
}

// asTypeID leaves what is no id as it is.
func asTypeID(prefix, target reeve.Prefix, text string) string {
	if prefix == "" {
		prefix = target
	}
	id, err := reeve.ParseID(prefix, text)
	if err != nil || prefix == "" {
		return text
	}
	return id.TypeID(prefix)
}

// tenantsName writes a field's name in lower case with underscores.
func tenantsName(name string) string {
	if known, ok := fieldNames[name]; ok {
		return known
	}
	var out strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}
