package reevetest_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve/internal/reevetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// authorizationPage is the page of docs that is made from the matrix and the
// served documents.
const authorizationPage = "../../docs/authorization.md"

// TestAuthorizationPage: the page shows the matrix as TestAuthorization holds
// the server to it.
func TestAuthorizationPage(t *testing.T) {
	s := reevetest.Open(t)
	page := "# Who may call what\n\n" +
		"This page is made from the served OpenAPI documents and `internal/reevetest/testdata/authorization.txt`, to which a test\n" +
		"holds the server; do not edit it. What each role may do is in [roles.md](roles.md).\n\n" +
		"✓: may; ✗: a valid credential that may not; blank: what is shown opens nothing here.\n"
	for _, face := range []string{"tenant", "operator", "gateway"} {
		rows := readMatrix(t, face)
		page += "\n## On the " + face + " listener\n\n| operation | call |"
		for _, caller := range callers[face] {
			page += " " + caller[0] + " |"
		}
		page += "\n|---|---|" + strings.Repeat(":-:|", len(callers[face])) + "\n"
		for _, operation := range served(t, s, face) {
			at := rows[operation.ID]
			page += "| `" + operation.ID + "` | `" + operation.Method + " " + operation.Path + "` |"
			for _, verdict := range at.verdicts {
				page += map[rune]string{'.': " ✓ |", 'D': " ✗ |", 'U': " |"}[verdict]
			}
			page += "\n"
		}
	}
	if *update {
		if err := os.WriteFile(authorizationPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(authorizationPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(page, string(have)); diff != "" {
		t.Errorf("%s (-want +have), see make golden:\n%s", authorizationPage, diff)
	}
}
