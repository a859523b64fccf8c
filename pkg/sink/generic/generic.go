// Package generic draws events for any receiver of your own: as the plain JSON of
// the CertifyClouds webhook reference, as that JSON in a CloudEvent, or as what
// the sender posted.
package generic

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
)

// Type is the sink's name in a configuration.
const Type = "generic"

// The formats of a message.
const (
	JSON       = "json" // the default
	Binary     = "cloudevents-binary"
	Structured = "cloudevents-structured"
	Raw        = "raw"
)

// Config is the sink's part of a configuration.
type Config struct {
	// URL is where the message is posted.
	URL secret.Handle `yaml:"url"`
	// Format is JSON, Binary, Structured, Raw or empty.
	Format string `yaml:"format"`
	// Headers are sent with it.
	Headers map[string]secret.Handle `yaml:"headers"`
	// Bearer is the token of an Authorization header.
	Bearer secret.Handle `yaml:"bearer"`
	// Signing is the secret of a Standard Webhooks signature.
	Signing secret.Handle `yaml:"signing"`
}

// Sink is a receiver of your own.
type Sink struct {
	c       Config
	headers map[string]secret.Handle
}

var (
	_ sink.Sink   = (*Sink)(nil)
	_ sink.Sealer = (*Sink)(nil)
)

// New checks c. Its error joins all problems, by key.
func New(c Config) (*Sink, error) {
	var errs []error
	if err := sink.CheckURL(c.URL, "is required: where the JSON is posted"); err != nil {
		errs = append(errs, err)
	}
	switch c.Format {
	case "":
		c.Format = JSON
	case JSON, Binary, Structured, Raw:
	default:
		errs = append(errs, problem.New("format", "unknown format: use %s, %s, %s or %s", JSON, Binary, Structured, Raw))
	}
	for _, h := range []struct {
		key    string
		handle secret.Handle
	}{{"bearer", c.Bearer}, {"signing", c.Signing}} {
		if h.handle.Literal() && !h.handle.IsZero() {
			errs = append(errs, problem.New(h.key, "%s", literalText))
		}
	}
	headers, headerErrs := checkHeaders(c.Headers)
	errs = append(errs, headerErrs...)
	for name := range c.Headers {
		if by := c.setBy(name); by != "" {
			errs = append(errs, problem.New("headers."+name, "must be removed: %s sets it", by))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &Sink{c: c, headers: headers}, nil
}

// setBy is the key that sets a header of that name, if one does.
func (c Config) setBy(name string) string {
	switch name = strings.ToLower(name); {
	case name == "authorization" && !c.Bearer.IsZero():
		return "bearer"
	case strings.HasPrefix(name, "webhook-") && !c.Signing.IsZero():
		return "signing"
	case strings.HasPrefix(name, "ce-") && c.Format == Binary, name == "content-type" && (c.Format == Binary || c.Format == Structured),
		strings.HasPrefix(name, "sigpost-") && c.Format == Raw:
		return "format"
	}
	return ""
}

// Render draws e in the configured format.
func (s *Sink) Render(e *event.Event) sink.Message {
	switch s.c.Format {
	case Structured:
		return structured(e)
	case Raw:
		return sink.Message{ContentType: rawType(e.Raw), Body: e.Raw}
	}
	return sink.Message{ContentType: jsonType, Body: drawDocument(e)}
}

// Endpoint is the address and the headers that are the same for every message.
func (s *Sink) Endpoint(ctx context.Context) (sink.Endpoint, error) {
	v, err := sink.ResolveURL(ctx, s.c.URL)
	if err != nil {
		return sink.Endpoint{}, err
	}
	end := sink.Endpoint{URL: v, Header: make(map[string]secret.Value, len(s.headers)+maxOwnHeaders)}
	for name, h := range s.headers {
		v, err := h.Value(ctx)
		if err != nil {
			return sink.Endpoint{}, fmt.Errorf("header %s: %w", name, err)
		}
		if !headerValue(v) {
			return sink.Endpoint{}, problem.New("headers."+name, "%s", valueText)
		}
		end.Header[name] = v
	}
	if !s.c.Bearer.IsZero() {
		v, err := s.c.Bearer.Value(ctx)
		if err != nil {
			return sink.Endpoint{}, fmt.Errorf("bearer: %w", err)
		}
		if !headerValue(v) || strings.ContainsAny(v.Reveal(), " \t") {
			return sink.Endpoint{}, problem.New("bearer", "must be a token: one word, without Bearer before it")
		}
		end.Header["Authorization"] = secret.NewValue("Bearer " + v.Reveal())
	}
	if !s.c.Signing.IsZero() {
		if _, err := s.keys(ctx); err != nil {
			return sink.Endpoint{}, err
		}
	}
	return end, nil
}

// maxOwnHeaders is how many headers Seal adds at most.
const maxOwnHeaders = 12

// Seal adds the headers that differ by message: those of a CloudEvent, what is
// known of a raw body, and the signature.
func (s *Sink) Seal(ctx context.Context, e *event.Event, m sink.Message, now time.Time) (sink.Posting, error) {
	end, err := s.Endpoint(ctx)
	if err != nil {
		return sink.Posting{}, err
	}
	switch s.c.Format {
	case Binary:
		for _, a := range attributes(e) {
			end.Header["ce-"+a.name] = secret.NewValue(encodeHeader(a.value))
		}
	case Raw:
		if err := whole(e); err != nil {
			return sink.Posting{}, err
		}
		for _, a := range origin(e) {
			end.Header[a.name] = secret.NewValue(encodeHeader(a.value))
		}
	}
	if !s.c.Signing.IsZero() {
		if err := s.sign(ctx, e, m.Body, now, end.Header); err != nil {
			return sink.Posting{}, err
		}
	}
	return sink.Posting{Message: m, Endpoint: end}, nil
}
