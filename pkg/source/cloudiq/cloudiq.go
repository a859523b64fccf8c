// Package cloudiq reads the webhooks of Dell CloudIQ, later called APEX AIOps
// Infrastructure Observability: changes of a system's health. Format and
// signature are those of public tutorials of 2020 and 2022, such as
// https://storage-chaos.io/webhook-cloudiq-snow.html.
package cloudiq

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
)

const (
	// Type is the source's name in a configuration.
	Type = "cloudiq"
	// Product is the name its maker writes.
	Product = "CloudIQ"
	// Wait is how long CloudIQ is assumed to wait for an answer: Dell publishes no limit.
	Wait = 10 * time.Second

	eventHeader     = "X-Ciq-Event"
	deliveryHeader  = "X-Ciq-Delivery-Id"
	signatureHeader = "X-Ciq-Signature"
	signaturePrefix = "SHA-256="
)

// Config is the source's part of a configuration.
type Config struct {
	// Secrets are the webhook's secrets; each one is accepted.
	Secrets []secret.Handle `yaml:"secrets"`
	// Now is the clock; time.Now unless set.
	Now func() time.Time `yaml:"-"`
}

// Source is a source.Source, Sealer and Identifier.
type Source struct {
	secrets []secret.Handle
}

// New checks c; its error is a *problem.Problem.
func New(c Config) (*Source, error) {
	if err := source.CheckSecrets("secrets", c.Secrets); err != nil {
		return nil, err
	}
	return &Source{secrets: c.Secrets}, nil
}

// Verify checks x-ciq-signature: "SHA-256=" and the base64 of the body's
// HMAC-SHA256.
func (s *Source) Verify(ctx context.Context, r *source.Request) error {
	keys, err := secret.Values(ctx, s.secrets)
	if err != nil {
		return fmt.Errorf("cloudiq: secret: %w", err)
	}
	// The base64 ends in "=" itself: nothing but the prefix may be cut.
	text, ok := strings.CutPrefix(r.Header.Get(signatureHeader), signaturePrefix)
	if !ok {
		return refuse("x-ciq-signature is missing or doesn't begin with SHA-256=")
	}
	mac, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(mac) != sha256.Size {
		return refuse("x-ciq-signature is not the base64 of a SHA-256")
	}
	if !source.MatchMAC(sha256.New, keys, mac, r.Body) {
		return source.Mismatched(http.StatusPreconditionFailed, "x-ciq-signature does not match the body")
	}
	return nil
}

func refuse(reason string) *source.Refusal {
	return source.Unverified(http.StatusPreconditionFailed, reason)
}

// Seal signs r as CloudIQ does, with a new decimal delivery id.
func (s *Source) Seal(ctx context.Context, r *source.Request) error {
	keys, err := secret.Values(ctx, s.secrets)
	if err != nil {
		return fmt.Errorf("cloudiq: secret: %w", err)
	}
	id, err := rand.Int(rand.Reader, big.NewInt(1e15))
	if err != nil {
		return fmt.Errorf("cloudiq: delivery id: %w", err)
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set(deliveryHeader, id.String())
	mac := source.MAC(sha256.New, keys[0], r.Body)
	r.Header.Set(signatureHeader, signaturePrefix+base64.StdEncoding.EncodeToString(mac))
	return nil
}

// DeliveryID is x-ciq-delivery-id.
func (*Source) DeliveryID(r *source.Request) string { return r.Header.Get(deliveryHeader) }
