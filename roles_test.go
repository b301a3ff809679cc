package reeve_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
)

var update = flag.Bool("update", false, "write the golden files anew")

// rolesPage is the page of docs that is made from the tables of policy.go.
const rolesPage = "docs/roles.md"

// TestRolesPage: the page shows the tables as they are.
func TestRolesPage(t *testing.T) {
	page := "# Roles\n\nThis page is made from `policy.go`; do not edit it.\n\n" +
		"## Tenants\n\nA role is a member's, in an organisation or a project, or an organisation key's. A role in an organisation\n" +
		"counts on all its projects; on a project the stronger of the two counts. What is not in the table is denied, and so is\n" +
		"all that changes something in what is frozen.\n\n" +
		table(reeve.Policy, reeve.Roles) +
		"\n## Operators\n\nThe configured token, and the one that the first start prints, are the root operator's, who may everything.\n\n" +
		table(reeve.OperatorPolicy, reeve.OperatorRoles)
	if *update {
		if err := os.WriteFile(rolesPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(rolesPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(page, string(have)); diff != "" {
		t.Errorf("%s (-want +have), see make golden:\n%s", rolesPage, diff)
	}
}

// table writes a policy as a table of Markdown.
func table[A, R ~string](policy []reeve.Rule[A, R], roles []R) string {
	var out strings.Builder
	out.WriteString("| action | lets one |")
	for _, role := range roles {
		out.WriteString(" " + string(role) + " |")
	}
	out.WriteString("\n|---|---|" + strings.Repeat(":-:|", len(roles)) + "\n")
	for _, rule := range policy {
		out.WriteString("| `" + string(rule.Action) + "` | " + rule.About + " |")
		for _, role := range roles {
			mark := " |"
			for _, may := range rule.Roles {
				if may == role {
					mark = " ✓ |"
				}
			}
			out.WriteString(mark)
		}
		out.WriteByte('\n')
	}
	return out.String()
}
