// Package slack draws events for Slack's incoming webhooks: as Block Kit, or as
// the attachments of the CertifyClouds webhook reference, which Discord takes
// too under a webhook address that ends in /slack.
package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

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

// Rate is what Slack takes of one webhook: about a message a second,
// https://docs.slack.dev/apis/web-api/rate-limits.
var Rate = sink.Rate{Count: 1, Per: time.Second}

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
	if err := sink.CheckURL(c.URL, "is missing: name the incoming webhook's address, e.g. secret://slack-ops"); err != nil {
		errs = append(errs, err)
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

// Endpoint resolves the webhook's address.
func (s *Sink) Endpoint(ctx context.Context) (sink.Endpoint, error) {
	v, err := sink.ResolveURL(ctx, s.url)
	return sink.Endpoint{URL: v}, err
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
