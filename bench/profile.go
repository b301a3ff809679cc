package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/pprof"
	"time"

	"github.com/spf13/pflag"

	"github.com/reeve-cloud/reeve/internal/server"
)

const profileFile = "cpu.pprof"

// profile runs a reeve inside this process under one of the loads and writes
// where its processor time goes. The driver's own share is labelled:
//
//	go tool pprof -tagignore part:driver cpu.pprof
func (b *bench) profile(ctx context.Context, name string) (err error) {
	chosen, err := b.profiled(ctx, name)
	if err != nil {
		return err
	}
	if _, err := chosen.run(ctx, b.duration); err != nil { // the warm-up
		return err
	}
	file, err := os.Create(profileFile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	var found sample
	pprof.Do(ctx, pprof.Labels("part", "driver"), func(ctx context.Context) {
		found, err = chosen.run(ctx, time.Duration(b.rounds)*b.duration)
	})
	b.say("%s: %.0f/s  p50 %s  p99 %s, %s written", name, found.rate, found.p50, found.p99, profileFile)
	return err
}

// profiled starts a reeve in this process and gives a load for it.
func (b *bench) profiled(ctx context.Context, name string) (contender, error) {
	switch name {
	case "verify", "auth":
		return b.profiledGateway(ctx, name)
	case "usage", "events":
		return b.profiledUsage(ctx, name)
	}
	database, err := b.database(ctx, "profile")
	if err != nil {
		return contender{}, err
	}
	token, err := b.migrate(database)
	if err != nil {
		return contender{}, err
	}
	addresses, err := b.serveHere(ctx, database, newMasterKey())
	if err != nil {
		return contender{}, err
	}
	w := &world{&instance{&process{addresses: addresses}, database, token}, newDataset(smallProjects)}
	if err := w.data.load(ctx, database); err != nil {
		return contender{}, err
	}
	loads := map[string]contender{
		"project": w.projectLoad(name),
		"tenant":  w.tenantLoad(name),
		"apikey":  w.apiKeyLoad(name),
	}
	chosen, ok := loads[name]
	if !ok {
		return contender{}, fmt.Errorf("-perf %s: must be project, tenant, apikey, verify, auth, usage or events", name)
	}
	return chosen, nil
}

// profiledGateway is profiled for a gateway's requests.
func (b *bench) profiledGateway(ctx context.Context, name string) (contender, error) {
	w, err := b.newGatewayWorld(ctx, smallProjects)
	if err != nil {
		return contender{}, err
	}
	addresses, err := b.serveHere(ctx, w.database, w.data.seal.setting())
	if err != nil {
		return contender{}, err
	}
	w.process = &process{addresses: addresses}
	if err := awaitReady(ctx, w.addresses["operator"]); err != nil {
		return contender{}, err
	}
	if w.gateway, err = w.makeGateway(ctx); err != nil {
		return contender{}, err
	}
	asks := w.verify()
	if name == "auth" {
		asks = w.auth()
	}
	return load(name, w.addresses["gateway"], asks), nil
}

// profiledUsage is profiled for reports of usage.
func (b *bench) profiledUsage(ctx context.Context, name string) (contender, error) {
	database, err := b.database(ctx, "profile")
	if err != nil {
		return contender{}, err
	}
	w, err := b.loadUsageWorld(ctx, database, usageProjects+projectsEach)
	if err != nil {
		return contender{}, err
	}
	addresses, err := b.serveHere(ctx, database, newMasterKey())
	if err != nil {
		return contender{}, err
	}
	if err := w.serve(ctx, &process{addresses: addresses}); err != nil {
		return contender{}, err
	}
	run := &usageRun{name: name, world: w, load: w.batches()}
	if name == "events" {
		run.load = w.events()
	}
	run.watcher, err = newWatcher(ctx, w)
	return run.contender(), err
}

// serveHere runs the server in this process until the run is over, and gives
// its listeners' addresses.
func (b *bench) serveHere(ctx context.Context, database, masterKey string) (map[string]string, error) {
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	server.AddFlags(flags)
	if err := flags.Parse(serveArgs()[1:]); err != nil {
		return nil, err
	}
	cfg, err := server.Load(flags, []string{"REEVE_DATABASE=" + database, "REEVE_MASTER_KEY=" + masterKey})
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(b.dir, "request.log"))
	if err != nil {
		return nil, err
	}
	lines, out := io.Pipe()
	ctx, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		done <- errors.Join(server.Serve(ctx, cfg, out, log), out.Close())
	}()
	b.atEnd(func() error {
		stop()
		return errors.Join(<-done, log.Close())
	})
	reader := bufio.NewReader(lines)
	addresses, err := announced(reader, len(listeners))
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	return addresses, err
}
