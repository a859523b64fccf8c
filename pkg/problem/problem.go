// Package problem is what is wrong with a configuration: where it is and how to
// mend it. Sources, sinks and routes report problems by key; package config
// adds file and line. Problems never carry a secret's value.
package problem

import (
	"errors"
	"fmt"
	"strings"
)

// Problem is one mistake in a configuration.
type Problem struct {
	File string // as the user named it; empty outside of a file
	Line int    // 1-based; 0 if unknown
	Key  string // dotted path to the value, e.g. "sources.github.secrets"
	Text string // what is wrong and what to do
}

// New returns a Problem of the given key, which may be empty where the fault is
// in the whole.
func New(key, format string, args ...any) *Problem {
	return &Problem{Key: key, Text: fmt.Sprintf(format, args...)}
}

// Error is "file:line: key: text", without the parts that are unknown.
func (p *Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
		}
		b.WriteString(": ")
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Text)
	return b.String()
}

// All returns the problems in err, joined or wrapped in any depth, in order. An
// error that is no Problem becomes one with its text.
func All(err error) []*Problem {
	if err == nil {
		return nil
	}
	if p, ok := err.(*Problem); ok { //nolint:errorlint // walks the tree itself, below
		return []*Problem{p}
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var ps []*Problem
		for _, e := range many.Unwrap() {
			ps = append(ps, All(e)...)
		}
		return ps
	}
	if inner := errors.Unwrap(err); inner != nil {
		var p *Problem
		if errors.As(inner, &p) {
			return All(inner)
		}
	}
	return []*Problem{{Text: err.Error()}}
}
