package control

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// Keyring holds the master keys that encrypt API keys' secrets at rest
// (AES-256-GCM, NIST SP 800-38D). The first seals; all open. To rotate, put a
// new key first, reseal everything, and take the old one away.
type Keyring struct{ keys []masterKey }

type masterKey struct {
	id   [keyIDSize]byte // names the key beside what it sealed
	aead cipher.AEAD     // draws a random nonce and puts it in front
}

const keyIDSize = 8

var errUnknownMasterKey = errors.New("a secret is sealed with a master key that is not configured")

// NewKeyring makes a keyring of at least one master key.
func NewKeyring(keys ...[32]byte) (*Keyring, error) {
	if len(keys) == 0 {
		return nil, errors.New("no master key")
	}
	ring := &Keyring{}
	for _, key := range keys {
		block, err := aes.NewCipher(key[:])
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(append([]byte("reeve master key id\x00"), key[:]...))
		ring.keys = append(ring.keys, masterKey{[keyIDSize]byte(sum[:]), aead})
	}
	return ring, nil
}

// seal encrypts the secret of the thing with an id, and binds it to that id.
func (r *Keyring) seal(id reeve.ID, secret []byte) []byte {
	key := r.keys[0]
	return key.aead.Seal(bytes.Clone(key.id[:]), nil, secret, id[:])
}

// open decrypts what seal made for the same id.
func (r *Keyring) open(id reeve.ID, sealed []byte) ([]byte, error) {
	for _, key := range r.keys {
		if rest, ok := bytes.CutPrefix(sealed, key.id[:]); ok {
			secret, err := key.aead.Open(nil, nil, rest, id[:])
			if err != nil {
				return nil, fmt.Errorf("open the secret of %s: %w", id, err)
			}
			return secret, nil
		}
	}
	return nil, errUnknownMasterKey
}

// isFirst tells whether a secret is sealed with the key that seals now.
func (r *Keyring) isFirst(sealed []byte) bool { return bytes.HasPrefix(sealed, r.keys[0].id[:]) }

// CheckMasterKey answers Invalid when the stored secrets were sealed with a
// master key that is not configured. It looks at one of them.
func (c *Control) CheckMasterKey(ctx context.Context) error {
	first, err := c.store.APIKeysAfter(ctx, reeve.Zero, 1)
	if err != nil || len(first) == 0 {
		return err
	}
	if _, err := c.keys.open(first[0].ID, first[0].Secret); err != nil {
		named := first[0].Secret[:min(keyIDSize, len(first[0].Secret))]
		return reeve.Errorf(reeve.Invalid,
			"the master key does not open the stored API keys, which were sealed with key %s", hex.EncodeToString(named))
	}
	return nil
}

// rekeyBatch is how many keys one transaction reseals.
const rekeyBatch = 500

// Rekey seals every API key's secret with the first master key, and gives how
// many it changed. It may run beside serving replicas that hold both keys, be
// stopped, and run again.
func (c *Control) Rekey(ctx context.Context) (changed int, err error) {
	by, err := operator(ctx)
	if err != nil {
		return 0, err
	}
	var after reeve.ID
	for {
		keys, err := c.store.APIKeysAfter(ctx, after, rekeyBatch)
		if err != nil || len(keys) == 0 {
			return changed, err
		}
		after = keys[len(keys)-1].ID
		resealed, err := c.reseal(ctx, by, keys)
		if err != nil {
			return changed, err
		}
		changed += resealed
	}
}

func (c *Control) reseal(ctx context.Context, by Caller, keys []reeve.APIKey) (changed int, err error) {
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		changed = 0
		for _, key := range keys {
			if c.keys.isFirst(key.Secret) {
				continue
			}
			secret, err := c.keys.open(key.ID, key.Secret)
			if err != nil {
				return err
			}
			tx.ResealAPIKey(key.ID, c.keys.seal(key.ID, secret))
			record(tx, by, change{action: "apikey.rekey", target: key.ID})
			changed++
		}
		return nil
	})
	return changed, err
}
