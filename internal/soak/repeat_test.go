//go:build soak

package soak

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// repeater sends creations again and again until each is answered, through
// whatever happens to the server.
type repeater struct {
	world
	token string
	base  atomic.Pointer[string]
	stop  atomic.Bool

	mu      sync.Mutex
	replies map[string]string // by key: the id that was answered
	tried   map[string]bool   // keys that were sent at all
	again   int               // answers that were replays
	faults  []string
}

// create sends one creation once. The name of what is made is the key, and any
// number of things may have one name.
func (r *repeater) create(key string) (done bool) {
	body, _ := json.Marshal(object{"name": key, "ownerId": r.user})
	request, err := http.NewRequest("POST", *r.base.Load()+"/api/organizations", bytes.NewReader(body))
	if err != nil {
		return false
	}
	request.Header.Set("Authorization", r.token)
	request.Header.Set("Idempotency-Key", key)
	r.mu.Lock()
	r.tried[key] = true
	r.mu.Unlock()
	reply, err := clients.Do(request)
	if err != nil {
		return false
	}
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch reply.StatusCode {
	case http.StatusOK:
		before, known := r.replies[key]
		if known && before != string(text) {
			r.faults = append(r.faults, fmt.Sprintf("%s was answered %s, then %s", key, before, text))
		}
		r.replies[key] = string(text)
		if reply.Header.Get("Idempotency-Replayed") != "" {
			r.again++
		}
		return true
	case http.StatusConflict, http.StatusServiceUnavailable:
	default:
		r.faults = append(r.faults, fmt.Sprintf("%s: %d %s", key, reply.StatusCode, text))
	}
	return false
}

// work makes one thing after the other, each sent by two at once and once more
// when it was answered.
func (r *repeater) work(worker, round int) {
	for i := 0; !r.stop.Load(); i++ {
		key := fmt.Sprintf("%d-%d-%d", round, worker, i)
		var pair sync.WaitGroup
		for range 2 {
			pair.Go(func() {
				for !r.create(key) && !r.stop.Load() {
					time.Sleep(time.Millisecond)
				}
			})
		}
		pair.Wait()
		r.create(key)
	}
}

// settleAll sends what was not answered when the server died until it is.
func (r *repeater) settleAll(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	var open []string
	for key := range r.tried {
		if _, ok := r.replies[key]; !ok {
			open = append(open, key)
		}
	}
	r.mu.Unlock()
	for _, key := range open {
		eventually(t, startLimit, key+" is answered", func() bool { return r.create(key) })
	}
}

// TestRepeatsSurviveKills: through kill -9 at any instant every creation that
// is sent until it is answered has one effect, and one answer.
func TestRepeatsSurviveKills(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reeve.db")
	database := shared(t)
	for name, test := range map[string]struct {
		args           []string
		driver, source string
	}{
		"sqlite":   {[]string{"--database", "sqlite:" + path}, "sqlite", path},
		"postgres": {[]string{"--database", database, "--master-key", masterKey}, "pgx", database},
	} {
		t.Run(name, func(t *testing.T) {
			chance := random(t)
			args := append(test.args, "--log-level", "error")
			p := serve(t, args...)
			r := &repeater{
				world: settle(t, p.operator, p.token, "ada"), token: p.token,
				replies: map[string]string{}, tried: map[string]bool{},
			}
			for round := range 12 {
				r.base.Store(&p.operator)
				r.stop.Store(false)
				var workers sync.WaitGroup
				for worker := range 4 {
					workers.Go(func() { r.work(worker, round) })
				}
				time.Sleep(200*time.Millisecond + time.Duration(chance.Int64N(int64(300*time.Millisecond))))
				p.kill()
				r.stop.Store(true)
				workers.Wait()
				p = serve(t, args...)
				r.base.Store(&p.operator)
				r.settleAll(t)
			}
			p.stop()
			r.verify(t, test.driver, test.source)
		})
	}
}

// verify counts what each key has made.
func (r *repeater) verify(t *testing.T, driver, source string) {
	t.Helper()
	for _, fault := range r.faults {
		t.Error(fault)
	}
	db, err := sql.Open(driver, source)
	check(t, err)
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(t.Context(), "SELECT name, count(*) FROM organizations GROUP BY name")
	check(t, err)
	defer func() { _ = rows.Close() }()
	made := map[string]int{}
	for rows.Next() {
		var name string
		var n int
		check(t, rows.Scan(&name, &n))
		made[name] = n
	}
	check(t, rows.Err())
	for key := range r.replies {
		if made[key] != 1 {
			t.Errorf("%s was answered and made %d times", key, made[key])
		}
	}
	for key := range r.tried {
		if made[key] > 1 {
			t.Errorf("%s was made %d times", key, made[key])
		}
	}
	if len(r.replies) < 100 || r.again < 100 {
		t.Errorf("only %d were answered, %d of them again", len(r.replies), r.again)
	}
	t.Logf("%d requests had one effect each, %d answers were replays", len(r.replies), r.again)
}
