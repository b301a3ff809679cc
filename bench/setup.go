package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

// bench is one run of the program.
type bench struct {
	options
	cluster cluster
	dir     string // for logs, databases and scripts; removed at the end
	report  report
	small   *world // made at first use
	month   *monthWorld
	listed  *directoryWorld
	closers []func() error
}

// atEnd has something undone when the run is over, the last thing first.
func (b *bench) atEnd(undo func() error) { b.closers = append(b.closers, undo) }

func (b *bench) close() error {
	var failed error
	for i := len(b.closers) - 1; i >= 0; i-- {
		failed = errors.Join(failed, b.closers[i]())
	}
	return failed
}

// say tells how far the run is.
func (b *bench) say(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stderr, format+"\n", args...)
}

// database makes an empty PostgreSQL database and drops it at the end.
func (b *bench) database(ctx context.Context, suffix string) (string, error) {
	at, name, err := b.cluster.create(ctx, suffix)
	if err == nil {
		b.atEnd(func() error { return b.cluster.drop(name) })
	}
	return at, err
}

// instance is a reeve that runs on a database of its own.
type instance struct {
	*process
	database string
	token    reeve.Token // the root operator's
}

// reeveCommand makes a command of the program that is measured: its default
// configuration, but for the database, the key that PostgreSQL requires and
// ports that are free.
func (b *bench) reeveCommand(database, masterKey string, args ...string) *exec.Cmd {
	cmd := exec.Command(b.reeve, args...)
	cmd.Dir = b.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "REEVE_DATABASE=" + database}
	if masterKey != "" {
		cmd.Env = append(cmd.Env, "REEVE_MASTER_KEY="+masterKey)
	}
	return cmd
}

var listeners = []string{"tenant", "operator", "gateway"}

func serveArgs() []string {
	args := []string{"serve"}
	for _, name := range listeners {
		args = append(args, "--"+name+"-listen=127.0.0.1:0")
	}
	return args
}

// launchReeve starts a reeve, which the caller stops. Settings are variables of
// its environment.
func (b *bench) launchReeve(database string, settings ...string) (*process, error) {
	masterKey := ""
	if strings.HasPrefix(database, "postgres") {
		masterKey = newMasterKey()
	}
	cmd := b.reeveCommand(database, masterKey, serveArgs()...)
	cmd.Env = append(cmd.Env, settings...)
	return launch(b.dir, cmd, listeners...)
}

func newMasterKey() string {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	return base64.StdEncoding.EncodeToString(key[:])
}

// migrate brings a database to reeve's schema and gives an operator's token.
func (b *bench) migrate(database string) (reeve.Token, error) {
	if out, err := b.reeveCommand(database, "", "migrate").CombinedOutput(); err != nil {
		return "", fmt.Errorf("reeve migrate: %w: %s", err, out)
	}
	out, err := b.reeveCommand(database, "", "token").Output()
	if err != nil {
		return "", fmt.Errorf("reeve token: %w", err)
	}
	return reeve.Token(strings.TrimSpace(string(out))), nil
}

// newInstance migrates a database and starts reeve on it, until the end.
func (b *bench) newInstance(database string) (*instance, error) {
	token, err := b.migrate(database)
	if err != nil {
		return nil, err
	}
	p, err := b.launchReeve(database)
	if err != nil {
		return nil, err
	}
	b.atEnd(p.stop)
	return &instance{p, database, token}, nil
}

// world is a reeve on PostgreSQL with data.
type world struct {
	*instance
	data *dataset
}

func (b *bench) newWorld(ctx context.Context, name string, projects int) (*world, error) {
	database, err := b.database(ctx, name)
	if err != nil {
		return nil, err
	}
	instance, err := b.newInstance(database)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	data := newDataset(projects)
	if err := data.load(ctx, database); err != nil {
		return nil, err
	}
	b.say("loaded %d projects and %d API keys in %s", projects, projects*keysEach, time.Since(began).Round(time.Millisecond))
	return &world{instance, data}, nil
}
