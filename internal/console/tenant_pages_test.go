package console_test

import (
	"fmt"
	"testing"
)

func TestDump(t *testing.T) {
	s, b := tenant(t, "alice")
	for _, path := range []string{
		"/console/", "/console/organizations/{org:acme}", "/console/organizations/{org:acme}/members", "/console/organizations/{org:acme}/changes",
		"/console/organizations/{org:acme}/invitations", "/console/organizations/{org:acme}/usage", "/console/organizations/{org:acme}/statements",
		"/console/projects/{prj:px}", "/console/projects/{prj:px}/members", "/console/projects/{prj:px}/members/add", "/console/projects/{prj:px}/delete",
		"/console/projects/{prj:px}/members/{usr:bob}/add", "/console/organizations/{org:acme}/members/{usr:bob}/role", "/console/organizations/{org:acme}/members/{usr:bob}/remove",
	} {
		got := b.get(s.Expand(path))
		fmt.Println(path, got.status, len(got.text), "\n   ", got.main())
	}
}
