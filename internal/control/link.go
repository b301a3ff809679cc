package control

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
)

// Link is what a signed link says: for one purpose, about one thing, until a
// time. Every replica can verify it, and nothing is stored for it.
type Link struct {
	Subject reeve.ID
	Expires time.Time
	State   [sha256.Size]byte // of the subject when the link was made; zero if that does not matter
}

// linkSize is a Link without its signature, in bytes.
const linkSize = 16 + 8 + sha256.Size

// Sign makes the token of a link: the purpose's prefix and, in base64url
// without padding, the link and its HMAC-SHA-256 (RFC 2104), under a key that is
// derived from the first master key for that purpose alone (HKDF, RFC 5869).
func (r *Keyring) Sign(purpose reeve.TokenPrefix, link Link) reeve.Token {
	text := make([]byte, 0, linkSize+sha256.Size)
	text = append(text, link.Subject[:]...)
	text = binary.BigEndian.AppendUint64(text, uint64(link.Expires.Unix()))
	text = append(text, link.State[:]...)
	text = append(text, r.keys[0].signature(purpose, text)...)
	return reeve.Token(string(purpose) + base64.RawURLEncoding.EncodeToString(text))
}

// Verify reads a token that Sign made with any of the master keys for the same
// purpose; ok is false for anything else, and from the link's end on.
func (r *Keyring) Verify(purpose reeve.TokenPrefix, token string, now time.Time) (link Link, ok bool) {
	encoded, ok := strings.CutPrefix(token, string(purpose))
	if !ok || len(encoded) != base64.RawURLEncoding.EncodedLen(linkSize+sha256.Size) {
		return Link{}, false
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || len(text) != linkSize+sha256.Size {
		return Link{}, false
	}
	said, signature := text[:linkSize], text[linkSize:]
	ok = false
	for _, key := range r.keys {
		ok = hmac.Equal(key.signature(purpose, said), signature) || ok
	}
	if !ok {
		return Link{}, false
	}
	link.Subject = reeve.ID(said[:16])
	link.Expires = time.Unix(int64(binary.BigEndian.Uint64(said[16:])), 0).UTC()
	link.State = [sha256.Size]byte(said[24:])
	return link, now.Before(link.Expires)
}

func (k masterKey) signature(purpose reeve.TokenPrefix, text []byte) []byte {
	key, err := hkdf.Expand(sha256.New, k.link, string(purpose), sha256.Size)
	if err != nil {
		panic("control: " + err.Error()) // only for keys of a length that nobody asks for
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return mac.Sum(nil)
}
