// Package slack draws events for Slack, as Block Kit or as the attachments of the
// CertifyClouds webhook reference: for incoming webhooks (and Discord's, under an
// address that ends in /slack), and for a bot, which answers in threads and changes
// what it wrote.
package slack

import (
	"context"
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

// Rate is what Slack takes of one webhook, and of a bot in one channel: about a
// message a second, https://docs.slack.dev/apis/web-api/rate-limits.
var Rate = sink.Rate{Count: 1, Per: time.Second}

// Config is a Slack sink as it is configured: an incoming webhook with URL, or a
// bot with Token and Channel.
type Config struct {
	// URL is the incoming webhook's address, which is its secret.
	URL secret.Handle `yaml:"url"`
	// Token is the bot's (xoxb-…).
	Token secret.Handle `yaml:"token"`
	// Channel is where the bot posts: an ID (C…, G…, D…) or #name.
	Channel string `yaml:"channel"`
	// Conversation is what the bot makes of later events of a subject.
	Conversation string `yaml:"conversation"`
	// API is another address of the API: https://slack.com/api/ unless set.
	API      string    `yaml:"api"`
	Format   string    `yaml:"format"`
	Mentions []Mention `yaml:"mentions"`
}

// Webhook draws for one incoming webhook.
type Webhook struct {
	drawer
	url secret.Handle
}

var (
	_ sink.Sink    = (*Webhook)(nil)
	_ sink.Judge   = (*Webhook)(nil)
	_ sink.Reducer = (*Webhook)(nil)
)

// New makes a *Webhook, a *Bot or a *Conversation, or tells all that is wrong with
// c as problems.
func New(c Config) (sink.Sink, error) {
	bot := !c.Token.IsZero() || c.URL.IsZero() && c.Channel != ""
	errs := []error{checkMentions(c.Mentions)}
	switch c.Format {
	case "", FormatBlocks, FormatAttachment:
	default:
		errs = append(errs, problem.New("format", "is unknown: use %s or %s", FormatBlocks, FormatAttachment))
	}
	d := drawer{attachment: c.Format == FormatAttachment, mentions: c.Mentions}
	if bot {
		b, err := newBot(c, d)
		if err := errors.Join(append(errs, err)...); err != nil {
			return nil, err
		}
		if c.Conversation == ConversationNone {
			return b, nil
		}
		return &Conversation{Bot: *b, mode: c.Conversation}, nil
	}
	errs = append(errs, checkWebhook(c))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Webhook{drawer: d, url: c.URL}, nil
}

// checkWebhook is what is wrong with the keys of a webhook.
func checkWebhook(c Config) error {
	errs := []error{sink.CheckURL(c.URL, "is missing: name the incoming webhook's address, e.g. secret://slack-ops, or a bot's token and channel instead")}
	for _, k := range []struct{ key, value string }{{"channel", c.Channel}, {"conversation", c.Conversation}, {"api", c.API}} {
		if k.value != "" {
			errs = append(errs, problem.New(k.key, "is for a bot: an incoming webhook posts to its own channel only; name a token instead of url, or remove this"))
		}
	}
	return errors.Join(errs...)
}

// Endpoint resolves the webhook's address.
func (s *Webhook) Endpoint(ctx context.Context) (sink.Endpoint, error) {
	v, err := sink.ResolveURL(ctx, s.url)
	return sink.Endpoint{URL: v}, err
}

// Render draws e in the configured format.
func (s *Webhook) Render(e *event.Event) sink.Message { return encode(s.post(e, full)) }

// RenderReduced draws e with a quarter of the text and without images.
func (s *Webhook) RenderReduced(e *event.Event) sink.Message { return encode(s.post(e, reduced)) }
