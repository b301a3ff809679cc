package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/reeve-cloud/reeve"
)

// mixture is a load of every kind of request over the operators' and the
// tenants' listeners.
type mixture struct {
	token   reeve.Token
	tenants []tenant
}

// tenant is an organisation that was made through the API.
type tenant struct {
	email    string
	key      string
	projects []string
}

const tenants = 20

// The listeners of a mixture, as its plan lists them.
const (
	toOperator = iota
	toTenant
)

// newMixture makes the tenants that the requests are about.
func newMixture(ctx context.Context, on *instance) (*mixture, error) {
	m := &mixture{token: on.token, tenants: make([]tenant, tenants)}
	base := "http://" + on.addresses["operator"] + "/api/"
	post := func(path string, in, out any) error { return m.post(ctx, base+path, in, out) }
	for i := range m.tenants {
		t := &m.tenants[i]
		t.email = fmt.Sprintf("owner-%d@bench.invalid", i)
		if err := t.make(post); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (t *tenant) make(post func(path string, in, out any) error) error {
	var user struct{ ID string }
	err := post("users", map[string]any{"email": t.email, "fullName": "Some Body", "password": "correct horse"}, &user)
	if err != nil {
		return err
	}
	var organization struct{ OrganizationID string }
	if err := post("organizations", map[string]any{"name": t.email, "ownerId": user.ID}, &organization); err != nil {
		return err
	}
	id := organization.OrganizationID
	var key struct{ APIKey string }
	if err := post("organizations/"+id+"/apikeys", map[string]any{"name": "bench", "role": "editor"}, &key); err != nil {
		return err
	}
	t.key = key.APIKey
	for n := range projectsEach {
		var project struct{ ProjectID string }
		in := map[string]any{"ownerId": user.ID, "organizationId": id, "projectName": fmt.Sprintf("project-%d", n)}
		if err := post("projects", in, &project); err != nil {
			return err
		}
		t.projects = append(t.projects, project.ProjectID)
	}
	return nil
}

func (m *mixture) post(ctx context.Context, at string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", string(m.token))
	request.Header.Set("Content-Type", "application/json")
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = reply.Body.Close() }()
	if reply.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(reply.Body)
		return fmt.Errorf("POST %s: %s: %s", at, reply.Status, text)
	}
	return json.NewDecoder(reply.Body).Decode(out)
}

// next picks a request: of a hundred one creates a user, ten write something
// else, the others read.
func (m *mixture) next(w *worker, buf []byte) (request []byte, to, status int) {
	t := m.tenants[w.random.IntN(len(m.tenants))]
	project := t.projects[w.random.IntN(len(t.projects))]
	operator := operatorHead(m.token)
	ours := " HTTP/1.1\r\nHost: bench\r\nX-Api-Key: " + t.key + "\r\n"
	switch n := w.random.IntN(100); {
	case n < 1:
		body := fmt.Sprintf(`{"email":"user-%d@bench.invalid","fullName":"Some Body","password":"correct horse"}`, created.Add(1))
		return appendBody(append(buf, "POST /api/users"...), operator, body), toOperator, 200
	case n < 5:
		return appendKeyBody(append(buf, "POST /api/projects/"+project...), m.token), toOperator, 200
	case n < 8:
		body := fmt.Sprintf(`{"description":"text %d"}`, created.Add(1))
		return appendBody(append(buf, "PUT /api/projects/"+project...), operator, body), toOperator, 200
	case n < 11:
		body := fmt.Sprintf(`{"name":"name %d"}`, created.Add(1))
		return appendBody(append(buf, "PUT /project/"+project...), ours, body), toTenant, 200
	case n < 35:
		return append(buf, "GET /project/"+project+ours+"\r\n"...), toTenant, 200
	case n < 50:
		return append(buf, "GET /project/"+project+"/users"+ours+"\r\n"...), toTenant, 200
	case n < 75:
		return append(buf, "GET /api/projects/"+project+operator+"\r\n"...), toOperator, 200
	case n < 85:
		return append(buf, "GET /api/projects/"+project+"/apikeys"+operator+"\r\n"...), toOperator, 200
	case n < 95:
		return append(buf, "GET /api/users/"+t.email+operator+"\r\n"...), toOperator, 200
	}
	return append(buf, "GET /api/changes"+operator+"\r\n"...), toOperator, 200
}
