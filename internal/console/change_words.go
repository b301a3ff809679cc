package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/document"
)

// changedThings are what the nouns of changes mean, and changeVerbs what was
// done to them.
var (
	changedThings = map[string]string{
		"apikey": "API key", "bucket": "Bucket", "budget": "Budget", "coupon": "Coupon", "credit": "Credit",
		"creditnote": "Credit note", "gateway": "Gateway", "gateway_token": "Gateway token", "invitation": "Invitation",
		"limits": "Limits", "member": "Member", "operator": "Operator", "operator_session": "Operator's session",
		"operator_token": "Operator token", "organization": "Organisation", "organization_key": "Organisation key",
		"project": "Project", "session": "Session", "statement": "Statement", "totp": "Second factor", "user": "User",
		"webhook": "Webhook",
	}
	changeVerbs = map[string]string{
		"create": "created", "update": "changed", "delete": "deleted", "erase": "erased for good", "restore": "restored",
		"freeze": "frozen", "unfreeze": "unfrozen", "rotate": "replaced", "revoke": "revoked", "rekey": "sealed anew",
		"set": "set", "void": "voided", "pay": "paid", "finalize": "made final", "enable": "enabled", "disable": "disabled",
		"accept": "accepted", "transfer": "transferred",
	}
)

// changeWords are the actions that their noun and verb do not tell well.
var changeWords = map[string]string{
	"creditnote.create": "Credit note made", "invitation.create": "Invited", "member.create": "Member added", "member.delete": "Member removed",
	"project.revoke": "All API keys revoked", "totp.create": "Second factor begun", "totp.enable": "Second factor switched on",
	"totp.disable": "Second factor switched off", "totp.delete": "Second factor removed", "totp.recover": "Recovery code used",
	"user.rehash": "Password hash renewed", "user.reset": "Password reset", "user.reset_link": "Password reset link made",
}

// actionWords says what was done: "Project created".
func actionWords(action string) string {
	if words, ok := changeWords[action]; ok {
		return words
	}
	noun, verb, _ := strings.Cut(action, ".")
	thing, known := changedThings[noun]
	done, ok := changeVerbs[verb]
	if !known || !ok {
		return action
	}
	return thing + " " + done
}

// fieldWords are the names of changes' fields, in the order in which they are
// told; those that are missing go by their own, after these.
var fieldWords = []struct{ field, words string }{
	{"name", "name"},
	{"fullName", "full name"},
	{"shortName", "short name"},
	{"email", "address"},
	{"passwordHash", "password"},
	{"description", "description"},
	{"role", "role"},
	{"disabled", "disabled"},
	{"status", "status"},
	{"type", "for"},
	{"until", "until"},
	{"amount", "amount"},
	{"applied", "used"},
	{"gross", "gross"},
	{"due", "due"},
	{"month", "month"},
	{"duration", "months"},
	{"priority", "priority"},
	{"effectiveAt", "in effect from"},
	{"expiresAt", "ends"},
	{"usage", "storage"},
	{"bandwidth", "egress a month"},
	{"rate", "requests a second"},
	{"buckets", "buckets"},
	{"projectLimit", "project limit"},
	{"restricted", "restricted"},
	{"origin", "goes to"},
	{"before", "made before"},
	{"codesLeft", "recovery codes left"},
	{"overlapSeconds", "old one works on for, in seconds"},
	{"lineage", "derived key"},
	{"ownerId", "owner"},
	{"userId", "user"},
	{"organizationId", "organisation"},
	{"projectId", "project"},
	{"operatorId", "operator"},
	{"operator", "operator"},
	{"statementId", "statement"},
	{"creditId", "became the credit"},
	{"sessionId", "session"},
	{"parentId", "derives from"},
	{"rotatedFrom", "replaces"},
	{"replacedBy", "replaced by"},
	{"partnerId", "partner"},
	{"issuer", "vouched for by"},
	{"id", "ID"},
}

// changeFields says what was before a change and after it, in words: one line
// for each field of it.
func changeFields(c reeve.Change) string {
	before, after := readFields(c.Before), readFields(c.After)
	var out []string
	for _, name := range fieldNames(before, after) {
		was, had := before[name]
		is, has := after[name]
		words := fieldName(name)
		switch {
		case is == reeve.Changed || !has && was == reeve.Changed:
			out = append(out, words+" changed")
		case c.Before == nil || !had && len(before) == 0:
			if is != nil && is != "" {
				out = append(out, words+" "+fieldValue(name, is))
			}
		case c.After == nil || !has && len(after) == 0:
			if was != nil && was != "" {
				out = append(out, words+" "+fieldValue(name, was))
			}
		case fieldValue(name, was) != fieldValue(name, is):
			out = append(out, words+" "+fieldValue(name, was)+" → "+fieldValue(name, is))
		}
	}
	if len(out) > 0 && c.After == nil && c.Before != nil {
		return "was: " + strings.Join(out, "; ")
	}
	return strings.Join(out, "; ")
}

// readFields reads a change's object; what is none has no fields.
func readFields(f reeve.Fields) map[string]any {
	var out map[string]any
	in := json.NewDecoder(bytes.NewReader(f))
	in.UseNumber() // amounts are exact
	if in.Decode(&out) != nil {
		return nil
	}
	return out
}

// fieldNames gives the names of both, in the order of fieldWords.
func fieldNames(before, after map[string]any) []string {
	all := maps.Clone(before)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, after)
	var out []string
	for _, known := range fieldWords {
		if _, ok := all[known.field]; ok {
			out = append(out, known.field)
			delete(all, known.field)
		}
	}
	return append(out, slices.Sorted(maps.Keys(all))...)
}

func fieldName(name string) string {
	for _, known := range fieldWords {
		if known.field == name {
			return known.words
		}
	}
	return name
}

// fieldValue says a field's value as people write it.
func fieldValue(name string, value any) string {
	switch value := value.(type) {
	case nil:
		return "none"
	case bool:
		return map[bool]string{true: "yes", false: "no"}[value]
	case json.Number:
		n, err := value.Int64()
		switch {
		case err != nil:
		case name == "amount" || name == "applied" || name == "gross" || name == "due":
			return document.Dollars(n)
		}
		return value.String()
	case string:
		return fieldText(name, value)
	}
	return fmt.Sprint(value)
}

func fieldText(name, value string) string {
	switch name {
	case "name", "description", "fullName", "shortName":
		return "“" + isolated(value) + "”"
	case "usage", "bandwidth":
		var n int64
		if _, err := fmt.Sscanf(value, "%d", &n); err == nil {
			return reeve.FormatSize(n)
		}
	case "until", "expiresAt", "effectiveAt", "before":
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			return timeText(at)
		}
	}
	return isolated(value)
}

// isolated keeps a text that is written from right to left from turning what
// stands around it (UAX #9, FSI and PDI).
func isolated(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.Bidi_Control, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam)
	}) {
		return text
	}
	return "\u2068" + text + "\u2069"
}
