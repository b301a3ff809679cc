package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// TestGateways: a gateway is made, looked at, given another token and deleted.
func TestGateways(t *testing.T) {
	s, b := asRoot(t)
	made := b.get("gateways").says("No gateways yet").follow("New gateway").send(fields{"name": "edge"}).titled("The gateway edge is created")
	token := made.secretOf("Token")
	page := made.follow("Done").titled("edge").says("no session", "0 leases", "newest", "no use is known")
	path := page.url.Path
	g, _ := reeve.ParseAnyID(path[len("/console/gateways/"):])
	own := control.WithCaller(t.Context(), control.Caller{Actor: reeve.Actor{Kind: reeve.GatewayProgram, ID: g}})
	if _, err := s.Control.OpenSession(own, "edge-1"); err != nil {
		t.Fatal(err)
	}
	_, err := s.Control.ReserveLease(own, control.NewLease{ProjectID: s.ID(t, "px"), TTL: 60e9, Amounts: reeve.Amounts{Bandwidth: 5e9, Usage: 7e9}})
	if err != nil {
		t.Fatal(err)
	}
	b.get(path).says("connected", "edge-1", "1 lease", "5.00 GB", "7.00 GB")
	rotated := b.get(path).follow("Rotate its token").titled("Rotate the token of edge").says("Its token of now stops").send(fields{"overlap": "24h"}).
		titled("The gateway has a new token").says("The old one works for another 24 hours.")
	if rotated.secretOf("Token") == token {
		t.Error("rotating gives the old token")
	}
	page = b.get(path).says("newest", "replaced").follow("Delete").titled("Delete edge").
		says("2 tokens and 1 session end", "1 open lease is charged whole: 5.00 GB of bandwidth and 7.00 GB of storage")
	page.send(nil).titled("Gateways").says("The gateway is deleted.", "No gateways yet")
	b.get(path).answered(http.StatusNotFound, "Not found")
	page.send(nil).titled("Gateways").says("The gateway is deleted.") // once more, it is told again
}

// TestGatewayPages: a list of gateways has pages, and all of it is in the CSV.
func TestGatewayPages(t *testing.T) {
	s, b := asRoot(t)
	ctx := control.WithCaller(t.Context(), root(t))
	for i := range 60 {
		if _, _, err := s.Control.CreateGateway(ctx, fmt.Sprintf("edge %02d", i)); err != nil {
			t.Fatal(err)
		}
	}
	b.get("gateways").says("edge 49", "1 to 50 of 60").silent("edge 50").follow("Next").says("edge 59", "51 to 60 of 60")
	if got := strings.Count(b.get("gateways?csv=gateways").text, "\r\n"); got != 61 {
		t.Errorf("the CSV has %d lines", got)
	}
}

// TestOperators: operators are made, changed, given another token and deleted.
func TestOperators(t *testing.T) {
	s, b := asRoot(t)
	made := b.get("operators").says("No named operators yet").follow("New operator").send(fields{"name": "ada", "role": "support"}).
		titled("The operator ada is created")
	token := made.secretOf("Operator token")
	ada := asOperator(t, s, token)
	page := b.get("operators").follow("ada").titled("ada").says("support", "set projects' limits")
	path := page.url.Path
	b.get("operators/new").send(fields{"name": "root"}).answered(http.StatusBadRequest, "New operator").says("Name must not be root.")
	b.get("operators/new").send(fields{"name": "ada"}).answered(http.StatusConflict, "New operator")
	first, second := b.get(path).follow("Edit").titled("Edit ada"), b.get(path+"/edit")
	first.send(fields{"role": "viewer"}).titled("ada").says("viewer", "The operator is saved.")
	second.send(fields{"name": "Ada"}).answered(http.StatusPreconditionFailed, "Edit ada").says("Changed meanwhile from “support” to “viewer”.")
	rotated := b.get(path).follow("Rotate the token").says("The token of now stops").send(nil).titled("There is a new token")
	ada.get("gateways").titled("Sign in")
	ada = asOperator(t, s, rotated.secretOf("Operator token"))
	b.get(path).follow("Delete").titled("Delete ada").says("1 token and all sessions end").send(nil).titled("Operators").says("No named operators yet")
	ada.get("gateways").titled("Sign in")
	b.get(path).answered(http.StatusNotFound, "Not found")
}

// TestMe: operators see what they may do, and rotate their own token whatever
// that is.
func TestMe(t *testing.T) {
	s, b := asRoot(t)
	b.get("gateways").follow("root").titled("You are the root operator").says("You may do everything.", "You have no token that could be rotated here.")
	b.get("me/rotate").answered(http.StatusForbidden, "Not allowed")
	viewer := asRole(t, s, "viewer")
	page := viewer.get("me").titled("You are theirviewer").says("Your role is viewer.", "see and search everything, secrets excepted yes", "close months no")
	rotated := page.follow("Rotate your token").titled("Rotate your token").send(fields{"overlap": "0s"}).titled("There is a new token")
	viewer.get("me").titled("Sign in")
	asOperator(t, s, rotated.secretOf("Operator token"))
	viewer = asOperator(t, s, rotated.secretOf("Operator token"))
	viewer.get(s.Expand("/console/operators/{theirviewer_id}")).titled("theirviewer").silent("Edit", "Delete")
	for _, path := range []string{"edit", "rotate", "delete"} {
		viewer.get(s.Expand("/console/operators/{theirviewer_id}/"+path)).answered(http.StatusForbidden, "Not allowed")
	}
}

// TestOperatorInjection: what others have named is text on every page, and in no page's
// address.
func TestOperatorInjection(t *testing.T) {
	s, b := asRoot(t)
	for _, evil := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `<b>名前</b> 🙂 اسم`} {
		ctx := control.WithCaller(t.Context(), root(t))
		p, err := s.Control.CreateProject(ctx, control.NewProject{OwnerID: s.ID(t, "alice"), Name: evil, Description: evil})
		if err != nil {
			t.Fatal(err)
		}
		k, key, err := s.Control.CreateAPIKey(ctx, p.ID, evil, nil)
		if err != nil {
			t.Fatal(err)
		}
		g, _, err := s.Control.CreateGateway(ctx, evil)
		if err != nil {
			t.Fatal(err)
		}
		o, _, err := s.Control.CreateOperator(ctx, evil, reeve.OperatorViewer)
		if err != nil {
			t.Fatal(err)
		}
		project, gateway, operator := "projects/"+p.ID.String(), "gateways/"+g.ID.String(), "operators/"+o.ID.String()
		pages := map[string]*shown{"inspected": b.inspect(key.Serialize()), "scanned": b.get("scan").send(fields{"text": key.Serialize()})}
		for _, path := range []string{
			project, project + "/edit", project + "/limits", project + "/transfer", project + "/freeze", project + "/delete", project + "/erase",
			project + "/keys", project + "/keys/new", project + "/keys/revoke", project + "/members", project + "/members/new",
			"keys/" + k.ID.String(), "keys/" + k.ID.String() + "/rotate", "keys/" + k.ID.String() + "/revoke",
			"gateways", gateway, gateway + "/rotate", gateway + "/delete",
			"operators", operator, operator + "/edit", operator + "/rotate", operator + "/delete",
		} {
			pages[path] = b.get(path)
		}
		pages["receipt"] = b.get("keys/" + k.ID.String() + "/revoke").send(fields{"reason": evil})
		pages["gone"] = b.get("keys/" + k.ID.String())
		for path, page := range pages {
			if page.status != http.StatusOK {
				t.Errorf("%s is %d", path, page.status)
			}
			if strings.Contains(page.text, evil) || !strings.Contains(page.main(), strings.TrimSpace(evil)) && path != "scan" {
				t.Errorf("%s has %s as it is, or not at all", path, evil)
			}
		}
	}
}
