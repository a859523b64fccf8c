package event

import (
	"fmt"
	"slices"
	"strings"
)

// Severity is how bad an event is.
type Severity string

// The severities, worst first.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Success Severity = "success"
	Info    Severity = "info"
)

// Severities lists all severities, worst first.
var Severities = []Severity{Error, Warning, Success, Info}

// UnmarshalText accepts the four names and nothing else.
func (s *Severity) UnmarshalText(text []byte) error {
	v := Severity(text)
	if !slices.Contains(Severities, v) {
		return fmt.Errorf("unknown severity %q: use error, warning, success or info", strings.ToValidUTF8(string(text), "?"))
	}
	*s = v
	return nil
}

// MutedColor is the grey of an event that is Muted, as #RRGGBB.
const MutedColor = "#6B7280"

// Color is the severity's colour as #RRGGBB, from the colour table of the
// CertifyClouds webhook reference. A severity that is not one of the four has
// Info's.
func (s Severity) Color() string {
	switch s {
	case Error:
		return "#EF4444"
	case Warning:
		return "#F97316"
	case Success:
		return "#22C55E"
	case Info:
	}
	return "#3B82F6"
}

// Glyph is the one character that says the severity where colour can't be seen.
func (s Severity) Glyph() string {
	switch s {
	case Error:
		return "●"
	case Warning:
		return "▲"
	case Success:
		return "✓"
	case Info:
	}
	return "ℹ"
}

// Word is the severity in sentence case: "Error".
func (s Severity) Word() string {
	switch s {
	case Error:
		return "Error"
	case Warning:
		return "Warning"
	case Success:
		return "Success"
	case Info:
	}
	return "Info"
}

// Color is the colour of the event's bar as #RRGGBB: grey for a muted one.
func (e *Event) Color() string {
	if e.Muted {
		return MutedColor
	}
	return e.Severity.Color()
}

// Summary is headline and place together, for a notification that has to stand alone.
func (e *Event) Summary() string {
	if e.Place.Name == "" || strings.Contains(e.Title, e.Place.Name) {
		return e.Title
	}
	return e.Title + " · " + e.Place.Name
}

// Where is the place for a line beside the headline: none if the headline names
// it already and it leads nowhere else.
func (e *Event) Where() Link {
	if (e.Place.URL == "" || e.Place.URL == e.URL) && strings.Contains(e.Title, e.Place.Name) {
		return Link{}
	}
	return e.Place
}

// Who is the actor for the same line: none if the actor is the place, or if a
// fact names the actor's part, such as "Merged by".
func (e *Event) Who() Link {
	if e.Actor == e.Place {
		return Link{}
	}
	for _, f := range e.Fields {
		if !e.Quiet && f.Value == e.Actor.Name && strings.HasSuffix(f.Name, " by") {
			return Link{}
		}
	}
	return e.Actor
}

// State is where an event leaves its subject.
type State string

// The states. Events without a subject that lives on have StateNone.
const (
	StateNone     State = ""
	StateOpen     State = "open"     // a problem or task begins: opened, errored, expiring, new
	StateUpdate   State = "update"   // it goes on: commented, edited, labelled
	StateResolved State = "resolved" // it is over: closed, completed, rotated, resolved
)
