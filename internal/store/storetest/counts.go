package storetest

import (
	"fmt"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// testCounts: counting stops at store.MostCounted, and says so.
func testCounts(t *testing.T, w world) {
	_, _, p := w.tenant("ada@mail.test")
	w.write(func(tx *store.Tx) {
		for i := range store.MostCounted {
			tx.CreateBucket(reeve.Bucket{ProjectID: p.ID, Name: fmt.Sprintf("b-%d", i), CreatedAt: epoch})
		}
	})
	parts, err := w.s.ProjectParts(w.ctx(), p.ID, epoch)
	same(t, "as many as are counted", store.Count{N: store.MostCounted}, parts.Buckets, err)
	w.write(func(tx *store.Tx) { tx.CreateBucket(reeve.Bucket{ProjectID: p.ID, Name: "more", CreatedAt: epoch}) })
	parts, err = w.s.ProjectParts(w.ctx(), p.ID, epoch)
	same(t, "one more", store.Count{N: store.MostCounted, More: true}, parts.Buckets, err)
}
