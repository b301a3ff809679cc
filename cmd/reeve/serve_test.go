package main

import (
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// startLimit is how long a server may take to start, on a busy machine and
// with the race detector.
const startLimit = 30 * time.Second

var announced = regexp.MustCompile(`(?m)^(tenant|operator|gateway|sidecar) +(http\S+)$`)

// await is the script command "await FILE": it waits until the `reeve serve`
// that writes to the file answers, and puts the listeners' URLs into $tenant,
// $operator and $gateway; or until the `reeve gateway` does, and its URL into
// $sidecar.
func await(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 1 {
		ts.Fatalf("usage: await FILE")
	}
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		found := announced.FindAllStringSubmatch(string(text), -1)
		whole := len(found) == 3 || len(found) == 1 && found[0][1] == "sidecar"
		if err == nil && whole && alive(found[len(found)-1][2]) {
			for _, listener := range found {
				ts.Setenv(listener[1], listener[2])
			}
			return
		}
		if time.Since(start) > startLimit {
			ts.Fatalf("the server does not answer: %v\n%s", err, text)
		}
	}
}

func alive(url string) bool {
	reply, err := http.Get(url + "/livez")
	if err != nil {
		return false
	}
	reply.Body.Close()
	return reply.StatusCode == http.StatusOK
}

// request is the script command "request STATUS METHOD URL TOKEN [BODY]": the
// answer must have the status, and its body goes into the file reply.
func request(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 4 || len(args) > 5 {
		ts.Fatalf("usage: request STATUS METHOD URL TOKEN [BODY]")
	}
	r, err := http.NewRequest(args[1], args[2], strings.NewReader(strings.Join(args[4:], "")))
	ts.Check(err)
	r.Header.Set("Authorization", args[3])
	reply, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("reply"), body, 0o600))
	if strconv.Itoa(reply.StatusCode) != args[0] {
		ts.Fatalf("%s %s: %d %s", args[1], args[2], reply.StatusCode, body)
	}
}

// capture is the script command "capture NAME FILE PATTERN": it puts the
// file's first match of the pattern, or of its group, into $NAME.
func capture(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 3 {
		ts.Fatalf("usage: capture NAME FILE PATTERN")
	}
	found := regexp.MustCompile(args[2]).FindStringSubmatch(ts.ReadFile(args[1]))
	if found == nil {
		ts.Fatalf("%s does not match %s", args[1], args[2])
	}
	ts.Setenv(args[0], found[len(found)-1])
}
