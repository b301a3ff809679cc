package reeve_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/reeve-cloud/reeve"

// layer says what a package, and those below it, may import.
type layer struct {
	may     []string // our packages; "*" is any
	foreign []string // if not nil, the only other modules
	never   []string // packages that it may not import, nor those below them
}

// pure are packages below forbidden ones that do nothing by themselves:
// log/slog lets a secret say how it is logged.
var pure = []string{"log/slog"}

var (
	http    = []string{"net/http", "google.golang.org/grpc"}
	sql     = []string{"database/sql", "github.com/jackc", "modernc.org", "github.com/pressly/goose"}
	outside = []string{"context", "os", "io/fs", "net/http", "log", "syscall", "database/sql", "math/rand", "crypto/rand"}
	faces   = layer{may: []string{".", "macaroon", "internal/control", "internal/document", "internal/web"}, never: sql}
	domain  = layer{foreign: []string{"github.com/google/uuid"}, never: outside}
	library = layer{may: []string{".", "macaroon", "internal/boottime", "internal/forward"}, never: sql}
)

// layers is the table of who may import whom. "." is the root package alone;
// any other name also stands for the packages below it that have no entry.
var layers = map[string]layer{
	".":                        domain,
	"macaroon":                 domain,
	"internal/forward":         {may: []string{"macaroon"}, foreign: []string{}, never: outside},
	"internal/store":           {may: []string{"."}, never: http},
	"internal/store/storetest": {may: []string{".", "internal/store"}, never: http},
	"internal/scan":            {may: []string{".", "macaroon"}, foreign: []string{}, never: outside},
	"internal/prices":          {may: []string{"."}, foreign: []string{"go.yaml.in/yaml/v4"}, never: outside},
	"internal/webhook":         {may: []string{"."}, never: sql},
	"internal/mail":            {may: []string{"."}, never: sql},
	"internal/boottime":        {foreign: []string{"golang.org/x/sys"}, never: slices.Concat(http, sql)},
	"internal/control":         {may: []string{".", "macaroon", "internal/boottime", "internal/scan", "internal/store", "internal/throttle"}, never: slices.Concat(http, sql)},
	"internal/throttle":        {may: []string{"."}, foreign: []string{}, never: outside},
	"internal/web":             {may: []string{".", "internal/throttle"}, never: sql},
	"internal/document":        {may: []string{"."}, foreign: []string{}, never: outside},
	"internal/tenantapi":       faces,
	"internal/operatorapi":     faces,
	"internal/gatewayapi":      {may: slices.Concat(faces.may, []string{"internal/forward"}), never: sql},
	"internal/console":         faces,
	"gateway":                  {may: slices.Concat(library.may, []string{"internal/forward"}), never: sql},
	"client":                   library,
	"internal/cli":             {may: []string{".", "macaroon", "client", "internal/document", "internal/scan"}, never: sql},
	"internal/server":          {may: []string{"*"}, never: sql},
	"cmd/reeve":                {may: []string{"internal/server", "internal/cli", "client", "gateway", "macaroon"}, never: sql},

	// Programs and support of tests.
	"internal/clientgen": {foreign: []string{}, never: slices.Concat(http, sql)},
	"internal/reevetest": {may: []string{"*"}},
	"internal/soak":      {may: []string{"*"}},
	"internal/browser":   {may: []string{"*"}},
	"bench":              {may: []string{"*"}},
}

// TestImports holds the tree to the table.
func TestImports(t *testing.T) {
	for _, violation := range violations(t, os.DirFS(".")) {
		t.Error(violation)
	}
}

// TestImportsAreRefused proves that the check can fail.
func TestImportsAreRefused(t *testing.T) {
	tree := fstest.MapFS{}
	for name, imports := range map[string]string{
		"id.go":                         `"context"; "errors"; "github.com/google/uuid"; "golang.org/x/text/cases"`,
		"id_test.go":                    `"os"; "` + module + `/internal/store"`,
		"macaroon/wire.go":              `"` + module + `"`,
		"internal/store/store.go":       `"` + module + `"; "context"; "database/sql"; "net/http/httptest"`,
		"internal/store/mail/mail.go":   `"` + module + `/internal/store"`,
		"internal/control/control.go":   `"` + module + `/internal/store"; "` + module + `/internal/web"; "github.com/jackc/pgx/v5"`,
		"internal/tenantapi/api.go":     `"` + module + `/internal/operatorapi"; "` + module + `/internal/store"; "net/http"`,
		"internal/server/server.go":     `"` + module + `/internal/store"; "` + module + `/gateway"`,
		"internal/util/util.go":         `"fmt"`,
		"internal/forward/forward.go":   `"` + module + `"; "` + module + `/macaroon"; "net/http"; "net/url"`,
		"internal/operatorapi/api.go":   `"` + module + `/internal/forward"`,
		"gateway/gateway.go":            `"` + module + `/macaroon"; "` + module + `/internal/web"`,
		"internal/web/testdata/bad.go":  `"database/sql"`,
		"internal/store/storetest/a.go": `"` + module + `/internal/control"`,
	} {
		tree[name] = &fstest.MapFile{Data: []byte("package p\nimport (" + imports + ")\n")}
	}
	tree["clock.go"] = &fstest.MapFile{Data: []byte("package p\nimport \"time\"\nfunc now() time.Time { return time.Now() }\n")}
	want := []string{
		"clock.go: reads the clock: time.Now",
		"gateway/gateway.go: gateway may not import internal/web",
		"id.go: . may not import context",
		"id.go: . may not import golang.org/x/text/cases",
		"internal/control/control.go: internal/control may not import github.com/jackc/pgx/v5",
		"internal/control/control.go: internal/control may not import internal/web",
		"internal/forward/forward.go: internal/forward may not import .",
		"internal/forward/forward.go: internal/forward may not import net/http",
		"internal/operatorapi/api.go: internal/operatorapi may not import internal/forward",
		"internal/store/store.go: internal/store may not import net/http/httptest",
		"internal/store/storetest/a.go: internal/store/storetest may not import internal/control",
		"internal/tenantapi/api.go: internal/tenantapi may not import internal/operatorapi",
		"internal/tenantapi/api.go: internal/tenantapi may not import internal/store",
		"internal/util/util.go: internal/util is in no layer; add it to the table here and in ARCHITECTURE.md",
		"macaroon/wire.go: macaroon may not import .",
	}
	if diff := cmp.Diff(want, violations(t, tree)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

// violations reads every Go file of a tree but tests, and gives what breaks
// the table, sorted.
func violations(t *testing.T, tree fs.FS) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && ignored(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		source, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, violation := range judge(layerOf(path.Dir(name)), path.Dir(name), file) {
			found = append(found, name+": "+violation)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

// ignored tells whether the go command skips a directory of this name, or
// what is in it is made.
func ignored(dir string) bool {
	return strings.HasPrefix(dir, ".") || strings.HasPrefix(dir, "_") || slices.Contains([]string{"testdata", "bin", "var"}, dir)
}

// layerOf names the entry of layers that a package of ours belongs to.
func layerOf(dir string) string {
	for at := dir; at != "."; at = path.Dir(at) {
		if _, listed := layers[at]; listed {
			return at
		}
	}
	if dir == "." {
		return "."
	}
	return ""
}

// judge gives what one file of a layer may not do.
func judge(name, dir string, file *ast.File) []string {
	if name == "" {
		return []string{dir + " is in no layer; add it to the table here and in ARCHITECTURE.md"}
	}
	var found []string
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil || !allowed(name, imported) {
			found = append(found, fmt.Sprintf("%s may not import %s", dir, short(imported)))
		}
	}
	if name == "." || name == "macaroon" {
		ast.Inspect(file, func(node ast.Node) bool {
			call, ok := node.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := call.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Until"}, call.Sel.Name) {
				found = append(found, "reads the clock: time."+call.Sel.Name)
			}
			return true
		})
	}
	return found
}

// allowed tells whether a layer may import a package.
func allowed(name, imported string) bool {
	rules := layers[name]
	if imported == module || strings.HasPrefix(imported, module+"/") {
		target := layerOf(short(imported))
		return target == name || slices.Contains(rules.may, target) || slices.Contains(rules.may, "*")
	}
	if !slices.Contains(pure, imported) && slices.ContainsFunc(rules.never, func(never string) bool { return within(imported, never) }) {
		return false
	}
	first, _, _ := strings.Cut(imported, "/")
	standard := !strings.Contains(first, ".")
	return standard || rules.foreign == nil ||
		slices.ContainsFunc(rules.foreign, func(other string) bool { return within(imported, other) })
}

// within tells whether a package is another or below it.
func within(imported, parent string) bool {
	return imported == parent || strings.HasPrefix(imported, parent+"/")
}

// short gives a package of ours as its directory, another as it is.
func short(imported string) string {
	if imported == module {
		return "."
	}
	return strings.TrimPrefix(imported, module+"/")
}
