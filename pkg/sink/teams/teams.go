// Package teams draws events for Microsoft Teams: as an Adaptive Card in the
// envelope that a Workflows webhook takes, or as the older MessageCard of the
// CertifyClouds webhook reference.
package teams

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
)

// Type is the sink's name in a configuration.
const Type = "teams"

// Rate is what Teams takes of a bot in one conversation: 25 messages in 300 s,
// https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit.
var Rate = sink.Rate{Count: 25, Per: 300 * time.Second}

// The formats of a message.
const (
	AdaptiveCard = "adaptive-card" // the default
	MessageCard  = "message-card"
)

// Config is the sink's part of a configuration.
type Config struct {
	// URL is the address of the Workflows webhook. Its sig parameter is a secret.
	URL secret.Handle `yaml:"url"`
	// Format is AdaptiveCard, MessageCard or empty.
	Format string `yaml:"format"`
	// Mentions are whom cards call.
	Mentions []Mention `yaml:"mentions"`
}

// Sink is a channel or chat of Microsoft Teams.
type Sink struct {
	url      secret.Handle
	legacy   bool
	mentions []Mention
}

var (
	_ sink.Sink    = (*Sink)(nil)
	_ sink.Reducer = (*Sink)(nil)
)

// New checks c. Its error joins all problems, by key.
func New(c Config) (*Sink, error) {
	var errs []error
	if err := sink.CheckURL(c.URL, "is required: the address of the Workflows webhook, e.g. secret://teams-platform"); err != nil {
		errs = append(errs, err)
	}
	switch c.Format {
	case "", AdaptiveCard, MessageCard:
	default:
		errs = append(errs, problem.New("format", "unknown format: use %s or %s", AdaptiveCard, MessageCard))
	}
	if err := checkMentions(c.Mentions, c.Format != MessageCard); err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &Sink{url: c.URL, legacy: c.Format == MessageCard, mentions: c.Mentions}, nil
}

// Render draws e within the limits of Teams.
func (s *Sink) Render(e *event.Event) sink.Message {
	if s.legacy {
		return message(fit(e, budgetBytes, plans, nil, messageCard))
	}
	return message(fit(e, budgetBytes, plans, called(s.mentions, e), envelopeOf))
}

// RenderReduced draws e smaller, and without the gauge.
func (s *Sink) RenderReduced(e *event.Event) sink.Message {
	if s.legacy {
		return message(fit(e, reducedBytes, reducedPlans, nil, messageCard))
	}
	return message(fit(e, reducedBytes, reducedPlans, called(s.mentions, e), envelopeOf))
}

// Endpoint is the webhook's address.
func (s *Sink) Endpoint(ctx context.Context) (sink.Endpoint, error) {
	v, err := sink.ResolveURL(ctx, s.url)
	return sink.Endpoint{URL: v}, err
}

// failedPrefix begins the body of a 200 that is a failure, followed by the real
// status: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
const failedPrefix = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error "

// Judge finds the failures that Teams reports with a 200.
func (*Sink) Judge(status int, body []byte) error {
	rest, failed := strings.CutPrefix(string(body), failedPrefix)
	if status != http.StatusOK || !failed {
		return nil
	}
	code, _, _ := strings.Cut(strings.TrimSpace(rest)+" ", " ")
	if strings.HasPrefix(code, "429") || strings.HasPrefix(code, "5") {
		return &sink.AnswerError{Class: sink.Retry, Code: "delivery_failed"}
	}
	return &sink.AnswerError{Class: sink.Refused, Code: "delivery_failed"}
}

func message(body []byte) sink.Message {
	return sink.Message{ContentType: "application/json; charset=utf-8", Body: body}
}

// encode is v as JSON without HTML escapes, which would only cost bytes.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // structs of strings and numbers can't fail
		panic("teams: " + err.Error())
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
