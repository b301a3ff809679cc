package reevetest_test

import (
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/reevetest"
	"github.com/reeve-cloud/reeve/internal/server"
	"github.com/reeve-cloud/reeve/internal/store"
)

// FuzzBodies sends bodies to every operation that reads one, on a database
// that is closed: a body is refused or gets as far as the database, and
// nothing is ever our fault.
func FuzzBodies(f *testing.F) {
	opened, err := store.Open(f.Context(), store.Config{SQLite: filepath.Join(f.TempDir(), "reeve.db")})
	if err != nil {
		f.Fatal(err)
	}
	opened.Close()
	ring, err := control.NewKeyring([32]byte{1})
	if err != nil {
		f.Fatal(err)
	}
	c := control.New(opened, control.Settings{OperatorToken: reevetest.OperatorToken, PasswordHashing: 1, Keyring: ring})
	faces := map[bool]int{true: 0, false: 1} // by being a tenant's
	apis := server.Faces(c, server.Config{}, slog.New(slog.DiscardHandler), nil)
	const id = "01890000-0000-7000-8000-000000000000"
	ids := strings.NewReplacer("{px}", id, "{bob}", id, "{usr:bob}", id, "{alice}", id, "{acme}", id, "{mallory}", id)
	for i, call := range bodied {
		f.Add(i, ids.Replace(call.Body))
		f.Add(i, `{"name":"\u0000","role":[]}`)
	}
	f.Fuzz(func(t *testing.T, which int, body string) {
		call := bodied[uint(which)%uint(len(bodied))]
		method, target, _ := strings.Cut(ids.Replace(call.Call), " ")
		request := httptest.NewRequest(method, target, strings.NewReader(body))
		request.Header.Set("Authorization", reevetest.OperatorToken)
		request.Header.Set("X-Api-Key", "reeve_org_00000000000000000000000000000000000000000002CZclj")
		recorder := httptest.NewRecorder()
		apis[faces[strings.HasPrefix(target, "/project")]].API.ServeHTTP(recorder, request)
		if status := recorder.Code; status != 400 && status != 413 && status != 503 {
			t.Errorf("%s with %q: %d %s", call.Call, body, status, recorder.Body)
		}
		if !json.Valid(recorder.Body.Bytes()) {
			t.Errorf("%s with %q: %s", call.Call, body, recorder.Body)
		}
	})
}
