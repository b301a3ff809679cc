package control

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// Keyring holds the master keys that encrypt the secrets of API keys, webhooks
// and users' codes at rest (AES-256-GCM, NIST SP 800-38D), and sign links (see
// link.go). The first seals and signs; all open and verify.
// To rotate, put a new key first, reseal everything, and take the old one away.
type Keyring struct{ keys []masterKey }

type masterKey struct {
	id   [keyIDSize]byte // names the key beside what it sealed
	aead cipher.AEAD     // draws a random nonce and puts it in front
	link []byte          // what the keys that sign links are derived from
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
		link, err := hkdf.Extract(sha256.New, key[:], []byte("reeve links"))
		if err != nil {
			return nil, err
		}
		ring.keys = append(ring.keys, masterKey{[keyIDSize]byte(sum[:]), aead, link})
	}
	return ring, nil
}

// seal encrypts an API key's secret, and binds it to the API key's id.
func (r *Keyring) seal(k *reeve.APIKey, secret []byte) {
	k.Secret, k.SealedBy = r.sealFor(k.ID[:], secret)
}

// open decrypts what seal made for the same id.
func (r *Keyring) open(k reeve.APIKey) ([]byte, error) {
	return r.openFor(k.ID[:], k.ID, k.Secret, k.SealedBy)
}

// sealWebhook encrypts a webhook's secret, and binds it to the organisation.
func (r *Keyring) sealWebhook(w *reeve.Webhook, secret []byte) {
	w.Secret, w.SealedBy = r.sealFor(webhookBinding(w.OrganizationID), secret)
}

// openWebhook decrypts what sealWebhook made for the same organisation.
func (r *Keyring) openWebhook(w reeve.Webhook) ([]byte, error) {
	return r.openFor(webhookBinding(w.OrganizationID), w.OrganizationID, w.Secret, w.SealedBy)
}

// sealReply encrypts a kept reply, and binds it to who asked for it.
func (r *Keyring) sealReply(k *store.KeptReply, text []byte) {
	k.Reply, k.SealedBy = r.sealFor(replyBinding(k.ID), text)
}

// openReply decrypts what sealReply made for the same asker.
func (r *Keyring) openReply(k store.KeptReply) ([]byte, error) {
	return r.openFor(replyBinding(k.ID), k.ID, k.Reply, k.SealedBy)
}

// replyBinding tells a kept reply from other secrets.
func replyBinding(id reeve.ID) []byte { return append([]byte("reply\x00"), id[:]...) }

// webhookBinding tells a webhook's secret from an API key's.
func webhookBinding(organization reeve.ID) []byte {
	return append([]byte("webhook\x00"), organization[:]...)
}

// sealTOTP encrypts what a user's codes are made of, and binds it to the user.
func (r *Keyring) sealTOTP(t *reeve.TOTP, secret []byte) {
	t.Secret, t.SealedBy = r.sealFor(totpBinding(t.UserID), secret)
}

// openTOTP decrypts what sealTOTP made for the same user.
func (r *Keyring) openTOTP(t reeve.TOTP) ([]byte, error) {
	return r.openFor(totpBinding(t.UserID), t.UserID, t.Secret, t.SealedBy)
}

// totpBinding tells the secret of a user's codes from others.
func totpBinding(user reeve.ID) []byte { return append([]byte("totp\x00"), user[:]...) }

func (r *Keyring) sealFor(binding, secret []byte) (sealed []byte, by [keyIDSize]byte) {
	first := r.keys[0]
	return first.aead.Seal(nil, nil, secret, binding), first.id
}

func (r *Keyring) openFor(binding []byte, id reeve.ID, sealed []byte, by [keyIDSize]byte) ([]byte, error) {
	for _, key := range r.keys {
		if key.id == by {
			secret, err := key.aead.Open(nil, nil, sealed, binding)
			if err != nil {
				return nil, fmt.Errorf("open the secret of %s: %w", id, err)
			}
			return secret, nil
		}
	}
	return nil, errUnknownMasterKey
}

// holds tells whether a master key is configured.
func (r *Keyring) holds(id [keyIDSize]byte) bool {
	return slices.ContainsFunc(r.keys, func(key masterKey) bool { return key.id == id })
}
