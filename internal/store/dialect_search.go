package store

import (
	"strconv"
	"strings"
)

// searching is what the databases differ in when texts are searched. Both keep
// an index of grams: PostgreSQL a GIN index on an array of their numbers, SQLite
// an FTS5 table of them. What an index finds is compared by contains.
type searching struct {
	contains string // %s: a column and a value that may be part of it
	column   string // of an INSERT into the texts, after all others; "" if there is none
	value    string // its value, %s being the argument
	set      string // in an UPDATE
	matches  string // a row t of the texts %[1]s may have all grams of the argument %[2]s
	grams    func([]string) any

	// What lets many texts be added to a kind's at once, and what ends that.
	begin, end []string
}

var postgresSearching = searching{
	contains: "strpos(%s, %s) > 0",
	column:   ", grams",
	value:    ", %s::int4[]",
	set:      ", grams = %s::int4[]",
	matches:  "t.grams @> %[2]s::int4[]",
	grams:    gramArray,
	begin:    []string{"ALTER INDEX $kind_texts_grams SET (fastupdate = on)"},
	end: []string{
		"ALTER INDEX $kind_texts_grams SET (fastupdate = off)",
		"SELECT gin_clean_pending_list('$kind_texts_grams')",
	},
}

var sqliteSearching = searching{
	contains: "instr(%s, %s) > 0",
	matches:  "t.spot IN (SELECT rowid FROM %[1]s_grams WHERE %[1]s_grams MATCH %[2]s)",
	grams:    gramMatch,
}

// gramArray writes the grams' numbers as PostgreSQL reads an array.
func gramArray(grams []string) any {
	out := []byte{'{'}
	for i, number := range gramNumbers(grams) {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendInt(out, int64(number), 10)
	}
	return string(append(out, '}'))
}

// gramMatch writes grams as FTS5 reads a query.
func gramMatch(grams []string) any {
	out := make([]string, len(grams))
	for i, gram := range grams {
		out[i] = `"` + strings.ReplaceAll(gram, `"`, `""`) + `"`
	}
	return strings.Join(out, " AND ")
}

// The words of the migrations that make the indexes of grams.

// Each row writes its grams to the index itself: with a list of those pending,
// which is PostgreSQL's default, some search or other would have to read it.
const postgresGrams = `ALTER TABLE $kind_texts ADD COLUMN grams INTEGER[] NOT NULL;
CREATE INDEX $kind_texts_grams ON $kind_texts USING gin (grams) WITH (fastupdate = off);`

const sqliteGrams = `CREATE VIRTUAL TABLE $kind_texts_grams USING fts5(
	text, content = '$kind_texts', content_rowid = 'spot', detail = none, columnsize = 0, tokenize = 'trigram case_sensitive 1');
CREATE TRIGGER $kind_texts_insert AFTER INSERT ON $kind_texts BEGIN
	INSERT INTO $kind_texts_grams (rowid, text) VALUES (new.spot, new.text);
END;
CREATE TRIGGER $kind_texts_delete AFTER DELETE ON $kind_texts BEGIN
	INSERT INTO $kind_texts_grams ($kind_texts_grams, rowid, text) VALUES ('delete', old.spot, old.text);
END;
CREATE TRIGGER $kind_texts_update AFTER UPDATE OF text ON $kind_texts BEGIN
	INSERT INTO $kind_texts_grams ($kind_texts_grams, rowid, text) VALUES ('delete', old.spot, old.text);
	INSERT INTO $kind_texts_grams (rowid, text) VALUES (new.spot, new.text);
END;`

// withGrams adds those words to a dialect's.
func withGrams(words map[string]string, text string) map[string]string {
	for _, kind := range Listed {
		words[string(kind)+"_grams"] = strings.ReplaceAll(text, "$kind", string(kind))
	}
	return words
}
