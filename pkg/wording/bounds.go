package wording

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
	"time"
)

const (
	// maxOutputBytes is how much a template may write, and how long what its
	// functions make may be. Receivers take less.
	maxOutputBytes = 64 << 10
	// maxTime is how long a template may run over an event, and maxSteps how
	// often it may go round a range, call a template or print nothing.
	maxTime  = time.Second
	maxSteps = 20_000
	// probeTime is how long New may take, on a machine that is busy starting.
	probeTime = 10 * time.Second
	// maxVerbs is how many verbs a format of printf has, and maxWidth how many
	// digits a number in it.
	maxVerbs = 50
	maxWidth = 3
)

var (
	errTooLong = fmt.Errorf("writes more than %d KiB", maxOutputBytes>>10)
	errNoEnd   = fmt.Errorf("runs for longer than %s or goes round more than %d times", maxTime, maxSteps)
	errFormat  = fmt.Errorf("has a format of printf with more than %d verbs, a * or a width of more than %d digits", maxVerbs, maxWidth)
)

// limited is a builder that takes maxOutputBytes, in maxSteps and maxTime.
type limited struct {
	strings.Builder
	steps int
	until time.Time
}

func (l *limited) Write(p []byte) (int, error) {
	if len(p) == 0 {
		l.steps++
	}
	if l.steps > maxSteps || time.Now().After(l.until) {
		return 0, errNoEnd
	}
	if l.Len()+len(p) > maxOutputBytes {
		return 0, errTooLong
	}
	return l.Builder.Write(p)
}

// counted makes every round of a list a step: it begins with a text that is
// empty, which text/template writes as any other. Without it a range that prints
// nothing runs on where no one can stop it.
func counted(list *parse.ListNode) {
	if list != nil {
		list.Nodes = append([]parse.Node{&parse.TextNode{NodeType: parse.NodeText, Pos: list.Pos}}, list.Nodes...)
	}
}

// acyclic refuses templates that call themselves, also by way of others: deep
// enough, that ends the process, which nothing can recover from.
func acyclic(t *template.Template) error {
	calls := map[string][]string{}
	for _, part := range t.Templates() {
		if part.Tree != nil {
			calls[part.Name()] = called(part.Root, nil)
		}
	}
	const begun, done = 1, 2
	seen := map[string]int{}
	var visit func(name string) error
	visit = func(name string) error {
		if seen[name] == begun {
			return fmt.Errorf("template %q calls itself", name)
		}
		if seen[name] == done {
			return nil
		}
		seen[name] = begun
		for _, next := range calls[name] {
			if err := visit(next); err != nil {
				return err
			}
		}
		seen[name] = done
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		if err := visit(name); err != nil {
			return err
		}
	}
	return nil
}

// called appends the names of the templates that n calls.
func called(n parse.Node, names []string) []string {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return names
		}
		for _, c := range n.Nodes {
			names = called(c, names)
		}
	case *parse.IfNode:
		names = called(n.ElseList, called(n.List, names))
	case *parse.RangeNode:
		names = called(n.ElseList, called(n.List, names))
	case *parse.WithNode:
		names = called(n.ElseList, called(n.List, names))
	case *parse.TemplateNode:
		names = append(names, n.Name)
	}
	return names
}

// builtins stand for those functions of text/template that make text, since
// they make it of any length.
func builtins() template.FuncMap {
	return template.FuncMap{
		"print":    bounded(fmt.Sprint),
		"println":  bounded(fmt.Sprintln),
		"html":     bounded(template.HTMLEscaper),
		"js":       bounded(template.JSEscaper),
		"urlquery": bounded(template.URLQueryEscaper),
		"printf":   printf,
	}
}

func bounded(f func(...any) string) func(...any) (string, error) {
	return func(args ...any) (string, error) {
		if size(args) > maxOutputBytes {
			return "", errTooLong
		}
		return short(f(args...))
	}
}

func printf(format string, args ...any) (string, error) {
	if !goodFormat(format) {
		return "", errFormat
	}
	if size(args) > maxOutputBytes {
		return "", errTooLong
	}
	return short(fmt.Sprintf(format, args...))
}

func goodFormat(format string) bool {
	verbs, digits, within := 0, 0, false
	for _, r := range format {
		if digits++; r < '0' || r > '9' {
			digits = 0
		}
		if r == '%' {
			verbs++
		}
		within = r == '%' || within && strings.ContainsRune("0123456789+-# .[]*", r)
		if within && (digits > maxWidth || r == '*') || verbs > maxVerbs {
			return false
		}
	}
	return true
}

// replace is s with to for every from.
func replace(from, to, s string) (string, error) {
	if len(s)+strings.Count(s, from)*max(len(to)-len(from), 0) > maxOutputBytes {
		return "", errTooLong
	}
	return strings.ReplaceAll(s, from, to), nil
}

// size is how long the texts among args are together.
func size(args []any) (n int) {
	for _, a := range args {
		switch a := a.(type) {
		case string:
			n += len(a)
		case safe:
			n += len(a)
		}
	}
	return n
}

func short(s string) (string, error) {
	if len(s) > maxOutputBytes {
		return "", errTooLong
	}
	return s, nil
}

// ours are the errors that say nothing of an event.
var ours = []error{errTooLong, errNoEnd, errFormat, errZone}

// withoutValues is an error of a run without what may quote the event: eq tells
// what the values are that it can't compare. The place in the template stays.
func withoutValues(err error) error {
	for _, e := range ours {
		if errors.Is(err, e) {
			return e
		}
	}
	s := plainError(err)
	if i := strings.Index(s, "non-comparable type"); i >= 0 {
		s = s[:i] + "values that can't be compared"
	}
	return errors.New(s)
}
