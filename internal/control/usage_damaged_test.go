package control_test

import (
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store/storetest"
)

// TestDamagedBatch: a batch that cannot be read is put aside; those before and
// after it are counted.
func TestDamagedBatch(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, _, p := h.tenant("ada@mail.test")
		ctx := h.gateway("g")
		db := storetest.Raw(t, h.config)
		_, err := h.c.IngestUsage(ctx, h.egress(1, p.ID, 3))
		h.check(err)
		_, err = db.ExecContext(t.Context(), "INSERT INTO usage_batches (records) VALUES ($1)", []byte{0xff, 1, 2})
		h.check(err)
		_, err = h.c.IngestUsage(ctx, h.egress(2, p.ID, 4))
		h.check(err)
		h.check(control.DrainUsage(h.c, t.Context()))
		same(t, "total", reeve.Count(7), h.usedIn(p.ID, 202611).Egress, nil)
		var aside int
		h.check(db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM usage_damaged").Scan(&aside))
		same(t, "put aside", 1, aside, nil)
	})
}
