// Package pagerduty reports events to PagerDuty's Events API v2: as alerts that
// page somebody and end when the trouble does, and as change events that page
// nobody.
package pagerduty

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/match"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
)

// Type is the sink's name in a configuration.
const Type = "pagerduty"

// Rate is what PagerDuty takes of one routing key, about: it changes with what
// comes in, https://developer.pagerduty.com/docs/events-api-v2/overview.
var Rate = sink.Rate{Count: 120, Per: time.Minute}

// DefaultURL is PagerDuty's address outside of the EU.
const DefaultURL = "https://events.pagerduty.com"

// The paths of the two sorts of events,
// https://developer.pagerduty.com/docs/events-api-v2/trigger-events and
// https://developer.pagerduty.com/docs/events-api-v2/send-change-events.
const (
	alertPath  = "/v2/enqueue"
	changePath = "/v2/change/enqueue"
)

// keyLength is how many characters a routing key has.
const keyLength = 32

// Config is the sink's part of a configuration.
type Config struct {
	// Key is the routing key, which PagerDuty also calls integration key.
	Key secret.Handle `yaml:"key"`
	// URL is where PagerDuty listens. Default DefaultURL.
	URL secret.Handle `yaml:"url"`
	// Trigger are the severities that open an alert. Default error and warning.
	Trigger []event.Severity `yaml:"trigger"`
	// Critical are the events whose alerts have the severity critical.
	Critical []match.Filter `yaml:"critical"`
	// Acknowledge are the updates that say that somebody took the subject over.
	// Default: those of a type that ends in ".assigned".
	Acknowledge []match.Filter `yaml:"acknowledge"`
	// Changes are the events that are sent as change events, if they open no
	// alert. Default: successes that end something or stand alone.
	Changes []match.Filter `yaml:"changes"`
}

// Sink is a service of PagerDuty.
type Sink struct{ c Config }

var (
	_ sink.Sink      = (*Sink)(nil)
	_ sink.Sealer    = (*Sink)(nil)
	_ sink.Converser = (*Sink)(nil)
	_ sink.Judge     = (*Sink)(nil)
)

// New checks c. Its error joins all problems, by key.
func New(c Config) (*Sink, error) {
	var errs []error
	switch {
	case c.Key.IsZero():
		errs = append(errs, problem.New("key", "is required: the integration key of an Events API v2 integration, e.g. secret://pagerduty-key"))
	case c.Key.Literal():
		errs = append(errs, problem.New("key", "holds a secret in plain text: write secret://NAME, env://NAME or file://PATH instead, and change the key if this file was shared"))
	}
	if c.URL.IsZero() {
		c.URL = secret.Fixed(DefaultURL)
	}
	if err := sink.CheckURL(c.URL, ""); err != nil {
		errs = append(errs, err)
	}
	errs = append(errs, checkFilters("critical", c.Critical)...)
	errs = append(errs, checkFilters("acknowledge", c.Acknowledge)...)
	errs = append(errs, checkFilters("changes", c.Changes)...)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if c.Trigger == nil {
		c.Trigger = []event.Severity{event.Error, event.Warning}
	}
	if c.Acknowledge == nil {
		c.Acknowledge = []match.Filter{{Events: []string{"*.assigned"}}}
	}
	return &Sink{c: c}, nil
}

// checkFilters is what is wrong with the filters of a key.
func checkFilters(key string, filters []match.Filter) (errs []error) {
	for i, f := range filters {
		for _, p := range problem.All(f.Validate()) {
			errs = append(errs, problem.New(fmt.Sprintf("%s[%d].%s", key, i, p.Key), "%s", p.Text))
		}
	}
	return errs
}

// Endpoint is where alerts go. It fails if the routing key can't be one.
func (s *Sink) Endpoint(ctx context.Context) (sink.Endpoint, error) {
	if _, err := s.key(ctx); err != nil {
		return sink.Endpoint{}, err
	}
	return s.endpoint(ctx, alertPath)
}

func (s *Sink) endpoint(ctx context.Context, path string) (sink.Endpoint, error) {
	v, err := sink.ResolveURL(ctx, s.c.URL)
	if err != nil {
		return sink.Endpoint{}, err
	}
	base := strings.TrimSuffix(strings.TrimSuffix(v.Reveal(), "/"), alertPath)
	if strings.ContainsAny(base, "?#") {
		return sink.Endpoint{}, problem.New("url", "must have no query and no fragment: e.g. https://events.eu.pagerduty.com")
	}
	return sink.Endpoint{URL: secret.NewValue(base + path)}, nil
}

// key is the routing key, if it can be one. Its error doesn't repeat it.
func (s *Sink) key(ctx context.Context) (secret.Value, error) {
	v, err := s.c.Key.Value(ctx)
	if err != nil {
		return secret.Value{}, err
	}
	key := v.Reveal()
	if len(key) != keyLength || strings.ContainsFunc(key, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}) {
		return secret.Value{}, problem.New("key", "is no routing key: one has %d letters and digits, and this has %d bytes; copy the integration key of an Events API v2 integration", keyLength, len(key))
	}
	return v, nil
}

// Seal puts the routing key into m, and sends change events where those go.
func (s *Sink) Seal(ctx context.Context, _ *event.Event, m sink.Message, _ time.Time) (sink.Posting, error) {
	key, err := s.key(ctx)
	if err != nil {
		return sink.Posting{}, err
	}
	path := alertPath
	if m.Kind == kindChange {
		path = changePath
	}
	end, err := s.endpoint(ctx, path)
	if err != nil {
		return sink.Posting{}, err
	}
	body := make([]byte, 0, len(m.Body)+keyLength+len(`"routing_key":"",`))
	body = append(body, `{"routing_key":"`+key.Reveal()+`",`...)
	m.Body = append(body, m.Body[1:]...)
	return sink.Posting{Message: m, Endpoint: end}, nil
}

// The codes of refused requests. PagerDuty's words are those of its reference,
// https://developer.pagerduty.com/api-reference/368ae3d938c9e-send-an-event-to-pager-duty.
var codes = map[string]string{
	"invalid event":       "invalid_event",
	"Unrecognized object": "unrecognized_object",
}

// throttled is how long PagerDuty is left alone once it has too much. It asks for
// a few minutes, but somebody may have to be woken; its count is by the minute.
const throttled = time.Minute

// Judge names a refusal: which events and keys PagerDuty takes isn't said by the
// status. Whether to try again is.
func (*Sink) Judge(status int, body []byte) error {
	switch status {
	case http.StatusTooManyRequests:
		return &sink.AnswerError{Class: sink.Retry, Code: "throttled", After: throttled}
	case http.StatusBadRequest:
	default:
		return nil
	}
	var answer struct {
		Status string   `json:"status"`
		Errors []string `json:"errors"`
	}
	if json.Unmarshal(body, &answer) != nil {
		answer.Status = ""
	}
	for _, text := range answer.Errors {
		if strings.Contains(text, "routing_key") {
			return &sink.AnswerError{Class: sink.Refused, Code: "invalid_routing_key", Denied: true}
		}
	}
	if code, ok := codes[answer.Status]; ok {
		return &sink.AnswerError{Class: sink.Refused, Code: code}
	}
	return nil
}
