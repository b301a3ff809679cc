package control_test

import (
	"context"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
	"github.com/reeve-cloud/reeve/macaroon"
)

// BenchmarkVerifyKey judges one key from memory, from all processors at once.
func BenchmarkVerifyKey(b *testing.B) {
	s, err := store.Open(b.Context(), store.Config{SQLite: b.TempDir() + "/reeve.db"})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ring, err := control.NewKeyring(masterKey)
	if err == nil {
		err = s.Migrate(b.Context())
	}
	if err != nil {
		b.Fatal(err)
	}
	c := control.New(s, control.Settings{ProjectLimit: 10, PasswordHashing: 2, Keyring: ring})
	root := control.WithCaller(b.Context(), control.Caller{Actor: reeve.Actor{Kind: reeve.Operator}})
	owner := reeve.User{ID: newID(), Email: "ada@mail.test", FullName: "Ada", PasswordHash: []byte("$x$"), ProjectLimit: 10, CreatedAt: s.Now()}
	err = s.Write(b.Context(), func(tx *store.Tx) error {
		tx.CreateUser(owner)
		tx.Record(reeve.Change{Actor: "root", Action: "user.create", Target: owner.ID})
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	project, err := c.CreateProject(root, control.NewProject{OwnerID: owner.ID, Name: "alpha"})
	if err != nil {
		b.Fatal(err)
	}
	_, key, err := c.CreateAPIKey(root, project.ID, "ci", nil)
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Follow(ctx, func(error) {})
	}()
	defer func() { stop(); <-done }()
	for !c.Loaded() {
		select {
		case <-ctx.Done():
			b.Fatal("never loaded")
		default:
		}
	}
	gateway := control.WithCaller(b.Context(), control.Caller{Actor: reeve.Actor{Kind: reeve.GatewayProgram, ID: newID()}})
	in := control.KeyCheck{Key: key.Serialize(), Op: macaroon.OpRead, Bucket: []byte("b"), Path: []byte("p")}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if v, err := c.VerifyKey(gateway, in); err != nil || v.Code != reeve.CodeValid {
				b.Error(v.Code, err)
				return
			}
		}
	})
}
