package console

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/reeve-cloud/reeve"
)

// flow is a sign-in that has begun: what only the browser that began it has, in
// a sealed cookie, so that any replica finishes it.
type flow struct {
	State    string    `json:"state"`    // comes back beside the code
	Nonce    string    `json:"nonce"`    // comes back inside the ID token
	Verifier string    `json:"verifier"` // of PKCE: whose code it is
	Ends     time.Time `json:"ends"`
	Next     string    `json:"next"` // the page that is shown then
}

// flowLife is how long a sign-in may take, and longestNext how many bytes of the
// next page's path are kept meanwhile: a cookie has 4096.
const (
	flowLife    = 10 * time.Minute
	longestNext = 1000
)

func newFlow(now time.Time, next string) flow {
	if len(next) > longestNext {
		next = ""
	}
	return flow{Next: next, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Ends: now.Add(flowLife)}
}

// sealer seals flows under a key that all replicas make of the client's secret.
type sealer struct{ aead cipher.AEAD }

func newSealer(secret reeve.Token) (sealer, error) {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "reeve console sign-in", 32)
	if err != nil {
		return sealer{}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead}, err
}

// seal gives a flow that comes back to a URL as a cookie's value.
func (s sealer) seal(f flow, back string) (string, error) {
	text, err := json.Marshal(f)
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, text, []byte(back))), err
}

// open gives back what seal was given, unless its time is over or it is of
// another URL.
func (s sealer) open(value, back string, now time.Time) (f flow, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return flow{}, false
	}
	text, err := s.aead.Open(nil, nil, sealed, []byte(back))
	if err != nil || json.Unmarshal(text, &f) != nil {
		return flow{}, false
	}
	return f, now.Before(f.Ends)
}

// flowCookie names the cookie that has a flow, on the pages of the console alone,
// of who comes back to a URL.
func flowCookie(back string) string {
	return cookieName(operatorName+"_flow", strings.HasPrefix(back, "https:"))
}

// setFlow sets the cookie, or with "" clears it. The provider sends the browser
// back by a link, which lax cookies go along with.
func setFlow(w http.ResponseWriter, value, back string) {
	age := int(flowLife / time.Second)
	if value == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name: flowCookie(back), Value: value, Path: root, MaxAge: age,
		HttpOnly: true, Secure: strings.HasPrefix(back, "https:"), SameSite: http.SameSiteLaxMode,
	})
}
