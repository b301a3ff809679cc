package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/client"
)

// TestEveryOperationIsReachable finds each operation of each face under one
// noun and verb, and every parameter and field of it as an argument or flag.
func TestEveryOperationIsReachable(t *testing.T) {
	root := &cobra.Command{Use: "reeve"}
	root.AddGroup(Groups()...)
	root.AddCommand(Login(""), Logout(""), Whoami(""), Profiles(""), API(""), Scan(""))
	own := len(root.Commands())
	root.AddCommand(Nouns("")...)
	if len(root.Commands()) <= own {
		t.Fatal("there are no nouns")
	}
	found := map[*client.Operation]int{}
	for noun, of := range verbs() {
		if slices.Contains(ownCommands, noun) {
			t.Errorf("the noun %s hides a command", noun)
		}
		for verb, ops := range of {
			cmd, rest, err := root.Find([]string{noun, verb})
			if err != nil || len(rest) > 0 || cmd.Name() != verb {
				t.Errorf("%s %s: %v", noun, verb, err)
				continue
			}
			var faces []string
			for _, op := range ops {
				found[op]++
				faces = append(faces, op.Face)
				if !strings.Contains(cmd.Long, "operation "+op.ID+",") {
					t.Errorf("%s %s does not tell of %s", noun, verb, op.ID)
				}
				for _, f := range flagsOf(op) {
					if cmd.Flags().Lookup(f.flag) == nil {
						t.Errorf("%s %s has no --%s", noun, verb, f.flag)
					}
				}
			}
			if slices.Sort(faces); len(slices.Compact(faces)) != len(ops) {
				t.Errorf("%s %s is two operations of a face", noun, verb)
			}
		}
	}
	for _, op := range client.Operations {
		if found[op] != 1 {
			t.Errorf("%s %s has %d commands", op.Face, op.ID, found[op])
		}
	}
}

// TestPlace gives operations that nobody has thought of a noun and a verb.
func TestPlace(t *testing.T) {
	for _, c := range []struct{ tag, id, want string }{
		{"operators", "createOperator", "operators create"},
		{"operators", "rotateOperatorToken", "operators rotate-token"},
		{"organizations", "freezeOrganization", "orgs freeze"},
		{"organizations", "listOrganizations", "orgs list"},
		{"scan", "scanKeys", "keys scan"},
		{"apikeys", "listAPIKeyUses", "keys list-uses"},
		{"two-factor", "confirmTOTP", "two-factor confirm-totp"},
		{"token", "makeToken", "token-api make"},
	} {
		got := place(&client.Operation{Face: "operator", Tag: c.tag, ID: c.id})
		if got := got.noun + " " + got.verb; got != c.want {
			t.Errorf("%s of %s is %q, want %q", c.id, c.tag, got, c.want)
		}
	}
	for name, want := range map[string]string{"organizationId": "organization-id", "x_y": "x-y", "Last-Event-Id": "last-event-id", "partnerID": "partner-id"} {
		if got := kebab(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
