package gcptest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// testKey is made once: that takes a while.
var testKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// Signer signs identity tokens as Google does, and publishes its key.
type Signer struct {
	CertsURL string

	key    *rsa.PrivateKey
	server *httptest.Server

	mu     sync.Mutex
	id     string
	status int
	asked  int
}

// NewSigner starts a server with the key, and stops it with the test.
func NewSigner(tb testing.TB) *Signer {
	tb.Helper()
	key, err := testKey()
	if err != nil {
		tb.Fatal(err)
	}
	s := &Signer{key: key, id: "key-1"}
	s.server = httptest.NewServer(s)
	tb.Cleanup(s.server.Close)
	s.CertsURL = s.server.URL + "/certs"
	return s
}

// Claims are those of a token.
type Claims map[string]any

// Claims is what a token for a push says, valid for an hour.
func (s *Signer) Claims(audience, account string) Claims {
	now := time.Now()
	return Claims{
		"iss": "https://accounts.google.com", "aud": audience, "email": account, "email_verified": true,
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "sub": "1234567890", "azp": account,
	}
}

// Sign makes a token of claims; alg is what its header says.
func (s *Signer) Sign(c Claims, alg string) string {
	s.mu.Lock()
	id := s.id
	s.mu.Unlock()
	text := part(map[string]string{"alg": alg, "kid": id, "typ": "JWT"}) + "." + part(c)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func part(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// Rename gives the key another ID, as a rotation does.
func (s *Signer) Rename(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.id = id
}

// Fail answers with a status instead of the key, or, with 0, no more.
func (s *Signer) Fail(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

// Asked is how often the key was asked for.
func (s *Signer) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// ServeHTTP answers with the keys: the signer's, and one of another kind.
func (s *Signer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.status != 0 {
		w.WriteHeader(s.status)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=3600, must-revalidate")
	reply(w, http.StatusOK, map[string]any{"keys": []map[string]string{
		{"kty": "EC", "kid": "other", "alg": "ES256", "use": "sig", "crv": "P-256", "x": "AA", "y": "AA"},
		{
			"kty": "RSA", "kid": s.id, "alg": "RS256", "use": "sig", "n": base64.RawURLEncoding.EncodeToString(s.key.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(s.key.E)).Bytes()),
		},
	}})
}
