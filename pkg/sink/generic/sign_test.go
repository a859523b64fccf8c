package generic

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
)

func signingKey(words string) string {
	return keyPrefix + base64.StdEncoding.EncodeToString([]byte(words))
}

var oldKey, newKey = signingKey("the old key of the tests, no secret"), signingKey("the new key of the tests, no secret")

// rotating is a store whose one secret has these versions, newest first.
type rotating []string

func (r rotating) Get(context.Context, secret.Ref) (secret.Value, error) {
	return secret.NewValue(r[0]), nil
}

func (rotating) Refresh(context.Context, []secret.Ref, time.Time) bool { return false }

func (r rotating) Previous(context.Context, secret.Ref) (secret.Value, bool) {
	return secret.NewValue(r[1]), true
}

// sealed is what is posted of e at a time.
func sealed(t *testing.T, s *Sink, e *event.Event, now time.Time) sink.Posting {
	t.Helper()
	p, err := s.Seal(t.Context(), e, s.Render(e), now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// headerOf is a posting's header as a receiver gets it.
func headerOf(p sink.Posting) http.Header {
	h := http.Header{"Content-Type": {p.ContentType}}
	for name, v := range p.Header {
		h.Set(name, v.Reveal())
	}
	return h
}

func verifies(t *testing.T, key string, p sink.Posting) bool {
	t.Helper()
	wh, err := standardwebhooks.NewWebhook(key)
	if err != nil {
		t.Fatal(err)
	}
	return wh.Verify(p.Body, headerOf(p)) == nil
}

func TestSignaturesVerifyInEveryFormat(t *testing.T) {
	for _, format := range []string{JSON, Binary, Structured, Raw} {
		s := newSink(t, func(c *Config) { c.Format, c.Signing = format, secret.Fixed(newKey) })
		e := event.Event{ID: "d1", Source: "github", Title: "Größe", Time: time.Unix(1, 0), Raw: []byte("{\"a\":\xff}")}
		p := sealed(t, s, &e, time.Now())
		if !verifies(t, newKey, p) || verifies(t, oldKey, p) {
			t.Errorf("%s: the signature doesn't verify, or with every key: %v", format, headerOf(p))
		}
		p.Body = append([]byte(" "), p.Body...)
		if verifies(t, newKey, p) {
			t.Errorf("%s: another body verifies", format)
		}
	}
}

func TestSignaturesAreFreshAndTheirIDsAreNot(t *testing.T) {
	s := newSink(t, func(c *Config) { c.Signing = secret.Fixed(newKey) })
	e := event.Event{ID: "d1", Source: "github", Title: "x"}
	first, later := sealed(t, s, &e, time.Now().Add(-time.Hour)), sealed(t, s, &e, time.Now())
	if verifies(t, newKey, first) || !verifies(t, newKey, later) {
		t.Error("the time of a signature isn't that of the delivery")
	}
	id := later.Header[idHeader].Reveal()
	if first.Header[idHeader].Reveal() != id || strings.Contains(id, ".") || id == "" {
		t.Errorf("id %q of a redelivery differs from %q", id, first.Header[idHeader].Reveal())
	}
	for _, other := range []event.Event{{ID: "d2", Source: "github"}, {ID: "d1", Source: "gitlab"}} {
		if got := sealed(t, s, &other, time.Now()).Header[idHeader].Reveal(); got == id {
			t.Errorf("%v has the id of another event", other)
		}
	}
}

func TestBothKeysSignWhileOneIsRotated(t *testing.T) {
	var h secret.Handle
	if err := h.UnmarshalText([]byte("secret://signing")); err != nil {
		t.Fatal(err)
	}
	h.Bind(rotating{newKey, oldKey})
	s := newSink(t, func(c *Config) { c.Signing = h })
	p := sealed(t, s, &event.Event{ID: "d1", Title: "x"}, time.Now())
	if !verifies(t, newKey, p) || !verifies(t, oldKey, p) {
		t.Errorf("signatures are %q", p.Header[signatureHeader].Reveal())
	}
	h.Bind(rotating{newKey, "not a key"})
	s = newSink(t, func(c *Config) { c.Signing = h })
	if p := sealed(t, s, &event.Event{ID: "d1", Title: "x"}, time.Now()); !verifies(t, newKey, p) {
		t.Error("an unusable old key spoils the new one")
	}
}

func TestBadSecretsAreNamedAndNotRepeated(t *testing.T) {
	e := event.Event{ID: "d1", Title: "x"}
	for _, c := range []struct {
		key    string
		change func(*Config)
	}{
		{"signing", func(c *Config) { c.Signing = secret.Fixed("hidden") }},
		{"signing", func(c *Config) { c.Signing = secret.Fixed(strings.TrimPrefix(newKey, keyPrefix)) }},
		{"signing", func(c *Config) { c.Signing = secret.Fixed(signingKey("hidden but short")) }},
		{"signing", func(c *Config) { c.Signing = secret.Fixed(signingKey(strings.Repeat("hidden", 20))) }},
		{"signing", func(c *Config) { c.Signing = secret.Fixed(newKey + "\n!") }},
		{"bearer", func(c *Config) { c.Bearer = secret.Fixed("Bearer hidden") }},
		{"bearer", func(c *Config) { c.Bearer = secret.Fixed("hidden\r\nX: y") }},
	} {
		s := newSink(t, c.change)
		_, end := s.Endpoint(t.Context())
		_, seal := s.Seal(t.Context(), &e, s.Render(&e), time.Now())
		for _, err := range []error{end, seal} {
			var p *problem.Problem
			if !errors.As(err, &p) || p.Key != c.key || strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), newKey[len(keyPrefix):]) {
				t.Errorf("error is %v, want one of %s", err, c.key)
			}
		}
	}
}

func TestBearer(t *testing.T) {
	s := newSink(t, func(c *Config) { c.Bearer = secret.Fixed("hidden-token") })
	p := sealed(t, s, &event.Event{Title: "x"}, time.Now())
	if got := headerOf(p).Get("Authorization"); got != "Bearer hidden-token" {
		t.Errorf("authorization is %q", got)
	}
}
