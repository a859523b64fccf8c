// Package discord draws events for a Discord webhook: one embed, with the gauge
// as an attached picture.
package discord

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/address"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
)

// Type is the sink's name in a configuration.
const Type = "discord"

// Rate is what Discord takes: 5 requests in 2 s of a webhook, and about 30
// messages a minute in a channel. Its limits are not fixed, and its answers say
// how long to wait: https://docs.discord.com/developers/topics/rate-limits
var Rate = sink.Rate{Count: 5, Per: 10 * time.Second}

// Config is a Discord sink as it is configured.
type Config struct {
	// URL is the webhook's address, which is its secret. A query is kept, such
	// as thread_id.
	URL secret.Handle `yaml:"url"`
	// Mentions are who is called, and by which events.
	Mentions []Mention `yaml:"mentions"`
}

// Sink draws for one webhook.
type Sink struct {
	url      secret.Handle
	mentions []mention
}

var (
	_ sink.Sink    = (*Sink)(nil)
	_ sink.Judge   = (*Sink)(nil)
	_ sink.Reducer = (*Sink)(nil)
)

// New makes a Sink, or tells all that is wrong with c as problems.
func New(c Config) (*Sink, error) {
	var errs []error
	err := sink.CheckURL(c.URL, "is missing: name the webhook's address, e.g. secret://discord-ops")
	if err == nil && c.URL.Literal() {
		_, err = (&Sink{url: c.URL}).Endpoint(context.Background())
	}
	if err != nil {
		errs = append(errs, err)
	}
	var mentions []mention
	for i, m := range c.Mentions {
		ready, err := m.ready()
		for _, p := range problem.All(err) {
			errs = append(errs, problem.New(fmt.Sprintf("mentions[%d].%s", i, p.Key), "%s", p.Text))
		}
		mentions = append(mentions, ready)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &Sink{url: c.URL, mentions: mentions}, nil
}

// Endpoint resolves the webhook's address and adds wait=true, without which a
// message that isn't saved gives no error:
// https://docs.discord.com/developers/resources/webhook#execute-webhook
func (s *Sink) Endpoint(ctx context.Context) (sink.Endpoint, error) {
	v, err := sink.ResolveURL(ctx, s.url)
	if err != nil {
		return sink.Endpoint{}, err
	}
	u, err := address.Parse(v.Reveal())
	if err != nil {
		return sink.Endpoint{}, problem.New("url", "%v", err)
	}
	for _, end := range []string{"/slack", "/github"} {
		if strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), end) {
			return sink.Endpoint{}, problem.New("url", "must be the webhook's own address: remove %s from its end", end)
		}
	}
	q := u.Query()
	q.Set("wait", "true")
	u.RawQuery, u.Fragment, u.RawFragment = q.Encode(), "", ""
	return sink.Endpoint{URL: secret.NewValue(u.String())}, nil
}

// Render draws e, with its gauge as a picture.
func (s *Sink) Render(e *event.Event) sink.Message {
	return pack(s.draw(e, full), e.Gauge)
}

// RenderReduced draws e without a picture and with a quarter of the text.
func (s *Sink) RenderReduced(e *event.Event) sink.Message {
	return pack(s.draw(e, reduced), nil)
}
