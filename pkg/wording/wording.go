// Package wording puts a user's own words in place of an event's headline and
// body: Go templates (https://pkg.go.dev/text/template) over the event. It draws
// nothing: what comes out is untrusted text like any other, which sinks escape
// and cut, and no value of an event can bring formatting of its own into it.
package wording

import (
	"errors"
	"fmt"
	"strings"
	"text/template"
	"text/template/parse"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/sink"
)

const (
	// MaxTemplateBytes is how long one template may be.
	MaxTemplateBytes = 16 << 10
)

// Wording is a title and a text, each a template; either may be missing. The nil
// Wording changes nothing.
type Wording struct {
	title, text *template.Template
}

// New parses templates; an empty one is none. Its error joins what is wrong as
// problems of the keys title and text: also a field or a function that an event
// doesn't have.
func New(title, text string) (*Wording, error) {
	var w Wording
	var errs []error
	var err error
	if w.title, err = compile("title", title, nil); err != nil {
		errs = append(errs, err)
	}
	if w.text, err = compile("text", text, escaped); err != nil {
		errs = append(errs, err)
	}
	switch {
	case len(errs) > 0:
		return nil, errors.Join(errs...)
	case w.title == nil && w.text == nil:
		return nil, nil //nolint:nilnil // the nil Wording is one that changes nothing
	}
	return &w, nil
}

// Over is w with the parts of below where w has none.
func (w *Wording) Over(below *Wording) *Wording {
	if w == nil {
		return below
	}
	if below == nil {
		return w
	}
	both := *w
	if both.title == nil {
		both.title = below.title
	}
	if both.text == nil {
		both.text = below.text
	}
	return &both
}

// Apply is e in w's words; e itself if w has none. With an error it is e with
// the words that could be had. A title without a visible character stays the
// event's own; a text that is empty is none. Formats that repeat the sender's
// own notice repeat it with the new title, and not at all if there is a text.
func (w *Wording) Apply(e *event.Event) (*event.Event, error) {
	if w == nil {
		return e, nil
	}
	out := *e
	var errs []error
	if w.title != nil {
		s, err := run(w.title, e, maxTime)
		if err != nil {
			errs = append(errs, fmt.Errorf("title: %w", err))
		} else if s = sink.Line(s); s != "" {
			out.Title = s
			if o := e.Original; o != nil { // for formats that repeat the sender's words
				out.Original = &event.Original{Title: s, Text: o.Text, Fields: o.Fields}
			}
		}
	}
	if w.text != nil {
		s, err := run(w.text, e, maxTime)
		if err != nil {
			errs = append(errs, fmt.Errorf("text: %w", err))
		} else {
			out.Text = event.Text{Body: strings.TrimSpace(s), Format: event.Markdown}
			out.Original = nil
		}
	}
	return &out, errors.Join(errs...)
}

// compile parses one template. What actions print goes through escape, if there
// is one.
func compile(key, text string, escape func(any) string) (*template.Template, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no template
	}
	if len(text) > MaxTemplateBytes {
		return nil, problem.New(key, "is longer than %d KiB", MaxTemplateBytes>>10)
	}
	funcs := functions()
	funcs[escaper] = func(v any) any { return v }
	if escape != nil {
		funcs[escaper] = func(v any) any { return escape(v) }
	}
	t, err := template.New(key).Funcs(builtins()).Funcs(funcs).Parse(text)
	if err != nil {
		return nil, problem.New(key, "is no good template: %s", plainError(err))
	}
	if err := acyclic(t); err != nil {
		return nil, problem.New(key, "is no good template: %s", err)
	}
	for _, part := range t.Templates() {
		if part.Tree != nil {
			escapeActions(part.Tree, part.Root)
			counted(part.Root)
		}
	}
	if err := probe(t); err != nil {
		return nil, problem.New(key, "is no good template: %s", plainError(err))
	}
	return t, nil
}

// escaper is the name of the function that everything printed goes through.
// Written in a template it only escapes once more.
const escaper = "_print"

// escapeActions appends the escaper to every pipeline that prints.
func escapeActions(tree *parse.Tree, n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, c := range n.Nodes {
			escapeActions(tree, c)
		}
	case *parse.ActionNode:
		if len(n.Pipe.Decl) == 0 {
			name := parse.NewIdentifier(escaper).SetPos(n.Pos).SetTree(tree)
			n.Pipe.Cmds = append(n.Pipe.Cmds, &parse.CommandNode{NodeType: parse.NodeCommand, Pos: n.Pos, Args: []parse.Node{name}})
		}
	case *parse.IfNode:
		escapeActions(tree, n.List)
		escapeActions(tree, n.ElseList)
	case *parse.RangeNode:
		escapeActions(tree, n.List)
		escapeActions(tree, n.ElseList)
		counted(n.List)
	case *parse.WithNode:
		escapeActions(tree, n.List)
		escapeActions(tree, n.ElseList)
	}
}

// probe runs t with an event that has everything, and reports what no event
// could mend: a field or method that doesn't exist, an argument of the wrong type.
func probe(t *template.Template) error {
	_, err := run(t, sample(), probeTime)
	return err
}

func sample() *event.Event {
	link := event.Link{Name: "name", URL: "https://example.com/"}
	field := event.Field{Name: "Name", Value: "value", URL: link.URL, Short: true}
	return &event.Event{
		ID: "id", Source: "source", Kind: "kind", Product: "Product", Type: "type", Key: "key",
		State: event.StateOpen, Severity: event.Info, Title: "Title", URL: link.URL, Action: "Open",
		Place: link, Actor: link, Time: time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC),
		Fields: []event.Field{field, field},
		Lists:  []event.List{{Name: "List", Items: []event.Item{{Label: "label", Text: "text"}}}},
		Text:   event.Text{Body: "text", Format: event.Markdown},
		Gauge:  &event.Gauge{Label: "Score", Max: 100},
		Raw:    []byte(`{}`),
	}
}

// plainError is the text of an error of text/template without the doubled name
// of the template; it quotes the template and no event.
func plainError(err error) string {
	s := strings.TrimPrefix(err.Error(), "template: ")
	var ee template.ExecError
	if errors.As(err, &ee) {
		s = strings.TrimPrefix(s, ee.Name+":")
	}
	return s
}

// run executes t over e, for no longer than limit. Its error quotes the template and nothing of e.
func run(t *template.Template, e *event.Event, limit time.Duration) (s string, err error) {
	b := limited{until: time.Now().Add(limit)}
	defer func() { // a function of text/template may panic on a value it didn't expect
		if recover() != nil {
			s, err = "", errors.New("the template failed")
		}
	}()
	if err := t.Execute(&b, view(e)); err != nil {
		return "", withoutValues(err)
	}
	return b.String(), nil
}
