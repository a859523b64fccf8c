package slack

import (
	"fmt"
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/markdown"
	"github.com/sigpost/sigpost/pkg/sink"
)

// drawAttachment repeats the sender's own notice with the keys of the
// CertifyClouds webhook reference and no others; of an event without one it
// makes such a notice, with a link and a fallback.
func drawAttachment(e *event.Event, excerpt int) message {
	a := attachment{Color: e.Color(), Footer: escaped(product(e), nameLimit), TS: unix(e.Time)}
	if o := e.Original; o != nil {
		a.Title = escaped(line(o.Title), titleLimit)
		a.Text = escaped(sink.Clean(o.Text), sectionLimit)
		a.Fields = attachmentFields(o.Fields)
		if a.Title == "" {
			a.Title = escaped(title(e), titleLimit)
		}
		return message{Attachments: []attachment{a}}
	}
	a.Fallback = fallback(e)
	a.AuthorName = escaped(line(e.Place.Name), nameLimit)
	if a.AuthorName != "" {
		a.AuthorLink = sink.WebURL(e.Place.URL, linkURLLimit)
	}
	a.Title = escaped(e.Severity.Glyph()+" "+title(e), titleLimit)
	a.TitleLink = sink.WebURL(e.URL, buttonURLLimit)
	if !e.Quiet {
		a.Text = attachmentText(e, excerpt)
		a.Fields = attachmentFields(facts(e))
	}
	return message{Attachments: []attachment{a}}
}

// facts are the event's fields with those that Block Kit draws elsewhere.
func facts(e *event.Event) []event.Field {
	var fs []event.Field
	if who := e.Who(); who.Name != "" {
		fs = append(fs, event.Field{Name: "By", Value: who.Name, Short: true})
	}
	if g := e.Gauge; g != nil {
		fs = append(fs, event.Field{Name: g.Label, Value: fmt.Sprintf("%d of %d", g.Value, g.Max), Short: true})
	}
	return append(fs, e.Fields...)
}

// attachmentFieldsMax is how many fields an attachment repeats. A sender's own
// notice rarely has more; no limit is documented.
const attachmentFieldsMax = 20

func attachmentFields(fields []event.Field) []attachmentField {
	var fs []attachmentField
	left := totalLimit / 2
	for _, f := range fields {
		a := attachmentField{Title: escaped(line(f.Name), nameLimit), Value: escaped(line(f.Value), fieldLimit), Short: f.Short}
		left -= length(a.Title) + length(a.Value)
		if a.Value == "" {
			continue
		}
		if len(fs) == attachmentFieldsMax || left < 0 {
			break
		}
		fs = append(fs, a)
	}
	return fs
}

// attachmentText is lists and excerpt without links, which only Slack reads.
func attachmentText(e *event.Event, excerpt int) string {
	var parts []string
	left := sectionLimit
	add := func(s string) {
		if n := length(s) + 1; line(s) != "" && n <= left {
			left -= n
			parts = append(parts, s)
		}
	}
	for i, l := range e.Lists {
		if i == shownLists {
			break
		}
		l.Items, l.Omitted = unlinked(l)
		add(list(l, left-1))
	}
	add(sink.Draw(e.Text, shared, markdown.Limit{Lines: sink.ExcerptLines, Text: excerpt, Size: left - 1}))
	return strings.Join(parts, "\n")
}

// unlinked is the shown items of l without links, and how many are not shown.
func unlinked(l event.List) ([]event.Item, int) {
	shown, more := sink.Shown(l)
	items := make([]event.Item, len(shown))
	for i, it := range shown {
		it.URL = ""
		items[i] = it
	}
	return items, more
}
