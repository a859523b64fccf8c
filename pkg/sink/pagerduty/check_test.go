package pagerduty

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// takes is what PagerDuty's events hold, written down anew from its reference:
// https://developer.pagerduty.com/docs/events-api-v2/trigger-events and
// https://developer.pagerduty.com/docs/events-api-v2/send-change-events.
type takes struct {
	RoutingKey string  `json:"routing_key"`
	Action     *string `json:"event_action"`
	DedupKey   string  `json:"dedup_key"`
	Payload    *struct {
		Summary   string          `json:"summary"`
		Source    string          `json:"source"`
		Severity  string          `json:"severity"`
		Timestamp *string         `json:"timestamp"`
		Component string          `json:"component"`
		Group     string          `json:"group"`
		Class     string          `json:"class"`
		Details   json.RawMessage `json:"custom_details"`
	} `json:"payload"`
	Client    string `json:"client"`
	ClientURL string `json:"client_url"`
	Links     []struct {
		Href string `json:"href"`
		Text string `json:"text"`
	} `json:"links"`
	Images []struct {
		Src  string `json:"src"`
		Href string `json:"href"`
		Alt  string `json:"alt"`
	} `json:"images"`
}

const sealedBytes = 512_000 // what PagerDuty takes, with the routing key

// check says what PagerDuty would refuse about a message that isn't sealed.
func check(body []byte) error {
	if bytes.Contains(body, []byte("routing_key")) {
		return errors.New("a message has a routing key before it is sealed")
	}
	sealed := append([]byte(`{"routing_key":"`+routingKey+`",`), body[1:]...)
	_, err := accept(sealed, !bytes.HasPrefix(body, []byte(`{"event_action":`)))
	return err
}

// accept reads a request as PagerDuty does, and more strictly than it.
func accept(body []byte, change bool) (takes, error) {
	var e takes
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return e, err
	}
	switch {
	case len(body) > sealedBytes:
		return e, fmt.Errorf("%d bytes are more than %d", len(body), sealedBytes)
	case len(e.RoutingKey) != 32:
		return e, errors.New("length of routing_key is not 32")
	case change:
		return e, e.change()
	}
	return e, e.alert()
}

func (e takes) change() error {
	if e.Action != nil || e.DedupKey != "" || e.Images != nil || e.Client != "" || e.ClientURL != "" {
		return errors.New("a change event has parts of an alert")
	}
	if e.Payload == nil || e.Payload.Severity+e.Payload.Component+e.Payload.Group+e.Payload.Class != "" {
		return errors.New("a change event has no payload, or that of an alert")
	}
	return e.content()
}

func (e takes) alert() error {
	if e.Action == nil || !slices.Contains([]string{"trigger", "acknowledge", "resolve"}, *e.Action) {
		return errors.New("no event_action")
	}
	if e.DedupKey == "" || len(e.DedupKey) > 255 || strings.ContainsFunc(e.DedupKey, unicode.IsControl) {
		return fmt.Errorf("dedup_key is %.300q", e.DedupKey)
	}
	if *e.Action != "trigger" {
		if e.Payload != nil || e.Links != nil || e.Images != nil || e.Client != "" {
			return errors.New("more than a key beside " + *e.Action)
		}
		return nil
	}
	if e.Payload == nil || !slices.Contains([]string{"critical", "error", "warning", "info"}, e.Payload.Severity) {
		return errors.New("no severity")
	}
	return e.content()
}

func (e takes) content() error {
	p := e.Payload
	if p.Summary == "" || utf8.RuneCountInString(p.Summary) > 1024 || strings.ContainsAny(p.Summary, "\n\t") {
		return fmt.Errorf("summary is %.1100q", p.Summary)
	}
	if p.Source == "" {
		return errors.New("no source")
	}
	if p.Timestamp != nil {
		if _, err := time.Parse(time.RFC3339, *p.Timestamp); err != nil {
			return err
		}
	}
	for _, l := range e.Links {
		if !webURL(l.Href, "https", "http") {
			return fmt.Errorf("link is %.100q", l.Href)
		}
	}
	for _, i := range e.Images {
		if !webURL(i.Src, "https") || i.Href != "" && !webURL(i.Href, "https", "http") {
			return fmt.Errorf("image is %.100q", i.Src)
		}
	}
	if e.ClientURL != "" && !webURL(e.ClientURL, "https", "http") {
		return fmt.Errorf("client_url is %.100q", e.ClientURL)
	}
	return checkDetails(p.Details)
}

func webURL(s string, schemes ...string) bool {
	scheme, rest, ok := strings.Cut(s, "://")
	return ok && rest != "" && slices.Contains(schemes, scheme) && !strings.ContainsAny(s, " <>\"\n")
}

var detailKey = regexp.MustCompile(`^[\p{L}\p{Nd}]+(_[\p{L}\p{Nd}]+)*$`)

// checkDetails wants one object of texts, numbers and lists of texts, whose keys
// are in snake case and there once.
func checkDetails(raw json.RawMessage) error {
	if raw == nil {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	seen := map[string]bool{}
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		token, err := dec.Token()
		key, ok := token.(string)
		if err != nil || !ok || seen[key] || !detailKey.MatchString(key) || key != strings.ToLower(key) {
			return fmt.Errorf("key of custom_details is %v", token)
		}
		seen[key] = true
		var v any
		if err := dec.Decode(&v); err != nil {
			return err
		}
		if err := checkValue(v); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

func checkValue(v any) error {
	switch v := v.(type) {
	case string:
		if v == "" || strings.ContainsFunc(v, func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }) {
			return fmt.Errorf("value is %.100q", v)
		}
	case float64:
	case []any:
		for _, x := range v {
			if _, ok := x.(string); !ok {
				return errors.New("a list holds something else than texts")
			}
			if err := checkValue(x); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("value is a %T", v)
	}
	return nil
}
