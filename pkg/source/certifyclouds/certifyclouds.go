// Package certifyclouds reads the webhooks of CertifyClouds in the three shapes
// of its webhook reference: Slack attachments, Teams MessageCard and generic
// JSON. CertifyClouds signs nothing and names no alert type: a token in the
// URL is the only proof, and the type is inferred from the words and colour.
package certifyclouds

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
)

const (
	// Type is the source's name in a configuration.
	Type = "certifyclouds"
	// Product is the name its maker writes.
	Product = "CertifyClouds"
	// Wait is how long CertifyClouds waits for an answer.
	Wait = 10 * time.Second
)

// Config is the source's part of a configuration.
type Config struct {
	// Tokens end the URL given to CertifyClouds; each one is accepted.
	Tokens []secret.Handle `yaml:"tokens"`
	// Now is the clock; time.Now unless set.
	Now func() time.Time `yaml:"-"`
}

// Source is a source.Source, TokenTaker, Sealer and Freshener. Deliveries have no id.
type Source struct {
	tokens []secret.Handle
	now    func() time.Time
}

// New checks c; its error is a *problem.Problem.
func New(c Config) (*Source, error) {
	if err := source.CheckSecrets("tokens", c.Tokens); err != nil {
		return nil, err
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Source{tokens: c.Tokens, now: c.Now}, nil
}

// Verify checks the token of the URL.
func (s *Source) Verify(ctx context.Context, r *source.Request) error {
	tokens, err := secret.Values(ctx, s.tokens)
	if err != nil {
		return fmt.Errorf("certifyclouds: token: %w", err)
	}
	if r.Token == "" {
		return source.Unverified(http.StatusUnauthorized, "the URL has no token: it must end in /TOKEN")
	}
	if !source.MatchToken(tokens, r.Token) {
		return source.Mismatched(http.StatusUnauthorized, "the URL's token is none of those configured")
	}
	return nil
}

// TakesToken implements source.TokenTaker.
func (*Source) TakesToken() {}

// Seal puts the first token into r.
func (s *Source) Seal(ctx context.Context, r *source.Request) error {
	tokens, err := secret.Values(ctx, s.tokens)
	if err != nil {
		return fmt.Errorf("certifyclouds: token: %w", err)
	}
	r.Token = tokens[0].Reveal()
	return nil
}
