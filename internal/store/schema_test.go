package store_test

import (
	"database/sql"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// table is what both databases must have alike.
type table struct {
	Columns     []string // "name" or "name NOT NULL"
	PrimaryKey  string
	Unique      []string
	ForeignKeys []string // "columns → table(columns) ON DELETE action"
	Indexes     []string // those that no constraint made: "name (columns)"
}

// TestSchemaParity compares both migrated schemas by the databases' catalogs,
// but for the indexes of grams, which are of a kind of their own in each.
func TestSchemaParity(t *testing.T) {
	postgres := postgresSchema(t, storetest.Raw(t, storetest.ConfigPostgres(t)))
	sqlite := sqliteSchema(t, storetest.Raw(t, storetest.ConfigSQLite(t)))
	if len(sqlite) < 10 {
		t.Fatalf("only %d tables", len(sqlite))
	}
	if diff := cmp.Diff(postgres, sqlite); diff != "" {
		t.Errorf("schemas (-postgres +sqlite):\n%s", diff)
	}
}

// rows gives the rows of a query as texts; NULL is "".
func rows(t *testing.T, db *sql.DB, query string, args ...any) (out [][]string) {
	t.Helper()
	found, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for found.Next() {
		row := make([]sql.NullString, len(columns))
		dests := make([]any, len(columns))
		for i := range row {
			dests[i] = &row[i]
		}
		if err := found.Scan(dests...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(row))
		for i := range row {
			texts[i] = row[i].String
		}
		out = append(out, texts)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// put gets a table, lets it be changed, and puts it back.
func put(schema map[string]table, name string, change func(*table)) {
	at := schema[name]
	change(&at)
	slices.Sort(at.Columns)
	slices.Sort(at.Unique)
	slices.Sort(at.ForeignKeys)
	slices.Sort(at.Indexes)
	schema[name] = at
}

var indexForm = regexp.MustCompile(`^CREATE INDEX (\w+) ON public\.(\w+) USING btree (\([^()]*\))(?: WHERE .*)?$`)

func postgresSchema(t *testing.T, db *sql.DB) map[string]table {
	t.Helper()
	schema := map[string]table{}
	for _, row := range rows(t, db, `SELECT table_name, column_name, is_nullable FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name <> 'goose_db_version' AND column_name <> 'grams'`) {
		put(schema, row[0], func(at *table) { at.Columns = append(at.Columns, column(row[1], row[2] == "NO")) })
	}
	for _, row := range rows(t, db, `SELECT conrelid::regclass::text, contype, pg_get_constraintdef(oid) FROM pg_constraint
		WHERE connamespace = 'public'::regnamespace AND conrelid <> 'goose_db_version'::regclass`) {
		text := row[2]
		put(schema, row[0], func(at *table) {
			switch row[1] {
			case "p":
				at.PrimaryKey = strings.TrimPrefix(text, "PRIMARY KEY ")
			case "u":
				at.Unique = append(at.Unique, strings.TrimPrefix(text, "UNIQUE "))
			case "f":
				if !strings.Contains(text, " ON DELETE ") {
					text += " ON DELETE NO ACTION"
				}
				at.ForeignKeys = append(at.ForeignKeys, strings.TrimPrefix(text, "FOREIGN KEY "))
			}
		})
	}
	for _, row := range rows(t, db, `SELECT i.indrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
		JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace
		AND i.indrelid <> 'goose_db_version'::regclass AND c.relname NOT LIKE '%\_texts\_grams'
		AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u'))`) {
		form := indexForm.FindStringSubmatch(row[1])
		if form == nil {
			t.Fatalf("another kind of index: %s", row[1])
		}
		put(schema, row[0], func(at *table) { at.Indexes = append(at.Indexes, form[1]+" "+form[3]) })
	}
	return schema
}

func column(name string, notNull bool) string {
	if notNull {
		return name + " NOT NULL"
	}
	return name
}

func sqliteSchema(t *testing.T, db *sql.DB) map[string]table {
	t.Helper()
	schema := map[string]table{}
	for _, row := range rows(t, db, `SELECT name FROM sqlite_master WHERE type = 'table'
		AND name NOT IN ('goose_db_version', 'sqlite_sequence') AND name NOT GLOB '*_texts_grams*'`) {
		name := row[0]
		put(schema, name, func(at *table) {
			sqliteColumns(t, db, name, at)
			for _, index := range rows(t, db, "SELECT name, origin FROM pragma_index_list($1)", name) {
				var columns []string
				for _, column := range rows(t, db, "SELECT name FROM pragma_index_info($1) ORDER BY seqno", index[0]) {
					columns = append(columns, column[0])
				}
				list := "(" + strings.Join(columns, ", ") + ")"
				switch index[1] {
				case "u":
					at.Unique = append(at.Unique, list)
				case "c":
					at.Indexes = append(at.Indexes, index[0]+" "+list)
				}
			}
			for _, key := range rows(t, db, `SELECT "from", "table", "to", on_delete, (SELECT count(*)
				FROM pragma_foreign_key_list($1) o WHERE o.id = k.id) FROM pragma_foreign_key_list($1) k`, name) {
				if key[4] != "1" {
					t.Fatalf("a foreign key of several columns: teach this test")
				}
				at.ForeignKeys = append(at.ForeignKeys, "("+key[0]+") REFERENCES "+key[1]+"("+key[2]+") ON DELETE "+key[3])
			}
		})
	}
	return schema
}

func sqliteColumns(t *testing.T, db *sql.DB, name string, at *table) {
	t.Helper()
	var primary []string
	for _, row := range rows(t, db, `SELECT name, "notnull", pk FROM pragma_table_info($1) ORDER BY pk`, name) {
		// PostgreSQL tells that a primary key is not null; here it follows.
		at.Columns = append(at.Columns, column(row[0], row[1] == "1" || row[2] != "0"))
		if row[2] != "0" {
			primary = append(primary, row[0])
		}
	}
	at.PrimaryKey = "(" + strings.Join(primary, ", ") + ")"
}

// TestSQLitePrimaryKeysAreNotNull: unlike the standard, SQLite lets a primary
// key be NULL unless a column says otherwise or the table is STRICT.
func TestSQLitePrimaryKeysAreNotNull(t *testing.T) {
	db := storetest.Raw(t, storetest.ConfigSQLite(t))
	for _, statement := range []string{
		"INSERT INTO change_ends (name, number, hash) VALUES (NULL, 0, x'00')",
		"INSERT INTO gateways (id, name, hash, created_at) VALUES (NULL, 'x', x'00', 0)",
		"INSERT INTO gateways (id, name, hash, created_at) VALUES (x'00', 'x', x'00', 0)", // no id's length
		"INSERT INTO gateways (id, name, hash, created_at) VALUES (zeroblob(16), x'00', x'00', 0)",
		"INSERT INTO gateways (id, name, hash, created_at) VALUES (zeroblob(16), 'x', x'00', 'noon')",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("accepted: %s", statement)
		}
	}
}

// TestStrictTables: on SQLite every table of ours checks its columns' types.
func TestStrictTables(t *testing.T) {
	db := storetest.Raw(t, storetest.ConfigSQLite(t))
	lax := rows(t, db, `SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0
		AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version' AND name NOT GLOB '*_texts_grams*'`)
	if len(lax) > 0 {
		t.Errorf("not strict: %v", lax)
	}
}
