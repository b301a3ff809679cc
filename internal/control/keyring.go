package control

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

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

// seal encrypts an API key's secret, and binds it to the API key's id.
func (r *Keyring) seal(k *reeve.APIKey, secret []byte) {
	first := r.keys[0]
	k.SealedBy = first.id
	k.Secret = first.aead.Seal(nil, nil, secret, k.ID[:])
}

// open decrypts what seal made for the same id.
func (r *Keyring) open(k reeve.APIKey) ([]byte, error) {
	for _, key := range r.keys {
		if key.id == k.SealedBy {
			secret, err := key.aead.Open(nil, nil, k.Secret, k.ID[:])
			if err != nil {
				return nil, fmt.Errorf("open the secret of %s: %w", k.ID, err)
			}
			return secret, nil
		}
	}
	return nil, errUnknownMasterKey
}

// CheckMasterKey answers Invalid when stored secrets were sealed with a master
// key that is not configured. It opens one secret of each master key.
func (c *Control) CheckMasterKey(ctx context.Context) error {
	samples, err := c.store.APIKeyOfEachSeal(ctx)
	if err != nil {
		return err
	}
	for _, sample := range samples {
		if _, err := c.keys.open(sample); err != nil {
			return reeve.Errorf(reeve.Invalid,
				"the master key does not open the stored API keys, some of which were sealed with key %s",
				hex.EncodeToString(sample.SealedBy[:])).Wrap(err)
		}
	}
	return nil
}

// rekeyBatch is how many keys one transaction reseals.
const rekeyBatch = 500

// Rekey seals every API key's secret with the first master key, and gives how
// many it changed; when it succeeds, none is left that another sealed. It may
// run beside serving replicas that hold both keys, be stopped, and run again.
func (c *Control) Rekey(ctx context.Context) (changed int, err error) {
	by, err := operator(ctx)
	if err != nil {
		return 0, err
	}
	for {
		samples, err := c.store.APIKeyOfEachSeal(ctx)
		if err != nil {
			return changed, err
		}
		samples = slices.DeleteFunc(samples, func(k reeve.APIKey) bool { return k.SealedBy == c.keys.keys[0].id })
		if len(samples) == 0 {
			return changed, nil
		}
		for _, sample := range samples {
			resealed, err := c.resealAll(ctx, by, sample.SealedBy)
			changed += resealed
			if err != nil {
				return changed, err
			}
		}
	}
}

// resealAll reseals what one master key sealed, up to a page that is empty.
func (c *Control) resealAll(ctx context.Context, by Caller, seal [keyIDSize]byte) (changed int, err error) {
	var after reeve.ID
	for {
		var keys []reeve.APIKey
		err := c.store.Write(ctx, func(tx *store.Tx) (err error) {
			if keys, err = tx.LockAPIKeysSealedBy(ctx, seal, after, rekeyBatch); err != nil {
				return err
			}
			return c.reseal(tx, by, keys)
		})
		if err != nil || len(keys) == 0 {
			return changed, err
		}
		changed += len(keys)
		after = keys[len(keys)-1].ID
	}
}

func (c *Control) reseal(tx *store.Tx, by Caller, keys []reeve.APIKey) error {
	for _, key := range keys {
		secret, err := c.keys.open(key)
		if err != nil {
			return err
		}
		c.keys.seal(&key, secret)
		tx.ResealAPIKey(key)
		record(tx, by, change{action: "apikey.rekey", target: key.ID})
	}
	return nil
}
