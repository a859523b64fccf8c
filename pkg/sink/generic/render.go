package generic

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/markdown"
	"github.com/sigpost/sigpost/pkg/sink"
)

// Limits of the document. No receiver sets them; they keep an event with a huge
// body from becoming a huge message.
const (
	maxBytes    = 200_000 // bytes of the whole body
	maxTitle    = 1_000   // characters of the title
	maxMessage  = 40_000  // characters of the message
	maxName     = 200     // characters of a field's title
	maxValue    = 4_000   // characters of a field's value
	maxFields   = 100     // fields
	maxURLBytes = 8_000   // bytes of a link; a longer one is left out
)

// timeLayout is a time in UTC as the CertifyClouds webhook reference writes it.
const timeLayout = "2006-01-02T15:04:05.000000"

type document struct {
	Title     string  `json:"title"`
	Message   string  `json:"message"`
	Color     string  `json:"color"`
	Timestamp string  `json:"timestamp,omitempty"` // every event has one
	Source    string  `json:"source"`
	Fields    []field `json:"fields,omitempty"`
}

type field struct {
	Title string `json:"title"`
	Value string `json:"value"`
}

const jsonType = "application/json; charset=utf-8"

// drawDocument draws e as JSON. Where the sender wrote a notice, its words are
// the document's.
func drawDocument(e *event.Event) []byte {
	d := documentOf(e)
	body := encode(d)
	for part := 2; len(body) > maxBytes; part *= 2 {
		d = d.shortened(part)
		body = encode(d)
	}
	return body
}

func documentOf(e *event.Event) document {
	d := document{
		Title:  title(e),
		Color:  e.Color(),
		Source: product(e),
	}
	if at := e.Time.UTC(); !at.IsZero() && at.Year() > 0 && at.Year() <= 9999 {
		d.Timestamp = at.Format(timeLayout)
	}
	if o := e.Original; o != nil {
		if t := sink.Cut(sink.Line(o.Title), maxTitle); t != "" {
			d.Title = t
		}
		if d.Message = sink.Cut(sink.Clean(o.Text), maxMessage); strings.TrimSpace(d.Message) == "" {
			d.Message = d.Title
		}
		d.add(o.Fields...)
		return d
	}
	d.Message = message(e)
	d.add(
		event.Field{Name: "Place", Value: e.Place.Name},
		event.Field{Name: "Actor", Value: e.Actor.Name},
	)
	if g := e.Gauge; g != nil {
		d.add(event.Field{Name: g.Label, Value: strconv.Itoa(g.Value)})
	}
	d.add(event.Field{Name: "Link", Value: sink.WebURL(e.URL, maxURLBytes)})
	d.add(e.Fields...)
	return d
}

// add appends the fields that have a name and a value.
func (d *document) add(fields ...event.Field) {
	for _, f := range fields {
		limit := maxValue
		if len(f.Value) > limit && sink.WebURL(f.Value, maxURLBytes) != "" {
			limit = maxURLBytes // half a link leads nowhere
		}
		name, value := sink.Cut(sink.Line(f.Name), maxName), sink.Cut(sink.Line(f.Value), limit)
		if name != "" && value != "" && len(d.Fields) < maxFields {
			d.Fields = append(d.Fields, field{Title: name, Value: value})
		}
	}
}

// shortened is d with one part in so many of the longest message and of the most
// fields.
func (d document) shortened(part int) document {
	d.Message = sink.Cut(d.Message, maxMessage/part)
	d.Fields = d.Fields[:min(len(d.Fields), maxFields/part)]
	return d
}

// product is the sender as its maker writes it, else as the configuration does.
func product(e *event.Event) string {
	if s := sink.Cut(sink.Line(e.Product), maxName); s != "" {
		return s
	}
	return sink.Cut(sink.Line(e.Source), maxName)
}

// title is the headline, never empty.
func title(e *event.Event) string {
	for _, s := range []string{e.Title, e.Type, e.Product} {
		if s = sink.Cut(sink.Line(s), maxTitle); s != "" {
			return s
		}
	}
	return "Event"
}

// message is the body's text, else every item of the lists, else the headline
// with its place.
func message(e *event.Event) string {
	if t := text(e.Text); t != "" {
		return t
	}
	var b strings.Builder
	for _, l := range e.Lists {
		writeList(&b, l)
		if b.Len() > 4*maxMessage {
			break
		}
	}
	if b.Len() > 0 {
		return sink.Cut(strings.TrimRight(b.String(), "\n"), maxMessage)
	}
	return sink.Cut(sink.Line(e.Summary()), maxTitle)
}

// dialect is plain words, with the addresses of links in parentheses.
var dialect = func() markdown.Dialect {
	d := *markdown.Plain
	d.URL = func(address string) string { return sink.WebURL(address, maxURLBytes) }
	d.Link = func(b []byte, words, url string) []byte {
		if b = append(b, words...); words == url {
			return b
		}
		return append(append(append(b, " ("...), url...), ')')
	}
	return d
}()

// text is a body as its sender wrote it, or the words of Markdown.
func text(t event.Text) string {
	if t.Format == event.Markdown {
		return sink.Draw(t, &dialect, markdown.Limit{Text: maxMessage, Size: maxMessage})
	}
	return sink.Cut(strings.TrimSpace(sink.Clean(t.Body)), maxMessage)
}

func writeList(b *strings.Builder, l event.List) {
	name, done := sink.Line(l.Name), len(l.Items) > 0 && l.Items[0].Done
	if name == "" && done {
		name = "Resolved"
	}
	if name != "" && len(l.Items)+l.Omitted > 0 {
		b.WriteString(name + ":\n")
	}
	for _, it := range l.Items {
		if b.Len() > 4*maxMessage {
			return
		}
		writeItem(b, it)
	}
	if l.Omitted > 0 {
		b.WriteString("and " + strconv.Itoa(l.Omitted) + " more\n")
	}
}

// writeItem is "label: text (note). Resolution: detail" on one line, and of a
// commit "abc1234 subject — author".
func writeItem(b *strings.Builder, it event.Item) {
	s := sink.Line(it.Text)
	label, note := sink.Line(it.Label), sink.Line(it.Note)
	switch {
	case label != "" && it.Code:
		s = strings.TrimSuffix(label+" "+s, " ")
	case label != "":
		s = strings.TrimSuffix(label+": "+s, ": ")
	}
	switch {
	case note != "" && it.Code:
		s += " — " + note
	case note != "":
		s += " (" + note + ")"
	}
	if detail := sink.Line(it.Detail); detail != "" {
		s = strings.TrimLeft(strings.TrimRight(s, ".")+". Resolution: "+detail, ". ")
	}
	if s = strings.TrimSpace(s); s != "" {
		b.WriteString(s + "\n")
	}
}

// encode is a document or an event around one as JSON. Characters of HTML stay as they are.
func encode(d any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d); err != nil { // strings can't fail
		panic("generic: " + err.Error())
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
