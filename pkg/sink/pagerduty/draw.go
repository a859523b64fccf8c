package pagerduty

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/sink"
)

// Limits of the Events API v2,
// https://developer.pagerduty.com/docs/events-api-v2/trigger-events. PagerDuty
// takes 512 KB with the routing key; half of that fits into every alert's page.
const (
	maxBytes   = 256_000 // bytes of the body before it is sealed
	maxSummary = 1024    // characters of the summary
	maxDedup   = 255     // characters of the deduplication key, here bytes
)

// Limits that PagerDuty doesn't set.
const (
	maxName  = 255  // characters of source, component, group, class and client
	maxURL   = 2048 // bytes of a link; a longer one is left out
	maxLinks = 10   // links
	maxText  = 200  // characters of a link's words
)

// alertBody is an alert event without its routing key.
type alertBody struct {
	Action    string   `json:"event_action"`
	DedupKey  string   `json:"dedup_key"`
	Payload   *payload `json:"payload,omitempty"`
	Client    string   `json:"client,omitempty"`
	ClientURL string   `json:"client_url,omitempty"`
	Links     []link   `json:"links,omitempty"`
	Images    []image  `json:"images,omitempty"`
}

// changeBody is a change event without its routing key.
type changeBody struct {
	Payload payload `json:"payload"`
	Links   []link  `json:"links,omitempty"`
}

// payload is of both; a change event has no severity, component, group and class.
type payload struct {
	Summary   string  `json:"summary"`
	Source    string  `json:"source"`
	Severity  string  `json:"severity,omitempty"`
	Timestamp string  `json:"timestamp,omitempty"`
	Component string  `json:"component,omitempty"`
	Group     string  `json:"group,omitempty"`
	Class     string  `json:"class,omitempty"`
	Details   details `json:"custom_details,omitempty"`
}

type link struct {
	Href string `json:"href"`
	Text string `json:"text,omitempty"`
}

type image struct {
	Src  string `json:"src"`
	Href string `json:"href,omitempty"`
	Alt  string `json:"alt,omitempty"`
}

// Render draws what PagerDuty is told first of e if nothing is known of its
// subject. An event that it isn't told of is drawn as a change event.
func (s *Sink) Render(e *event.Event) sink.Message {
	kind := kindChange
	if plan := s.plan(e, memory{}); len(plan) > 0 {
		kind = plan[0]
	}
	return s.draw(e, kind)
}

func (s *Sink) draw(e *event.Event, kind string) sink.Message {
	body := encode(s.body(e, kind, full))
	for part := 2; len(body) > maxBytes; part *= 2 {
		body = encode(s.body(e, kind, full.shortened(part)))
	}
	return sink.Message{ContentType: "application/json; charset=utf-8", Body: body, Kind: kind}
}

func (s *Sink) body(e *event.Event, kind string, l limits) any {
	switch kind {
	case kindChange:
		return changeBody{Payload: payloadOf(e, l), Links: linksOf(e)}
	case kindTrigger:
		b := alertBody{
			Action: kind, DedupKey: dedupKey(e),
			Client: name(e.Product), ClientURL: sink.WebURL(e.URL, maxURL),
			Links: linksOf(e), Images: imagesOf(e),
		}
		p := payloadOf(e, l)
		p.Severity, p.Component, p.Group, p.Class = s.severity(e), component(e), name(e.Source), name(e.Type)
		b.Payload = &p
		return b
	}
	return alertBody{Action: kind, DedupKey: dedupKey(e)}
}

func payloadOf(e *event.Event, l limits) payload {
	p := payload{
		Summary: cmp.Or(sink.Cut(sink.Line(e.Summary()), maxSummary), "Event without a title"),
		Source:  cmp.Or(name(e.Place.Name), name(e.Product), name(e.Source), "sigpost"),
		Details: detailsOf(e, l),
	}
	if at := e.Time.UTC(); !at.IsZero() && at.Year() > 0 && at.Year() <= 9999 {
		p.Timestamp = at.Format(time.RFC3339)
	}
	return p
}

// name is a short text on one line.
func name(s string) string { return sink.Cut(sink.Line(s), maxName) }

// severity is PagerDuty's word for how bad e is. A success in an alert is news
// of an open one.
func (s *Sink) severity(e *event.Event) string {
	switch {
	case anyMatch(s.c.Critical, e):
		return "critical"
	case e.Severity == event.Error, e.Severity == event.Warning:
		return string(e.Severity)
	}
	return "info"
}

// component is which part of the place e is about: what its Key says beyond it.
func component(e *event.Event) string {
	rest, ok := strings.CutPrefix(e.Key, e.Place.Name)
	if !ok || e.Place.Name == "" {
		return ""
	}
	return name(strings.TrimLeft(rest, "/: "))
}

// dedupKey is the name of the alert: source and subject, or the event's own ID
// if it has no subject. What is too long, or not as it seems, goes by its hash.
func dedupKey(e *event.Event) string {
	key := e.Source + ":" + e.Key
	if e.Key == "" {
		key = e.Source + "::" + delivery(e)
	}
	if len(key) <= maxDedup && sink.Line(key) == key {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// delivery is e's ID as its sender gave it: what the relay adds on another line
// tells apart the times that an event was sent.
func delivery(e *event.Event) string {
	id, _, _ := strings.Cut(e.ID, "\n")
	return id
}

// linksOf is where e leads: its own page first, then the place, the actor and
// those of the facts, each once.
func linksOf(e *event.Event) (links []link) {
	add := func(url, text string) {
		url = sink.WebURL(url, maxURL)
		if url == "" || len(links) == maxLinks || slices.ContainsFunc(links, func(l link) bool { return l.Href == url }) {
			return
		}
		links = append(links, link{Href: url, Text: sink.Cut(sink.Line(text), maxText)})
	}
	add(e.URL, cmp.Or(e.Action, e.Title))
	add(e.Place.URL, e.Place.Name)
	add(e.Actor.URL, e.Actor.Name)
	for _, f := range e.Fields {
		if f.URL != "" {
			add(f.URL, f.Name+": "+f.Value)
		}
	}
	return links
}

// imagesOf is the picture of the gauge, if one is served as PagerDuty wants it.
func imagesOf(e *event.Event) []image {
	if e.Gauge == nil || !strings.HasPrefix(e.Gauge.Image, "https://") {
		return nil
	}
	src := sink.WebURL(e.Gauge.Image, maxURL)
	if src == "" {
		return nil
	}
	g := e.Gauge
	alt := sink.Line(g.Label) + " " + strconv.Itoa(g.Value) + " of " + strconv.Itoa(g.Max)
	return []image{{Src: src, Href: sink.WebURL(e.URL, maxURL), Alt: sink.Cut(strings.TrimSpace(alt), maxText)}}
}

// encode is v as JSON. Characters of HTML stay as they are.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // strings and numbers can't fail
		panic("pagerduty: " + err.Error())
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
