// Package route decides which sinks an event goes to. It is pure: it knows the
// names of sources and sinks and nothing else about them, and sends nothing.
package route

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/match"
	"github.com/sigpost/sigpost/pkg/problem"
)

// Route says which events go to which sinks.
type Route struct {
	// Filter is the events that the route wants.
	match.Filter `yaml:",inline"`
	// To are names of sinks, as configured. At least one is required.
	To []string `yaml:"to"`
	// Channel is where the sinks of To post, of those that know more than one
	// channel; their own if it is empty.
	Channel string `yaml:"channel"`
	// Title and Text are templates of words in place of the event's own, before
	// those of the sink. They are checked where they are used.
	Title string `yaml:"title"`
	Text  string `yaml:"text"`
}

// Table is all routes, in the order of the configuration.
type Table []Route

// Target is one place that an event goes to.
type Target struct {
	// Sink is the name of a sink, and Channel its channel if not its own.
	Sink, Channel string
	// Route is the index of the first route that named it.
	Route int
}

// Match returns the targets of every route that matches e, each once, in the
// order in which they are first named. It is empty if no route wants e.
func (t Table) Match(e *event.Event) []Target {
	var to []Target
	for i, r := range t {
		if !r.Match(e) {
			continue
		}
		for _, name := range r.To {
			known := func(o Target) bool { return o.Sink == name && o.Channel == r.Channel }
			if !slices.ContainsFunc(to, known) {
				to = append(to, Target{Sink: name, Channel: r.Channel, Route: i})
			}
		}
	}
	return to
}

// Validate joins every problem of the route; keys are relative to it ("to",
// "events[1]"). Whether sources and sinks of these names exist is not its
// business.
func (r Route) Validate() error {
	var errs []error
	if len(r.To) == 0 {
		errs = append(errs, problem.New("to", "is required: list at least one sink"))
	}
	for i, name := range r.To {
		if name == "" {
			errs = append(errs, problem.New(fmt.Sprintf("to[%d]", i), "is empty: name a sink"))
		}
	}
	return errors.Join(append(errs, r.Filter.Validate())...)
}
