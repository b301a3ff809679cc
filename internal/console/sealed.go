package console

import (
	"bytes"
	"compress/gzip"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

// What is pasted to be looked at may be a live key. A page that is to do
// something with it later takes it along sealed: packed, and encrypted under a
// key that is derived from the session's token, which the server does not keep
// and scripts cannot read. Any replica opens it again, for that session alone.

// sealedField is that of a form that takes it along.
const sealedField = "sealed"

// sealer is the cipher of the visit's session.
func (v *visit) sealer() cipher.AEAD {
	key := sha256.Sum256([]byte("reeve console sealed\x00" + v.cookie(v.sessionCookie())))
	block, _ := aes.NewCipher(key[:]) // the length is right
	out, _ := cipher.NewGCM(block)    // so is the block's
	return out
}

// seal makes a text that only this session can open, for one purpose.
func (v *visit) seal(purpose, text string) string {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(text)) // a buffer takes all
	_ = w.Close()
	aead := v.sealer()
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return base64.RawStdEncoding.EncodeToString(aead.Seal(nonce, nonce, packed.Bytes(), []byte(purpose)))
}

var errSealed = reeve.Errorf(reeve.Invalid, "what you have pasted is known here no more: go back, and paste it again")

// unseal opens what seal has made for that purpose in this session.
func (v *visit) unseal(purpose, sealed string) (string, error) {
	data, err := base64.RawStdEncoding.DecodeString(sealed)
	aead := v.sealer()
	if err != nil || len(data) < aead.NonceSize() {
		return "", errSealed
	}
	packed, err := aead.Open(nil, data[:aead.NonceSize()], data[aead.NonceSize():], []byte(purpose))
	if err != nil {
		return "", errSealed
	}
	r, err := gzip.NewReader(bytes.NewReader(packed)) // it is our own: it does not burst
	if err != nil {
		return "", errSealed
	}
	text, err := io.ReadAll(r)
	return string(text), err
}

// doesPasted serves an action about something that was pasted and must stand in
// no address: the first POST, which has the sealed text alone, asks, and the
// second does it. Who comes otherwise is sent to where one pastes.
func (s *site) doesPasted(a action, start string) {
	s.pages.Handle(root+a.Path, map[string]web.Page{
		http.MethodGet: s.visited(func(v *visit) error { return v.redirect(start) }),
		http.MethodPost: s.visited(func(v *visit) error {
			in, err := v.read()
			if err != nil {
				return err
			}
			if in.Has(keyField) {
				return v.do(a)
			}
			q, err := a.Ask(v)
			if err != nil {
				return err
			}
			return v.send(v.ask(q, newKey()))
		}),
	})
}

// pastes serves a page that one pastes something into, and what it answers.
func (s *site) pastes(path string, ask func(*visit) *page, answer func(*visit, values) (*page, error)) {
	s.pages.Handle(root+path, map[string]web.Page{
		http.MethodGet: s.visited(func(v *visit) error { return v.send(ask(v)) }),
		http.MethodPost: s.visited(func(v *visit) error {
			in, err := v.read()
			if err != nil {
				return err
			}
			p, err := answer(v, in)
			if reeve.IsKind(err, reeve.Invalid) {
				status, shown := web.Failed(v.ctx, err)
				p, err = ask(v), nil
				p.Status, p.Sections[0].Form.Wrong = status, sentence(shown.Message)
			}
			if err != nil {
				return err
			}
			p.Private = true
			return v.send(p)
		}),
	})
}
