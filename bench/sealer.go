package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/reeve-cloud/reeve/macaroon"
)

// sealer makes API keys that a reeve with its master key can verify: the n-th
// one can be computed again, so that millions need no memory.
type sealer struct {
	masterKey [32]byte
	aead      cipher.AEAD
	id        [sealSize]byte
}

func newSealer() (*sealer, error) {
	s := &sealer{masterKey: sha256.Sum256([]byte("bench"))}
	block, err := aes.NewCipher(s.masterKey[:])
	if err != nil {
		return nil, err
	}
	if s.aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte("reeve master key id\x00"), s.masterKey[:]...))
	copy(s.id[:], sum[:])
	return s, nil
}

// setting is the master key as reeve reads it.
func (s *sealer) setting() string { return base64.StdEncoding.EncodeToString(s.masterKey[:]) }

// key gives what is stored of the n-th key.
func (s *sealer) key(id [16]byte, n int) (head, sealed, by []byte) {
	secret, public := pair(n)
	return public[:], s.aead.Seal(nil, nil, secret[:], id[:]), s.id[:]
}

// pair gives the n-th key's secret and head.
func pair(n int) (secret macaroon.Secret, head [macaroon.Size]byte) {
	text := binary.BigEndian.AppendUint64([]byte("secret"), uint64(n))
	return sha256.Sum256(text), sha256.Sum256(append(text, "head"...))
}

// minted gives the n-th key as its holder has it.
func minted(n int) macaroon.Key { return macaroon.Mint(pair(n)) }
