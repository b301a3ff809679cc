package cli

import (
	"fmt"
	"testing"

	"github.com/spf13/cobra"
)

// TestUnknown: what is no command is said before its flags are, with what may
// have been meant.
func TestUnknown(t *testing.T) {
	root := &cobra.Command{Use: "reeve"}
	root.AddGroup(Groups()...)
	root.AddCommand(Login(""), Profiles(""), API(""), Scan(""))
	root.AddCommand(Nouns("")...)
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"user", "list", "--limit", "3"}, `unknown command "user" for "reeve"; did you mean users?`},
		{[]string{"organizations", "list"}, `unknown command "organizations" for "reeve"; did you mean orgs?`},
		{[]string{"nothing"}, `unknown command "nothing" for "reeve"; reeve help lists those there are`},
		{[]string{"users", "gett", "a@b"}, `unknown command "gett" for "reeve users"; did you mean get?`},
		{[]string{"gateways", "rm", "1"}, `unknown command "rm" for "reeve gateways"; did you mean delete?`},
		{[]string{"deletions", "restore-user", "a@b"}, `unknown command "restore-user" for "reeve deletions"; reeve help deletions lists those there are`},
		{[]string{"profiles", "us", "x"}, `unknown command "us" for "reeve profiles"; did you mean use?`},
		{[]string{"users"}, "<nil>"},
		{[]string{"users", "--help"}, "<nil>"},
		{[]string{"--profile", "x", "users", "list"}, "<nil>"},
		{[]string{"users", "get", "a@b", "--profile", "x"}, "<nil>"},
		{[]string{"search", "users"}, "<nil>"},
		{[]string{"api", "nothing"}, "<nil>"},
		{[]string{"__complete", "users", ""}, "<nil>"},
		{nil, "<nil>"},
	} {
		if got := fmt.Sprint(Unknown(root, test.args)); got != test.want {
			t.Errorf("%q: %s, want %s", test.args, got, test.want)
		}
	}
}
