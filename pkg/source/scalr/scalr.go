// Package scalr reads the webhooks of Scalr: runs that completed, failed or
// wait for someone. Format and signature are those of Scalr's documentation,
// https://docs.scalr.io/docs/webhooks, and of its sample server. It never reads
// the variables of a payload, which may hold secrets.
package scalr

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
)

const (
	// Type is the source's name in a configuration.
	Type = "scalr"
	// Product is the name its maker writes.
	Product = "Scalr"
	// Wait is how long Scalr waits for an answer by default.
	Wait = 15 * time.Second

	defaultTolerance = 300 * time.Second
	maxTolerance     = time.Hour

	signatureHeader = "X-Signature"
	deliveryHeader  = "X-Scalr-Delivery-Id"
	// dateLayout is how Scalr writes the Date header.
	dateLayout = "2006-01-02T15:04:05-0700"
)

// dateHeaders are the names under which the signed date arrives: its own, and
// the one that Amazon API Gateway gives it.
var dateHeaders = []string{"Date", "X-Amzn-Remapped-Date"}

// Config is the source's part of a configuration.
type Config struct {
	// Secrets are the signing keys; each one is accepted.
	Secrets []secret.Handle `yaml:"secrets"`
	// Tolerance is how far a request's date may be from now: 300s unless set,
	// at most 1h.
	Tolerance time.Duration `yaml:"tolerance"`
	// Now is the clock; time.Now unless set.
	Now func() time.Time `yaml:"-"`
}

// Source is a source.Source, Sealer, Freshener, Identifier and Replayer.
type Source struct {
	secrets   []secret.Handle
	tolerance time.Duration
	now       func() time.Time
}

// New checks c; its error joins every *problem.Problem.
func New(c Config) (*Source, error) {
	errs := []error{source.CheckSecrets("secrets", c.Secrets)}
	if c.Tolerance == 0 {
		c.Tolerance = defaultTolerance
	}
	if c.Tolerance < 0 || c.Tolerance > maxTolerance {
		errs = append(errs, problem.New("tolerance", "is out of range: use more than 0s and at most 1h"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Source{secrets: c.Secrets, tolerance: c.Tolerance, now: c.Now}, nil
}

// Verify checks X-Signature, the lower-case hex HMAC-SHA256 of body and date as
// received, and that the date is nearer to now than the tolerance.
func (s *Source) Verify(ctx context.Context, r *source.Request) error {
	keys, err := secret.Values(ctx, s.secrets)
	if err != nil {
		return fmt.Errorf("scalr: signing key: %w", err)
	}
	mac, err := hex.DecodeString(r.Header.Get(signatureHeader))
	if err != nil || len(mac) != sha256.Size {
		return refuse("X-Signature is missing or is not 64 hex digits")
	}
	seen := false
	for _, name := range dateHeaders {
		date := r.Header.Get(name)
		if date == "" {
			continue
		}
		seen = true
		if source.MatchMAC(sha256.New, keys, mac, r.Body, []byte(date)) {
			return s.checkDate(date)
		}
	}
	if !seen {
		return refuse("neither Date nor x-amzn-remapped-date came, and the signature covers it: a gateway may have removed it")
	}
	return source.Mismatched(http.StatusForbidden, "X-Signature does not match body and date")
}

func (s *Source) checkDate(date string) error {
	t, ok := source.ParseTime(date)
	if !ok {
		return refuse("the date is in no known form")
	}
	if s.now().Sub(t).Abs() >= s.tolerance {
		return refuse("the date is too far from this clock: more than the tolerance of " + s.tolerance.String())
	}
	return nil
}

func refuse(reason string) *source.Refusal {
	return source.Unverified(http.StatusForbidden, reason)
}

// Seal signs r as Scalr does, with a new delivery id and the current time.
func (s *Source) Seal(ctx context.Context, r *source.Request) error {
	keys, err := secret.Values(ctx, s.secrets)
	if err != nil {
		return fmt.Errorf("scalr: signing key: %w", err)
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	for _, name := range dateHeaders {
		r.Header.Del(name)
	}
	date := s.now().UTC().Format(dateLayout)
	r.Header.Set("Date", date)
	r.Header.Set(deliveryHeader, "wd-"+strings.ToLower(rand.Text()))
	r.Header.Set(signatureHeader, hex.EncodeToString(source.MAC(sha256.New, keys[0], r.Body, []byte(date))))
	return nil
}

// DeliveryID is X-Scalr-Delivery-Id.
func (*Source) DeliveryID(r *source.Request) string { return r.Header.Get(deliveryHeader) }

// Replay names the signature, which covers the date: a date may be ahead of
// this clock by the tolerance and then behind by as much.
func (s *Source) Replay(r *source.Request) (key string, fresh time.Duration, refusal *source.Refusal) {
	return strings.ToLower(r.Header.Get(signatureHeader)), 2 * s.tolerance, refuse("the same signature came before")
}
