package main

import (
	dbsql "database/sql"
	"errors"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"reeve": main})
}

// TestScripts runs the command as its users do; see testdata/script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "await": await, "request": request, "capture": capture, "sql": sql,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("listen", "--tenant-listen=127.0.0.1:0 --operator-listen=127.0.0.1:0 --gateway-listen=127.0.0.1:0")
			env.Setenv("now", time.Now().UTC().Format(time.RFC3339))
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else each command takes a second under -race
			return nil
		},
	})
}

// exits is the script command "exits CODE PROGRAM ARGUMENTS…": the program
// must end with exactly that code.
func exits(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGUMENTS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s exits %d, want %d", args[1], got, want)
	}
}

// sql is the script command "sql FILE STATEMENT": it changes a SQLite database
// behind reeve's back.
func sql(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 2 {
		ts.Fatalf("usage: sql FILE STATEMENT")
	}
	db, err := dbsql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	result, err := db.Exec(args[1])
	ts.Check(err)
	if rows, err := result.RowsAffected(); err != nil || rows == 0 {
		ts.Fatalf("%s: %d rows, %v", args[1], rows, err)
	}
}
