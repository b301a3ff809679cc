package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
)

// cluster is a PostgreSQL that lets us make databases.
type cluster struct{ superuser string } // its URL

// guarantees are the settings that decide whether a committed write survives
// a crash: the figures count only with PostgreSQL's own defaults.
var guarantees = []string{"fsync", "synchronous_commit", "full_page_writes"}

// facts reads the version and the guarantees from a live connection, and
// fails if one of them is off.
func (c cluster) facts(ctx context.Context) (version string, settings map[string]string, err error) {
	settings = map[string]string{}
	err = withConn(ctx, c.superuser, func(conn *pgx.Conn) error {
		if err := conn.QueryRow(ctx, "SELECT current_setting('server_version')").Scan(&version); err != nil {
			return err
		}
		for _, name := range guarantees {
			var value string
			if err := conn.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&value); err != nil {
				return err
			}
			if settings[name] = value; value != "on" {
				return fmt.Errorf("PostgreSQL runs with %s = %s: not durable", name, value)
			}
		}
		return nil
	})
	return version, settings, err
}

// create makes an empty database and gives its URL.
func (c cluster) create(ctx context.Context, suffix string) (databaseURL, name string, err error) {
	at, err := url.Parse(c.superuser)
	if err != nil {
		return "", "", errors.New("REEVE_TEST_POSTGRES is no URL")
	}
	name = fmt.Sprintf("reeve_bench_%d_%s", os.Getpid(), suffix)
	at.Path = "/" + name
	return at.String(), name, c.execute(ctx, "CREATE DATABASE "+name)
}

// drop removes a database, whoever uses it.
func (c cluster) drop(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return c.execute(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
}

func (c cluster) execute(ctx context.Context, sql string) error {
	return withConn(ctx, c.superuser, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, sql)
		return err
	})
}

func withConn(ctx context.Context, databaseURL string, use func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return err
	}
	return errors.Join(use(conn), conn.Close(context.WithoutCancel(ctx)))
}
