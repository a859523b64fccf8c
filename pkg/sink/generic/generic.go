// Package generic draws events as the plain JSON of the CertifyClouds webhook
// reference, for any receiver of your own.
package generic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
)

// Type is the sink's name in a configuration.
const Type = "generic"

// Config is the sink's part of a configuration.
type Config struct {
	// URL is where the JSON is posted.
	URL secret.Handle `yaml:"url"`
	// Headers are sent with it, e.g. Authorization.
	Headers map[string]secret.Handle `yaml:"headers"`
}

// Sink is a receiver of plain JSON.
type Sink struct {
	url     secret.Handle
	headers map[string]secret.Handle
}

var _ sink.Sink = (*Sink)(nil)

// New checks c. Its error joins all problems, by key.
func New(c Config) (*Sink, error) {
	var errs []error
	if err := sink.CheckURL(c.URL, "is required: where the JSON is posted"); err != nil {
		errs = append(errs, err)
	}
	headers, headerErrs := checkHeaders(c.Headers)
	if errs = append(errs, headerErrs...); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &Sink{url: c.URL, headers: headers}, nil
}

// reserved are the headers that belong to the connection or to the client.
// https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
var reserved = []string{
	"Connection", "Content-Length", "Host", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
	"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// checkHeaders is the headers by their canonical names, and what is wrong with them.
func checkHeaders(in map[string]secret.Handle) (map[string]secret.Handle, []error) {
	var errs []error
	out := make(map[string]secret.Handle, len(in))
	names := make([]string, 0, len(in))
	for name := range in {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		h, canonical := in[name], http.CanonicalHeaderKey(name)
		_, twice := out[canonical]
		switch {
		case !token(name):
			errs = append(errs, problem.New("headers", "%q is no header name: letters, digits and hyphens are", strings.ToValidUTF8(name, "?")))
			continue
		case slices.Contains(reserved, canonical):
			errs = append(errs, problem.New("headers."+name, "can't be set: it belongs to the connection"))
		case twice:
			errs = append(errs, problem.New("headers."+name, "is there twice: header names don't tell upper from lower case"))
		case h.IsZero():
			errs = append(errs, problem.New("headers."+name, "has no value"))
		case h.Literal() && secretHeader(name):
			errs = append(errs, problem.New("headers."+name, "holds a secret in plain text: write secret://NAME, env://NAME or file://PATH instead, and change the secret if this file was shared"))
		case h.Literal():
			if v, err := h.Value(context.Background()); err != nil || !headerValue(v) {
				errs = append(errs, problem.New("headers."+name, "%s", valueText))
			}
		}
		out[canonical] = h
	}
	return out, errs
}

// secretHeader tells whether headers of that name carry secrets.
func secretHeader(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"authorization", "cookie", "token", "secret", "password", "apikey", "api-key"}, func(word string) bool {
		return strings.Contains(name, word)
	})
}

// token tells whether name is a header's name.
// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
func token(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
}

// headerValue tells whether v is text that a header can carry.
func headerValue(v secret.Value) bool {
	return !strings.ContainsFunc(v.Reveal(), func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

const valueText = "must be one line without control characters"

// Endpoint is the address and its headers.
func (s *Sink) Endpoint(ctx context.Context) (sink.Endpoint, error) {
	v, err := sink.ResolveURL(ctx, s.url)
	if err != nil {
		return sink.Endpoint{}, err
	}
	end := sink.Endpoint{URL: v}
	for name, h := range s.headers {
		v, err := h.Value(ctx)
		if err != nil {
			return sink.Endpoint{}, fmt.Errorf("header %s: %w", name, err)
		}
		if !headerValue(v) {
			return sink.Endpoint{}, problem.New("headers."+name, "%s", valueText)
		}
		if end.Header == nil {
			end.Header = make(map[string]secret.Value, len(s.headers))
		}
		end.Header[name] = v
	}
	return end, nil
}
