package main

import (
	"fmt"
	"strings"
)

// Words that names are made of. The first of a list come most often.
var (
	firstNames = strings.Fields(`Anna Ben Clara David Elif Farid Grace Hugo Ines Jonas Kim Lea Mateo Nina Omar Priya Quentin Rosa Sam Tara
		Umut Vera Wei Xenia Yusuf Zoe Björn Chloé Łukasz Søren Aiko Bruno Carmen Dmitri Esther Felix Giulia Hannah Ivan Jasmin Karim Laura
		Marek Noah Olga Paul Rania Stefan Tom Ursula Viktor Wanda Yara Zuzana`)
	lastNames = strings.Fields(`Schmidt Müller Smith Garcia Nguyen Kowalski Rossi Silva Ivanov Kim Dubois Jansen Andersson Yilmaz Novak Haddad
		Okafor Tanaka Fernandez Murphy Fischer Weber Becker Hoffmann Schulz Koch Richter Wolf Neumann Schwarz Brown Taylor Wilson Evans Walker
		Wright Hughes Edwards Carter Turner Parker Collins Stewart Morris Rogers Reed Cook Morgan Bell Cooper Bailey Rivera Torres Flores
		Ramos Cruz Ortiz Gomez Diaz Reyes Larsen Hansen Olsen Nilsson Lindberg Virtanen Korhonen Horvat Popescu Petrov Sokolov Bondarenko
		Abadi Rahman Khan Singh Patel Sharma Gupta Chen Wang Zhang Liu Yamada Suzuki Sato Park Choi Mbeki Diallo Traore Mensah`)
	adjectives = strings.Fields(`blue quiet rapid golden hidden bright ancient silent gentle frozen amber crimson distant electric fuzzy
		hollow ivory jolly keen lunar mellow nimble orange proud rustic scarlet tidy urban velvet wild young azure brave calm daring eager
		fancy grand humble icy`)
	nouns = strings.Fields(`whale river falcon meadow harbor lantern mountain orchard pebble quarry rocket sparrow thunder umbrella valley
		willow anchor badger canyon dolphin ember forest glacier heron island jungle kettle lagoon mirror nebula otter prairie quartz raven
		saddle temple unicorn voyage walrus yonder basket candle dragon engine fountain garden hammer iceberg jacket kernel ladder marble
		needle oyster pillow quilt ribbon shelter turbine uplift vessel window`)
	purposes = strings.Fields(`backup media analytics archive staging production website gallery telemetry invoices research builds
		snapshots documents mirror uploads datasets recordings`)
	companies = strings.Fields(`Labs GmbH Studios Systems Partners Foods Energy Logistics Software Hospital Institute Club`)
	providers = strings.Fields(`mail.test post.example inbox.example corp.example uni.example web.example`)
	reasons   = strings.Fields(`welcome outage referral migration anniversary apology partner student hackathon trial`)
)

// Words that few things have in their names.
const (
	rareUser    = "Quixotic"    // one in 100,000 users
	rareProject = "zeppelin"    // one in 100,000 projects
	lastName    = "Zzyx"        // a tenth of all projects begin with it: the last by name
	oldProvider = "old.example" // of the oldest tenth of users
)

// dice throws numbers that depend on nothing but what is numbered (SplitMix64).
type dice uint64

func diceOf(of kind, n int) *dice {
	d := dice(uint64(of)<<48 | uint64(n))
	return &d
}

func (d *dice) throw(sides int) int {
	*d += 0x9e3779b97f4a7c15
	x := uint64(*d)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return int((x ^ x>>31) % uint64(sides))
}

// word picks one: the first ones of a list more often than the last.
func (d *dice) word(of []string) string {
	return of[min(d.throw(len(of)), d.throw(len(of)))]
}

// userName gives the full name and the address of the n-th of so many users.
func userName(n, all int) (name, address string) {
	d := diceOf(kindUser, n)
	first, last := d.word(firstNames), d.word(lastNames)
	name = first + " " + last
	if d.throw(20) == 0 {
		name += "-" + d.word(lastNames)
	}
	if n%100_000 == 77 {
		name = first + " " + rareUser
	}
	provider := d.word(providers)
	if n < all/10 {
		provider = oldProvider
	}
	return name, strings.ToLower(fmt.Sprintf("%s.%s%d@%s", ascii(first), ascii(last), n, provider))
}

// ascii leaves out of a name what an address cannot have.
func ascii(name string) string {
	return strings.Map(func(char rune) rune {
		if char > 127 {
			return -1
		}
		return char
	}, name)
}

func projectName(n int) string {
	d := diceOf(kindProject, n)
	name := fmt.Sprintf("%s %s %s %d", d.word(adjectives), d.word(nouns), d.word(purposes), d.throw(10_000))
	switch {
	case n%100_000 == 77:
		return name + " " + rareProject
	case d.throw(10) == 0:
		return lastName + " " + name
	}
	return name
}

func organizationName(n int) string {
	d := diceOf(kindOrganization, n)
	return fmt.Sprintf("%s %s %s", d.word(lastNames), d.word(nouns), d.word(companies))
}

func couponText(n int) string {
	d := diceOf(kindCoupon, n)
	return fmt.Sprintf("%s %s %d", d.word(reasons), d.word(nouns), d.throw(1000))
}
