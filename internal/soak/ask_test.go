//go:build soak

package soak

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// clients keeps connections open, as many as the tests' workers need.
var clients = &http.Client{
	Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute},
	Timeout:   time.Minute,
}

// request is one call of an API.
type request struct {
	method, url string // GET if empty
	token       string // Authorization, or x-api-key if it is an organisation's
	body        any    // sent as JSON; nil for none
}

// answer is a whole reply.
type answer struct {
	status int
	header http.Header
	body   []byte
	took   time.Duration
}

func ask(in request) (answer, error) {
	var body io.Reader
	if in.body != nil {
		text, err := json.Marshal(in.body)
		if err != nil {
			return answer{}, err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequest(in.method, in.url, body)
	if err != nil {
		return answer{}, err
	}
	header := "Authorization"
	switch {
	case strings.HasPrefix(in.token, "reeve_org_"):
		header = "x-api-key"
	case strings.HasPrefix(in.token, "reeve_gw_"):
		in.token = "Bearer " + in.token
	}
	if in.token != "" {
		r.Header.Set(header, in.token)
	}
	client := clients
	if r.URL.Scheme == "https" {
		client = insecure
	}
	start := time.Now()
	reply, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(reply.Body)
	return answer{reply.StatusCode, reply.Header, text, time.Since(start)}, err
}

// field reads one field of an answer's JSON object.
func (a answer) field(name string) string {
	var out map[string]any
	_ = json.Unmarshal(a.body, &out)
	text, _ := out[name].(string)
	return text
}

// must makes a call that has to succeed.
func must(t *testing.T, in request) answer {
	t.Helper()
	got, err := ask(in)
	if err != nil {
		t.Fatal(err)
	}
	if got.status != http.StatusOK && got.status != http.StatusNoContent {
		t.Fatalf("%s %s: %d %s", in.method, in.url, got.status, got.body)
	}
	return got
}

// status makes a call and checks its status.
func status(t *testing.T, want int, in request) answer {
	t.Helper()
	got, err := ask(in)
	switch {
	case err != nil:
		t.Errorf("%s %s: %v", in.method, in.url, err)
	case got.status != want:
		t.Errorf("%s %s: %d %s, want %d", in.method, in.url, got.status, got.body, want)
	}
	return got
}

// errorShape tells what is wrong with an error's form on a listener, or "".
func errorShape(listener string, got answer) string {
	want := map[string]string{"tenant": "application/json", "operator": "application/json", "gateway": "application/problem+json"}[listener]
	if kind := got.header.Get("Content-Type"); kind != want {
		return fmt.Sprintf("Content-Type is %q", kind)
	}
	var body map[string]any
	if err := json.Unmarshal(got.body, &body); err != nil {
		return fmt.Sprintf("body is no JSON: %q", got.body)
	}
	ok := false
	switch listener {
	case "tenant":
		ok = body["status"] == "error" && body["message"] != "" && body["code"] == float64(got.status)
	case "operator":
		_, detail := body["detail"].(string)
		ok = body["error"] != "" && detail
	case "gateway":
		ok = body["title"] == http.StatusText(got.status) && body["status"] == float64(got.status)
	}
	if !ok {
		return fmt.Sprintf("body is %s", got.body)
	}
	if got.status == http.StatusServiceUnavailable && got.header.Get("Retry-After") == "" {
		return "no Retry-After"
	}
	return ""
}

// world is what a tenant needs to be there before anything else.
type world struct {
	email, user, organization, project, orgKey string
}

// many is a project limit that no test reaches.
const many = 1_000_000

// settle makes a user, an organisation, a project and an organisation key.
func settle(t *testing.T, base, token, name string) world {
	t.Helper()
	w := world{email: name + "@example.com"}
	post := func(path string, body any) answer {
		t.Helper()
		return must(t, request{"POST", base + path, token, body})
	}
	w.user = post("/api/users", object{"email": w.email, "fullName": "Ada " + name, "password": "correct horse"}).field("id")
	must(t, request{"PUT", base + "/api/users/" + w.email, token, object{"projectLimit": many}})
	w.organization = post("/api/organizations", object{"name": name, "ownerId": w.user}).field("organizationId")
	w.project = post("/api/projects", object{"ownerId": w.user, "projectName": name, "organizationId": w.organization}).field("projectId")
	w.orgKey = post("/api/organizations/"+w.organization+"/apikeys", object{"name": "first", "role": "admin"}).field("apikey")
	return w
}

// object is a JSON object.
type object map[string]any
