package control_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// ground is what tenants' writes are tried on.
type ground struct {
	house
	owner, admin, member, guest reeve.User
	o                           reeve.Organization
	p                           reeve.Project
	elsewhere                   reeve.Organization // of another, where the project goes to
	receiver                    reeve.User
}

func (h house) ground() ground {
	h.t.Helper()
	email := func(name string) string { return name + "-" + newID().String() + "@mail.test" }
	g := ground{house: h}
	g.owner, g.o, g.p = h.tenant(email("owner"))
	g.admin = h.member(g.o, email("admin"), reeve.RoleAdmin)
	g.member, g.guest = h.member(g.o, email("member"), reeve.RoleViewer), h.user(email("guest"))
	g.receiver = h.user(email("receiver"))
	g.elsewhere = h.organization(g.receiver)
	return g
}

// joined makes the member one of the project's.
func (g ground) joined() ground {
	g.check(g.c.PutProjectMember(g.ctx, g.p.ID, g.member.ID, reeve.RoleViewer))
	return g
}

// meanwhile is what may be committed while a tenant's write waits; concerns
// tells which writes it makes denied.
type meanwhile struct {
	concerns func(w tenantWrite) bool
	do       func(ctx context.Context, g ground, caller reeve.User) error
}

var legal = control.NewFreeze{Type: reeve.FreezeLegal}

var meanwhiles = map[string]meanwhile{
	"project frozen": {
		func(w tenantWrite) bool { return w.to == ofProject || w.to == ofProjectInvitation },
		func(ctx context.Context, g ground, _ reeve.User) error {
			return errOf(g.c.FreezeProject(ctx, g.p.ID, legal))
		},
	},
	"organization frozen": {
		func(w tenantWrite) bool { return w.to != ofUser },
		func(ctx context.Context, g ground, _ reeve.User) error {
			return errOf(g.c.FreezeOrganization(ctx, g.o.ID, legal))
		},
	},
	"owner frozen": {
		func(w tenantWrite) bool { return w.to != ofUser },
		func(ctx context.Context, g ground, _ reeve.User) error {
			return errOf(g.c.FreezeUser(ctx, g.owner.Email, legal))
		},
	},
	"caller frozen": {
		func(tenantWrite) bool { return true },
		func(ctx context.Context, g ground, caller reeve.User) error {
			return errOf(g.c.FreezeUser(ctx, caller.Email, legal))
		},
	},
	"transfer": {
		func(w tenantWrite) bool { return w.to == ofProject || w.to == ofProjectInvitation },
		func(ctx context.Context, g ground, _ reeve.User) error {
			return g.c.TransferProject(ctx, g.p.ID, control.Transfer{OwnerID: g.receiver.ID, OrganizationID: g.elsewhere.ID})
		},
	},
	"demotion": {
		func(w tenantWrite) bool { return w.to == ofProject || w.to == ofOrganization },
		func(ctx context.Context, g ground, caller reeve.User) error {
			return g.c.PutOrganizationMember(ctx, g.o.ID, caller.ID, reeve.RoleViewer)
		},
	},
}

// behind makes a tenant's write while an operator's change is not committed yet,
// and gives the answer to it.
func (g ground) behind(m meanwhile, caller reeve.User, write func() error) error {
	g.t.Helper()
	answer := make(chan error, 1)
	_, _, err := g.c.Once(g.ctx, reeve.Repeatable{Face: "operator", Actor: "root"},
		func(ctx context.Context, _ func(reeve.Reply) error) (reeve.Reply, error) {
			if err := m.do(ctx, g, caller); err != nil {
				return reeve.Reply{}, err
			}
			go func() {
				err := write()
				answer <- err
			}()
			g.waitForLockOr(answer)
			return reeve.Reply{Status: 200}, nil
		})
	g.check(err)
	return <-answer
}

// TestWritesWait: no write of a tenant is committed to what was frozen or given
// to another while it waited, nor one by who may not do it any more.
func TestWritesWait(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		for name, w := range tenantWrites {
			for what, m := range meanwhiles {
				if !m.concerns(w) {
					continue
				}
				g := h.ground()
				caller := g.admin
				if w.byGuest() {
					caller = g.guest
				}
				session, call := h.sessionOf(caller.ID), w.prepare(g)
				err := g.behind(m, caller, func() error { return call(session) })
				if !reeve.IsKind(err, reeve.Denied) && !reeve.IsKind(err, reeve.Unauthenticated) && !reeve.IsKind(err, reeve.NotFound) {
					t.Errorf("%s, %s meanwhile: %v", name, what, err)
				}
			}
		}
	})
}

// TestWritesWork: they are refused for nothing else.
func TestWritesWork(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		for name, w := range tenantWrites {
			g := h.ground()
			caller := g.admin
			if w.byGuest() {
				caller = g.guest
			}
			session, call := h.sessionOf(caller.ID), w.prepare(g)
			if err := call(session); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestStrangersHoldNothing: who may not see a thing is denied without waiting
// for those who change it.
func TestStrangersHoldNothing(t *testing.T) {
	h := newHouse(t, storetest.ConfigPostgres(t)) // on SQLite writers wait for each other
	for name, w := range tenantWrites {
		if w.to != ofProject && w.to != ofOrganization {
			continue
		}
		g := h.ground()
		stranger, call := h.sessionOf(g.guest.ID), w.prepare(g)
		_, _, err := h.c.Once(h.ctx, reeve.Repeatable{Face: "operator", Actor: "root"},
			func(ctx context.Context, _ func(reeve.Reply) error) (reeve.Reply, error) {
				for _, what := range []string{"owner frozen", "organization frozen", "project frozen"} {
					h.check(meanwhiles[what].do(ctx, g, g.guest))
				}
				denied(t, name, call(stranger))
				return reeve.Reply{Status: 200}, nil
			})
		h.check(err)
	}
}

// TestWritesAreKnown: each method that a tenant's request reaches is tried above
// or changes nothing, and no write but guard's asks by what it has not held.
func TestWritesAreKnown(t *testing.T) {
	calls(t, "../tenantapi", func(at string, call *ast.CallExpr, method *ast.SelectorExpr) {
		from, ok := method.X.(*ast.SelectorExpr)
		if !ok || from.Sel.Name != "control" || slices.Contains(tenantReads, method.Sel.Name) {
			return
		}
		for name := range tenantWrites {
			if first, _, _ := strings.Cut(name, " "); first == method.Sel.Name {
				return
			}
		}
		t.Errorf("%s: %s is neither tried nor said to change nothing", at, method.Sel.Name)
	})
	asks := []string{"authorize", "authorizeOrganization", "allow", "allowOrganization"}
	calls(t, ".", func(at string, call *ast.CallExpr, method *ast.SelectorExpr) {
		if !slices.Contains(asks, method.Sel.Name) || strings.HasPrefix(at, "guard.go") || strings.HasPrefix(at, "caller.go") {
			return
		}
		if r, ok := call.Args[1].(*ast.SelectorExpr); !ok || r.Sel.Name != "Reader" || !isStore(r.X) {
			t.Errorf("%s: %s inside a transaction, where guardProject or guardOrganization is to be asked", at, method.Sel.Name)
		}
	})
}

func isStore(x ast.Expr) bool {
	s, ok := x.(*ast.SelectorExpr)
	return ok && s.Sel.Name == "store"
}

// calls hands over the method calls of a package's sources.
func calls(t *testing.T, dir string, each func(at string, call *ast.CallExpr, method *ast.SelectorExpr)) {
	t.Helper()
	sources, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(sources) == 0 {
		t.Fatal(dir, err)
	}
	for _, path := range sources {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, filepath.Base(path), text, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if method, ok := call.Fun.(*ast.SelectorExpr); ok {
					each(files.Position(call.Pos()).String(), call, method)
				}
			}
			return true
		})
	}
}

// TestWritesTogether: what tenants and operators do to one organisation and its
// project at the same time is done without a deadlock.
func TestWritesTogether(t *testing.T) {
	h := newHouse(t, storetest.ConfigPostgres(t)) // on SQLite writers wait for each other
	for round := range rounds {
		g := h.ground()
		session := h.sessionOf(g.admin.ID)
		var works []func() error
		for name, w := range tenantWrites {
			if w.to == ofUser || w.byGuest() || name == "DeleteProject" {
				continue
			}
			mine := g // with a member and a guest of its own
			mine.guest, mine.member = h.user(newID().String()+"@mail.test"), h.member(g.o, newID().String()+"@mail.test", reeve.RoleViewer)
			call := w.prepare(mine)
			works = append(works, func() error { return call(session) })
		}
		for what, m := range meanwhiles {
			if what != "caller frozen" && (round%2 == 0 || !strings.HasSuffix(what, "frozen")) {
				works = append(works, func() error { return m.do(h.ctx, g, g.member) })
			}
		}
		tally(t, race(works...), reeve.Denied, reeve.Conflict)
	}
	h.s.Close() // the server's connections tell what they have counted when they end
	deadlocks := 0
	h.check(storetest.Raw(t, h.config).QueryRowContext(t.Context(),
		"SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").Scan(&deadlocks))
	same(t, "deadlocks", 0, deadlocks, nil)
}
