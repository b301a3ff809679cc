//go:build soak

package soak

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// How large the cloud is whose month is closed: some transactions of closing.
const (
	payers   = 1500
	projects = 2 * payers
)

// closingWorld is a cloud with ids that are the same in each, and a month of
// usage.
type closingWorld struct {
	t       *testing.T
	config  store.Config
	args    []string
	month   reeve.Month
	process *process
	gateway string
}

func numbered(kind byte, n int) (out reeve.ID) {
	out = reeve.ID{1, 0x90, kind, 0, 0, 0, 0x70, 0, 0x80}
	out[14], out[15] = byte(n>>8), byte(n)
	return out
}

// fill makes users with an organisation, two projects and a coupon each.
func (w *closingWorld) fill() {
	w.t.Helper()
	s, err := store.Open(w.t.Context(), w.config)
	check(w.t, err)
	defer s.Close()
	check(w.t, s.Migrate(w.t.Context()))
	made := w.month.Start()
	check(w.t, s.Write(w.t.Context(), func(tx *store.Tx) error {
		for n := range payers {
			user, o := numbered(1, n), numbered(2, n)
			tx.CreateUser(reeve.User{ID: user, Email: fmt.Sprintf("u%d@mail.test", n), FullName: "U", PasswordHash: []byte("x"), CreatedAt: made})
			tx.CreateOrganization(reeve.Organization{ID: o, Name: fmt.Sprint("org ", n), OwnerID: user, CreatedAt: made})
			tx.CreateMember(store.InOrganization(o), reeve.Member{UserID: user, Role: reeve.RoleAdmin, CreatedAt: made})
			tx.CreateCoupon(reeve.Coupon{ID: numbered(5, n), UserID: user, Amount: 300, Duration: 2, Description: "c", CreatedAt: made})
			for i := range 2 {
				tx.CreateProject(reeve.Project{
					ID: numbered(3, 2*n+i), OrganizationID: o, OwnerID: user, ServiceAccountID: numbered(4, 2*n+i), Name: "p", CreatedAt: made,
				})
			}
		}
		tx.Record(reeve.Change{Actor: "root", Action: "user.create"})
		return nil
	}))
}

// batch gives a batch of a month's usage, always the same.
func (w *closingWorld) batch(month reeve.Month, sequence int) object {
	chance := rand.New(rand.NewPCG(uint64(month), uint64(sequence)))
	records := make([]object, 500)
	for i := range records {
		meter := reeve.UsageMeters[chance.IntN(4)]
		at := month.Start().Add(time.Duration(chance.Int64N(int64(24 * time.Hour))))
		records[i] = object{
			"projectId": numbered(3, chance.IntN(projects)), "meter": meter, "at": at, "value": chance.Int64N(5e12),
		}
	}
	return object{"gateway": month.String(), "sequence": sequence, "records": records}
}

// start starts the server, anew if it ran.
func (w *closingWorld) start() {
	w.t.Helper()
	w.process = serve(w.t, w.args...)
}

// until repeats a call until it is answered as it should be; the server may be
// killed meanwhile, and is started again.
func (w *closingWorld) until(what string, call func() (answer, error), done func(answer) bool) {
	w.t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; {
		if w.process.ended() {
			w.start()
		}
		got, err := call()
		if err == nil && got.status == 200 && done(got) {
			return
		}
		if err == nil && got.status != 200 && got.status != 503 {
			w.t.Fatalf("%s: %d %s", what, got.status, got.body)
		}
		if time.Now().After(end) {
			w.t.Fatalf("%s: %d %s %v", what, got.status, got.body, err)
		}
	}
}

// run has a month's usage taken in and the month closed, and gives its
// statements. disturb, if any, is called with what it may kill.
func (w *closingWorld) run(disturb func(kill func())) string {
	w.t.Helper()
	w.fill()
	w.start()
	w.gateway = must(w.t, request{"POST", w.process.operator + "/api/gateways", w.process.token, object{"name": "edge"}}).field("token")
	token := w.process.token
	var current atomic.Pointer[process]
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for disturb != nil {
			select {
			case <-stop:
				return
			default:
				disturb(func() {
					if p := current.Load(); p != nil {
						p.kill()
					}
				})
			}
		}
	}()
	note := func() { current.Store(w.process) }
	for n := 1; n <= 20; n++ {
		w.until("ingest", func() (answer, error) {
			note()
			return ask(request{"POST", w.process.gateway + "/gateway/usage", w.gateway, w.batch(w.month, n)})
		}, func(answer) bool { return true })
	}
	sequence := 0
	w.until("close", func() (answer, error) {
		note()
		sequence++ // of another month, so that there is something to add up meanwhile
		_, _ = ask(request{"POST", w.process.gateway + "/gateway/usage", w.gateway, w.batch(w.month.Add(1), sequence)})
		return ask(request{"POST", w.process.operator + "/api/months/" + w.month.String() + "/close", token, nil})
	}, func(got answer) bool { return got.field("status") == "closed" })
	close(stop)
	<-stopped
	w.process.kill()
	return w.statements()
}

// statements gives what is kept of the month, as text.
func (w *closingWorld) statements() string {
	w.t.Helper()
	s, err := store.Open(w.t.Context(), w.config)
	check(w.t, err)
	defer s.Close()
	list, err := s.Statements(w.t.Context(), store.StatementFilter{Month: w.month})
	check(w.t, err)
	var out bytes.Buffer
	for _, head := range list {
		full, err := s.Statement(w.t.Context(), head.ID)
		check(w.t, err)
		text, err := json.Marshal(full)
		check(w.t, err)
		out.Write(append(text, '\n'))
		var used int64
		for _, part := range full.Settlements {
			used += part.Cents
		}
		coupons, err := s.CouponsOf(w.t.Context(), full.OwnerID)
		check(w.t, err)
		if coupons[0].Applied != used || full.Coupons+full.Credits+full.Due != full.Gross {
			w.t.Errorf("%s: %d of the coupon are used, the statement has %d", full.ID, coupons[0].Applied, used)
		}
	}
	return out.String()
}

// TestKillClosing: a server that is killed at random while it takes a month's
// usage in and closes it makes, when it gets to the end, the same statements as
// one that is left alone, on either database.
func TestKillClosing(t *testing.T) {
	chance := random(t)
	prices := filepath.Join(t.TempDir(), "prices.yaml")
	check(t, os.WriteFile(prices, []byte("storage:\n  - {from: 2020-01-01, unit: GB-month, free: 3, price: 1.7}\n"+
		"egress:\n  - {from: 2020-01-01, unit: GB, price: 0.9}\nrequests:\n  - {from: 2020-01-01, unit: 10K requests, price: 1/3}\n"), 0o600))
	month := reeve.MonthOf(time.Now()).Previous()
	world := func(t *testing.T, config store.Config) *closingWorld {
		database := config.Postgres
		if config.SQLite != "" {
			database = "sqlite:" + config.SQLite
		}
		return &closingWorld{t: t, config: config, month: month, args: []string{
			"--database", database, "--master-key", masterKey, "--log-level", "error", "--prices", prices,
		}}
	}
	sqlite := func(t *testing.T) store.Config {
		return store.Config{SQLite: filepath.Join(t.TempDir(), "reeve.db"), MaxConnections: 4}
	}
	want := world(t, sqlite(t)).run(nil)
	if len(want) < 100_000 {
		t.Fatalf("hardly anything was billed: %.1000s", want)
	}
	for name, fresh := range map[string]func(t *testing.T) store.Config{
		"sqlite":   sqlite,
		"postgres": func(t *testing.T) store.Config { return store.Config{Postgres: shared(t), MaxConnections: 4} },
	} {
		for round := range 4 {
			t.Run(fmt.Sprint(name, " ", round), func(t *testing.T) {
				kills, pause := 0, 200*time.Millisecond
				got := world(t, fresh(t)).run(func(kill func()) {
					time.Sleep(time.Duration(chance.Int64N(int64(pause))))
					kill()
					kills, pause = kills+1, pause*5/4 // so that it gets to the end
				})
				t.Logf("killed %d times", kills)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-left alone +killed):\n%.3000s", diff)
				}
				if kills < 3 {
					t.Errorf("killed only %d times", kills)
				}
			})
		}
	}
}
