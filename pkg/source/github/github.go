// Package github reads the webhooks of GitHub and GitHub Enterprise Server. A
// table names the events that have a rendering of their own; every other one,
// also one that doesn't exist yet, gets the general rendering.
package github

import (
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // old GitHub Enterprise Servers sign with nothing else; off unless allowed
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
)

const (
	// Type is the source's type in a configuration.
	Type = "github"
	// Product is the name its maker writes.
	Product = "GitHub"
	// Wait is how long GitHub waits for an answer.
	Wait = 10 * time.Second
)

const (
	headerEvent    = "X-GitHub-Event"
	headerDelivery = "X-GitHub-Delivery"
	headerSHA256   = "X-Hub-Signature-256"
	headerSHA1     = "X-Hub-Signature"
)

// Config is the source's part of a configuration.
type Config struct {
	// Secrets are the webhook secrets; any of them is accepted.
	Secrets []secret.Handle `yaml:"secrets"`
	// AllowSHA1 accepts a request that is signed with SHA-1 only, as GitHub
	// Enterprise Server before 2.23 does.
	AllowSHA1 bool `yaml:"allow_sha1"`
}

// Source is a GitHub webhook.
type Source struct {
	secrets   []secret.Handle
	allowSHA1 bool
}

var (
	_ source.Source     = (*Source)(nil)
	_ source.Identifier = (*Source)(nil)
	_ source.Sealer     = (*Source)(nil)
)

// New makes a Source of a configuration.
func New(c Config) (*Source, error) {
	if err := source.CheckSecrets("secrets", c.Secrets); err != nil {
		return nil, err
	}
	return &Source{secrets: c.Secrets, allowSHA1: c.AllowSHA1}, nil
}

// Verify checks the signature over the raw body. The one with SHA-1 counts only
// where it is allowed and the other is absent.
func (s *Source) Verify(ctx context.Context, r *source.Request) error {
	keys, err := secret.Values(ctx, s.secrets)
	if err != nil {
		return fmt.Errorf("github secrets: %w", err)
	}
	signature, prefix, newHash := r.Header.Get(headerSHA256), "sha256=", sha256.New
	if len(r.Header.Values(headerSHA256)) == 0 && s.allowSHA1 {
		signature, prefix, newHash = r.Header.Get(headerSHA1), "sha1=", sha1.New
	}
	if signature == "" {
		if r.Header.Get(headerSHA1) != "" && !s.allowSHA1 {
			return unverified("signed with SHA-1 only, which allow_sha1 does not allow")
		}
		return unverified("header " + headerSHA256 + " is missing: does the webhook have a secret?")
	}
	digits, ok := strings.CutPrefix(signature, prefix)
	if !ok {
		return unverified("signature does not begin with " + prefix)
	}
	mac, err := hex.DecodeString(digits)
	if err != nil || len(mac) != newHash().Size() {
		return unverified("signature is not hexadecimal or has the wrong length")
	}
	if !source.MatchMAC(newHash, keys, mac, r.Body) {
		return source.Mismatched(http.StatusUnauthorized, "signature matches none of the secrets")
	}
	return nil
}

func unverified(reason string) error {
	return source.Unverified(http.StatusUnauthorized, reason)
}

// DeliveryID is the GUID of the delivery, the same for a redelivery.
func (s *Source) DeliveryID(r *source.Request) string {
	return r.Header.Get(headerDelivery)
}

// Seal gives the request a new delivery id and signs it with the first secret.
func (s *Source) Seal(ctx context.Context, r *source.Request) error {
	keys, err := secret.Values(ctx, s.secrets)
	if err != nil {
		return fmt.Errorf("github secrets: %w", err)
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set(headerDelivery, newGUID())
	r.Header.Set(headerSHA256, "sha256="+hex.EncodeToString(source.MAC(sha256.New, keys[0], r.Body)))
	return nil
}

// newGUID is a random UUID, version 4.
func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
