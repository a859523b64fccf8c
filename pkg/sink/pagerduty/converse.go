package pagerduty

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/match"
	"github.com/sigpost/sigpost/pkg/sink"
)

// What is asked of PagerDuty, as a Message's Kind; the first three are also its
// event actions.
const (
	kindTrigger     = "trigger"
	kindAcknowledge = "acknowledge"
	kindResolve     = "resolve"
	kindChange      = "change"
)

// memory is what PagerDuty was told of a subject.
type memory struct {
	// State is StateOpen or StateResolved, and empty if that isn't known.
	State event.State `json:"state,omitempty"`
	// At is the time of the newest event that opened or resolved the subject, in
	// milliseconds since 1970.
	At int64 `json:"at,omitempty"`
	// Done are the steps of the last events.
	Done []done `json:"done,omitempty"`
}

// done is a step that PagerDuty accepted.
type done struct {
	Event string `json:"event"` // hash of its ID, of the time that it was sent
	Kind  string `json:"kind"`
}

// keepDone is how many steps are remembered, the last ones: enough to go on with
// a delivery that broke off while others of its subject went on.
const keepDone = 16

// recall reads what was remembered. What can't be read is forgotten.
func recall(text string) memory {
	var m memory
	if json.Unmarshal([]byte(text), &m) != nil {
		return memory{}
	}
	return m
}

func (m memory) did(e *event.Event, kind string) bool {
	return slices.Contains(m.Done, done{identity(e), kind})
}

func identity(e *event.Event) string {
	sum := sha256.Sum256([]byte(e.ID + "\n" + e.Round))
	return hex.EncodeToString(sum[:8])
}

// maxAhead is how far a sender's clock may be ahead of the relay's. What it says
// of a later time would silence all that comes until then.
const maxAhead = 5 * time.Minute

// moment is e's time as memory has it. An event without one is of the moment
// that memory knows last; one from the future is of when it was received.
func (m memory) moment(e *event.Event) int64 {
	switch {
	case e.Time.IsZero():
		return m.At
	case !e.Received.IsZero() && e.Time.Sub(e.Received) > maxAhead:
		return e.Received.UnixMilli()
	}
	return e.Time.UnixMilli()
}

// late tells whether something newer is known of e's subject, so that e must not
// change it. What says the same moment as the resolution comes before that: most
// senders know seconds, and a failure after it would have a later one.
func (m memory) late(e *event.Event, kind string) bool {
	at := m.moment(e)
	switch {
	case m.State == event.StateNone:
		return false
	case at == m.At && m.State == event.StateResolved:
		return !e.Time.IsZero()
	case kind == kindAcknowledge:
		return at < m.At || m.State == event.StateResolved
	}
	return at < m.At
}

// Next is the first step of e's that is left to do.
func (s *Sink) Next(e *event.Event, text string) *sink.Step {
	m := recall(text)
	for _, kind := range s.plan(e, m) {
		if !m.did(e, kind) {
			return &sink.Step{Message: s.draw(e, kind)}
		}
	}
	return nil
}

// plan is what PagerDuty should be told of e by somebody who remembers m.
func (s *Sink) plan(e *event.Event, m memory) (kinds []string) {
	change := false
	kind := s.alert(e)
	if kind == "" || kind == kindResolve {
		change = s.changes(e)
	}
	switch {
	case kind == "" || m.late(e, kind):
	case kind == kindResolve && m.State == event.StateResolved && change:
		// There is no alert to resolve; the change event alone tells the news.
	default:
		kinds = append(kinds, kind)
	}
	if change {
		kinds = append(kinds, kindChange)
	}
	return kinds
}

// alert is what e means for the alert of its subject; empty if nothing.
func (s *Sink) alert(e *event.Event) string {
	switch {
	case e.State == event.StateResolved && e.Key != "":
		return kindResolve
	case e.State == event.StateResolved:
		return "" // no alert is known by its ID
	case e.State == event.StateUpdate && e.Key != "" && anyMatch(s.c.Acknowledge, e):
		return kindAcknowledge
	case slices.Contains(s.c.Trigger, e.Severity):
		return kindTrigger
	}
	return ""
}

// changes tells whether e is a change that those on call should know of. Unless
// configured that is a success that ends something or stands alone: a run, a
// deployment, a release, a rotation. What is measured recovers by itself.
func (s *Sink) changes(e *event.Event) bool {
	if s.c.Changes != nil {
		return anyMatch(s.c.Changes, e)
	}
	return e.Severity == event.Success && e.Gauge == nil && (e.State == event.StateResolved || e.State == event.StateNone)
}

func anyMatch(filters []match.Filter, e *event.Event) bool {
	return slices.ContainsFunc(filters, func(f match.Filter) bool { return f.Match(e) })
}

// Note remembers that PagerDuty accepted a step. A refused step ends the
// delivery.
func (s *Sink) Note(e *event.Event, text string, step *sink.Step, _ []byte, refusal error) (string, error) {
	if refusal != nil {
		return text, refusal
	}
	m := recall(text)
	kind := step.Message.Kind
	m.Done = append(m.Done, done{identity(e), kind})
	m.Done = m.Done[max(0, len(m.Done)-keepDone):]
	at := m.moment(e)
	switch {
	case kind == kindTrigger:
		m.State, m.At = event.StateOpen, at
	case kind == kindResolve,
		kind == kindChange && s.alert(e) == kindResolve && m.State == event.StateResolved && at > m.At:
		m.State, m.At = event.StateResolved, at
	}
	out, err := json.Marshal(m)
	return string(out), err
}
