package client_test

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve/client"
	"github.com/reeve-cloud/reeve/internal/reevetest"
)

// TestEveryOperation holds the methods and the table to the documents: each
// operation of each face has both.
func TestEveryOperation(t *testing.T) {
	for face, methods := range map[string]reflect.Type{
		"tenant": reflect.TypeFor[*client.Tenant](), "operator": reflect.TypeFor[*client.Operator](), "gateway": reflect.TypeFor[*client.Gateway](),
	} {
		names := map[string]bool{}
		for method := range methods.Methods() {
			names[strings.ToLower(method.Name)] = true
		}
		text, err := os.ReadFile("../openapi/" + face + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var document struct {
			Paths map[string]map[string]struct{ OperationID, Summary string }
		}
		if err := json.Unmarshal(text, &document); err != nil {
			t.Fatal(err)
		}
		for path, of := range document.Paths {
			for method, op := range of {
				if !names[strings.ToLower(op.OperationID)] {
					t.Errorf("%s: %s has no method", face, op.OperationID)
				}
				row := client.FindOperation(face, op.OperationID)
				if row == nil || row.Path != path || !strings.EqualFold(row.Method, method) || row.Summary != op.Summary {
					t.Errorf("%s: %s is %+v in the table", face, op.OperationID, row)
				}
			}
		}
	}
}

func operatorOf(t *testing.T, s *reevetest.Server) *client.Operator {
	t.Helper()
	c, err := client.NewOperator(s.URL("operator"), reevetest.OperatorToken)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func tenantOf(t *testing.T, s *reevetest.Server, key string) *client.Tenant {
	t.Helper()
	c, err := client.NewTenant(s.URL("tenant"), client.OrganizationKey(s.Value(t, key)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestOperator makes, reads, changes and lists through a real server.
func TestOperator(t *testing.T) {
	reevetest.Each(t, func(t *testing.T, s *reevetest.Server) {
		c, ctx := operatorOf(t, s), t.Context()
		var said client.Response
		created, err := c.CreateUser(client.WithResponse(client.WithReason(ctx, "a test"), &said), client.OperatorCreateUser{
			Email: "new@mail.test", FullName: "New User", Password: "long enough to be one",
		})
		if err != nil {
			t.Fatal(err)
		}
		if said.Status != 200 || said.RequestID == "" {
			t.Errorf("response %+v", said)
		}
		if err := c.UpdateUser(ctx, "new@mail.test", client.OperatorUser{FullName: new("Newer User")}); err != nil {
			t.Fatal(err)
		}
		user, err := c.GetUser(ctx, "new@mail.test")
		if err != nil || user.User.ID != created.ID || user.User.FullName != "Newer User" {
			t.Errorf("user %+v, %v", user, err)
		}
		var actions []string
		for change, err := range c.ListChangesAll(ctx, client.OperatorListChangesParams{Limit: "1"}) {
			if err != nil {
				t.Fatal(err)
			}
			actions = append(actions, change.Action)
		}
		if diff := cmp.Diff([]string{"user.update", "user.create"}, actions); diff != "" {
			t.Errorf("changes (-want +got):\n%s", diff)
		}
		if err := c.DeleteUser(ctx, "new@mail.test", client.OperatorDeleteUserParams{}); err != nil {
			t.Error(err)
		}
	})
}

// TestRefusals reads the errors of all three faces.
func TestRefusals(t *testing.T) {
	s := reevetest.Open(t)
	s.Tenants(t)
	ctx := t.Context()
	_, err := operatorOf(t, s).GetUser(ctx, "nobody@mail.test")
	if refusal := client.AsError(err); !client.IsNotFound(err) || refusal.Message != `user with email "nobody@mail.test" not found` || refusal.RequestID == "" {
		t.Errorf("operator: %+v", refusal)
	}
	_, err = tenantOf(t, s, "key").GetProject(ctx, s.Value(t, "foreign"))
	if refusal := client.AsError(err); !client.IsDenied(err) || refusal.Message == "" || refusal.Message == "Forbidden (403)" {
		t.Errorf("tenant: %+v", refusal)
	}
	stranger, err := client.NewTenant(s.URL("tenant"), client.Credential{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.GetProject(ctx, s.Value(t, "px")); !client.IsUnauthenticated(err) {
		t.Errorf("without a credential: %v", err)
	}
	gateway, err := client.NewGateway(s.URL("gateway"), "reeve_gw_none")
	if err != nil {
		t.Fatal(err)
	}
	_, err = gateway.Verify(ctx, client.GatewayVerifyBody{})
	if refusal := client.AsError(err); !client.IsUnauthenticated(err) || refusal.Message == "" {
		t.Errorf("gateway: %+v", refusal)
	}
}

// TestReplies reads replies of all sorts: in an envelope, a list, none, text
// and verdicts.
func TestReplies(t *testing.T) {
	s := reevetest.Open(t)
	s.Bill(t)
	ctx := t.Context()
	tenant, operator := tenantOf(t, s, "key"), operatorOf(t, s)
	reply, err := tenant.GetProject(ctx, s.Value(t, "px"))
	if err != nil {
		t.Fatal(err)
	}
	if project := reply.Projects[0]; project.Name != "px" || project.GatewayID != nil || project.CreateTime.IsZero() {
		t.Errorf("project %+v", project)
	}
	if list, err := operator.ListGateways(ctx); err != nil || len(list) != 1 || list[0].Name != "meter" {
		t.Errorf("gateways %+v, %v", list, err)
	}
	csv, err := tenant.GetStatementAs(ctx, s.Value(t, "acme"), s.Value(t, "bill"), client.TenantGetStatementParams{}, "csv")
	if err != nil || !strings.Contains(string(csv), "egress") {
		t.Errorf("statement %q, %v", csv, err)
	}
	if err := tenant.DisableProjectUser(ctx, s.Value(t, "px"), s.Value(t, "bob")); !client.IsDenied(err) {
		t.Errorf("disable: %v", err)
	}
	gateway, err := client.NewGateway(s.URL("gateway"), "token")
	if err != nil {
		t.Fatal(err)
	}
	if health, err := gateway.Livez(ctx); err != nil || health.Status != "ok" {
		t.Errorf("livez %+v, %v", health, err)
	}
	made, err := operator.CreateAPIKey(ctx, s.Value(t, "px"), client.OperatorCreateAPIKeyBody{Name: "k"})
	if err != nil {
		t.Fatal(err)
	}
	// The reply of a deletion may be a receipt, or nothing.
	if receipt, err := operator.DeleteAPIKey(ctx, made.APIKey, client.OperatorDeleteAPIKeyParams{}); err != nil || receipt != nil {
		t.Errorf("receipt %+v, %v", receipt, err)
	}
}

// TestDo calls operations by their ids.
func TestDo(t *testing.T) {
	s := reevetest.Open(t)
	s.Tenants(t)
	ctx := t.Context()
	c := tenantOf(t, s, "key")
	reply, err := c.Do(ctx, "getProject", map[string]string{"project": s.Value(t, "px")}, nil)
	if err != nil || !strings.HasPrefix(string(reply.Body), `{"projects":[{"id":"prj_`) || reply.Status != 200 {
		t.Errorf("reply %+v, %v", reply, err)
	}
	reply, err = c.Do(ctx, "updateProject", map[string]string{"project": s.Value(t, "px")}, []byte(`{"name":"other"}`))
	if err != nil || !strings.Contains(string(reply.Body), `"name":"other"`) {
		t.Errorf("reply %+v, %v", reply, err)
	}
	for name, call := range map[string]struct {
		id     string
		params map[string]string
		body   any
	}{
		"no such operation": {"getUser", nil, nil},
		"no such parameter": {"getProject", map[string]string{"project": "x", "other": "y"}, nil},
		"no path":           {"getProject", nil, nil},
		"no body taken":     {"getProject", map[string]string{"project": "x"}, []byte(`{}`)},
		"no JSON":           {"updateProject", map[string]string{"project": "x"}, []byte(`{`)},
	} {
		if _, err := c.Do(ctx, call.id, call.params, call.body); err == nil || client.AsError(err) != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
