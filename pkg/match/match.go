// Package match says which events are meant: by their source, their type and
// how bad they are. Routes choose their sinks by it, and sinks whom to mention.
// It is pure and knows no source and no sink.
package match

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/problem"
)

// Filter is a choice of events. A condition that is empty holds for every
// event; an event must meet all of them.
type Filter struct {
	// From are names of sources, as configured.
	From []string `yaml:"from"`
	// Events are globs of the sender's own types, as in path.Match, but * and ?
	// match a slash too: "issues.*", "run:*".
	Events []string `yaml:"events"`
	// Severity are the severities wanted.
	Severity []event.Severity `yaml:"severity"`
}

// Match tells whether e is meant.
func (f Filter) Match(e *event.Event) bool {
	return (len(f.From) == 0 || slices.Contains(f.From, e.Source)) &&
		(len(f.Severity) == 0 || slices.Contains(f.Severity, e.Severity)) &&
		(len(f.Events) == 0 || slices.ContainsFunc(f.Events, func(glob string) bool {
			ok, err := matchGlob(glob, e.Type)
			return ok && err == nil
		}))
}

// flat takes the meaning from slashes, at which the * of path.Match stops.
var flat = strings.NewReplacer("/", "\x00")

func matchGlob(glob, name string) (bool, error) {
	return path.Match(flat.Replace(glob), flat.Replace(name))
}

// Validate joins every problem of the filter; keys are relative to it
// ("events[1]"). Whether sources of these names exist is not its business.
func (f Filter) Validate() error {
	var errs []error
	for i, glob := range f.Events {
		key := fmt.Sprintf("events[%d]", i)
		if glob == "" {
			errs = append(errs, problem.New(key, `is empty and matches nothing: write "*" for every event`))
		} else if _, err := matchGlob(glob, ""); err != nil {
			errs = append(errs, problem.New(key, "%q is not a valid pattern: close every [ and end with no backslash", glob))
		}
	}
	for i, s := range f.Severity {
		if !slices.Contains(event.Severities, s) {
			errs = append(errs, problem.New(fmt.Sprintf("severity[%d]", i), "unknown severity %q: use error, warning, success or info", string(s)))
		}
	}
	return errors.Join(errs...)
}
