package store_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// wantInUse checks that a path's database is refused as held by another.
func wantInUse(t *testing.T, path, held string) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{SQLite: path})
	if err == nil {
		s.Close()
	}
	if want := "database " + held + " is in use by another reeve process"; err == nil ||
		!reeve.IsKind(err, reeve.Conflict) || err.Error() != want {
		t.Errorf("open %s: %v, want %s", path, err, want)
	}
}

func TestSQLiteOpenTwice(t *testing.T) {
	config := storetest.ConfigSQLite(t)
	dir := filepath.Dir(config.SQLite)
	real, err := filepath.EvalSymlinks(config.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	link, linkedDir := filepath.Join(dir, "link.db"), filepath.Join(t.TempDir(), "dir")
	for name, target := range map[string]string{link: config.SQLite, linkedDir: dir} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, path := range []string{config.SQLite, link, filepath.Join(linkedDir, "reeve.db"), "reeve.db", "./link.db"} {
		wantInUse(t, path, real)
	}
	s.Close()
	storetest.Open(t, store.Config{SQLite: link})
	wantInUse(t, config.SQLite, real)
}

// TestSQLiteOpenTwiceThroughLink: a link may be there before the file it names.
func TestSQLiteOpenTwiceThroughLink(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	link, file := filepath.Join(dir, "link.db"), filepath.Join(dir, "reeve.db")
	if err := os.Symlink("reeve.db", link); err != nil {
		t.Fatal(err)
	}
	storetest.Open(t, store.Config{SQLite: link})
	wantInUse(t, file, file)
	wantInUse(t, link, file)
}

// otherProcess names a database for a process of this test's own to open.
const otherProcess = "REEVE_TEST_OPEN_SQLITE"

// TestSQLiteOtherProcess starts itself to try what another process may.
func TestSQLiteOtherProcess(t *testing.T) {
	if path := os.Getenv(otherProcess); path != "" {
		wantInUse(t, path, path)
		return
	}
	config := storetest.ConfigSQLite(t)
	storetest.Open(t, config)
	path, err := filepath.EvalSymlinks(config.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSQLiteOtherProcess$")
	command.Env = append(os.Environ(), otherProcess+"="+path)
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// TestSQLitePaths: characters that mean something in a URI mean nothing here.
func TestSQLitePaths(t *testing.T) {
	for _, name := range []string{"a b.db", "50%.db", "%41.db", "a?mode=ro.db", "a#b.db", "a&b=c;d.db", "ä+😀.db", "it's.db", "file:x.db", ":memory:"} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		s := storetest.Open(t, store.Config{SQLite: path})
		if err := s.Migrate(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		createUsers(t, s, "a")
		if _, err := s.UserByEmail(t.Context(), "a"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		s.Close() // folds the log into the file
		names := map[string]string{}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			info, err := entry.Info()
			if err != nil {
				t.Fatal(err)
			}
			names[entry.Name()] = info.Mode().String()
		}
		want := map[string]string{name: "-rw-------", name + ".lock": "-rw-------"}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("%s leaves (-want +got):\n%s", name, diff)
		}
	}
}

// TestSQLiteMode: no file of an open database is anybody else's to read.
func TestSQLiteMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reeve.db")
	s := storetest.Open(t, store.Config{SQLite: path})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(path + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s%s: %v, %v", path, suffix, info, err)
		}
	}
}

func TestSQLiteDurability(t *testing.T) {
	got, err := storetest.OpenSQLite(t, nil).Durability(t.Context())
	want := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} // 2 is FULL
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestSQLiteCannotOpen(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"directory": dir, "missing directory": filepath.Join(dir, "no", "reeve.db"), "text": text} {
		s, err := store.Open(t.Context(), store.Config{SQLite: path})
		if err == nil {
			s.Close()
		}
		if !reeve.IsKind(err, reeve.Unavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSQLiteCancelledBegin: at whatever instant of a transaction's start its
// context ends, the writer is free for the next one.
func TestSQLiteCancelledBegin(t *testing.T) {
	s := storetest.OpenSQLite(t, nil)
	for range 4000 {
		ctx, cancel := context.WithCancel(t.Context())
		timer := time.AfterFunc(rand.N(60*time.Microsecond), cancel)
		err := s.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.LockUser(ctx, reeve.Zero)
			return err
		})
		timer.Stop()
		cancel()
		if !reeve.IsKind(err, reeve.Unavailable) && !reeve.IsKind(err, reeve.NotFound) {
			t.Fatal(err)
		}
	}
}

// TestSQLiteReadersDoNotWait: a transaction holds no reader up.
func TestSQLiteReadersDoNotWait(t *testing.T) {
	s := storetest.OpenSQLite(t, nil)
	stop := errors.New("stop")
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.LockUser(t.Context(), reeve.Zero); !reeve.IsKind(err, reeve.NotFound) {
			return err
		}
		for range 20 { // more than there are readers
			if _, err := s.Gateways(t.Context()); err != nil {
				return err
			}
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Error(err)
	}
}

// TestPagesByIndex: who pages through much follows an index, and sorts nothing.
func TestPagesByIndex(t *testing.T) {
	config := storetest.ConfigSQLite(t)
	storetest.Open(t, config).Close()
	for query, want := range map[string]string{
		"SELECT * FROM api_keys WHERE sealed_by = x'01' AND id > x'02' ORDER BY id LIMIT 5": "SEARCH api_keys USING INDEX " +
			"api_keys_sealed_by (sealed_by=? AND id>?)",
		"SELECT * FROM webhooks WHERE sealed_by = x'01' AND organization_id > x'02' ORDER BY organization_id LIMIT 5": "SEARCH webhooks USING INDEX " +
			"webhooks_sealed_by (sealed_by=? AND organization_id>?)",
		"SELECT * FROM organization_members WHERE user_id = x'01' AND disabled = FALSE ORDER BY created_at, organization_id LIMIT 5": "SEARCH " +
			"organization_members USING INDEX organization_members_user (user_id=? AND disabled=?)",
	} {
		rows, err := storetest.Raw(t, config).QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query)
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, step)
		}
		if got := strings.Join(plan, "; "); got != want || rows.Err() != nil {
			t.Errorf("%s: %s, %v", query, got, rows.Err())
		}
	}
}
