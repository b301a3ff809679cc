package gateway

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/macaroon"
)

// TestCacheIsBounded: a holder who narrows a key without end takes no more than the limit, and does not drive out what
// is in use.
func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	c := newCache(limit)
	inUse := func(i int) string { return fmt.Sprintf("in use %d", i) }
	for i := range 100 {
		c.add(inUse(i), grant{Identity: Identity{ProjectID: reeve.ID{1}, KeyID: reeve.ID{byte(i)}}})
	}
	for i := range 20_000 {
		c.add(fmt.Sprintf("child %d", i), grant{Identity: Identity{ProjectID: reeve.ID{2}, KeyID: reeve.ID{2}, Lineage: make([]KeyName, 10)}})
		if i%50 == 0 {
			for j := range 100 {
				if c.get(inUse(j)) == nil {
					t.Fatalf("%s went after %d children", inUse(j), i)
				}
			}
		}
		if c.size > limit {
			t.Fatalf("%d bytes", c.size)
		}
	}
	if c.count < limit/2000 {
		t.Errorf("only %d keys", c.count)
	}
	check(t, c)
	c.forget(1, reeve.ID{1})
	c.forget(2, reeve.ID{2})
	if c.count != 0 || c.size != 0 || len(c.projects) != 0 {
		t.Errorf("%d keys, %d bytes, %d projects left", c.count, c.size, len(c.projects))
	}
}

// check holds the parts of a cache against each other.
func check(t interface{ Fatalf(string, ...any) }, c *cache) {
	inList, size, inMaps, inFamilies := 0, 0, 0, 0
	for e := c.newest; e != nil; e = e.older {
		if c.shard(e.text).entries[e.text] != e {
			t.Fatalf("%q is in the list only", e.text)
		}
		inList++
		size += e.bytes()
	}
	for i := range c.shards {
		inMaps += len(c.shards[i].entries)
	}
	for _, f := range c.projects {
		for _, entries := range f {
			inFamilies += len(entries)
		}
	}
	if inList != c.count || inMaps != c.count || inFamilies != c.count || size != c.size {
		t.Fatalf("%d counted, %d in the list, %d in maps, %d in families; %d bytes counted, %d there", c.count, inList, inMaps, inFamilies, c.size, size)
	}
}

// TestCacheModel: whatever is done in whatever order, a key is there only if it was added and nothing that it descends
// from was dropped since, by a verdict that knew of everything dropped before.
func TestCacheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, epoch := newCache(20_000), int64(0)
		model := map[string]grant{}
		small := rapid.ByteRange(0, 2)
		drop := func(gone func(grant) bool) {
			for key, g := range model {
				if gone(g) {
					delete(model, key)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				project, root, name := small.Draw(t, "project"), small.Draw(t, "root"), small.Draw(t, "name")
				g := grant{Identity: Identity{
					ProjectID: reeve.ID{project}, OrganizationID: reeve.ID{name}, OwnerID: reeve.ID{root}, KeyID: reeve.ID{project, root}, IssuedAt: time.Unix(int64(root), 0),
					Lineage: []KeyName{{0}, {name}}, Epoch: epoch - int64(small.Draw(t, "age")),
				}}
				key := fmt.Sprint(project, root, name)
				if stood := c.add(key, g); stood != (g.Epoch == epoch) {
					t.Fatalf("a verdict of %d stood %v at %d", g.Epoch, stood, epoch)
				} else if stood {
					model[key] = g
				}
			},
			"revoke": func(t *rapid.T) {
				id, name := reeve.ID{small.Draw(t, "project"), small.Draw(t, "root")}, KeyName{small.Draw(t, "name")}
				epoch += 3
				if name[0] < 2 {
					c.revoke(epoch, reeve.ID{id[0]}, id, &name)
					drop(func(g grant) bool { return g.KeyID == id && (g.Lineage[0] == name || g.Lineage[1] == name) })
				} else {
					c.revoke(epoch, reeve.ID{id[0]}, id, nil)
					drop(func(g grant) bool { return g.KeyID == id })
				}
			},
			"cut": func(t *rapid.T) {
				project, before := reeve.ID{small.Draw(t, "project")}, time.Unix(int64(small.Draw(t, "before")), 0)
				epoch += 3
				c.cut(epoch, project, before)
				drop(func(g grant) bool { return g.ProjectID == project && g.IssuedAt.Before(before) })
			},
			"forget": func(t *rapid.T) {
				project := reeve.ID{small.Draw(t, "project")}
				epoch += 3
				c.forget(epoch, project)
				drop(func(g grant) bool { return g.ProjectID == project })
			},
			"freeze": func(t *rapid.T) {
				project, within, owner := reeve.ID{small.Draw(t, "project")}, reeve.ID{small.Draw(t, "organization")}, reeve.ID{small.Draw(t, "owner")}
				epoch += 3
				c.freeze(epoch, project, within, owner)
				drop(func(g grant) bool {
					return g.ProjectID == project || within != reeve.Zero && g.OrganizationID == within || owner != reeve.Zero && g.OwnerID == owner
				})
			},
			"clear": func(*rapid.T) {
				epoch += 3
				c.clear(epoch)
				clear(model)
			},
			"": func(t *rapid.T) {
				check(t, c)
				for project := range byte(3) {
					for root := range byte(3) {
						for name := range byte(3) {
							key := fmt.Sprint(project, root, name)
							if _, want := model[key]; (c.get(key) != nil) != want && (!want || c.size < c.limit-2000) {
								t.Fatalf("%q is there: %v", key, !want)
							}
						}
					}
				}
			},
		})
	})
}

// TestCacheAtOnce is for the race detector: nothing is served that was dropped before it was asked for.
func TestCacheAtOnce(t *testing.T) {
	t.Parallel()
	c := newCache(100_000)
	key := newKey(t, 1, macaroon.Caveat{Nonce: []byte{1}})
	text := key.Serialize()
	var work sync.WaitGroup
	stop := make(chan struct{})
	for i := range 4 {
		work.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				c.get(text)
				c.add(fmt.Sprintf("%d %d", i, n), grant{Identity: Identity{Epoch: 1 << 40}})
			}
		})
	}
	for epoch := range int64(1000) {
		c.add(text, newGrant(key, Identity{Epoch: epoch, KeyID: reeve.ID{1}}))
		c.revoke(epoch+1, reeve.ID{}, reeve.ID{1}, nil)
		if c.get(text) != nil {
			t.Fatal("a revoked key is in the cache")
		}
	}
	close(stop)
	work.Wait()
	check(t, c)
}
