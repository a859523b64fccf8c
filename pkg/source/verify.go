package source

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"hash"

	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
)

// MAC is the HMAC of the parts, joined, under key.
func MAC(newHash func() hash.Hash, key secret.Value, parts ...[]byte) []byte {
	m := hmac.New(newHash, []byte(key.Reveal()))
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}

// MatchMAC tells whether mac is the HMAC of the parts under one of the keys. It
// tries every key and compares in constant time. An empty key matches nothing.
func MatchMAC(newHash func() hash.Hash, keys []secret.Value, mac []byte, parts ...[]byte) bool {
	found := false
	for _, k := range keys {
		if !k.Empty() && hmac.Equal(mac, MAC(newHash, k, parts...)) {
			found = true
		}
	}
	return found
}

// MatchToken tells whether token is one of the given ones, in time that tells
// nothing about them. An empty token matches nothing.
func MatchToken(tokens []secret.Value, token string) bool {
	got := sha256.Sum256([]byte(token))
	found := 0
	for _, t := range tokens {
		want := sha256.Sum256([]byte(t.Reveal()))
		if !t.Empty() {
			found |= subtle.ConstantTimeCompare(got[:], want[:])
		}
	}
	return found == 1
}

// CheckSecrets is the problems of a configuration key that lists secrets: it
// must name at least one, and none may stand in the configuration itself.
func CheckSecrets(key string, handles []secret.Handle) error {
	if len(handles) == 0 {
		return problem.New(key, "is missing: list at least one reference such as secret://NAME; without it nothing could be verified")
	}
	for _, h := range handles {
		if h.IsZero() {
			return problem.New(key, "has an empty entry: write a reference such as secret://NAME")
		}
		if h.Literal() {
			return problem.New(key, "holds a secret in plain text: write secret://NAME, env://NAME or file://PATH instead, and change the secret if this file was shared")
		}
	}
	return nil
}
