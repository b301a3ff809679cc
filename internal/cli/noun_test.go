package cli

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve"
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
	all := verbs()
	for noun, of := range all {
		if slices.Contains(ownCommands, noun) {
			t.Errorf("the noun %s hides a command", noun)
		}
		for verb, ops := range of {
			words := strings.Fields(noun + " " + verb)
			cmd, rest, err := root.Find(words)
			if err != nil || len(rest) > 0 || cmd.Name() != words[len(words)-1] {
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
			if noun == verb || len(all[noun]) == 1 && strings.HasPrefix(verb, noun) {
				t.Errorf("%s %s says it twice", noun, verb)
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
		{"bulk", "bulk", "bulk "},
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

// TestNounsAlone: a noun that says all has no verb, and what it is about is an
// argument.
func TestNounsAlone(t *testing.T) {
	alone(t)
	at, requests := server(t, func(*http.Request, string) (int, string) { return 200, `{}` })
	t.Setenv(variableServer, at)
	t.Setenv(variableToken, "reeve_op_x")
	token := string(reeve.NewToken(reeve.TokenGateway, [32]byte{1}))
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"search", "a b"}, "GET /api/search?q=a+b"},
		{[]string{"search", "photos", "--limit", "3"}, "GET /api/search?limit=3&q=photos"},
		{[]string{"search", "-", "--limit", "3"}, `POST /api/search {"q":"a line","limit":3}`},
		{[]string{"search", "is " + token}, `POST /api/search {"q":"is ` + token + `"}`},
		{[]string{"search", "privately", "-"}, `POST /api/search {"q":"a line"}`},
		{[]string{"inspect", "-"}, `POST /api/inspect {"key":"a line"}`},
		{[]string{"inspect", "--data", `{"key":"k"}`}, `POST /api/inspect {"key":"k"}`},
		{[]string{"keys", "scan", "--text", "t"}, `POST /api/scan {"text":"t"}`},
		{[]string{"users", "restore", "a@b"}, "POST /api/users/a@b/restore"},
		{[]string{"projects", "restore", "1"}, "POST /api/projects/1/restore"},
		{[]string{"orgs", "restore", "1"}, "POST /api/organizations/1/restore"},
	} {
		*requests = nil
		if _, _, err := run(t, "a line\n", test.args...); err != nil || len(*requests) != 1 || (*requests)[0] != test.want {
			t.Errorf("%s asks %q, %v", test.args, *requests, err)
		}
	}
	for _, args := range [][]string{{"search"}, {"search", "a", "b"}, {"inspect"}, {"inspect", ""}} {
		if _, _, err := run(t, "", args...); err == nil || !strings.Contains(err.Error(), "give Q") && !strings.Contains(err.Error(), "KEY") {
			t.Errorf("%q: %v", args, err)
		}
	}
}
