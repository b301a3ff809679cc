package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

// pageKinds are all that are measured.
func (d directory) pageKinds() []pageKind {
	return slices.Concat(d.userPages(), d.projectPages(), d.otherPages())
}

func (d directory) userPages() []pageKind {
	return []pageKind{
		{list: "users"},
		{list: "users", asks: "limit=500&sort=name", follow: deepPages},
		{list: "users", asks: "limit=500", follow: deepPages},
		{list: "users", asks: "sort=email"},
		{list: "users", asks: "sort=-email"},
		{list: "users", asks: "createdAfter={time}&sort=-created", each: d.aTime},
		{list: "users", asks: "createdBefore={time}&sort=name", each: d.aTime},
		{list: "users", asks: "hasProjects=false&sort=name"},
		{list: "users", asks: "hasProjects=true&sort=created"},
		{list: "users", asks: "hasProjects=true&sort=name"},
		{list: "users", asks: "hasProjects=true", follow: farPages},
		{list: "users", asks: "q={provider}", each: wordOf(providers)},
		{list: "users", asks: "q={provider}&sort=name", each: wordOf(providers)},
		{list: "users", asks: "q={provider}&sort=created&limit=500", each: wordOf(providers)},
		{list: "users", asks: "q={surname}", each: wordOf(lastNames)},
		{list: "users", asks: "q={surname}&sort=name", each: wordOf(lastNames), follow: 2},
		{list: "users", asks: "q={first name}&sort=-email", each: wordOf(firstNames)},
		{list: "users", asks: "q={full name}", each: wordsOf(firstNames, lastNames)},
		{list: "users", asks: "q={full name}&sort=name", each: wordsOf(firstNames, lastNames)},
		{list: "users", asks: "q=" + oldProvider, follow: farPages},
		{list: "users", asks: "q=" + oldProvider + "&sort=created"},
		{list: "users", asks: "q=" + strings.ToLower(rareUser)},
		{list: "users", asks: "q={address}", each: d.anAddress},
		{list: "users", asks: "q={4 digits}&sort=name", each: number},
		{list: "users", asks: "q=tset.ooo"},
		{list: "users", asks: "q={2 characters}", each: beginning},
		{list: "users", asks: "q=xq&sort=-created"},
	}
}

func (d directory) projectPages() []pageKind {
	return []pageKind{
		{list: "projects"},
		{list: "projects", asks: "sort=-name&limit=500", follow: deepPages},
		{list: "projects", asks: "organization={id}", each: d.anID(kindOrganization, d.organizations(), 1)},
		{list: "projects", asks: "organization={largest}&limit=500", follow: deepPages},
		{list: "projects", asks: "organization={largest}&sort=name&q={common word}", each: wordOf(purposes)},
		{list: "projects", asks: "organization={largest}&q={word}", each: wordOf(nouns)},
		{list: "projects", asks: "organization={largest}&q={4 digits}", each: number},
		{list: "projects", asks: "owner={id}", each: d.anID(kindUser, d.projects, projectsEach)},
		{list: "projects", asks: "owner={id}&sort=name&q=backup", each: d.anID(kindUser, d.projects, projectsEach)},
		{list: "projects", asks: "owner={in many}&sort=name"},
		{list: "projects", asks: "q={common word}", each: wordOf(purposes)},
		{list: "projects", asks: "q={common word}&sort=name", each: wordOf(purposes)},
		{list: "projects", asks: "q={word}", each: wordOf(nouns)},
		{list: "projects", asks: "q={word}&sort=-name", each: wordOf(nouns)},
		{list: "projects", asks: "q={two words}", each: wordsOf(adjectives, nouns)},
		{list: "projects", asks: "q={two words}&sort=name", each: wordsOf(adjectives, nouns)},
		{list: "projects", asks: "q=" + strings.ToLower(lastName) + "&sort=name", follow: farPages},
		{list: "projects", asks: "q=" + rareProject},
		{list: "projects", asks: "q={4 digits}&sort=name", each: number},
		{list: "projects", asks: "q=nowhere to be found"},
	}
}

func (d directory) otherPages() []pageKind {
	return []pageKind{
		{list: "organizations", asks: "sort=name"},
		{list: "organizations", asks: "owner={id}", each: d.anID(kindUser, d.projects, projectsEach)},
		{list: "organizations", asks: "member={id}", each: d.anID(kindUser, d.projects, projectsEach)},
		{list: "organizations", asks: "member={in many}"},
		{list: "organizations", asks: "member={in many}&sort=name&q={word}", each: wordOf(nouns)},
		{list: "organizations", asks: "q={surname}", each: wordOf(lastNames)},
		{list: "coupons"},
		{list: "coupons", asks: "user={id}", each: d.anID(kindUser, d.projects, couponsEach)},
		{list: "coupons", asks: "status=active"},
		{list: "coupons", asks: "status=used", follow: 3},
		{list: "coupons", asks: "status=expired&sort=name"},
		{list: "coupons", asks: "q={common word}&status=active", each: wordOf(reasons)},
		{list: "coupons", asks: "q={word}&sort=name", each: wordOf(nouns)},
	}
}

// What is filled in, each by chance.

// anID is of one of the things of a kind, or of each so many of them.
func (d directory) anID(of kind, all, step int) func(*dice) string {
	return func(by *dice) string { return reeve.ID(d.id(of, by.throw(all/step)*step)).String() }
}

func (d directory) anAddress(by *dice) string {
	_, address := userName(by.throw(d.projects), d.projects)
	return address
}

func (d directory) aTime(by *dice) string {
	return time.UnixMicro(d.at(by.throw(d.projects), d.projects)).UTC().Format(time.RFC3339)
}

func wordOf(list []string) func(*dice) string {
	return func(by *dice) string { return list[by.throw(len(list))] }
}

func wordsOf(first, second []string) func(*dice) string {
	return func(by *dice) string { return wordOf(first)(by) + " " + wordOf(second)(by) }
}

func number(by *dice) string { return fmt.Sprint(1000 + by.throw(9000)) }

// beginning is two characters.
func beginning(by *dice) string { return strings.ToLower(string([]rune(by.word(firstNames))[:2])) }
