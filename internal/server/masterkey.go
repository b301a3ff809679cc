package server

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

const keyFileName = "reeve.key"

// keyFile is where the master key of a SQLite database lies if none is
// configured: beside it, whatever links lead there, so that two names of one
// database have one key. "" otherwise.
func keyFile(cfg Config) string {
	if cfg.Database.Kind != SQLite || len(cfg.MasterKeys) > 0 {
		return ""
	}
	path := cfg.Database.Source
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	return filepath.Join(filepath.Dir(path), keyFileName)
}

// loadKeyring takes the configured master keys, or those of the key file,
// which is made on the first start.
func loadKeyring(ctx context.Context, cfg Config, s *store.Store) (*control.Keyring, error) {
	keys := cfg.MasterKeys
	if len(keys) == 0 {
		file := keyFile(cfg)
		if file == "" {
			return nil, errors.New("--master-key is required with PostgreSQL: 32 random bytes in base64 (openssl rand -base64 32)")
		}
		var err error
		if keys, err = readKeys(file); errors.Is(err, fs.ErrNotExist) {
			keys, err = firstKey(ctx, file, s)
		}
		if err != nil {
			return nil, err
		}
	}
	raw := make([][32]byte, len(keys))
	for i, key := range keys {
		raw[i] = key
	}
	return control.NewKeyring(raw...)
}

// firstKey makes the key file, unless there are secrets that another key must
// have sealed.
func firstKey(ctx context.Context, file string, s *store.Store) ([]MasterKey, error) {
	sealed, err := s.APIKeyOfEachSeal(ctx)
	if err != nil {
		return nil, err
	}
	webhooks, err := s.WebhookOfEachSeal(ctx)
	if err != nil {
		return nil, err
	}
	totps, err := s.TOTPOfEachSeal(ctx)
	if err != nil {
		return nil, err
	}
	if len(sealed)+len(webhooks)+len(totps) > 0 {
		return nil, fmt.Errorf("%s is missing: the stored secrets cannot be opened without it", file)
	}
	keys := []MasterKey{newKey()}
	return keys, writeKeys(file, keys)
}

func newKey() (key MasterKey) {
	_, _ = rand.Read(key[:]) // never fails
	return key
}

// readKeys reads a key file: one key a line in base64, the first seals. Like
// ssh it refuses one that others than its owner may read or write.
func readKeys(file string) ([]MasterKey, error) {
	opened, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = opened.Close() }()
	info, err := opened.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s has mode %04o, others than its owner may use it: make it mode 0600", file, mode)
	}
	text, err := io.ReadAll(opened)
	if err != nil {
		return nil, err
	}
	var keys []MasterKey
	for line := range strings.Lines(string(text)) {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
		if err != nil || len(raw) != len(MasterKey{}) {
			return nil, fmt.Errorf("%s: a line is not 32 bytes in base64", file)
		}
		keys = append(keys, MasterKey(raw))
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s is empty", file)
	}
	return keys, nil
}

// writeKeys replaces a key file at once and for certain: what is sealed next
// must not outlive its key in a power cut.
func writeKeys(file string, keys []MasterKey) error {
	temporary, err := os.CreateTemp(filepath.Dir(file), keyFileName+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }() // it has gone when all went well
	var text strings.Builder
	for _, key := range keys {
		text.WriteString(base64.StdEncoding.EncodeToString(key[:]) + "\n")
	}
	_, err = temporary.WriteString(text.String())
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary.Name(), file); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// prependKey puts a new key before those of the file.
func prependKey(file string) error {
	keys, err := readKeys(file)
	if err != nil {
		return err
	}
	return writeKeys(file, append([]MasterKey{newKey()}, keys...))
}

// keepFirstKey drops all keys of the file but the first.
func keepFirstKey(file string) error {
	keys, err := readKeys(file)
	if err != nil {
		return err
	}
	return writeKeys(file, keys[:1])
}
