package generic

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
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
