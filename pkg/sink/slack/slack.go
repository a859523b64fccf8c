// Package slack draws events for Slack's incoming webhooks: as Block Kit, or as
// the attachments of the CertifyClouds webhook reference, which Discord takes
// too under a webhook address that ends in /slack.
package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/url"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
)

// Type is the sink's name in a configuration.
const Type = "slack"

// The values of Config.Format. An empty one is FormatBlocks.
const (
	FormatBlocks     = "blocks"
	FormatAttachment = "attachment"
)

// Config is a Slack sink as it is configured.
type Config struct {
	// URL is the incoming webhook's address, which is its secret.
	URL    secret.Handle `yaml:"url"`
	Format string        `yaml:"format"`
}

// Sink draws for one incoming webhook.
type Sink struct {
	url        secret.Handle
	attachment bool
}

var (
	_ sink.Sink    = (*Sink)(nil)
	_ sink.Judge   = (*Sink)(nil)
	_ sink.Reducer = (*Sink)(nil)
)

// New makes a Sink, or tells all that is wrong with c as problems.
func New(c Config) (*Sink, error) {
	var errs []error
	if c.URL.IsZero() {
		errs = append(errs, problem.New("url", "is missing: name the incoming webhook's address, e.g. secret://slack-ops"))
	} else if c.URL.Literal() {
		v, err := c.URL.Value(context.Background())
		if err == nil {
			err = checkURL(v.Reveal())
		}
		if err != nil {
			errs = append(errs, problem.New("url", "%v", err))
		}
	}
	switch c.Format {
	case "", FormatBlocks, FormatAttachment:
	default:
		errs = append(errs, problem.New("format", "is unknown: use %s or %s", FormatBlocks, FormatAttachment))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &Sink{url: c.URL, attachment: c.Format == FormatAttachment}, nil
}

var errURL = errors.New("is not an https:// address (http:// is for loopback addresses only)")

// checkURL accepts https, and http to this machine. Its error doesn't repeat
// the address.
func checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" {
		return errURL
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	loopback := host == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme == "https" || u.Scheme == "http" && loopback {
		return nil
	}
	return errURL
}

// Endpoint resolves the webhook's address.
func (s *Sink) Endpoint(ctx context.Context) (sink.Endpoint, error) {
	v, err := s.url.Value(ctx)
	if err != nil {
		return sink.Endpoint{}, err
	}
	if err := checkURL(v.Reveal()); err != nil {
		return sink.Endpoint{}, problem.New("url", "%v", err)
	}
	return sink.Endpoint{URL: v}, nil
}

// Render draws e in the configured format.
func (s *Sink) Render(e *event.Event) sink.Message {
	if s.attachment {
		return encode(drawAttachment(e, excerptLimit))
	}
	return encode(drawBlocks(e, totalLimit, excerptLimit))
}

// RenderReduced draws e with a quarter of the text.
func (s *Sink) RenderReduced(e *event.Event) sink.Message {
	if s.attachment {
		return encode(drawAttachment(e, excerptLimit/4))
	}
	return encode(drawBlocks(e, totalLimit/4, excerptLimit/4))
}

// usualBytes is more than most messages take.
const usualBytes = 2 << 10

func encode(m message) sink.Message {
	var b bytes.Buffer
	b.Grow(usualBytes)
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		panic("slack: a message of strings and numbers did not encode: " + err.Error())
	}
	return sink.Message{ContentType: "application/json; charset=utf-8", Body: bytes.TrimSuffix(b.Bytes(), []byte("\n"))}
}
