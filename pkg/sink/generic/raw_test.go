package generic

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
)

func TestRawIsUnchanged(t *testing.T) {
	s := newSink(t, func(c *Config) { c.Format = Raw })
	for _, c := range []struct{ body, contentType string }{
		{"{\"a\": 1 }\r\n\x00\xff", jsonType},
		{" \n[1]", jsonType},
		{"payload=%7B%22a%22%3A1%7D", "application/x-www-form-urlencoded"},
		{"\x00\x01", "application/octet-stream"},
		{"text", "application/octet-stream"},
		{strings.Repeat(" ", 3<<20) + "{}", jsonType},
	} {
		e := event.Event{ID: "d 1", Source: "github", Type: "issues.opened", Title: "x", Raw: []byte(c.body)}
		p := sealed(t, s, &e, time.Time{})
		if string(p.Body) != c.body || p.ContentType != c.contentType {
			t.Errorf("%.20q: %q, %.20q", c.body, p.ContentType, p.Body)
		}
		if h := headerOf(p); h.Get("Sigpost-Source") != "github" || h.Get("Sigpost-Type") != "issues.opened" || h.Get("Sigpost-Id") != "d%201" {
			t.Errorf("headers are %v", h)
		}
	}
}

// A body that the queue has cut is not passed on as if it were whole, and not
// tried again either.
func TestACutBodyIsNotPassedOn(t *testing.T) {
	s := newSink(t, func(c *Config) { c.Format = Raw })
	for _, e := range []event.Event{
		{Title: "x"},
		{Title: "x", RawBytes: 9},
		{Title: "x", Raw: []byte(`{"a"`), RawBytes: 9},
	} {
		_, err := s.Seal(t.Context(), &e, s.Render(&e), time.Time{})
		if u := (*sink.UnsendableError)(nil); !errors.As(err, &u) || u.Reason == "" {
			t.Errorf("%d of %d bytes: %v", len(e.Raw), e.RawBytes, err)
		}
	}
	e := event.Event{Title: "x", Raw: []byte(`{"a":1}`), RawBytes: 7}
	if p := sealed(t, s, &e, time.Time{}); !bytes.Equal(p.Body, e.Raw) {
		t.Error("a whole body is refused")
	}
	for _, format := range []string{JSON, Binary, Structured} {
		cut := event.Event{Title: "x", RawBytes: 9}
		sealed(t, newSink(t, func(c *Config) { c.Format = format }), &cut, time.Time{})
	}
}

// A sender chooses its ids and types, and no receiver takes headers of any length.
func TestRawHeadersAreShort(t *testing.T) {
	s := newSink(t, func(c *Config) { c.Format = Raw })
	long := strings.Repeat("\U0001f600\r\nX-Evil: 1\x00", 10_000)
	e := event.Event{ID: long, Source: "s", Type: long, Raw: []byte("{}")}
	h := headerOf(sealed(t, s, &e, time.Time{}))
	h.Del("Content-Type")
	for name, v := range h {
		if len(v) != 1 || len(v[0]) > 12*maxAttribute || strings.ContainsAny(v[0], "\r\n\x00 ") || strings.HasPrefix(name, "X-") {
			t.Errorf("%s: %d bytes, %.80q", name, len(v[0]), v[0])
		}
	}
}

// What sigpost says of a raw body is not for the configuration to say.
func TestRawHeadersAreOurs(t *testing.T) {
	for format, want := range map[string]bool{Raw: true, JSON: false} {
		c := Config{URL: secret.Fixed("https://example.com/hooks"), Format: format, Headers: map[string]secret.Handle{"sigpost-ID": secret.Fixed("x")}}
		_, err := New(c)
		if got := len(problem.All(err)) == 1; got != want {
			t.Errorf("%s: %v", format, err)
		}
	}
}
