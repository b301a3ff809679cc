package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve/internal/web"
)

// TestGuardedAPI: what the guard is measured with answers, with it and without.
func TestGuardedAPI(t *testing.T) {
	for name, guard := range map[string]*web.Guard{"without": nil, "with": web.NewGuard(60, time.Now)} {
		api := guardedAPI(guard)
		for sent, want := range map[string]int{"bench": http.StatusOK, "other": http.StatusUnauthorized} {
			request := httptest.NewRequest(http.MethodGet, "/api/thing", nil)
			request.Header.Set("Authorization", sent)
			got := httptest.NewRecorder()
			api.ServeHTTP(got, request)
			if got.Code != want {
				t.Errorf("%s guard, %q: %d, want %d", name, sent, got.Code, want)
			}
		}
	}
}
