package store

import "testing"

// TestLimitsPool: only the parameter counts, not a password or a name that
// looks like it.
func TestLimitsPool(t *testing.T) {
	for url, want := range map[string]bool{
		"postgres://h/db":                                     false,
		"postgres://h/db?pool_max_conns=3":                    true,
		"postgres://h/db?sslmode=disable&pool%5Fmax_conns=3":  true,
		"postgres://u:pool_max_conns@h/pool_max_conns":        false,
		"postgres://h/db?application_name=pool_max_conns":     false,
		"postgres://h/db?pool_max_conns_lifetime_jitter=1s":   false,
		"postgresql://h1:1,h2:2/db?pool_max_conns=7&user=ada": true,
	} {
		if got := limitsPool(url); got != want {
			t.Errorf("%s: %t, want %t", url, got, want)
		}
	}
}
