// Package route decides which sinks an event goes to. It is pure: it knows the
// names of sources and sinks and nothing else about them, and sends nothing.
package route

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/problem"
)

// Route says which events go to which sinks. A condition that is empty holds
// for every event; an event must meet all of them.
type Route struct {
	// From are names of sources, as configured.
	From []string `yaml:"from"`
	// Events are globs of the sender's own types, as in path.Match, but * and ?
	// match a slash too: "issues.*", "run:*".
	Events []string `yaml:"events"`
	// Severity are the severities wanted.
	Severity []event.Severity `yaml:"severity"`
	// To are names of sinks, as configured. At least one is required.
	To []string `yaml:"to"`
}

// Table is all routes, in the order of the configuration.
type Table []Route

// Match returns the sinks of every route that matches e, each once, in the
// order in which they are first named. It is empty if no route wants e.
func (t Table) Match(e *event.Event) []string {
	var to []string
	for _, r := range t {
		if !r.match(e) {
			continue
		}
		for _, name := range r.To {
			if !slices.Contains(to, name) {
				to = append(to, name)
			}
		}
	}
	return to
}

func (r Route) match(e *event.Event) bool {
	return (len(r.From) == 0 || slices.Contains(r.From, e.Source)) &&
		(len(r.Severity) == 0 || slices.Contains(r.Severity, e.Severity)) &&
		(len(r.Events) == 0 || slices.ContainsFunc(r.Events, func(glob string) bool {
			ok, err := matchGlob(glob, e.Type)
			return ok && err == nil
		}))
}

// flat takes the meaning from slashes, at which the * of path.Match stops.
var flat = strings.NewReplacer("/", "\x00")

func matchGlob(glob, name string) (bool, error) {
	return path.Match(flat.Replace(glob), flat.Replace(name))
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
	for i, glob := range r.Events {
		key := fmt.Sprintf("events[%d]", i)
		if glob == "" {
			errs = append(errs, problem.New(key, `is empty and matches nothing: write "*" for every event`))
		} else if _, err := matchGlob(glob, ""); err != nil {
			errs = append(errs, problem.New(key, "%q is not a valid pattern: close every [ and end with no backslash", glob))
		}
	}
	for i, s := range r.Severity {
		if !slices.Contains(event.Severities, s) {
			errs = append(errs, problem.New(fmt.Sprintf("severity[%d]", i), "unknown severity %q: use error, warning, success or info", string(s)))
		}
	}
	return errors.Join(errs...)
}
