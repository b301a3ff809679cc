package server

import (
	"errors"
	"net/url"
	"strings"
)

// DatabaseKind says which engine keeps the data.
type DatabaseKind string

// The kinds of database.
const (
	SQLite   DatabaseKind = "sqlite"
	Postgres DatabaseKind = "postgres"
)

// Database says where the data is.
type Database struct {
	Kind   DatabaseKind
	Source string // SQLite: the file's path; Postgres: the URL, password and all
}

// ParseDatabase reads sqlite:PATH, postgres://… or postgresql://…. Its errors
// do not repeat the text, which may hold a password.
func ParseDatabase(text string) (Database, error) {
	if path, ok := strings.CutPrefix(text, "sqlite:"); ok {
		return parseSQLite(path)
	}
	if strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://") {
		return parsePostgres(text)
	}
	return Database{}, errors.New("must be sqlite:PATH or postgres://USER@HOST/NAME")
}

func parseSQLite(path string) (Database, error) {
	switch {
	case strings.Contains(path, ":memory:"):
		return Database{}, errors.New("a database in memory would forget everything, give sqlite:PATH")
	case path == "", strings.HasSuffix(path, "/"), strings.HasPrefix(path, "//"),
		strings.HasPrefix(path, "file:"), strings.Contains(path, "?"):
		return Database{}, errors.New("must be sqlite: and the path of a file, without parameters")
	}
	return Database{SQLite, path}, nil
}

func parsePostgres(text string) (Database, error) {
	if _, err := url.Parse(text); err != nil {
		return Database{}, errors.New("must be a URL postgres://USER@HOST/NAME, special characters of a password percent-encoded")
	}
	// A password with a raw / or ? ends the host part early; what is then left
	// of it would be shown as path.
	if _, rest := cutAuthority(text); strings.Contains(rest, "@") {
		return Database{}, errors.New("the characters / ? # @ of a password must be percent-encoded")
	}
	return Database{Postgres, text}, nil
}

// cutAuthority splits scheme://authority from what follows.
func cutAuthority(text string) (authority, rest string) {
	start := strings.Index(text, "://") + len("://")
	if end := strings.IndexAny(text[start:], "/?#"); end >= 0 {
		return text[:start+end], text[start+end:]
	}
	return text, ""
}

// String shows the database as it was given, passwords masked.
func (d Database) String() string {
	switch d.Kind {
	case SQLite:
		return "sqlite:" + d.Source
	case Postgres:
		authority, rest := cutAuthority(d.Source)
		return maskUser(authority) + maskQuery(rest)
	}
	return ""
}

// GoString masks the passwords too.
func (d Database) GoString() string { return d.String() }

func maskUser(authority string) string {
	at := strings.LastIndex(authority, "@")
	if at < 0 {
		return authority
	}
	start := strings.Index(authority, "://") + len("://")
	if colon := strings.Index(authority[start:at], ":"); colon >= 0 {
		return authority[:start+colon+1] + mask + authority[at:]
	}
	return authority
}

// maskQuery masks the parameters that hold a password.
func maskQuery(rest string) string {
	path, query, found := strings.Cut(rest, "?")
	if !found {
		return rest
	}
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, _, _ := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil || strings.Contains(strings.ToLower(plain), "password") {
			parts[i] = name + "=" + mask
		}
	}
	return path + "?" + strings.Join(parts, "&")
}
